"""The difference between what is wanted and what is there. Pure: no request is sent."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from functions_model.core.failures import PlanRefused
from functions_model.provision.changes import IMAGE, known_of
from functions_model.provision.known_kinds import kinds_of
from functions_model.provision.networks import shut_out
from functions_model.provision.plan_notes import notes_for
from functions_model.provision.resource_plan import ResourcePlan

if TYPE_CHECKING:
    from functions_model.provision.changes import Change
    from functions_model.provision.host import Wanted
    from functions_model.provision.observed import Observed


def plan(wanted: Wanted, observed: Observed) -> ResourcePlan:
    """What must happen, in a stable order.

    Raises:
        PlanRefused: What is there cannot carry the deployment; every reason is told. Nothing was written.
    """
    kinds = kinds_of(wanted.host)
    problems = [problem for kind in kinds for problem in kind.problems(wanted, observed)]
    problems += shut_out(wanted, observed)
    if problems:
        raise PlanRefused(f"plan the function app `{wanted.names.app}`", problems)
    changes = [change for kind in kinds for change in kind.difference(wanted, observed)]
    keys = {IMAGE, *(key for change in changes for key in (change.key, known_of(change.key)))}
    placed = tuple(_placed(change, keys, observed.portal) for change in changes)
    return ResourcePlan(placed, wanted, observed, notes=notes_for(wanted, observed))


def _placed(change: Change, keys: set[str], portal: str) -> Change:
    """Without dependencies that the plan does not hold, such as providers that are registered; with its link."""
    link = f"{portal}/#resource{change.resource_id}" if portal and change.resource_id else ""
    return replace(change, depends_on=tuple(key for key in change.depends_on if key in keys), link=link)
