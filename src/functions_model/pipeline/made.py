"""What was made of a deployment's files."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from functions_model.environment import Lock
    from functions_model.image.layers import Layer
    from functions_model.pipeline.lower_layers import LowerLayers
    from functions_model.registry import Attachment, RecordedLayer


@dataclass(frozen=True, slots=True)
class Made:
    """The layers of an image.

    Attributes:
        lock: The dependencies.
        lower: The base, dependencies, and what else lies below the app.
        app: The layers of the app, each with its fingerprint.
        attachments: What is put beside the image, and needs none of its layers.
    """

    lock: Lock
    lower: LowerLayers
    app: tuple[RecordedLayer, ...]
    attachments: tuple[Attachment, ...]

    @property
    def layers(self) -> tuple[Layer, ...]:
        """All of them, the lowest first."""
        return (*self.lower.layers, *(recorded.layer for recorded in self.app))
