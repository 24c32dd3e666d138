"""What the app of a `try` writes, shown as it comes: prints, logging, tracebacks; not the host's own entries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from functions_model.ci.host import CiHost
from functions_model.core.masking import shapeless

_HEAD = re.compile(r"(trce|dbug|info|warn|fail|crit): (\S+?)\[\d+\]\s*")
_INDENT = " " * 6
"""The head of an entry of .NET's console logger, and what its text is moved by: dotnet/runtime,
SimpleConsoleFormatter.cs, `GetLogLevelString` and `_messagePadding`."""
_PRINTS = "Host.Function.Console"
_USERS = re.compile(r"Function\.\S+\.User")
"""Categories of what the script prints and logs: Azure/azure-functions-host, LogCategories.cs."""
_WORDS = {"warn": "warning: ", "fail": "error: ", "crit": "error: "}


class AppOutput:
    """Shows lines of the app's log behind `app |`.

    Args:
        ci: Takes them, and masks.
        verbose: Show the Functions host's own entries, too.
    """

    def __init__(self, ci: CiHost, *, verbose: bool = False) -> None:
        self.ci = ci
        self._verbose = verbose
        self._shown = True
        self._word = ""

    @contextmanager
    def through(self, ci: CiHost) -> Iterator[None]:
        """For the length of the block somebody else takes the lines: a run that draws below its log."""
        before, self.ci = self.ci, ci
        try:
            yield
        finally:
            self.ci = before

    def hear(self, line: str) -> None:
        """Take the next line; from one thread."""
        if head := _HEAD.fullmatch(line):
            level, category = head.groups()
            self._shown = self._verbose or level in _WORDS or category == _PRINTS or bool(_USERS.fullmatch(category))
            self._word = "" if category == _PRINTS else _WORDS.get(level, "")
            if self._verbose:
                self._show(line)
            return
        text = line.removeprefix(_INDENT)
        if text == line:  # no entry of the host's: whoever starts the container wrote it
            self._shown, self._word = True, ""
        if self._shown:
            self._show(self._word + text)
        self._word = ""

    def _show(self, text: str) -> None:
        self.ci.info(f"app | {shapeless(text)}".rstrip())
