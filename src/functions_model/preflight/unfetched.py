"""Files of the code that were not fetched from Git LFS or DVC, and that the code reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from functions_model.core.failures import Location, Problem
from functions_model.image.files import FileTree
from functions_model.image.pointers import Pointer, may_point, pointers_of
from functions_model.preflight.finding import Finding, Weight
from functions_model.preflight.mentions import Mentions, mentions_of
from functions_model.preflight.project import Project


def check_unfetched(project: Project) -> tuple[Finding, ...]:
    """Those of a project. What ends a run has ended it before: `pipeline/checks.py` looks without a network."""
    return unfetched(project.code, project.code_folder, project.script_path, project.workspace)


def unfetched(code: FileTree, folder: str, script: str, workspace: Path) -> tuple[Finding, ...]:
    """A finding for each such file; none for those that no line of what scores names, as data of the training.

    Args:
        code: The source directory, by its paths in the image.
        folder: Where it lies there.
        script: The entry script's path there.
        workspace: The folder that messages show paths below.
    """
    pointers = tuple(_pointers(code))
    if not pointers:
        return ()
    mentions = mentions_of(code, folder, script)
    weighed = ((pointer, _weight(pointer, path, mentions)) for path, pointer in pointers)
    return tuple(Finding(weight, _problem(pointer, workspace)) for pointer, weight in weighed if weight)


def _weight(pointer: Pointer, path: str, mentions: Mentions) -> Weight | None:
    name = pointer.stands_for.name
    if path in mentions.modules or mentions.names(name):
        return Weight.FAILURE
    return Weight.WARNING if mentions.may_name(name) else None


def _pointers(code: FileTree) -> Iterator[tuple[str, Pointer]]:
    """What is not there, each with the path of what stands for it."""
    for file in code.files:
        if isinstance(file.content, Path) and may_point(file.path, file.size):
            try:
                yield from ((file.path, pointer) for pointer in pointers_of(file.content, file.size))
            except OSError:
                continue  # whoever packs it says why it cannot be read


def _problem(pointer: Pointer, workspace: Path) -> Problem:
    file = pointer.file.relative_to(workspace) if pointer.file.is_relative_to(workspace) else pointer.file
    return Problem(pointer.what, pointer.remedy, "source-directory", Location(file))
