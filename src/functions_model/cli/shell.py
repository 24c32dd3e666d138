"""This program's own commands, for a person to paste: called as it was called itself."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

from functions_model.report.pasting import pasted, quoted

_PROGRAM = "functions-model"
_INDENT = "  "


def program(argv0: str | None = None, path: str | None = None) -> str:
    """What the shell finds this program by: its name where that is on the PATH, or its path.

    Args:
        argv0: How it was called; None: as this process was.
        path: Where the shell looks; None: as the environment says.
    """
    called = Path(argv0 or sys.argv[0])
    if called.name != _PROGRAM:  # `python -m functions_model`
        return f"{shlex.quote(sys.executable)} -m functions_model"
    found = shutil.which(_PROGRAM, path=path)
    on_path = found is not None and Path(found).resolve() == called.resolve()
    return _PROGRAM if on_path else shlex.quote(str(called))


def command(*words: str, columns: int | None = None) -> list[str]:
    """A command of this program.

    Args:
        words: Behind the program's name.
        columns: How wide a line may be; None: as wide as it gets.
    """
    return pasted([f"{program()} {words[0]}", *quoted(words[1:])], columns, _INDENT)
