"""The inputs that say how the image is made: their entries in the catalogue."""

from __future__ import annotations

import enum
from dataclasses import replace

from functions_model.core.build import CACHE_REPOSITORY, Builder, CredentialFiles, Preflight, Solver, TorchBackend
from functions_model.core.spec import Mode
from functions_model.image.compression import Compression
from functions_model.inputs.specs import (
    IMAGE_NAME,
    WITH_AZURE,
    InputSpec,
    a_choice,
    a_name,
    a_number,
    a_path,
    a_text,
    lines,
)


class YesNo(enum.StrEnum):
    """A switch, as YAML writes it."""

    YES = "true"
    NO = "false"


_OF_IMAGE: tuple[InputSpec, ...] = (
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
        "How to build the image. `layers` needs no container engine. `docker` uses the runner's engine for what lies"
        " below the app: system packages, your own Dockerfile, packages that must be compiled. `dockerfile` writes a"
        " Dockerfile with its context and stops.",
        derived=f"`{Builder.LAYERS}`",
        choices=tuple(Builder),
    ),
    a_choice(
        "solver",
        "How to install a conda file: from wheels, or as conda packages from its channels. `auto` uses wheels if every"
        " package has a matching one.",
        derived=f"`{Solver.AUTO}`",
        choices=tuple(Solver),
    ),
    a_choice(
        "torch-backend",
        "Which builds of PyTorch to install: those of the environment's indexes (PyPI's are for GPUs, and several GB),"
        " or those for CPUs, from PyTorch's own index.",
        derived=f"`{TorchBackend.AS_GIVEN}`",
        choices=tuple(TorchBackend),
    ),
    lines(
        "apt-packages",
        "Debian packages for the image, for builder `docker` or `dockerfile`.",
        metavar="PACKAGE",
    ),
    a_path(
        "dockerfile",
        "Your own Dockerfile, for builder `docker` or `dockerfile`: the app goes on top of its image. Its last `FROM`"
        " must lead to a Functions base image. Its folder is its context.",
    ),
    a_path(
        "build-context",
        "The folder that builder `dockerfile` writes.",
        derived="`functions-model-context`",
        modes=(Mode.PACKAGE,),
    ),
    lines(
        "image-labels",
        "Labels for the image as `name=value` lines. They change the digest: a label with the commit gives every commit"
        " a new image.",
        metavar="NAME=VALUE",
    ),
    a_choice(
        "model-compression",
        "How to pack model layers. `auto` compresses them if a sample shrinks. `raw` is the fastest to pull, but"
        " not every platform is known to accept it.",
        derived=f"`{Compression.AUTO}`",
        choices=tuple(Compression),
    ),
    a_name(
        "cache-repository",
        "The repository in the registry that keeps environments and base images for all images; `none` turns it off.",
        derived=f"`{CACHE_REPOSITORY}`",
    ),
    a_choice(
        "sbom",
        "Whether to attach a bill of materials (CycloneDX) to the image.",
        derived=f"`{YesNo.YES}`",
        choices=tuple(YesNo),
    ),
    a_choice(
        "credential-files",
        "What to do with credential files (`.netrc`, `.env`, private keys and the like) in the source directory, model"
        " folders and a Dockerfile's context: leave them out, each with a warning, or `keep` them.",
        derived=f"`{CredentialFiles.LEAVE_OUT}`",
        choices=tuple(CredentialFiles),
    ),
    a_choice(
        "preflight",
        "Whether to look for what would fail in Azure, such as a module that nothing brings, before anything is written"
        " there. `strict` ends the run for warnings, too; `none` turns it off.",
        derived=f"`{Preflight.STANDARD}`",
        choices=tuple(Preflight),
    ),
    a_number(
        "keep-images",
        "How many images of the repository stay for being new. Once the app is live, the action removes older ones that"
        " it made and that no app runs. Without it, none.",
        modes=WITH_AZURE,
    ),
    a_name(
        "image-tag",
        "The image's tag.",
        derived="the start of the image's digest",
        metavar="TAG",
    ),
)
ENTRIES: tuple[InputSpec, ...] = (
    *(replace(entry, of_image=True) for entry in _OF_IMAGE),
    a_number(
        "source-date-epoch",
        "The time stamp of all files and of the image, in seconds since 1970. It changes the digest.",
        derived="the variable `SOURCE_DATE_EPOCH`, else `0`",
        metavar="SECONDS",
    ),
    a_name(
        "image",
        "An image that this action has built, to deploy as it is: `<registry>/<repository>@sha256:...`. Nothing is"
        " built, and the inputs that it decides are left out.",
        modes=WITH_AZURE,
    ),
    a_name(
        "image-username",
        "The user name for the registry of `image`, where your login sees none: one of another tenant or provider.",
        modes=WITH_AZURE,
    ),
    a_text(
        "image-password",
        "The password or token for `image-username`.",
        secret=True,
        modes=WITH_AZURE,
    ),
    a_name(
        "image-name",
        "The image's name in the registry (its repository).",
        derived=f"`{IMAGE_NAME}`; with `image`, that image's own",
    ),
)
