"""What a pickle names, followed opcode by opcode. Nothing is imported, called or made: objects are only noted."""

from __future__ import annotations

import pickletools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

MOST_OPCODES = 500_000
"""Followed in one file: about a second. Millions come from lists of single numbers, not of classes."""
_DEEPEST = 16
"""Pickles within pickles: an array of objects in a file of joblib's is one."""
_JOBLIB = "joblib.numpy_pickle"
"""The end of the module's name: scikit-learn once had a copy of its own."""
_VERSION = "_sklearn_version"
"""https://github.com/scikit-learn/scikit-learn/blob/main/sklearn/base.py: `__getstate__` of every estimator adds it."""


class Stream(Protocol):
    """Where opcodes are read from, in order."""

    def read(self, count: int, /) -> bytes:
        """The next bytes; fewer at the end."""

    def readline(self) -> bytes:
        """The next bytes up to a line's end."""

    def skip(self, count: int) -> None:
        """Leave bytes out."""


class NotFollowed(Exception):
    """A pickle that cannot be followed to its end: it is torn, or none."""


class TooLong(NotFollowed):
    """A pickle that is longer than anybody would wait for."""


@dataclass(frozen=True, slots=True, order=True)
class Global:
    """A class or function that a pickle names; loading it imports the module.

    Attributes:
        module: Dotted.
        name: Within the module, dotted; empty where the module alone is imported.
    """

    module: str
    name: str


@dataclass(slots=True)
class Named:
    """What was found so far, in one file.

    Attributes:
        found: What is imported, each once, in its order.
        sklearn: Versions of scikit-learn that wrote it.
        opcodes: How many are left to be followed.
    """

    found: dict[Global, None] = field(default_factory=dict)
    sklearn: dict[str, None] = field(default_factory=dict)
    opcodes: int = MOST_OPCODES


@dataclass(slots=True, eq=False)
class _Made:
    """An object that loading would make: by what, of what, and with which state."""

    by: object
    of: object
    state: object = None


class _Mark:
    """Where a list of unknown length begins."""


_MARK, _UNKNOWN = _Mark(), object()
_CALLS = frozenset({"REDUCE", "NEWOBJ", "NEWOBJ_EX"})
_PUTS = frozenset({"MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"})
_GETS = frozenset({"GET", "BINGET", "LONG_BINGET"})
_TUPLES = frozenset({"EMPTY_TUPLE", "TUPLE", "TUPLE1", "TUPLE2", "TUPLE3"})
_FILLS = frozenset({"SETITEM", "SETITEMS"})
_DICTS = frozenset({"EMPTY_DICT", "DICT"})
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_PLAIN = frozenset(
    opcode.name for opcode in pickletools.opcodes if not opcode.stack_before and len(opcode.stack_after) == 1
) - {"MARK", "GLOBAL", "EMPTY_DICT", "EMPTY_TUPLE", *_GETS}
"""Those that only put something onto the stack."""


def follow(stream: Stream, named: Named, depth: int = 0) -> None:
    """Follow one pickle to its end; the stream then stands behind it.

    Args:
        stream: At the pickle's first byte.
        named: Gets what is found.
        depth: How many pickles this one lies in.

    Raises:
        NotFollowed: It ends too early, or too late, or is no pickle. What was found before stays.
    """
    if depth > _DEEPEST:
        raise NotFollowed
    _Machine(stream, named, depth).run()


