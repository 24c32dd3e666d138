"""Patterns of `.gitignore` files: which there are, and what they leave out."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable
from typing import AnyStr

from pathspec import GitIgnoreSpec
from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

_PLAIN_NAME = re.compile(r"[\w.-]+/?", re.ASCII)
"""A pattern without wildcards and without a slash within: it means a name, at any depth. One slash at the end: only a
folder's."""
_BETWEEN_STARS = re.compile(r"(?:\[\^/\]\*)+((?:(?!\[\^/\]\*)(?:\\.|\[[^\]]*\]|[^(\\]))+)(?=\[\^/\]\*)")
"""A star with what follows it up to the next star, as `pathspec` writes them."""
_MOST_DEEP = 3
"""Of `/**/` in one pattern. Each multiplies the ways to try by the depth of a path."""


class _Pattern(GitIgnoreSpecPattern):
    """As `pathspec` has it, but in a time that grows with the name: `*a*a*a*a*b` took hours for some names of `a`s."""

    @classmethod
    def pattern_to_regex(cls, pattern: AnyStr) -> tuple[AnyStr | None, bool | None]:
        """The regular expression in which each star but the last takes the first place that fits, and keeps it."""
        regex, include = super().pattern_to_regex(pattern)
        if not isinstance(regex, str):
            return regex, include
        return _BETWEEN_STARS.sub(r"(?>[^/]*?\1)", regex), include  # type: ignore[return-value] # a text gives a text


def pattern_fault(line: str) -> str | None:
    """What is wrong with a line of an ignore file, a clause; None when it can be followed."""
    if line.count("/**/") > _MOST_DEEP:
        return f"it has more than {_MOST_DEEP} times `/**/`"
    try:
        with warnings.catch_warnings(action="ignore"):  # of brackets within brackets
            _Pattern(line)
    except (ValueError, re.error):
        return "git knows no such pattern, and passes it over" if line.strip() else None
    return None


def spec_of(lines: Iterable[str]) -> GitIgnoreSpec:
    """What the lines leave out together; none of them has a fault."""
    with warnings.catch_warnings(action="ignore"):
        return GitIgnoreSpec.from_lines(lines, _Pattern)


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
        self._matcher = spec_of(rest) if rest else None

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
