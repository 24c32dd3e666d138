"""The generated Dockerfile: what it is made from, its text, and a key over all that decides what it makes.

Plain syntax that the classic builder and BuildKit both take.
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from functions_model.bundle.layout import SITE_PACKAGES
from functions_model.core.failures import BundleFailed, Problem
from functions_model.core.references import canonical_json
from functions_model.engine.installing import INSTALLED, INSTALLER, install_command, locked_lines
from functions_model.engine.own_dockerfile import ParsedDockerfile, content_digests, read_own_dockerfile
from functions_model.image.assembly import Base


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


OWN_FOLDER = "functions-model"
"""The folder of a build context that holds our files, so that they never meet those of a Dockerfile of the user's."""
LAYERS_FOLDER = f"{OWN_FOLDER}/layers"
INSTALLER_FOLDER = f"{OWN_FOLDER}/installer"
DEPENDENCIES, PACKAGES = "dependencies", "packages"
"""The stages: all that is below the app; and beside it, where packages are compiled."""
INDEX_ARGUMENTS = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS", "UV_SYSTEM_CERTS")
"""Build arguments for the indexes that source packages come from, and for taking the base image's certificates. They
reach the stage `packages` alone."""
_CLEANED = "/var/lib/apt/lists/* /var/cache/apt/* /var/cache/ldconfig/aux-cache /var/log/apt /var/log/dpkg.log"


def dockerfile_text(
    recipe: Recipe, folders: Sequence[str] = (), *, own: ParsedDockerfile | None = None, options: Sequence[str] = ()
) -> str:
    """The whole Dockerfile. The same arguments give the same text.

    Args:
        recipe: What it makes.
        folders: Folders of the context to be copied to the image's top, the lowest layer first.
        own: A Dockerfile of the user's own, to be put on top of.
        options: More options of the command that compiles packages.

    Raises:
        BundleFailed: A variable or label holds what no Dockerfile can say.
    """
    escape = own.escape if own else "\\"
    dependencies, packages = (own.free_name(name) if own else name for name in (DEPENDENCIES, PACKAGES))
    parts = [below_text(recipe, own=own)]
    if recipe.compiled:
        parts.append(_lines(_compiling(recipe, dependencies, packages, options)))
    parts.append(_lines(_app(recipe, folders, (dependencies, packages), escape)))
    return "\n".join(parts)


def below_text(recipe: Recipe, *, own: ParsedDockerfile | None = None) -> str:
    """The stage `dependencies` alone: what is below the app, without compiled packages."""
    escape = own.escape if own else "\\"
    if own is None:
        above, base = "", recipe.base
    else:
        above, base = own.with_named_end(own.free_name("own"))
        above = above.rstrip("\n") + "\n\n"
    stage = own.free_name(DEPENDENCIES) if own else DEPENDENCIES
    return above + _lines([f"FROM {base} AS {stage}", *_system(recipe, own, escape)])


def _system(recipe: Recipe, own: ParsedDockerfile | None, escape: str) -> Iterator[str]:
    """The Debian packages. Their names have been checked; sorted, so that their order makes no other image."""
    if not recipe.apt_packages:
        return
    user = (own.user if own else "") or recipe.user
    if _is_account(user):
        yield "USER root"
    separator = f" {escape}\n    && "
    yield "RUN " + separator.join(
        (
            "apt-get update",
            "DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "
            + " ".join(sorted(set(recipe.apt_packages))),
            f"rm -rf {_CLEANED}",
        )
    )
    if _is_account(user):
        yield f"USER {user}"


def _compiling(recipe: Recipe, dependencies: str, packages: str, options: Sequence[str]) -> Iterator[str]:
    """A stage beside the image: neither the tool nor the index's address is in what is made from it."""
    yield f"FROM {dependencies} AS {packages}"
    yield "USER root"
    yield f"COPY {INSTALLER_FOLDER}/ {INSTALLER}/"
    yield from (f"ARG {name}" for name in INDEX_ARGUMENTS)
    # uv leaves a lock file where it installed.
    yield f"RUN {shlex.join(install_command(recipe.python_version, options))} && rm -f {INSTALLED}/.lock"


def _app(recipe: Recipe, folders: Sequence[str], stages: tuple[str, str], escape: str) -> Iterator[str]:
    dependencies, packages = stages
    yield f"FROM {dependencies}"
    if recipe.compiled:
        yield f"COPY --from={packages} {INSTALLED}/ /{recipe.site_packages}/"
    yield from (f"COPY {folder}/ /" for folder in folders)
    yield from _settings("ENV", recipe.env, escape)
    yield from _settings("LABEL", recipe.labels, escape)


def _settings(keyword: str, values: Mapping[str, str], escape: str) -> Iterator[str]:
    broken = [name for name, value in values.items() if {"\n", "\r"} & set(name + value)]
    if broken:
        action = "write the Dockerfile"
        what = "its value has a line break, which no Dockerfile can hold"
        remedy = "Remove the line break, or use `builder: layers`."
        raise BundleFailed(action, [Problem(what, remedy, f"{keyword} {name}") for name in broken])
    for name, value in sorted(values.items()):
        key = name if keyword == "ENV" else _quoted(name, escape)
        yield f"{keyword} {key}={_quoted(value, escape)}"


def _quoted(text: str, escape: str) -> str:
    """In double quotes, with what means something inside them escaped."""
    for character in (escape, '"', "$"):
        text = text.replace(character, escape + character)
    return f'"{text}"'


def _is_account(user: str) -> bool:
    return bool(user) and user.partition(":")[0] not in {"root", "0"}


def _lines(lines: Sequence[str] | Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


_FORMAT = 1
"""Another number: parts that were made before are made again."""


def engine_layers_key(recipe: Recipe, base: Base, lock_text: str, dockerfile: Path | None = None) -> str:
    """A key over all that decides what `build_engine_layers` makes, as far as it is known beforehand.

    What the instructions fetch is not: Debian packages without a version, and all that a Dockerfile of the user's own
    downloads. Another base or another text makes another key.

    Args:
        recipe: As for `build_engine_layers`.
        base: As for `build_engine_layers`.
        lock_text: As for `build_engine_layers`.
        dockerfile: The user's own; its folder's files count by their content.

    Returns:
        32 hex digits.

    Raises:
        InputsInvalid: The user's Dockerfile cannot be read.
    """
    own = read_own_dockerfile(dockerfile, keep_credentials=recipe.keep_credentials) if dockerfile else None
    parts = {
        "format": _FORMAT,
        "base": base.digest,
        "below": below_text(recipe, own=own.parsed if own else None),
        "context": list(content_digests(own)) if own else [],
        "compiled": locked_lines(lock_text, recipe.compiled),
        "install": install_command(recipe.python_version) if recipe.compiled else [],
        "site_packages": recipe.site_packages,
    }
    return hashlib.sha256(canonical_json(parts)).hexdigest()[:32]
