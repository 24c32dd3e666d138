"""What happens in the registry when an app is live, or gone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.pipeline.events import Event

if TYPE_CHECKING:
    from functions_model.core.names import Names
    from functions_model.core.references import ImageReference


@dataclass(frozen=True, slots=True)
class LiveTagMoved(Event):
    """The live tag in `image` means the image that an app, or its candidate, runs by now; without names, it is gone."""

    image: ImageReference
    names: Names | None = None
