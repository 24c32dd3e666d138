"""From plans to layers, side by side: found again, packed, or packed, hashed and sent in one pass."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.bundle import runtime_layer
from functions_model.image.fingerprints import fingerprint
from functions_model.image.layers import LayerStream, build_layer
from functions_model.image.splitting import split
from functions_model.pipeline.events import LayerOrigin, LayerReady
from functions_model.pipeline.extras import attachments_for
from functions_model.pipeline.lock import lock_for
from functions_model.pipeline.lower_layers import make_lower_layers
from functions_model.pipeline.made import Made
from functions_model.registry import RecordedLayer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from functions_model.image.layers import Layer, LayerPlan
    from functions_model.pipeline.making import Making
    from functions_model.pipeline.parts import Parts
    from functions_model.pipeline.prepare import Prepared
    from functions_model.registry import Push

WORKERS = 4
"""Layers in the making at once: as many as are sent at once."""
SMALL = 8 << 20
"""Bytes. What is smaller is hashed before it is sent, so that nothing is sent that the registry has."""


def make_layers(making: Making, push: Push | None, resolved: Callable[[], None]) -> Made:
    """Every layer, known to the last byte. The app's own are made, and sent, while the dependencies are resolved.

    Args:
        making: The plans, and what is known of earlier layers.
        push: Where layers are sent as they are made; None sends nothing.
        resolved: Called when the lock is known.

    Raises:
        EnvironmentFailed: The dependencies cannot be resolved or installed, or the engine cannot build.
        BundleFailed: A file changed while it was read.
        RegistryFailed: A layer could not be sent.
    """
    maker = _Maker(making.prepared, making.parts, push)
    with ThreadPoolExecutor(WORKERS, "layer") as pool:
        try:
            above = [pool.submit(maker.make, part) for plan in making.prepared.bundle.layers for part in split(plan)]
            lock = lock_for(making)
            resolved()
            runtime = pool.submit(maker.make, runtime_layer(making.spec, lock.text))
            lower = make_lower_layers(making, lock, lambda plans: maker.make_all(plans, pool))
            attachments = attachments_for(making, lock)  # while the app's large layers are still sent
            app = tuple(future.result() for future in (runtime, *above))
        except BaseException:
            maker.stop(pool)
            raise
    return Made(lock, lower, app, attachments)


@dataclass(frozen=True, slots=True)
class _Maker:
    prepared: Prepared
    parts: Parts
    push: Push | None

    def make(self, plan: LayerPlan) -> RecordedLayer:
        started = time.monotonic()
        key = fingerprint(plan)
        known = self.prepared.last.find(key) if self.prepared.last else None
        if self.push is None or known is not None or plan.tree.size < SMALL:
            # The same fingerprint is no proof: only the digest of all bytes is.
            layer, origin = build_layer(plan, self.parts.work / "layers", report=self.parts.report), LayerOrigin.PACKED
        else:
            layer, origin = self.push.send(LayerStream(plan)), LayerOrigin.SENT
        self.parts.tell(LayerReady(layer, origin, time.monotonic() - started))
        return RecordedLayer(key, layer)

    def make_all(self, plans: Iterable[LayerPlan], pool: ThreadPoolExecutor) -> tuple[Layer, ...]:
        futures: list[Future[RecordedLayer]] = [pool.submit(self.make, part) for plan in plans for part in split(plan)]
        return tuple(future.result().layer for future in futures)

    def stop(self, pool: ThreadPoolExecutor) -> None:
        """Let nothing go on that nobody waits for."""
        if self.push:
            self.push.close()
        pool.shutdown(cancel_futures=True)
