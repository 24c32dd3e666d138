"""Compiles modules to byte code. A program of its own, which the image's minor of Python runs: nothing imports it.

Its arguments are the number of processes and a file of JSON, which says what there is and what to begin with (`_Tree`).
It compiles that, and what its imports lead to. What cannot be compiled is left out, as Python would refuse it, too. No
module is imported or run.

The same source gives the same bytes, whatever was compiled before it and whatever else this process has loaded. What
`marshal` writes depends on that otherwise: it asks whether two equal constants are one object, and how many know it.
"""

import sys

del sys.path[0]  # this folder, which is no place for modules of the standard library to come from

import dis  # noqa: E402
import gc  # noqa: E402
import importlib.util  # noqa: E402
import json  # noqa: E402
import marshal  # noqa: E402
import os  # noqa: E402
import select  # noqa: E402
import signal  # noqa: E402
from collections.abc import Iterable, Iterator  # noqa: E402
from types import CodeType  # noqa: E402
from typing import Any  # noqa: E402

UNCHECKED_HASH = 0b01
"""Python takes such a file as it is: times differ, and nobody changes a source in an image. See PEP 552."""
_SORTS_SETS = sys.version_info >= (3, 11)
"""Whether `marshal` writes sets in an order of their own, and says of each interned string that it may come again."""


class _OrderUnknown(ValueError):
    """A set holds what has another hash in each process."""


def kept(code: CodeType, source: bytes) -> bytes:
    """What Python would keep in `__pycache__` for a module.

    Args:
        code: The module's, whose path is that in the image.
        source: What stands in its file.

    Raises:
        ValueError: Its byte code would not be the same each time.
    """
    module = _Module()
    code = module.canonical(code)
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


Import = tuple[str, int, tuple[str, ...]]
"""A module's name, how many packages it is above the importing one, and the names that are taken from it."""


def imports_of(code: CodeType) -> Iterator[Import]:
    """What a module imports when it is imported, and when somebody asks it for a name that it lacks (PEP 562).

    Left out are imports inside functions, and those for type checkers alone (`if TYPE_CHECKING:`).

    Args:
        code: The module's.
    """
    yield from _own_imports(code)
    for inner in _inside(code):
        if not inner.co_flags & _FUNCTION:
            yield from imports_of(inner)
        elif inner.co_name == "__getattr__" and code.co_name == "<module>":
            yield from _own_imports(inner)


def _inside(code: CodeType) -> Iterator[CodeType]:
    return (one for one in code.co_consts if isinstance(one, CodeType))


_FUNCTION = 0x2
"""The flag `CO_NEWLOCALS`, which functions have, and modules and bodies of classes have not."""
_CONSTANT, _IMPORT, _EXTENDED = (dis.opmap[name] for name in ("LOAD_CONST", "IMPORT_NAME", "EXTENDED_ARG"))


def _own_imports(code: CodeType) -> Iterator[Import]:
    if "TYPE_CHECKING" in code.co_names:
        steps: Iterable[tuple[int, int]] = _at_run_time(code)
    else:
        steps = _steps(code.co_code)
    level: Any = 0
    names: Any = ()
    for operation, argument in steps:
        if operation == _CONSTANT:
            level, names = names, code.co_consts[argument]
        elif operation == _IMPORT:
            yield code.co_names[argument], level, names or ()


def _steps(code: bytes) -> Iterator[tuple[int, int]]:
    """Operations with their arguments; `dis` is ten times slower."""
    more = 0
    for at in range(0, len(code), 2):
        operation, argument = code[at], code[at + 1] | more
        more = argument << 8 if operation == _EXTENDED else 0
        yield operation, argument


def _at_run_time(code: CodeType) -> Iterator[tuple[int, int]]:
    """The same without what is jumped over where `TYPE_CHECKING` is false."""
    asked, end = False, 0
    for step in dis.get_instructions(code):
        if step.offset < end:
            continue
        if step.opname.startswith("POP_JUMP") and "IF_FALSE" in step.opname and asked:
            end = step.argval
        if step.opname not in _BETWEEN:
            asked = step.argval == "TYPE_CHECKING"
        yield step.opcode, step.arg or 0


_BETWEEN = ("TO_BOOL", "CACHE", "EXTENDED_ARG", "NOT_TAKEN")
"""What stands between a name and the jump that depends on it."""


