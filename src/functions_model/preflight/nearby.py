"""Where a module of the user's own lies that is not found: left out, elsewhere in the code, or outside of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pathspec

from functions_model.bundle.user_files import IGNORE_FILES, NEVER, ignored_by
from functions_model.core.failures import Location
from functions_model.preflight.project import Project

_MOST = 3
"""How many folders above the source directory are looked into."""
_OWN = IGNORE_FILES[0]
"""The ignore file that counts for images alone."""
_SOURCES = ("src", "lib", "python")
"""Folders that people keep their packages in."""


def what_is_nearby(project: Project, module: str) -> tuple[str, str] | None:
    """What is wrong with where a module lies, and what to do; None when it is not found.

    Args:
        project: The files.
        module: Its dotted name.
    """
    source = project.source_directory
    if source is None:
        return None
    return (
        _left_out(project, source, module) or _elsewhere(project, source, module) or _outside(project, source, module)
    )


def _left_out(project: Project, source: Path, module: str) -> tuple[str, str] | None:
    packed = {file.path for file in project.code.files}
    script_folder = (source / project.entry_script).parent
    for folder in dict.fromkeys((source, script_folder)):
        for file in _files_of(folder, module):
            path = file.relative_to(source).as_posix()
            if f"{project.code_folder}/{path}" in packed:
                continue
            rule = _rule_for(source, path)
            shown = path.removesuffix("/__init__.py")
            if rule is None:
                return (
                    f"`{shown}` stays out of the image, as no image needs files of that name",
                    "Give it another name.",
                )
            name = rule.file.name
            where = f"`{name}` line {rule.line} leaves it out"
            remedy = f"Add the line `!/{path.partition('/')[0]}{'/' if '/' in path else ''}` to the end of `{name}`"
            other = "" if name == _OWN else f", or write an `{_OWN}` of its own"
            return f"`{shown}` stays out of the image: {where}", f"{remedy}{other}."
    return None


def _rule_for(source: Path, path: str) -> Location | None:
    """The line of the ignore file that leaves a file out; None when it is a rule of ours that does."""
    ours = pathspec.GitIgnoreSpec.from_lines(NEVER).match_file(path)
    return None if ours else ignored_by(source, path)


def _elsewhere(project: Project, source: Path, module: str) -> tuple[str, str] | None:
    """In a folder of the code that is not looked into."""
    ending = module.replace(".", "/")
    start = f"{project.code_folder}/"
    for file in project.code.files:
        for tail in (f"/{ending}.py", f"/{ending}/__init__.py"):
            if file.path.startswith(start) and file.path.endswith(tail):
                folder = (source / file.path[len(start) : -len(tail)]).relative_to(project.workspace)
                what = f"`{module}` is in `{folder}/`, where Python does not search"
                return what, f"Set `import-roots: {folder}`."
    return None


def _outside(project: Project, source: Path, module: str) -> tuple[str, str] | None:
    """In a folder of the workspace above the source directory, or in one beside it that holds sources."""
    for above in _above(source, project.workspace):
        for folder in (above, *(above / name for name in _SOURCES)):
            if next(_files_of(folder, module), None):
                place = folder.relative_to(project.workspace)
                what = f"`{module}` is in `{place}/`, outside of the source directory"
                return what, f"Set `import-roots: {place}`."
    return None


def _above(source: Path, workspace: Path) -> Iterator[Path]:
    for folder in [*source.parents][:_MOST]:
        if folder.is_relative_to(workspace):
            yield folder


def _files_of(folder: Path, module: str) -> Iterator[Path]:
    path = module.replace(".", "/")
    found = (folder / f"{path}.py", folder / path / "__init__.py")
    yield from (file for file in found if file.is_file())
    if (folder / path).is_dir():
        yield from sorted((folder / path).glob("*.py"))[:1]
