"""Byte code of installed modules, made beforehand: the same bytes on every machine. Nothing of a package is run.

Python compiles a module when it is first imported, and in a container that is at each cold start.
"""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextvars import copy_context
from functools import partial
from pathlib import Path

from functions_model.core.work import Stop, side_by_side
from functions_model.environment.processes import Bounds, OverTime, bare_environment, run_process
from functions_model.image.files import FileTree, TreeFile
from functions_model.image.opened import MOST_SOURCE

BYTE_CODE_LAYOUT = 1
"""Which modules are compiled, and what their files hold. A higher number whenever the same lock would give others."""
_COMPILER = Path(__file__).with_name("compile_modules.py")
_LEFT_OUT = frozenset(("test", "tests", "conftest.py"))
"""Tests are not imported where an app scores, and are a third of the source of NumPy, SciPy and scikit-learn. One that
is imported all the same is compiled then."""
_SECONDS = 600.0
"""The modules of PyTorch's environment take eleven on one core."""
_ENOUGH = 1 << 20
"""Bytes of source that are worth a process of their own."""


class CompilingFailed(Exception):
    """There is no byte code. Its text says why."""


def modules_of(tree: FileTree, places: Collection[str]) -> tuple[TreeFile, ...]:
    """The modules that get byte code: all that can be imported, but for tests.

    Args:
        tree: What is installed, by its paths in the image.
        places: The folders that modules are imported from.
    """
    longest = sorted((f"{place}/" for place in places), key=len, reverse=True)
    return tuple(file for file in tree.files if _is_module(file, longest))


def _is_module(file: TreeFile, places: Sequence[str]) -> bool:
    if not (file.path.endswith(".py") and isinstance(file.content, Path) and file.size <= MOST_SOURCE):
        return False
    place = next(filter(file.path.startswith, places), None)
    if place is None:
        return False
    parts = file.path[len(place) :].split("/")
    named = (*parts[:-1], parts[-1].removesuffix(".py"))
    return all(part.isidentifier() for part in named) and _LEFT_OUT.isdisjoint(parts)


def compile_modules(
    modules: Iterable[TreeFile], python_version: str, python: Path, *, work: Path, environ: Mapping[str, str]
) -> FileTree:
    """Compile modules, on all processors. What Python would refuse to import has no byte code.

    Args:
        modules: Source files on this machine, by their paths in the image.
        python_version: The minor that they are for.
        python: An interpreter of the very version whose byte code is wanted.
        work: A folder for the files, absent or empty; it must last as long as the tree is used.
        environ: The process environment.

    Raises:
        CompilingFailed: The interpreter broke off.
    """
    work.mkdir(parents=True, exist_ok=True)
    targets = {file: work / str(number) for number, file in enumerate(modules)}
    shares = _shares(list(targets))
    orders = [_order(share, targets, work / f"share-{number}.jsonl") for number, share in enumerate(shares)]
    # Each in a context like ours: who drops this work ends its processes.
    runs = [partial(copy_context().run, _run, python, order, environ) for order in orders]
    side_by_side(runs, Stop(), len(orders))
    made = ((_cached(file.path, python_version), target) for file, target in targets.items())
    return FileTree.of(TreeFile(path, kept, length=kept.stat().st_size) for path, kept in made if kept.is_file())


def _cached(path: str, python_version: str) -> str:
    """Where Python looks for a module's byte code: see PEP 3147."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/__pycache__/{name.removesuffix('.py')}.cpython-{python_version.replace('.', '')}.pyc"


def _shares(modules: list[TreeFile]) -> list[list[TreeFile]]:
    """For each process about the same number of bytes. Which module is where changes no byte."""
    count = min(len(os.sched_getaffinity(0)), 1 + sum(file.size for file in modules) // _ENOUGH)
    shares: list[list[TreeFile]] = [[] for _ in range(count)]
    filled = [0] * count
    for file in sorted(modules, key=lambda file: -file.size):
        least = filled.index(min(filled))
        shares[least].append(file)
        filled[least] += file.size
    return shares


def _order(share: Iterable[TreeFile], targets: Mapping[TreeFile, Path], file: Path) -> Path:
    lines = (json.dumps([str(one.content), f"/{one.path}", str(targets[one])]) for one in share)
    file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return file


def _run(python: Path, order: Path, environ: Mapping[str, str]) -> None:
    """Neither the environment nor a file beside the interpreter adds modules, and strings have the same hashes."""
    command = [str(python), "-S", "-s", "-B", "-W", "ignore", "-X", "utf8", str(_COMPILER), str(order)]
    seen = bare_environment(environ) | {"PYTHONHASHSEED": "0"}
    try:
        done = run_process(command, cwd=order.parent, environ=seen, bounds=Bounds(seconds=_SECONDS))
    except (OSError, OverTime) as error:
        raise CompilingFailed(str(error)) from error
    if done.code:
        words = done.words.strip().rpartition("\n")[2]
        raise CompilingFailed(words or f"the interpreter ended with {done.ended_by or done.code}")
