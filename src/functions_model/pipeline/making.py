"""What every step that makes the image has at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from functions_model.core.spec import DeploymentSpec
    from functions_model.pipeline.parts import Parts
    from functions_model.pipeline.prepare import Prepared
    from functions_model.pipeline.session import Session


@dataclass(frozen=True, slots=True)
class Making:
    """An image in the making.

    Attributes:
        spec: What is deployed.
        prepared: What the image will be made of.
        session: Where the registry is.
        parts: The outside world.
    """

    spec: DeploymentSpec
    prepared: Prepared
    session: Session
    parts: Parts
