"""What a container engine is asked to make."""

from __future__ import annotations

from dataclasses import dataclass, field

from functions_model.bundle.layout import SITE_PACKAGES


@dataclass(frozen=True, slots=True)
class Recipe:
    """An image as a Dockerfile says it.

    Attributes:
        base: The image below, pinned by its digest: `mcr.microsoft.com/azure-functions/python@sha256:...`. A Dockerfile
            of the user's own takes its place.
        apt_packages: Debian packages.
        python_version: The minor of the image's Python: `3.11`.
        env: Variables that the app adds.
        labels: Labels that the app adds.
        site_packages: Where compiled packages go: POSIX, without a leading slash.
        compiled: The packages of the lock that the engine installs, as they must be compiled. All others come as files
            of a layer.
        user: The account that the base runs as; empty or `root` for root.
        keep_credentials: Whether files of credentials are a part of the context of a Dockerfile of the user's own.
    """

    base: str
    apt_packages: tuple[str, ...] = ()
    python_version: str = "3.11"
    env: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    site_packages: str = SITE_PACKAGES
    compiled: tuple[str, ...] = ()
    user: str = ""
    keep_credentials: bool = False