class _Machine:
    """One pickle: its stack, and what it remembers."""

    def __init__(self, stream: Stream, named: Named, depth: int) -> None:
        self._stream, self._named, self._depth = stream, named, depth
        self._stack: list[object] = []
        self._memo: dict[int, object] = {}

    def run(self) -> None:
        try:
            for opcode, argument, _ in pickletools.genops(self._stream):  # type: ignore[arg-type]
                self._named.opcodes -= 1
                if self._named.opcodes < 0:
                    raise TooLong
                self._step(opcode, argument)
        except (ValueError, LookupError, EOFError, ArithmeticError, TypeError) as error:
            raise NotFollowed from error

    def _step(self, opcode: pickletools.OpcodeInfo, argument: Any) -> None:
        name, stack = opcode.name, self._stack
        if name in _PLAIN:  # most of them
            stack.append(argument if isinstance(argument, str | int) else _CONSTANTS.get(name, _UNKNOWN))
        elif name in _PUTS:
            self._memo[len(self._memo) if argument is None else argument] = stack[-1]
        elif name in _GETS:
            stack.append(self._memo[argument])
        elif name == "MARK":
            stack.append(_MARK)
        elif name == "DUP":
            stack.append(stack[-1])
        elif name == "BUILD":
            self._build()
        else:
            taken = self._taken(opcode)
            if opcode.stack_after:
                stack.append(self._made(name, argument, taken))

    def _made(self, name: str, argument: Any, taken: list[object]) -> object:
        if name in _TUPLES:
            return tuple(taken)
        if name in _DICTS:
            return self._pairs(taken, {})
        if name in _FILLS:
            return self._pairs(taken[1:], taken[0])
        if name in _CALLS:
            return self._called(taken[0], taken[1])
        return self._of_a_class(name, argument, taken)

    def _of_a_class(self, name: str, argument: Any, taken: list[object]) -> object:
        """A class, or an object of one; anything else is not needed."""
        if name == "STACK_GLOBAL":
            return self._note(*taken)
        if name == "OBJ":
            return _Made(taken[0], tuple(taken[1:]))
        if name not in {"GLOBAL", "INST"}:
            return _UNKNOWN
        named = self._note(*argument.split(" ", 1))
        return named if name == "GLOBAL" else _Made(named, tuple(taken))

    def _taken(self, opcode: pickletools.OpcodeInfo) -> list[object]:
        """What an opcode takes off the stack, as its description says, without the mark."""
        before = opcode.stack_before
        if pickletools.markobject not in before:
            return self._popped(len(before))
        start = len(self._stack) - 1
        while self._stack[start] is not _MARK:
            start -= 1  # an IndexError where there is none
        above = self._stack[start + 1 :]
        del self._stack[start:]
        return [*self._popped(before.index(pickletools.markobject)), *above]

    def _popped(self, count: int) -> list[object]:
        if not count:
            return []
        taken = self._stack[-count:]
        if len(taken) < count:
            raise NotFollowed
        del self._stack[-count:]
        return taken

    def _note(self, module: object, name: object) -> Global:
        if not (isinstance(module, str) and isinstance(name, str)):
            raise NotFollowed
        found = Global(module, name)
        if _DOTTED.fullmatch(module):
            self._named.found.setdefault(found)
        return found

    def _called(self, what: object, of: object) -> object:
        """Noted, not called. cloudpickle writes a module as a call that imports it."""
        if isinstance(what, Global) and what.name == "subimport" and isinstance(of, tuple) and of:
            self._note(of[0], "")
        return _Made(what, of)

    def _pairs(self, items: list[object], into: object) -> object:
        """What becomes of a mapping, or of an object that behaves like one."""
        for key, value in zip(items[::2], items[1::2], strict=True):
            if isinstance(key, str):
                if isinstance(into, dict):
                    into[key] = value
                if key == _VERSION and isinstance(value, str):
                    self._named.sklearn.setdefault(value)
        return into

    def _build(self) -> None:
        made, state = self._popped(2)
        self._stack.append(made)
        if not isinstance(made, _Made):
            return
        made.state = state
        if isinstance(state, dict) and _is_wrapper(made):
            self._skip_array(state)

    def _skip_array(self, state: dict[object, object]) -> None:
        """Leave the bytes of an array out, which joblib writes behind the object that describes it.

        https://github.com/joblib/joblib/blob/main/joblib/numpy_pickle.py, `NumpyArrayWrapper.write_array`: an array of
        objects is a pickle of its own; any other is one byte with the length of a padding, the padding, and the bytes.
        Versions before 1.2, and streams that cannot tell how far they are, have no padding.
        """
        shape, dtype = state["shape"], state["dtype"]
        if not (isinstance(shape, tuple) and isinstance(dtype, _Made)):
            raise NotFollowed
        size = _item_size(dtype)
        if size is None:
            follow(self._stream, self._named, self._depth + 1)
            return
        if state.get("numpy_array_alignment_bytes") is not None:
            self._stream.skip(self._stream.read(1)[0])
        for length in _whole(*shape):
            size *= length
        self._stream.skip(size)


_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")


def _is_wrapper(made: _Made) -> bool:
    """Whether it is joblib's note of an array whose bytes follow. Its class is called, or is what it is made of."""
    candidates = (made.by, *(made.of if isinstance(made.of, tuple) else ()))
    return any(
        isinstance(one, Global) and one.name == "NumpyArrayWrapper" and one.module.endswith(_JOBLIB)
        for one in candidates
    )


def _item_size(dtype: _Made) -> int | None:
    """Bytes of one item of an array; None for objects.

    https://github.com/numpy/numpy/blob/main/numpy/_core/src/multiarray/descriptor.c, `arraydescr_reduce`: it is made of
    its name, such as `f8`; its state is a version, the order, four parts for structures with the size among them (-1
    where the name says it), the alignment and flags, of which the lowest bit means objects.
    """
    if not (isinstance(dtype.of, tuple) and dtype.of and isinstance(dtype.of[0], str)):
        raise NotFollowed
    name, state = dtype.of[0], dtype.state
    if name.lstrip("<>|=").startswith("O"):
        return None
    if isinstance(state, tuple) and len(state) >= 8:
        [size, flags] = _whole(state[5], state[7])
        if flags & 1:
            return None
        if size >= 0:
            return size
    return int(name.lstrip("<>|=")[1:] or 1)


def _whole(*values: object) -> Iterator[int]:
    for value in values:
        if not isinstance(value, int):
            raise NotFollowed
        yield value
