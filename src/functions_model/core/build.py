"""How an image is made, as the user wants it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from pathlib import Path

PYTHON_VERSIONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
"""Minors that the Functions base images exist for (Azure/azure-functions-core-tools, Helpers/PythonHelpers.cs and
StaticResources/stacks.json, August 2026). The worker's own list has 3.15 already (Azure/azure-functions-python-worker,
workers/README.md), for which there is no image."""


class Builder(enum.StrEnum):
    """What makes the image."""

    LAYERS = "layers"
    """This tool itself, without a container engine."""
    DOCKER = "docker"
    """A container engine makes the part below the app: system packages, a Dockerfile of the user's own, packages that
    must be compiled. The rest is made as with `layers`."""
    DOCKERFILE = "dockerfile"
    """Nothing is built: a Dockerfile and its context are written."""


class Solver(enum.StrEnum):
    """What resolves a conda file."""

    AUTO = "auto"
    """Wheels when every package has one that stands for it, else conda."""
    WHEELS = "wheels"
    """Wheels, or a refusal."""
    CONDA = "conda"
    """Conda packages from conda channels."""


class TorchBackend(enum.StrEnum):
    """Whose builds of PyTorch and what belongs to it are installed."""

    AS_GIVEN = "as-given"
    """Those that the environment's indexes have: PyPI's are for GPUs."""
    CPU = "cpu"
    """Those for CPUs, of PyTorch's own index."""


class CredentialFiles(enum.StrEnum):
    """What becomes of files of credentials among the user's files."""

    LEAVE_OUT = "leave-out"
    """They stay out of image and build context, and each is told."""
    KEEP = "keep"
    """They are files like all others."""


class Preflight(enum.StrEnum):
    """What becomes of what would fail in Azure."""

    STANDARD = "standard"
    """What is certain to fail ends the run; the rest is told."""
    STRICT = "strict"
    """Warnings end the run, too."""
    NONE = "none"
    """Nothing is looked at."""


CACHE_REPOSITORY = "functions-model/cache"
"""Where environments and base images are kept for all images of a registry."""


@dataclass(frozen=True, slots=True)
class Build:
    """How the image is made.

    Attributes:
        builder: What makes it.
        solver: What resolves a conda file.
        torch_backend: Whose builds of PyTorch are installed.
        apt_packages: Debian packages for the image; builder `docker` or `dockerfile` only.
        dockerfile: A Dockerfile of the user's own whose image is the base; builder `docker` or `dockerfile` only. Its
            folder is its context.
        context: The folder that builder `dockerfile` writes, absolute; None with the others.
        epoch: The time of every file and of the image, in seconds since 1970.
        labels: Image labels of the user's own, by name.
        model_compression: `auto`, `gzip`, `stored` or `raw`; see `image.compression.Compression`.
        cache_repository: The repository of the target registry that keeps environments and base images for other
            images; None for none.
        sbom: Whether a bill of materials is attached to the image.
        credential_files: Whether `.netrc`, private keys and their like are packed.
        preflight: What becomes of what would fail in Azure.
    """

    builder: Builder = Builder.LAYERS
    solver: Solver = Solver.AUTO
    apt_packages: tuple[str, ...] = ()
    dockerfile: Path | None = None
    context: Path | None = None
    epoch: int = 0
    labels: dict[str, str] = field(default_factory=dict)
    model_compression: str = "auto"
    cache_repository: str | None = CACHE_REPOSITORY
    sbom: bool = True
    credential_files: CredentialFiles = CredentialFiles.LEAVE_OUT
    preflight: Preflight = Preflight.STANDARD
    torch_backend: TorchBackend = TorchBackend.AS_GIVEN

    @property
    def keeps_credentials(self) -> bool:
        """Whether files of credentials are files like all others."""
        return self.credential_files is CredentialFiles.KEEP
