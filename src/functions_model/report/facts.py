"""What else the log and the page can tell, once the pipeline tells of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from functions_model.core.digests import Digest


@dataclass(frozen=True, slots=True)
class EngineRan:
    """A container engine has built the part of the image that is below the app.

    Attributes:
        base: What it started from: a reference, or the user's own Dockerfile.
        apt_packages: Debian packages that it installed.
        layers: How many layers are new.
        size: Their bytes, as they are sent.
        seconds: Wall time.
    """

    base: str
    apt_packages: tuple[str, ...]
    layers: int
    size: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Attached:
    """Something was attached to the image, which its manifest does not know of.

    Attributes:
        what: For people: `bill of materials`.
        digest: Of its content.
        size: Bytes of its content.
    """

    what: str
    digest: Digest
    size: int
