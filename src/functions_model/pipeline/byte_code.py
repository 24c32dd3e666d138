"""The layer of byte code above the dependencies: found again, or made while they are packed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from functions_model.bundle import layout
from functions_model.core.cancel import CANCEL, Ahead
from functions_model.core.references import canonical_json, digest_of, short
from functions_model.environment.byte_code import BYTE_CODE_LAYOUT, CompilingFailed, compile_modules
from functions_model.environment.fetched_interpreters import NotFetched, fetch_compiler
from functions_model.environment.interpreters import COMPILERS, find_compiler
from functions_model.environment.modules import asked_for, find_modules
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
LAYER = "byte code"
_PATIENCE = 15.0
"""Seconds for an interpreter that is not there when the dependencies are: it has 30 MB, and came beside them."""
_AGAIN = 86400.0
"""Seconds until an interpreter that could not be had is asked for again for the same image."""


IN_VAIN = "functions-model.no-byte-code"
"""An annotation of the last image's record: the key of byte code that no interpreter could be had for, and when."""


@dataclass(slots=True)
class Compiler:
    """The interpreter, on its way, and what it makes.

    Attributes:
        making: The image.
        version: Of the interpreter; empty for a Python that gets no byte code.
        patience: Seconds that are waited for it once the dependencies are there.
    """

    making: Making
    version: str
    _pool: ThreadPoolExecutor
    _ahead: Ahead
    patience: float = _PATIENCE
    _coming: Future[Path | None] | None = field(default=None, init=False)

    def look(self, key: str = "") -> Future[Path | None]:
        """Look for it, and fetch it, beside others; once.

        Args:
            key: That of the byte code; empty while it is not known.
        """
        if self._coming is None:
            self._coming = self._pool.submit(CANCEL.ahead, self._ahead, partial(self._had, key))
        return self._coming

    def compiled(self, key: str, installed: Installed) -> Future[LayerPlan | None]:
        """A layer in the making; None comes of it where there is none, and why, is told.

        Args:
            key: That of the byte code.
            installed: Gives the dependencies.
        """
        if not self.version:
            return done(None)
        return self._pool.submit(CANCEL.ahead, self._ahead, partial(self._planned, self.look(key), installed))

    def _had(self, key: str) -> Path | None:
        """On this machine, or fetched; but not where that was tried in vain for the image before.

        Raises:
            NotFetched: It cannot be fetched.
        """
        found = find_compiler(self.version, os.environ)
        if found or _lately(_in_vain(self.making), key):
            return found
        conda = self.making.request.conda
        return fetch_compiler(self.version, os.environ, conda.channels if conda else ())

    def _planned(self, coming: Future[Path | None], installed: Installed) -> LayerPlan | None:
        left_out, tree = partial(ByteCodeLeftOut, self.version), None
        try:
            python = coming.result(self.patience)
            tree = self._tree(python, installed()) if python else None
            why = None if python else left_out()
        except TimeoutError:
            why = left_out(fetching=f"it had not come {self.patience:.0f} seconds after the dependencies")
        except NotFetched as failure:
            why = left_out(fetching=failure.why)
        except CompilingFailed as failure:
            why = left_out(compiling=str(failure))
        if why and not self._ahead.dropped:
            self.making.world.tell(why)
        return LayerPlan(LAYER, tree, Compression.GZIP, self.making.spec.build.epoch) if tree and tree.files else None

    def _tree(self, python: Path, plans: Iterable[LayerPlan]) -> FileTree:
        minor, work = self.making.python.version, self.making.world.work / "byte-code"
        conda = f"{layout.CONDA}/lib/python{minor}"
        places = (layout.SITE_PACKAGES, conda, f"{conda}/site-packages")
        files = [file for plan in plans for file in plan.tree.files]
        found = find_modules(files, asked_for(self.making.request), places, library=conda)
        return compile_modules(found, minor, python, work=work, environ=os.environ)


@contextmanager
def compiler_for(making: Making) -> Iterator[Compiler]:
    """What compiles beside the block; what is not at its end with the block is dropped.

    For the first image of a name the interpreter is looked for at once. For a later one most often nothing is compiled,
    which is known with the lock.
    """
    given, ahead = making.world.compilers, Ahead()
    version = (COMPILERS if given is None else given).get(making.python.version, "")
    with ThreadPoolExecutor(2, "byte-code") as pool:
        compiler = Compiler(making, version, pool, ahead)
        if version and making.last_record is None:
            compiler.look()
        try:
            yield compiler
        finally:
            CANCEL.drop(ahead)


@dataclass(frozen=True, slots=True)
class ByteCode:
    """The byte code of some dependencies.

    Attributes:
        compiler: What makes it.
        key: 32 hex digits over all that decides; empty for a Python that gets none.
        found: What an earlier run made of the same.
    """

    compiler: Compiler
    key: str = ""
    found: Part | None = None

    @property
    def lacking(self) -> str:
        """What the image's record says where there is none, although it was wanted."""
        before = _in_vain(self.compiler.making)
        if not self.key:
            return ""
        return before if _lately(before, self.key) else f"{self.key} {time.time():.0f}"

    def made(self, installed: Installed) -> Future[LayerPlan | None]:
        """Its layer in the making; None comes of it where it was found, too."""
        return done(None) if self.found else self.compiler.compiled(self.key, installed)

    def part(self, plan: LayerPlan | None, begin: Begin) -> Part | None:
        """What was found, or what is made of the plan; None where there is none.

        Args:
            plan: The layer that was compiled.
            begin: Begins to pack plans, side by side.
        """
        return Part(self.key, tuple(future.result().layer for future in begin([plan]))) if plan else self.found


def byte_code_of(compiler: Compiler, dependencies: str) -> ByteCode:
    """What is wanted of it, and what an earlier run made.

    Args:
        compiler: What makes it.
        dependencies: The key of what is compiled: all of its lock, and its layout.
    """
    if not compiler.version:
        return ByteCode(compiler)
    facts = {
        "dependencies": dependencies,
        "asked": sorted(asked_for(compiler.making.request)),
        "python": compiler.version,
        "layout": BYTE_CODE_LAYOUT,
    }
    key = short(digest_of(canonical_json(facts)), 32)
    return ByteCode(compiler, key, find_part(key, compiler.making))


def done(plan: LayerPlan | None) -> Future[LayerPlan | None]:
    """What is known already."""
    future: Future[LayerPlan | None] = Future()
    future.set_result(plan)
    return future


def _in_vain(making: Making) -> str:
    return making.last_record.annotations.get(IN_VAIN, "") if making.last_record else ""


def _lately(noted: str, key: str) -> bool:
    """Whether the interpreter for that byte code could not be had within the last day."""
    of, _, when = noted.partition(" ")
    return of == key and when.isdecimal() and time.time() < int(when) + _AGAIN
