"""What lies below the app: what an engine adds to the base, and the dependencies. Found in a record, or made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.bundle import DEPENDENCIES_LAYOUT, dependency_layers
from functions_model.core.digests import canonical_json, digest_of, short
from functions_model.environment import install
from functions_model.pipeline.engine_part import engine_part
from functions_model.pipeline.recorded_parts import Part, find_part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from functions_model.environment import Lock
    from functions_model.image.assembly import Base
    from functions_model.image.layers import Layer, LayerPlan
    from functions_model.pipeline.making import Making

    Make = Callable[[Iterable[LayerPlan]], tuple[Layer, ...]]


@dataclass(frozen=True, slots=True)
class LowerLayers:
    """What lies below the app.

    Attributes:
        base: The base image; with another configuration where an engine added to it.
        parts: The lowest first.
    """

    base: Base
    parts: tuple[Part, ...]

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Above the base, the lowest first."""
        return tuple(layer for part in self.parts for layer in part.layers)


def make_lower_layers(making: Making, lock: Lock, make: Make) -> LowerLayers:
    """What an engine adds, and the dependencies: what an earlier run made of the same, or made now.

    Args:
        making: The base, and where the records are.
        lock: The dependencies.
        make: Packs plans, side by side.

    Raises:
        EnvironmentFailed: A package cannot be fetched, or is not what its hash says; or the engine cannot build.
    """
    base, engine = engine_part(making, lock)
    dependencies = _dependencies(making, lock, make)
    return LowerLayers(base, (*engine, dependencies))


def _dependencies(making: Making, lock: Lock, make: Make) -> Part:
    key = _key(making, lock)
    if found := find_part(key, making):
        return found
    return Part(key, make(install_layers(making, lock)))


def install_layers(making: Making, lock: Lock) -> tuple[LayerPlan, ...]:
    """Install the dependencies, and plan the layers that hold them.

    Raises:
        EnvironmentFailed: A package cannot be fetched, or is not what its hash says.
    """
    version, parts = making.prepared.python.version, making.parts
    target, work = parts.work / "dependencies", parts.work / "install"
    installed = install(lock, version, target, work=work, report=parts.report)
    for warning in installed.warnings:
        parts.ci.info(f"Note: {warning}")
    return dependency_layers(installed, making.spec)


def _key(making: Making, lock: Lock) -> str:
    # What an engine compiles is no part of these layers; conda's packages are, and stand in the whole lock only.
    wheels = digest_of(lock.wheels_text.encode()) if lock.compiled and lock.conda is None else lock.digest
    facts = {
        "epoch": making.spec.build.epoch,
        "lock": wheels,
        "python": making.prepared.python.version,
        "layout": DEPENDENCIES_LAYOUT,
    }
    return short(digest_of(canonical_json(facts)), 32)
