"""From what is asked for to what will be installed, down to the hash of each file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.build import Builder
from functions_model.environment import resolve
from functions_model.pipeline.events import EnvironmentResolved

if TYPE_CHECKING:
    from functions_model.environment import Lock
    from functions_model.pipeline.making import Making


def lock_for(making: Making) -> Lock:
    """The lock of an image.

    Raises:
        EnvironmentFailed: The dependencies cannot be resolved.
    """
    prepared, parts = making.prepared, making.parts
    lock = resolve(
        prepared.request,
        prepared.python.version,
        work=parts.work / "resolve",
        only_wheels=making.spec.build.builder is Builder.LAYERS,
        report=parts.report,
    )
    parts.tell(EnvironmentResolved(prepared.request, prepared.python, lock))
    return lock