class _Tree:
    """What there is: the JSON document that this program is given.

    Attributes:
        modules: By dotted name: the source file, its path in the image, and the file to write.
        first: The modules to begin with.
        unread: By dotted name: the beginnings of what is not followed from that module.
    """

    def __init__(self, file: str) -> None:
        with open(file, encoding="utf-8") as stream:  # noqa: PTH123 - without pathlib it starts faster
            document = json.load(stream)
        self.modules: dict[str, list[str]] = document["modules"]
        self.first: list[str] = document["first"]
        self.unread: dict[str, list[str]] = document["unread"]

    def led_to(self, name: str, imports: Iterable[Import]) -> Iterator[str]:
        """The modules that the imports of a module load, the packages above them, too."""
        above = name.split(".")
        if not self.modules[name][1].endswith("/__init__.py"):
            above.pop()
        unread = tuple(self.unread.get(name, ()))
        for module, level, names in imports:
            if level > len(above) or (level == 0 and module.startswith(unread)):
                continue
            base = [*above[: len(above) - level + 1], *filter(None, [module])] if level else [module]
            yield from self.loaded(".".join(base), names)

    def loaded(self, module: str, names: Iterable[str] = ()) -> Iterator[str]:
        """The modules that an import loads."""
        parts = module.split(".")
        found = [".".join(parts[: end + 1]) for end in range(len(parts))]
        yield from filter(self.modules.__contains__, (*found, *(f"{module}.{one}" for one in names)))


def main(processes: int, file: str) -> None:
    """Compile what the first modules lead to."""
    tree, seen, waiting = _Tree(file), set[str](), list[str]()
    gc.disable()  # code has no circles
    idle, busy = [_Process(tree) for _ in range(processes)], dict[int, _Process]()
    led_to = [name for one in tree.first for name in tree.loaded(one)]
    while True:
        waiting += [name for name in dict.fromkeys(led_to) if name not in seen]
        seen.update(waiting)
        while waiting and idle:
            process, some = idle.pop(), min(_MOST, len(waiting) // processes + 1)
            process.ask(waiting[:some])
            busy[process.told] = process
            del waiting[:some]
        if not busy:
            break
        idle += [busy.pop(told) for told in select.select([*busy], [], [])[0]]
        led_to = [name for process in idle for name in process.answer()]
    for process in idle:
        process.end()


_MOST = 32
"""Modules that a process is given at once."""


class _Process:
    """A process that compiles, as `multiprocessing` has it, but for the shared memory, which not every machine has."""

    def __init__(self, tree: _Tree) -> None:
        asked, ask = os.pipe()
        self.told, tell = os.pipe()
        self._number = os.fork()
        if self._number == 0:
            os.close(ask)
            _serve(tree, asked, tell)
        os.close(asked)
        os.close(tell)
        self._ask, self._told = os.fdopen(ask, "w"), os.fdopen(self.told)
        self._open = False

    def ask(self, names: list[str]) -> None:
        """Have modules compiled."""
        print(json.dumps(names), file=self._ask, flush=True)
        self._open = True

    def answer(self) -> list[str]:
        """What those of the last question lead to, once."""
        if not self._open:
            return []
        self._open = False
        line = self._told.readline()
        if not line:
            sys.exit("a process that compiled has ended")
        found: list[str] = json.loads(line)
        return found

    def end(self) -> None:
        """Wait for its end."""
        self._ask.close()
        os.kill(self._number, signal.SIGKILL)
        os.waitpid(self._number, 0)


def _serve(tree: _Tree, asked: int, tell: int) -> None:
    code = 1
    try:
        with os.fdopen(asked) as questions, os.fdopen(tell, "w") as answers:
            for question in questions:
                print(json.dumps(_compiled(tree, json.loads(question))), file=answers, flush=True)
        code = 0
    finally:
        os._exit(code)  # nothing of the process that this one was made from


def _compiled(tree: _Tree, names: list[str]) -> list[str]:
    """Compile modules, and say what they lead to."""
    return [*{led: None for name in names for led in tree.led_to(name, _compile(*tree.modules[name]))}]


def _compile(source: str, path: str, target: str) -> list[Import]:
    with open(source, "rb") as reading:  # noqa: PTH123
        content = reading.read()
    imports: list[Import] = []
    try:
        code = compile(content, path, "exec", dont_inherit=True)
        imports += imports_of(code)
        made = kept(code, content)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return imports
    with open(target, "wb") as writing:  # noqa: PTH123
        writing.write(made)
    return imports


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
