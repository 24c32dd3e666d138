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
from functions_model.environment.interpreters import COMPILERS, find_compiler
from functions_model.image.compression import Compression
from functions_model.image.layers import LayerPlan
from functions_model.pipeline.contents import ByteCodeLeftOut
from functions_model.pipeline.parts import Part, find_part
from functions_model.pipeline.prepare import Making
from functions_model.registry import RecordedLayer

LAYER = "byte code"


@dataclass(frozen=True, slots=True)
class Compiling:
    """What there is of the byte code before the dependencies are at hand.

    Attributes:
        making: The image.
        key: 32 hex digits over all that decides.
        version: Of the interpreter whose byte code is wanted.
        found: What an earlier run made of the same.
        python: An interpreter of that version; None where there is none, or where it need not run.
    """

    making: Making
    key: str
    version: str
    found: Part | None
    python: Path | None

    def make(
        self, plans: Sequence[LayerPlan], begin: Callable[[Iterable[LayerPlan]], list[Future[RecordedLayer]]]
    ) -> Part | None:
        """The byte code of what is installed; None where there is none.

        Args:
            plans: The dependencies.
            begin: Begins to pack plans, side by side.
        """
        if self.found or self.python is None:
            return self.found
        making = self.making
        minor, work = making.python.version, making.world.work / "byte-code"
        places = (
            layout.SITE_PACKAGES,
            f"{layout.CONDA}/lib/python{minor}",
            f"{layout.CONDA}/lib/python{minor}/site-packages",
        )
        modules = [module for plan in plans for module in modules_of(plan.tree, places)]
        try:
            tree = compile_modules(modules, minor, self.python, work=work, environ=os.environ)
        except CompilingFailed as failure:
            making.world.tell(ByteCodeLeftOut(self.version, str(failure)))
            return None
        if not tree.files:
            return None
        plan = LayerPlan(LAYER, tree, Compression.GZIP, making.spec.build.epoch)
        return Part(self.key, tuple(future.result().layer for future in begin([plan])))


def compiling_for(making: Making, dependencies: str) -> Compiling | None:
    """What there is of the byte code; None for a Python that gets none. Where none can be made, that is told.

    Args:
        making: The image.
        dependencies: The key of what is compiled: all of its lock, and its layout.
    """
    given = making.world.compilers
    version = (COMPILERS if given is None else given).get(making.python.version)
    if version is None:
        return None
    facts = {"dependencies": dependencies, "python": version, "layout": BYTE_CODE_LAYOUT}
    key = short(digest_of(canonical_json(facts)), 32)
    found = find_part(key, making)
    python = None if found else find_compiler(version, os.environ)
    if not found and python is None:
        making.world.tell(ByteCodeLeftOut(version))
    return Compiling(making, key, version, found, python)
