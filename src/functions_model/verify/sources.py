"""Where the files of an app come from: the user's own lines, as they stand in the workspace."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

from functions_model.core.failures import Location
from functions_model.core.python_trees import parse_python
from functions_model.image.opened import MOST_SOURCE, read_whole
from functions_model.verify.noted import Place


@dataclass(frozen=True, slots=True)
class Sources:
    """Folders of this machine that went into the app, all of them absolute.

    Attributes:
        workspace: What paths are shown relative to.
        code: The source directory; None when the script is not the user's.
        script: The entry script; None when it is not the user's.
        models: The folder that holds the only model; None when there are several or none.
    """

    workspace: Path
    code: Path | None = None
    script: Path | None = None
    models: Path | None = None

    def location(self, place: Place | None) -> Location | None:
        """The line in the workspace; None when the file is not there."""
        root = {"code": self.code, "model": self.models}.get(place.root) if place else None
        if place is None or root is None:
            return None
        file = root / place.file
        inside = file.is_relative_to(self.workspace) and ".." not in Path(place.file).parts
        return Location(file, place.line) if inside and _is_file(file) else None

    def shown(self, place: Place | None) -> str:
        """`serving/score.py:18`; empty for a line that is not the user's."""
        if place is None or (place.root == "code" and self.code is None):
            return ""
        if location := self.location(place):
            return f"{location.file.relative_to(self.workspace).as_posix()}:{location.line}"
        return f"{place.file}:{place.line}"

    def run(self) -> Place | None:
        """The line of `run()` in the entry script; None where it is not defined there."""
        if self.code is None or self.script is None:
            return None
        try:
            tree = parse_python(read_whole(self.script, MOST_SOURCE))
        except (OSError, SyntaxError, ValueError):
            return None
        found = (one.lineno for one in tree.body if isinstance(one, ast.FunctionDef) and one.name == "run")
        line = next(found, None)
        return Place("code", self.script.relative_to(self.code).as_posix(), line) if line else None


def _is_file(file: Path) -> bool:
    """Whether there is such a file; an app may name one that no disk can have."""
    try:
        return file.is_file()
    except OSError:
        return False
