"""What is wrong in files that were fetched: told as what is registered, not as a place on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from functions_model.core.failures import Location, Problem, ProblemsFailure

MODELS = "models"
ENVIRONMENTS = "environments"
"""Folders below the run's own, with `<name>/<version>/` below each."""
_WAY_OUT = "It is registered in the workspace: give a corrected copy of its environment file in `environment-file`."


@contextmanager
def told_as_registered(work: Path) -> Iterator[None]:
    """Take the places out of problems in fetched files: no file of the repository is at fault, and no annotation fits.

    Args:
        work: The run's own folder.

    Raises:
        ProblemsFailure: The one that was raised in the block, of the same class, with each fetched file by its name.
    """
    try:
        yield
    except ProblemsFailure as failure:
        problems = [as_registered(problem, work) for problem in failure.problems]
        if problems == list(failure.problems):
            raise
        raise type(failure)(failure.action, problems, detail=failure.detail) from failure


def as_registered(problem: Problem, work: Path) -> Problem:
    """The problem with the name of what is registered in the place of a fetched file's."""
    name = _name(problem.location, work) if problem.location else ""
    if not name:
        return problem
    what, remedy = problem.what, problem.remedy
    for kind in (MODELS, ENVIRONMENTS):
        what = what.replace(f"{work / kind}/", "")
    if problem.subject != "model-path":
        remedy = f"{remedy} {_WAY_OUT}".strip()
    return replace(problem, what=f"{what} ({name})", remedy=remedy, location=None)


def _name(location: Location, work: Path) -> str:
    """`azureml:churn:4`, `model/conda.yaml`, line 8; empty for a file that was not fetched."""
    file, work = location.file.resolve(), work.resolve()
    for kind in (MODELS, ENVIRONMENTS):
        if file.is_relative_to(work / kind):
            name, version, *rest = file.relative_to(work / kind).parts
            line = f", line {location.line}" if location.line else ""
            return f"`azureml:{name}:{version}`, `{'/'.join(rest)}`{line}"
    return ""
