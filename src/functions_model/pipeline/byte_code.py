"""The layer of byte code above the dependencies: found again, or made while they are packed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from functions_model.bundle import layout
from functions_model.core.cancel import CANCEL, Ahead
from functions_model.core.references import canonical_json, digest_of, short
from functions_model.environment.byte_code import BYTE_CODE_LAYOUT, CompilingFailed, compile_modules, modules_of
from functions_model.environment.fetched_interpreters import NotFetched, fetch_compiler
from functions_model.environment.interpreters import COMPILERS, find_compiler
from functions_model.image.compression import Compression
from functions_model.image.files import FileTree
from functions_model.image.layers import LayerPlan
from functions_model.pipeline.contents import ByteCodeLeftOut
from functions_model.pipeline.parts import Part, find_part
from functions_model.pipeline.prepare import Making
from functions_model.registry import RecordedLayer

Begin = Callable[[Iterable[LayerPlan]], list[Future[RecordedLayer]]]
"""Begins to pack plans, side by side."""
Installed = Callable[[], Sequence[LayerPlan]]
"""Gives the dependencies; is not called where they are not needed."""
Compile = Callable[[Installed], "Future[LayerPlan | None]"]
"""Begins to compile them. None comes of it where nothing is to be made; why, is told."""
LAYER = "byte code"
_PATIENCE = 15.0
"""Seconds for an interpreter that is not there when the dependencies are: it has 30 MB, and came beside them."""
_AGAIN = 86400.0
"""Seconds until an interpreter that could not be had is asked for again for the same image."""


IN_VAIN = "functions-model.no-byte-code"
"""An annotation of the last image's record: the key of byte code that no interpreter could be had for, and when."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """An interpreter on its way."""

    _coming: Future[Path | None]

    def wait(self, patience: float = _PATIENCE) -> Path | None:
        """It; None where this machine has none, and it was not to be fetched.

        Args:
            patience: Seconds.

        Raises:
            NotFetched: It cannot be fetched, or takes too long.
        """
        try:
            return self._coming.result(patience)
        except TimeoutError:
            raise NotFetched(f"it had not come {patience:.0f} seconds after the dependencies") from None


@dataclass(frozen=True, slots=True)
class ByteCode:
    """The byte code of the dependencies, before they are at hand.

    Attributes:
        making: The image.
        version: Of the interpreter whose byte code is wanted; empty for a Python that gets none.
        key: 32 hex digits over all that decides.
        found: What an earlier run made of the same.
    """

    making: Making
    version: str = ""
    key: str = ""
    found: Part | None = None

    @property
    def lacking(self) -> str:
        """What the image's record says where there is none, although it was wanted."""
        if not self.key:
            return ""
        before = _in_vain(self.making)
        return before if self._tried(before) else f"{self.key} {time.time():.0f}"

    @contextmanager
    def begun(self) -> Iterator[Compile]:
        """Look for the interpreter, and fetch it, beside the block, and compile beside it, too.

        What is not at its end with the block is dropped.
        """
        if self.found or not self.version:
            yield _nothing
            return
        ahead = Ahead()
        with ThreadPoolExecutor(2, "byte-code") as pool:
            coming = pool.submit(CANCEL.ahead, ahead, partial(self._had, os.environ))
            planned = partial(self._planned, Interpreter(coming), ahead)
            try:
                yield lambda installed: pool.submit(CANCEL.ahead, ahead, partial(planned, installed))
            finally:
                CANCEL.drop(ahead)

    def _had(self, environ: Mapping[str, str]) -> Path | None:
        """On this machine, or fetched; but not where that was tried in vain for the image before.

        Raises:
            NotFetched: It cannot be fetched.
        """
        found = find_compiler(self.version, environ)
        if found or self._tried(_in_vain(self.making)):
            return found
        conda = self.making.request.conda
        return fetch_compiler(self.version, environ, conda.channels if conda else ())

    def _tried(self, before: str) -> bool:
        key, _, when = before.partition(" ")
        return key == self.key and when.isdecimal() and time.time() < int(when) + _AGAIN

    def _planned(self, interpreter: Interpreter, ahead: Ahead, installed: Installed) -> LayerPlan | None:
        """Its layer, made now; None where there is none. Why, is told, where somebody still needs it."""
        tell = self.making.world.tell
        left_out = partial(ByteCodeLeftOut, self.version)
        try:
            python = interpreter.wait()
            tree = self._compiled(python, installed()) if python else None
            why = None if python else left_out()
        except NotFetched as failure:
            tree, why = None, left_out(fetching=failure.why)
        except CompilingFailed as failure:
            tree, why = None, left_out(compiling=str(failure))
        if why and not ahead.dropped:
            tell(why)
        return LayerPlan(LAYER, tree, Compression.GZIP, self.making.spec.build.epoch) if tree and tree.files else None

    def part(self, plan: LayerPlan | None, begin: Begin) -> Part | None:
        """What was found, or what is made of the plan; None where there is none.

        Args:
            plan: The layer that was compiled.
            begin: Begins to pack plans, side by side.
        """
        return Part(self.key, tuple(future.result().layer for future in begin([plan]))) if plan else self.found

    def _compiled(self, python: Path, plans: Iterable[LayerPlan]) -> FileTree:
        minor, work = self.making.python.version, self.making.world.work / "byte-code"
        conda = f"{layout.CONDA}/lib/python{minor}"
        places = (layout.SITE_PACKAGES, conda, f"{conda}/site-packages")
        modules = [module for plan in plans for module in modules_of(plan.tree, places)]
        return compile_modules(modules, minor, python, work=work, environ=os.environ)


def _nothing(_: Installed) -> Future[LayerPlan | None]:
    none: Future[LayerPlan | None] = Future()
    none.set_result(None)
    return none


def _in_vain(making: Making) -> str:
    return making.last_record.annotations.get(IN_VAIN, "") if making.last_record else ""


def wanted_byte_code(making: Making) -> ByteCode:
    """What is wanted of it, whatever an earlier run made."""
    given = making.world.compilers
    return ByteCode(making, (COMPILERS if given is None else given).get(making.python.version, ""))


def byte_code_of(making: Making, dependencies: str) -> ByteCode:
    """What is wanted of it, and what an earlier run made.

    Args:
        making: The image.
        dependencies: The key of what is compiled: all of its lock, and its layout.
    """
    wanted = wanted_byte_code(making)
    if not wanted.version:
        return wanted
    facts = {"dependencies": dependencies, "python": wanted.version, "layout": BYTE_CODE_LAYOUT}
    key = short(digest_of(canonical_json(facts)), 32)
    return ByteCode(making, wanted.version, key, find_part(key, making))
