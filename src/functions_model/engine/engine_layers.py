"""The part of an image below the app, made by the engine: the story in order."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path
from typing import Any

from functions_model.core.failures import EnvironmentFailed, Location, Problem
from functions_model.core.references import Digest, parse_digest, parse_reference
from functions_model.engine.building import build_own, build_text
from functions_model.engine.compiling import compile_packages, nowhere
from functions_model.engine.connecting import EngineSession, open_engine
from functions_model.engine.dockerfile import Recipe, below_text
from functions_model.engine.emulation import check_processor
from functions_model.engine.loading import BaseLayers, export_layers, load_base
from functions_model.engine.own_dockerfile import OwnDockerfile, read_own_dockerfile
from functions_model.environment.request import IndexSettings
from functions_model.image.assembly import Base
from functions_model.image.compression import Compression
from functions_model.image.configs import ImageConfig
from functions_model.image.layers import Layer, LayerPlan, build_layer
from functions_model.image.tree import read_tree

_RUN_FIELDS = frozenset(
    ("User", "ExposedPorts", "Env", "Entrypoint", "Cmd", "Volumes", "WorkingDir", "Labels", "StopSignal", "Healthcheck",
     "Shell")
)  # fmt: skip
"""What of an engine's configuration says how an image is run. The rest tells of the container that it was made in."""


@dataclass(frozen=True, slots=True)
class EngineLayers:
    """What is below the app.

    Attributes:
        base: The registry's layers, with the engine's configuration.
        layers: What the engine added, the lowest first.
    """

    base: Base
    layers: tuple[Layer, ...]


def build_engine_layers(
    recipe: Recipe,
    base: Base,
    lock_text: str,
    *,
    dockerfile: Path | None,
    work: Path,
    log: Callable[[str], None],
    blobs: BaseLayers | None = None,
    indexes: IndexSettings | None = None,
    environ: Mapping[str, str] | None = None,
    network: str | None = None,
    epoch: int = 0,
    where: Callable[[str], Location | None] = nowhere,
) -> EngineLayers:
    """Have the engine make what is below the app: a Dockerfile of the user's own, Debian packages, compiled packages.

    Times in the Debian packages' layer make it another one each time: keep the result under `engine_layers_key`.

    Args:
        recipe: What to make.
        base: The image below; with a Dockerfile of the user's own, the one that it is made from.
        lock_text: The lock of the environment, for the recipe's compiled packages.
        dockerfile: The user's own.
        work: A folder for files on the way and for the packed layers; it must last as long as they are used.
        log: Takes the engine's output, line by line.
        blobs: Reads the base's configuration and layers from its registry; None lets the engine pull the base.
        indexes: Where source packages come from.
        environ: The process environment (`DOCKER_HOST`, proxies, uv's settings); None takes this process's.
        network: Of the container that compiles: `host` for an index on this machine.
        epoch: The time of compiled files, in seconds since 1970.
        where: The line that asks for a package, by its name.

    Raises:
        EnvironmentFailed: No engine answers, it cannot run linux/amd64, or a step failed; the detail is the end of
            its output.
        InputsInvalid: The user's Dockerfile cannot be read.
    """
    variables = os.environ if environ is None else environ
    own = read_own_dockerfile(dockerfile, keep_credentials=recipe.keep_credentials) if dockerfile else None
    with open_engine(work, log, variables) as session:
        check_processor(session.api)
        image = _started(session, own, base, blobs)
        configuration = _inspected(session, image)
        stages = [("dockerfile", configuration)]
        if recipe.apt_packages:
            text = below_text(replace(recipe, base=image, user=str(configuration["Config"].get("User") or "")))
            image = build_text(session, text, _tag(base, "packages"))
            stages.append(("system packages", _inspected(session, image)))
        layers = _new_layers(session, image, base, stages)
        if recipe.compiled:
            folder = compile_packages(session, image, recipe, lock_text, indexes=indexes, network=network, where=where)
            tree = read_tree(folder, recipe.site_packages, root=folder)
            plan = LayerPlan("compiled packages", tree, Compression.GZIP, epoch)
            layers = (*layers, build_layer(plan, work))
    return EngineLayers(_as_base(base, configuration), layers)


