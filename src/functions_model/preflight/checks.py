"""Every check there is, in the order in which findings are told."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial

from functions_model.core.failures import Problem
from functions_model.preflight.collectors import check_collectors
from functions_model.preflight.finding import Finding, Weight
from functions_model.preflight.imports import check_imports
from functions_model.preflight.inventory import Inventory
from functions_model.preflight.model_paths import check_model_paths
from functions_model.preflight.pickles import check_pickles
from functions_model.preflight.project import Project
from functions_model.preflight.unfetched import check_unfetched

FILE_CHECKS: tuple[Callable[[Project], Iterable[Finding]], ...] = (
    check_unfetched,
    check_model_paths,
    check_collectors,
)
"""What needs the user's files alone."""
CHECKS: tuple[Callable[[Project, Inventory], Iterable[Finding]], ...] = (check_imports, check_pickles)
"""What needs the dependencies, too."""


def of_files(project: Project) -> tuple[Finding, ...]:
    """What the user's files alone say."""
    return tuple(finding for check in FILE_CHECKS for finding in followed(partial(check, project)))


def of_everything(project: Project, inventory: Inventory) -> tuple[Finding, ...]:
    """What the files say together with the dependencies."""
    return tuple(finding for check in CHECKS for finding in followed(partial(check, project, inventory)))


def followed(check: Callable[[], Iterable[Finding]]) -> tuple[Finding, ...]:
    """What a check finds; a note where code or data is nested deeper than it can follow, as Python itself may."""
    try:
        return tuple(check())
    except RecursionError:
        what = "Something among the files is nested so deeply that a part of the checks was left out."
        return (Finding(Weight.NOTE, Problem(what, "")),)
