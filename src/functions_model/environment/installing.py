"""A lock installed into a folder, for an image that may have another Python than this machine."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from functions_model.core.progress import Progress, Report, silent
from functions_model.environment.fusepy import build_options
from functions_model.environment.installed_files import altered_wheels
from functions_model.environment.normalising import normalise
from functions_model.environment.uv_failures import explain
from functions_model.environment.uv_process import UvRefused, run_uv, target_options

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from functions_model.environment.installed_files import Altered
    from functions_model.environment.locking import Lock

_TASK = "install dependencies"
_SHOWN_FILES = 3


@dataclass(frozen=True, slots=True)
class Installed:
    """Dependencies as files on this machine.

    Attributes:
        site_packages: The folder that becomes the image's `site-packages`.
        conda: A conda prefix whose files say that it lies at `/opt/conda`; None when there are no conda packages.
        warnings: What the user should know, one sentence or more each.
    """

    site_packages: Path
    conda: Path | None = None
    warnings: tuple[str, ...] = ()


def install(
    lock: Lock,
    python_version: str,
    target: Path,
    *,
    work: Path,
    report: Report = silent,
    environ: Mapping[str, str] | None = None,
) -> Installed:
    """Install a lock's wheels. The same lock gives the same files, byte for byte, in any folder.

    What the cache holds otherwise than its package says is fetched anew, and said.

    Packages that must be compiled are left out: an engine installs those (`engine.engine_layers.build_engine_layers`).

    Args:
        lock: What to install; every file's hash is checked.
        python_version: The minor that it was resolved for.
        target: The folder to fill, absent or empty; it becomes a `site-packages`.
        work: A folder for files on the way; made when it is not there.
        report: Is told the beginning and the end: uv says nothing in between.
        environ: The process environment; None takes this process's.

    Raises:
        EnvironmentFailed: A package cannot be fetched, or is not what its hash says.
        ValueError: The target holds something already.
    """
    if target.exists() and any(target.iterdir()):
        message = f"`{target}` is not empty"
        raise ValueError(message)
    work.mkdir(parents=True, exist_ok=True)
    target.mkdir(parents=True, exist_ok=True)
    (work / "lock.txt").write_text(lock.wheels_text, encoding="utf-8")
    arguments = [
        *("install", "--requirements", "lock.txt", "--require-hashes", "--no-deps"),
        # Where the cache is on the same file system nothing is copied; `normalise` replaces files, never changes one.
        *("--target", str(target.absolute()), "--link-mode", "hardlink"),
        *target_options(python_version, lock.platform),
        *(build_options() if lock.has_known_source else ()),
    ]
    uv = partial(run_uv, cwd=work, environ=os.environ if environ is None else environ, indexes=lock.indexes)
    report(Progress(_TASK, 0))
    try:
        uv(arguments)
        warnings = _without_altered(target, lambda again: uv([*arguments, *again]))
        normalise(target)
    except UvRefused as refusal:
        action = "install the dependencies"
        raise explain(action, [refusal.words], lock.request, python_version, lock.platform) from None
    finally:
        report(Progress(_TASK, 0, finished=True))
    return Installed(target, warnings=warnings)


def _without_altered(site_packages: Path, install_again: Callable[[list[str]], object]) -> tuple[str, ...]:
    """Fetch packages anew whose files are not what they say; what differs after that, differs in the package itself."""
    before = altered_wheels(site_packages)
    if not before:
        return ()
    packages = sorted({one.package for one in before})
    install_again(["--no-cache", *(f"--reinstall-package={package}" for package in packages)])
    return altered_cache("uv's cache", before - altered_wheels(site_packages), "`uv cache clean`")


def altered_cache(cache: str, altered: Collection[Altered], remedy: str) -> tuple[str, ...]:
    """A warning about files of a cache that somebody changed.

    Args:
        cache: Whose cache, as the beginning of a sentence's object.
        altered: Its files that were replaced.
        remedy: The command that empties it.
    """
    if not altered:
        return ()
    files = ", ".join(f"`{one.path}`" for one in sorted(altered)[:_SHOWN_FILES])
    more = f" and {len(altered) - _SHOWN_FILES} more" if len(altered) > _SHOWN_FILES else ""
    told = (
        f"Something on this machine changed files in {cache} ({files}{more}). They were fetched anew, so the image has"
        f" them as they were published. Other tools take them from there: {remedy} empties it."
    )
    return (told,)
