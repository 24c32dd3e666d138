"""Files of credentials that stay out, told where a person sees it."""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from functions_model.ci.host import Level
from functions_model.core.build import Builder
from functions_model.core.failures import Location

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_model.bundle import BundlePlan
    from functions_model.core.spec import DeploymentSpec
    from functions_model.image.credentials import LeftOut
    from functions_model.pipeline.parts import Parts

_IMAGE, _CONTEXT = "the image", "the Dockerfile's context"
_IGNORE_FILES = {_IMAGE: "`.amlignore`, or else `.gitignore`", _CONTEXT: "`.dockerignore`"}


def tell_left_out(spec: DeploymentSpec, bundle: BundlePlan, parts: Parts) -> None:
    """One warning for each file or folder of credentials that stays out, with the ways out.

    Raises:
        InputsInvalid: A Dockerfile of the user's own cannot be read.
    """
    places: defaultdict[LeftOut, list[str]] = defaultdict(list)
    for left in bundle.left_out:
        places[left].append(_IMAGE)
    for left in _beside_dockerfile(spec):
        places[left].append(_CONTEXT)
    for left, outside in places.items():
        parts.ci.annotate(Level.WARNING, _words(left, outside), Location(spec.workspace / left.place))


def _beside_dockerfile(spec: DeploymentSpec) -> Iterator[LeftOut]:
    build = spec.build
    if build.builder is Builder.LAYERS or build.dockerfile is None or build.keeps_credentials:
        return
    from functions_model.engine.own_dockerfile import read_own_dockerfile  # noqa: PLC0415 - few runs need an engine

    own = read_own_dockerfile(build.dockerfile, leave_out=build.context)
    folder = PurePosixPath(own.folder.relative_to(spec.workspace))
    for left in own.left_out:
        yield type(left)(folder / left.place, left.holds)


def _words(left: LeftOut, outside: list[str]) -> str:
    files = " and ".join(_IGNORE_FILES[place] for place in outside)
    return (
        f"`{left.place}` stays out of {' and '.join(outside)}: it holds {left.holds}. Take it away, or name it in"
        f" {files}. If the app needs it, `credential-files: keep` packs it; who may pull the image can then read it."
    )
