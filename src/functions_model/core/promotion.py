"""What deploying an image that is there needs to know before its label is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from functions_model.core.names import Names
from functions_model.core.references import ImageReference
from functions_model.core.secrets import Login, RegistryLogin
from functions_model.core.spec import DeploymentSpec, ImageTarget, Mode, RemovalSpec


@dataclass(frozen=True, slots=True)
class PromotionSpec:
    """A deployment of an image that is there: all but what its label decides.

    Attributes:
        mode: `deploy` or `plan`.
        source: The image, with its digest and without a tag.
        image: Where the app pulls it from: the same place, or another, which then imports it.
        login: Who we are.
        source_login: For the image's registry alone; None: as whom we are, or as anybody.
        names: Where the deployment is, and what its app is called.
        notes: What people should know about the inputs.
        completed: The whole spec, from the inputs that the label decides; raises InputsInvalid.
    """

    mode: Mode
    source: ImageReference
    image: ImageTarget
    login: Login
    names: Names
    notes: tuple[str, ...]
    completed: Callable[[Mapping[str, str]], DeploymentSpec]
    source_login: RegistryLogin | None = None


AnySpec: TypeAlias = DeploymentSpec | PromotionSpec | RemovalSpec
"""What the inputs of a run say."""
