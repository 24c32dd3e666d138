"""The question that somebody at a terminal is asked before anything is removed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from functions_model.ci.host import CiHost
from functions_model.core.cancel import CANCEL
from functions_model.core.failures import NotConfirmed
from functions_model.pipeline.session import without_question

if TYPE_CHECKING:
    from functions_model.provision.removal import RemovalPlan

_YES = frozenset({"y", "yes"})


def asked(ci: CiHost, clear: Callable[[], None]) -> Callable[[RemovalPlan], None]:
    """Asks on the terminal; asks nothing where nobody sits at one to read and to answer.

    Args:
        ci: Whose terminal.
        clear: Takes away the lines that move.
    """
    if not (ci.facts.has_terminal and sys.stdin.isatty()):
        return without_question
    return lambda plan: _ask(plan, ci, clear)


def _ask(plan: RemovalPlan, ci: CiHost, clear: Callable[[], None]) -> None:
    """Ask for a yes.

    Raises:
        NotConfirmed: It was another answer, or none.
    """
    from functions_model.provision.changes import Action  # noqa: PLC0415 - only a removal needs it
    from functions_model.report.formatting import count  # noqa: PLC0415 - as above

    names = plan.names
    what = f"`{names.app}` in the resource group `{names.group}`"
    ci.info(f"\nRemove {count(plan.count(Action.DELETE), 'resource')} of {what}?")
    clear()
    sys.stdout.write("[y/N] ")
    sys.stdout.flush()
    answer = sys.stdin.readline()
    CANCEL.check()
    if answer.strip().lower() not in _YES:
        raise NotConfirmed(
            f"remove {what}", "the answer was not yes", "Nothing was removed. `--yes` removes without a question."
        )
