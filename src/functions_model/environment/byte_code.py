"""Byte code of installed modules, made beforehand: the same bytes on every machine. Nothing of a package is run.

Python compiles a module when it is first imported, and in a container that is at each cold start.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from functions_model.environment.modules import UNREAD, Found
from functions_model.environment.processes import Bounds, OverTime, bare_environment, run_process
from functions_model.image.files import FileTree, TreeFile

BYTE_CODE_LAYOUT = 2
"""Which modules are compiled, and what their files hold. A higher number whenever the same lock would give others."""
_COMPILER = Path(__file__).with_name("compile_modules.py")
_SECONDS = 600.0
"""The modules of PyTorch's environment take eleven on one core."""


class CompilingFailed(Exception):
    """There is no byte code. Its text says why."""


def compile_modules(
    found: Found, python_version: str, python: Path, *, work: Path, environ: Mapping[str, str]
) -> FileTree:
    """Compile modules, on all processors. What Python would refuse to import has no byte code.

    Args:
        found: The modules, and with which to begin.
        python_version: The minor that they are for.
        python: An interpreter of the very version whose byte code is wanted.
        work: A folder for the files, absent or empty; it must last as long as the tree is used.
        environ: The process environment.

    Raises:
        CompilingFailed: The interpreter broke off.
    """
    work.mkdir(parents=True, exist_ok=True)
    targets = {name: work / str(number) for number, name in enumerate(found.modules)}
    document = {
        "modules": {
            name: [str(file.content), f"/{file.path}", str(targets[name])] for name, file in found.modules.items()
        },
        "first": found.first,
        "unread": UNREAD,
    }
    order = work / "order.json"
    order.write_text(json.dumps(document), encoding="utf-8")
    _run(python, order, environ, len(os.sched_getaffinity(0)))
    made = ((_cached(file.path, python_version), targets[name]) for name, file in found.modules.items())
    return FileTree.of(TreeFile(path, kept, length=kept.stat().st_size) for path, kept in made if kept.is_file())


def _cached(path: str, python_version: str) -> str:
    """Where Python looks for a module's byte code: see PEP 3147."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/__pycache__/{name.removesuffix('.py')}.cpython-{python_version.replace('.', '')}.pyc"


def _run(python: Path, order: Path, environ: Mapping[str, str], processes: int) -> None:
    """Neither the environment nor a file beside the interpreter adds modules, and strings have the same hashes."""
    command = [str(python), "-S", "-s", "-B", "-W", "ignore", "-X", "utf8", str(_COMPILER), str(processes), str(order)]
    seen = bare_environment(environ) | {"PYTHONHASHSEED": "0"}
    try:
        done = run_process(command, cwd=order.parent, environ=seen, bounds=Bounds(seconds=_SECONDS))
    except (OSError, OverTime) as error:
        raise CompilingFailed(str(error)) from error
    if done.code:
        words = done.words.strip().rpartition("\n")[2]
        raise CompilingFailed(words or f"the interpreter ended with {done.ended_by or done.code}")
