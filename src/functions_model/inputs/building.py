"""The inputs that say how the image is made: their entries in the catalogue."""

from __future__ import annotations

import enum

from functions_model.core.build import CACHE_REPOSITORY, Builder, CredentialFiles, Solver
from functions_model.core.spec import Mode
from functions_model.image.compression import Compression
from functions_model.inputs.specs import InputSpec, a_choice, a_name, a_number, a_path, a_text, lines


class YesNo(enum.StrEnum):
    """A switch, as YAML writes it."""

    YES = "true"
    NO = "false"


ENTRIES: tuple[InputSpec, ...] = (
    a_text(
        "python-version",
        "The Python version, 3.10 to 3.14. Put it in quotes in YAML.",
        derived="the environment file's, else 3.12",
        metavar="VERSION",
    ),
    a_text(
        "base-image",
        "The Functions base image to build on, with its registry's host.",
        derived="Microsoft's image for the Python version",
        metavar="IMAGE",
    ),
    a_choice(
        "builder",
        "What makes the image. `layers` needs no container engine. `docker` has the engine on the runner make the part"
        " below the app: system packages, a Dockerfile of your own, packages that must be compiled. `dockerfile` writes"
        " a Dockerfile with its context and stops.",
        default=Builder.LAYERS.value,
        choices=tuple(Builder),
    ),
    a_choice(
        "solver",
        "What resolves a conda file: wheels, or conda packages from the file's channels. `auto` takes wheels when every"
        " package has one that stands for it.",
        default=Solver.AUTO.value,
        choices=tuple(Solver),
    ),
    lines(
        "apt-packages",
        "Debian packages for the image, for builder `docker` or `dockerfile`.",
        metavar="PACKAGE",
    ),
    a_path(
        "dockerfile",
        "A Dockerfile of your own whose image the app is put on, for builder `docker` or `dockerfile`. Its last `FROM`"
        " must lead to a Functions base image. Its folder is its context.",
    ),
    a_path(
        "build-context",
        "The folder that builder `dockerfile` writes.",
        derived="`functions-model-context`",
        modes=(Mode.PACKAGE,),
    ),
    a_number(
        "source-date-epoch",
        "The time of every file and of the image, in seconds since 1970. It is part of the digest.",
        derived="the variable `SOURCE_DATE_EPOCH`, else `0`",
        metavar="SECONDS",
    ),
    lines(
        "image-labels",
        "Labels for the image as `name=value` lines. They are part of the digest: a label with the commit makes a new"
        " image of every commit.",
        metavar="NAME=VALUE",
    ),
    a_choice(
        "model-compression",
        "How model layers are packed. `auto` compresses them when a sample shrinks. `raw` is the fastest to pull, but"
        " not every platform is known to take it.",
        default=Compression.AUTO.value,
        choices=tuple(Compression),
    ),
    a_name(
        "cache-repository",
        "The repository of the registry that keeps environments and base images for all images. `none` for none.",
        default=CACHE_REPOSITORY,
    ),
    a_choice(
        "sbom",
        "Whether a bill of materials (CycloneDX) is attached to the image.",
        default=YesNo.YES.value,
        choices=tuple(YesNo),
    ),
    a_choice(
        "credential-files",
        "What becomes of files of credentials (`.netrc`, `.env`, private keys and their like) in the source directory,"
        " model folders and a Dockerfile's context: they stay out, each with a warning, or are packed with `keep`.",
        default=CredentialFiles.LEAVE_OUT.value,
        choices=tuple(CredentialFiles),
    ),
    a_name("image-name", "The image's name in the registry (its repository).", default="package"),
    a_name(
        "image-tag",
        "The image's tag.",
        derived="the start of the image's digest",
        metavar="TAG",
    ),
)
