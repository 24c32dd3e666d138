"""This program's own commands, for a person to paste: called as it was called itself."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

from functions_model.report.pasting import pasted, quoted

_PROGRAM = "functions-model"
_INDENT = "  "


def program(argv0: str | None = None, path: str | None = None, *, anywhere: bool = False) -> str:
    """What the shell finds this program by: its name where that is on the PATH, or its path.

    Args:
        argv0: How it was called; None: as this process was.
        path: Where the shell looks; None: as the environment says.
        anywhere: Whether it is to be found from another folder.
    """
    called = Path(argv0 or sys.argv[0])
    if called.name != _PROGRAM:  # `python -m functions_model`
        return f"{shlex.quote(sys.executable)} -m functions_model"
    found = shutil.which(_PROGRAM, path=path)
    on_path = found is not None and Path(found).resolve() == called.resolve()
    return _PROGRAM if on_path else shlex.quote(str(called.absolute() if anywhere else called))


def command(*words: str, columns: int | None = None, folder: Path | None = None) -> list[str]:
    """A command of this program.

    Args:
        words: Behind the program's name.
        columns: How wide a line may be; None: as wide as it gets.
        folder: Where it is to run; None: where the shell is.
    """
    elsewhere = folder is not None and folder.resolve() != Path.cwd()
    there = [f"{_INDENT}cd {shlex.quote(str(folder))} && \\"] if elsewhere else []
    return [*there, *pasted([f"{program(anywhere=elsewhere)} {words[0]}", *quoted(words[1:])], columns, _INDENT)]
