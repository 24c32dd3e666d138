"""The entry script, checked by reading its syntax tree. It is never imported: that could do anything."""

from __future__ import annotations

import ast
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from functions_model.bundle.bindings import Binding, bindings_of
from functions_model.bundle.signatures import init_faults, run_faults
from functions_model.core.failures import Location, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_model.core.spec import Code

Fault: TypeAlias = tuple[str, str, int]
"""What is wrong, what to do, and the line."""

REMEDIES = {
    "init": "Define `def init():` at module level; it loads the model once.",
    "run": "Define `def run(data):` at module level; it scores one request.",
}


def check_entry_script(code: Code, *, python_version: str | None = None) -> tuple[Problem, ...]:
    """Everything that would keep Azure ML's inference server from using the script, in the order of the lines.

    Args:
        code: Names the script; problems carry its path as the user wrote it.
        python_version: The minor that will run it (`3.11`), when it is known. Older syntax rules are applied; newer
            syntax than this interpreter's own cannot be read, and is told as such.

    Returns:
        The problems; none when the script fits.
    """
    file = Path(code.entry_script_input)
    faults = _faults(code.entry_script, python_version)
    return tuple(
        Problem(what, remedy, "entry-script", Location(file, line or None))
        for what, remedy, line in sorted(faults, key=lambda fault: fault[2])
    )


def _faults(path: Path, python_version: str | None) -> list[Fault]:
    try:
        source = path.read_bytes()
    except OSError as problem:
        return [(f"the file cannot be read: {problem.strerror}", "Check the path and the permissions.", 0)]
    try:
        tree = _parse(source, python_version)
    except (SyntaxError, ValueError, RecursionError) as problem:
        return [_unreadable(source, problem, python_version)]
    found = bindings_of(tree)
    return [*_function_faults("init", found, init_faults), *_function_faults("run", found, run_faults)]


def _parse(source: bytes, python_version: str | None) -> ast.Module:
    minor = int(python_version.split(".")[1]) if python_version else sys.version_info.minor
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # such as invalid escapes in strings: the script runs all the same
        return ast.parse(source, feature_version=(3, min(minor, sys.version_info.minor)))


def _unreadable(source: bytes, problem: Exception, python_version: str | None) -> Fault:
    if b"\0" in source:
        # Python versions differ in the error they raise for it, and in its words.
        return "it is not Python: it holds null bytes", "Check that the right file is named.", 0
    if not isinstance(problem, SyntaxError):
        return "it is not Python: " + str(problem), "Check that the right file is named.", 0
    try:
        source.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        if "encod" in str(problem) or "codec" in str(problem) or "UTF-8" in str(problem):
            line = source.count(b"\n", 0, wrong.start) + 1
            return "it is not UTF-8 text", "Save it as UTF-8, or name its encoding in the first line.", line
    return _syntax_fault(problem, python_version)


def _syntax_fault(problem: SyntaxError, python_version: str | None) -> Fault:
    own = sys.version_info.minor
    remedy = "Mend the line."
    if python_version and int(python_version.split(".")[1]) > own:
        remedy = f"Mend the line, or run this check with Python {python_version}: here it reads as Python 3.{own}."
    return f"it is not valid Python: {problem.msg}", remedy, problem.lineno or 0


def _function_faults(
    name: str, found: dict[str, list[Binding]], judge: Callable[[Binding], list[Fault]]
) -> list[Fault]:
    """The faults of one of the two functions; of several definitions, one that fits is enough."""
    candidates = found.get(name, [])
    if not candidates:
        if "*" in found:
            return []
        return [(f"it has no `{name}` function", REMEDIES[name], 0)]
    judged = [judge(candidate) for candidate in candidates]
    return judged[-1] if all(judged) else []
