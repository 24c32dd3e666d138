"""Compiles modules to byte code. A program of its own, which the image's minor of Python runs: nothing imports it.

Its argument is a file with a JSON list for each module, one a line: the source file, its path in the image, and the
file to write. What cannot be compiled is left out, as Python would refuse it, too. No module is imported or run.

The same source gives the same bytes, whatever was compiled before it and whatever else this process has loaded. What
`marshal` writes depends on that otherwise: it asks whether two equal constants are one object, and how many know it.
"""

import sys

del sys.path[0]  # this folder, which is no place for modules of the standard library to come from

import importlib.util  # noqa: E402
import json  # noqa: E402
import marshal  # noqa: E402
from types import CodeType  # noqa: E402
from typing import Any  # noqa: E402

UNCHECKED_HASH = 0b01
"""Python takes such a file as it is: times differ, and nobody changes a source in an image. See PEP 552."""
_SORTS_SETS = sys.version_info >= (3, 11)
"""Whether `marshal` writes sets in an order of their own, and says of each interned string that it may come again."""


class _OrderUnknown(ValueError):
    """A set holds what has another hash in each process."""


def compiled(source: bytes, path: str) -> bytes:
    """What Python would keep in `__pycache__` for a module.

    Args:
        source: What stands in the file.
        path: Where it lies in the image, absolute.

    Raises:
        SyntaxError: It is no Python of this minor.
        ValueError: It holds a null byte, or its byte code would not be the same each time.
    """
    module = _Module()
    code = module.canonical(compile(source, path, "exec", dont_inherit=True))
    head = importlib.util.MAGIC_NUMBER + UNCHECKED_HASH.to_bytes(4, "little")
    return head + importlib.util.source_hash(source) + marshal.dumps(code)


class _Module:
    """What was met in one module.

    Every string becomes the one that all of Python knows, and equal sets become one: then `marshal` finds the same
    objects to be the same each time.
    """

    def __init__(self) -> None:
        self._sets: dict[Any, frozenset[Any]] = {}
        self._strings: list[str] = []

    def canonical(self, code: CodeType) -> CodeType:
        """The same code."""
        names: dict[str, Any] = {"co_name": sys.intern(code.co_name)}
        if _SORTS_SETS:
            names["co_qualname"] = sys.intern(code.co_qualname)
        made = code.replace(co_consts=tuple(map(self._one, code.co_consts)), **names)
        if not _SORTS_SETS:
            self._strings += (made.co_name, *made.co_names, *made.co_varnames, *made.co_freevars, *made.co_cellvars)
        return made

    def _one(self, constant: Any) -> Any:
        if isinstance(constant, str):
            self._strings.append(sys.intern(constant))
            return self._strings[-1]
        if isinstance(constant, CodeType):
            return self.canonical(constant)
        if isinstance(constant, tuple):
            return tuple(map(self._one, constant))
        if isinstance(constant, slice):  # a constant since 3.14
            return slice(self._one(constant.start), self._one(constant.stop), self._one(constant.step))
        if isinstance(constant, frozenset):
            return self._one_set(constant)
        return constant

    def _one_set(self, given: "frozenset[Any]") -> "frozenset[Any]":
        ordered = sorted(map(self._one, given), key=_kind)
        if not _SORTS_SETS and not all(isinstance(one, (str, bytes, int, float)) for one in ordered):
            raise _OrderUnknown
        return self._sets.setdefault(tuple(map(_kind, ordered)), frozenset(ordered))


def _kind(constant: object) -> "tuple[str, str]":
    return type(constant).__name__, repr(constant)


def main(order: str) -> None:
    """Compile what is asked for."""
    with open(order, encoding="utf-8") as lines:  # noqa: PTH123 - without pathlib it starts faster
        for line in lines:
            source, path, target = json.loads(line)
            _compile(source, path, target)


def _compile(source: str, path: str, target: str) -> None:
    with open(source, "rb") as reading:  # noqa: PTH123
        content = reading.read()
    try:
        code = compiled(content, path)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return
    with open(target, "wb") as writing:  # noqa: PTH123
        writing.write(code)


if __name__ == "__main__":
    main(sys.argv[1])
