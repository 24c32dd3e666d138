"""Which files of a folder stay out of the image: patterns as `.gitignore` writes them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pathspec import GitIgnoreSpec

if TYPE_CHECKING:
    from collections.abc import Iterable

_PLAIN_NAME = re.compile(r"[\w.-]+/?", re.ASCII)
"""A pattern without wildcards and without a slash within: it means a name, at any depth. One slash at the end: only a
folder's."""


class Excludes:
    """Decides by path, relative to the folder that is read.

    Args:
        patterns: As in a `.gitignore` file; the last one that matches wins, `!` takes back.
    """

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        written = tuple(patterns)
        self._takes_back = any(pattern.startswith("!") for pattern in written)
        # Looking a name up costs a tenth of matching a path, and a model may have 100,000 files.
        plain = set() if self._takes_back else {pattern for pattern in written if _PLAIN_NAME.fullmatch(pattern)}
        self._names = {pattern for pattern in plain if not pattern.endswith("/")}
        self._folders = {pattern.rstrip("/") for pattern in plain}
        rest = [pattern for pattern in written if pattern not in plain]
        self._matcher = GitIgnoreSpec.from_lines(rest) if rest else None

    def leaves_out(self, path: str) -> bool:
        """Whether the file at this path stays out."""
        *folders, name = path.split("/")
        if name in self._names or not self._folders.isdisjoint(folders):
            return True
        return self._matcher is not None and self._matcher.match_file(path)

    def prunes(self, folder: str) -> bool:
        """Whether nothing below this folder can be wanted, so that it need not be read."""
        if self._takes_back:
            return False
        if not self._folders.isdisjoint(folder.split("/")):
            return True
        return self._matcher is not None and self._matcher.match_file(f"{folder}/")
