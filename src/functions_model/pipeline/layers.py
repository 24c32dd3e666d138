"""From plans to layers, side by side: found again, packed, or packed, hashed and sent in one pass."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from functions_model.bundle import provenance, runtime_layer
from functions_model.environment import Lock
from functions_model.image.layers import LayerPlan, LayerStream, build_layer
from functions_model.image.splitting import fingerprint, split
from functions_model.pipeline.base_libraries import BaseLibraries
from functions_model.pipeline.byte_code import compiler_for
from functions_model.pipeline.events import LayerOrigin, LayerReady
from functions_model.pipeline.looking import dependencies_known, libraries_of, look_at_all
from functions_model.pipeline.lower_layers import Lower, lock_for, make_lower_layers
from functions_model.pipeline.prepare import Making
from functions_model.preflight.inventory import Inventory
from functions_model.registry import Attachment, Push, RecordedLayer, RecordToWrite

WORKERS = 4
"""Layers in the making at once: as many as are sent at once."""
SMALL = 8 << 20
"""Bytes. What is smaller is hashed before it is sent, so that nothing is sent that the registry has."""
CYCLONEDX = "application/vnd.cyclonedx+json"
"""https://www.iana.org/assignments/media-types/application/vnd.cyclonedx+json."""
_FILE = "sbom.cdx.json"


def _nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What goes on beside an image, and is told how far it is.

    Attributes:
        resolved: The dependencies are known: few things can still be wrong with what the user gave.
        checked: Nothing that the checks look for speaks against the app.
    """

    resolved: Callable[[], None] = _nothing
    checked: Callable[[], None] = _nothing


@dataclass(frozen=True, slots=True)
class Made:
    """The layers of an image.

    Attributes:
        lock: The dependencies.
        lower: What lies below the app, with the base image.
        app: The layers of the app, each with its fingerprint.
        attachments: What is put beside the image, and needs none of its layers.
        records: What was learnt of the base, to be kept for later runs.
    """

    lock: Lock
    lower: Lower
    app: tuple[RecordedLayer, ...]
    attachments: tuple[Attachment, ...]
    records: tuple[RecordToWrite, ...] = ()

    @property
    def recorded(self) -> tuple[RecordedLayer, ...]:
        """All layers above the base, the lowest first, each with its key."""
        return (*(kept for part in self.lower.parts for kept in part.kept), *self.app)


def make_layers(making: Making, push: Push | None, beside: Beside) -> Made:
    """Every layer, known to the last byte. The app's own are made, and sent, while the dependencies are resolved.

    Args:
        making: The plans, and what is known of earlier layers.
        push: Where layers are sent as they are made; None sends nothing.
        beside: Is told how far it is.

    Raises:
        PreflightFailed: The app would fail in Azure.
        EnvironmentFailed: The dependencies cannot be resolved or installed, or the engine cannot build.
        BundleFailed: A file changed while it was read.
        RegistryFailed: A layer could not be sent.
    """
    with ThreadPoolExecutor(WORKERS, "layer") as pool, compiler_for(making) as compiler:
        maker, libraries = _Maker(making, push, pool), libraries_of(making, keeps=push is not None)
        try:
            above = maker.begin(making.bundle.layers)
            lock = lock_for(making)
            beside.resolved()
            runtime = maker.begin([runtime_layer(making.spec, lock.text)])
            lower = make_lower_layers(lock, compiler, maker.begin, partial(_look, making, libraries, beside))
            attachments = _attachments(making, lock)  # while the app's large layers are still sent
            app = tuple(future.result() for future in (*runtime, *above))
        except BaseException:
            maker.stop()
            raise
    learnt = libraries.record() if libraries else None
    return Made(lock, lower, app, attachments, (learnt,) if learnt else ())


def _look(making: Making, libraries: BaseLibraries | None, beside: Beside, inventory: Inventory) -> None:
    """What the checks say of files and dependencies."""
    making.world.tell(dependencies_known(making, inventory))
    look_at_all(making, inventory, libraries)
    beside.checked()


@dataclass(frozen=True, slots=True)
class _Maker:
    making: Making
    push: Push | None
    pool: ThreadPoolExecutor

    def begin(self, plans: Iterable[LayerPlan]) -> list[Future[RecordedLayer]]:
        return [self.pool.submit(self._make, part) for plan in plans for part in split(plan)]

    def _make(self, plan: LayerPlan) -> RecordedLayer:
        started = time.monotonic()
        key, last, world = fingerprint(plan), self.making.last_record, self.making.world
        known = last is not None and last.find(key) is not None
        if self.push is None or known or plan.tree.size < SMALL:
            # The same fingerprint is no proof: only the digest of all bytes is.
            layer, origin = build_layer(plan, world.work / "layers", report=world.report), LayerOrigin.PACKED
        else:
            layer, origin = self.push.send(LayerStream(plan)), LayerOrigin.SENT
        world.tell(LayerReady(layer, origin, time.monotonic() - started))
        return RecordedLayer(key, layer)

    def stop(self) -> None:
        """Let nothing go on that nobody waits for."""
        if self.push:
            self.push.close()
        self.pool.shutdown(cancel_futures=True)


def _attachments(making: Making, lock: Lock) -> tuple[Attachment, ...]:
    """The bill of materials, unless the user wants none. It needs no image, only the lock."""
    spec = making.spec
    if not spec.build.sbom:
        return ()
    from functions_model.environment.bill_of_materials import bill_of_materials  # noqa: PLC0415 - it is slow to import

    version, epoch = making.python.version, spec.build.epoch
    content = bill_of_materials(lock, name=spec.image.repository, python_version=version, epoch=epoch)
    return (Attachment(CYCLONEDX, CYCLONEDX, content, provenance(making.world.ci.facts), _FILE),)