def _started(session: EngineSession, own: OwnDockerfile | None, base: Base, blobs: BaseLayers | None) -> str:
    """The image to start from: the base, or what the user's Dockerfile makes."""
    if own is None:
        return load_base(session, base, blobs)
    if blobs is not None and _is_from(own, base):
        # The engine would take an older image of that name, or ask a registry that it may have no login for.
        loaded = load_base(session, base, blobs)
        session.api.tag(
            loaded, f"{base.reference.registry}/{base.reference.repository}", base.reference.tag, force=True
        )
    return build_own(session, own, _tag(base, "dockerfile"))


def _is_from(own: OwnDockerfile, base: Base) -> bool:
    """Whether the Dockerfile names the base by tag. By digest, only a pull makes a name that the engine knows."""
    try:
        named = parse_reference(own.parsed.base or "")
    except ValueError:
        return False
    wanted = base.reference
    return not named.digest and named.tag is not None and str(named) == str(replace(wanted, digest=None))


def _inspected(session: EngineSession, image: str) -> dict[str, Any]:
    inspected: dict[str, Any] = session.api.inspect_image(image)
    made_for = f"{inspected.get('Os')}/{inspected.get('Architecture')}"
    if made_for != "linux/amd64":
        action = "build the part below the app"
        what = f"the engine built an image for {made_for}, but function apps run on linux/amd64"
        remedy = "Use a base image for linux/amd64."
        raise EnvironmentFailed(action, [Problem(what, remedy, "builder")])
    return inspected


def _diff_ids(inspected: Mapping[str, Any]) -> tuple[Digest, ...]:
    return tuple(parse_digest(diff_id) for diff_id in inspected["RootFS"].get("Layers") or ())


def _shared(base: Base, inspected: Mapping[str, Any]) -> int:
    """How many of the base's layers the image has: those stay where they are, in the registry."""
    pairs = zip(base.config.diff_ids, _diff_ids(inspected), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _new_layers(
    session: EngineSession, image: str, base: Base, stages: Sequence[tuple[str, dict[str, Any]]]
) -> tuple[Layer, ...]:
    """What the engine added, each layer with the name of its stage."""
    done = _shared(base, stages[0][1])
    named: list[tuple[Digest, str]] = []
    for name, inspected in stages:
        new = _diff_ids(inspected)[done:]
        named += [(diff_id, _numbered(name, place, len(new))) for place, diff_id in enumerate(new, 1)]
        done += len(new)
    if not named:
        return ()
    known = {*base.config.diff_ids, *(layer.digest for layer in base.manifest.layers)} - {new for new, _ in named}
    exported = export_layers(session, image, dict(reversed(named)), known=known)
    return tuple(replace(exported[diff_id], name=name) for diff_id, name in named)


def _numbered(name: str, place: int, count: int) -> str:
    return f"{name} {place} of {count}" if count > 1 else name


def _as_base(base: Base, inspected: Mapping[str, Any]) -> Base:
    """The registry's layers that the image has, run as the engine's image is run."""
    count = _shared(base, inspected)
    run = {key: value for key, value in inspected["Config"].items() if key in _RUN_FIELDS and value}
    document = {
        **base.config.document,
        "config": run,
        "rootfs": {"type": "layers", "diff_ids": list(base.config.diff_ids[:count])},
        "history": _history(base, count),
    }
    manifest = replace(base.manifest, layers=base.manifest.layers[:count])
    return replace(base, manifest=manifest, config=ImageConfig(document))


def _history(base: Base, count: int) -> list[dict[str, Any]]:
    """The base's history as far as its kept layers, with what follows the last of them when all are kept."""
    if count == len(base.config.diff_ids):
        return list(base.config.history)
    kept: list[dict[str, Any]] = []
    for entry in base.config.history:
        if not entry.get("empty_layer"):
            if not count:
                break
            count -= 1
        kept.append(entry)
    return kept


def _tag(base: Base, part: str) -> str:
    """One name for each base repository and part, so that names do not pile up in an engine that stays."""
    repository = re.sub(r"[^a-z0-9]+", "-", base.reference.repository)
    return f"functions-model/{repository}:{part}"
