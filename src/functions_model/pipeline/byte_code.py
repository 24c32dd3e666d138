"""The layer of byte code above the dependencies: found again, or made while they are packed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from functions_model.bundle import layout
from functions_model.core.references import canonical_json, digest_of, short
from functions_model.environment.byte_code import BYTE_CODE_LAYOUT, CompilingFailed, compile_modules, modules_of
from functions_model.environment.interpreters import COMPILERS, fetch_compiler, find_compiler
from functions_model.environment.uv_process import UvRefused
from functions_model.image.compression import Compression
from functions_model.image.files import FileTree
from functions_model.image.layers import LayerPlan
from functions_model.pipeline.contents import ByteCodeLeftOut
from functions_model.pipeline.parts import Part, find_part
from functions_model.pipeline.prepare import Making
from functions_model.registry import RecordedLayer

Begin = Callable[[Iterable[LayerPlan]], list[Future[RecordedLayer]]]
"""Begins to pack plans, side by side."""
LAYER = "byte code"


IN_VAIN = "functions-model.no-byte-code"
"""An annotation of the last image's record: the key of byte code that no interpreter could be had for."""


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

    def made_of(self, installed: Callable[[], Sequence[LayerPlan]], begin: Begin) -> Part | None:
        """What was found, or is made now; None where there is none. Why, is told.

        Args:
            installed: Gives the dependencies; is not called where they are not needed.
            begin: Begins to pack plans, side by side.
        """
        if self.found or not self.version:
            return self.found
        tell = self.making.world.tell
        try:
            python = self._interpreter()
        except UvRefused as refused:
            tell(ByteCodeLeftOut(self.version, fetching=refused.words))
            return None
        if python is None:
            tell(ByteCodeLeftOut(self.version))
            return None
        try:
            tree = self._compiled(python, installed())
        except CompilingFailed as failure:
            tell(ByteCodeLeftOut(self.version, compiling=str(failure)))
            return None
        if not tree.files:
            return None
        plan = LayerPlan(LAYER, tree, Compression.GZIP, self.making.spec.build.epoch)
        return Part(self.key, tuple(future.result().layer for future in begin([plan])))

    def _interpreter(self) -> Path | None:
        """On this machine, or fetched; but not where that was tried in vain for the image before.

        Raises:
            UvRefused: It cannot be fetched.
        """
        last = self.making.last_record
        if last and last.annotations.get(IN_VAIN) == self.key:
            return find_compiler(self.version, os.environ)
        return find_compiler(self.version, os.environ) or fetch_compiler(self.version, os.environ)

    def _compiled(self, python: Path, plans: Iterable[LayerPlan]) -> FileTree:
        minor, work = self.making.python.version, self.making.world.work / "byte-code"
        conda = f"{layout.CONDA}/lib/python{minor}"
        places = (layout.SITE_PACKAGES, conda, f"{conda}/site-packages")
        modules = [module for plan in plans for module in modules_of(plan.tree, places)]
        return compile_modules(modules, minor, python, work=work, environ=os.environ)


def byte_code_of(making: Making, dependencies: str) -> ByteCode:
    """What is wanted of it, and what an earlier run made.

    Args:
        making: The image.
        dependencies: The key of what is compiled: all of its lock, and its layout.
    """
    given = making.world.compilers
    version = (COMPILERS if given is None else given).get(making.python.version)
    if not version:
        return ByteCode(making)
    facts = {"dependencies": dependencies, "python": version, "layout": BYTE_CODE_LAYOUT}
    key = short(digest_of(canonical_json(facts)), 32)
    return ByteCode(making, version, key, find_part(key, making))
