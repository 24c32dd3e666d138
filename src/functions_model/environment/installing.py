"""A lock installed, for an image that may have another Python than this machine.

Wheels go into a folder that becomes a `site-packages`, conda packages into a prefix for `/opt/conda`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from functions_model.core.failures import EnvironmentFailed, Problem
from functions_model.core.work import Progress, Report, silent
from functions_model.environment.conda_failures import explain_conda
from functions_model.environment.conda_solving import PLATFORMS
from functions_model.environment.locking import PREFIX, CondaLock, Lock, build_options
from functions_model.environment.normalising import (
    Altered,
    altered_conda,
    altered_wheels,
    normalise,
    normalise_prefix,
    unlinked,
)
from functions_model.environment.rattler_tool import Rattler, hearing, is_other_file, load_rattler, rattler_cache
from functions_model.environment.request import CondaRequest
from functions_model.environment.standard_library import take_out_hiding
from functions_model.environment.uv_failures import Target, explain
from functions_model.environment.uv_process import UvRefused, run_uv, target_options

_WHEELS_TASK, _CONDA_TASK = "install dependencies", "install conda packages"
_CONDA_ACTION = "install the conda packages"
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
    """Install a lock. The same lock gives the same files, byte for byte, in any folder.

    What would hide a module of the standard library is left out, and said.

    What a cache holds otherwise than its package says is fetched anew, and said.

    Packages that must be compiled are left out: an engine installs those (`engine.engine_layers.build_engine_layers`).

    Args:
        lock: What to install; every file's hash is checked.
        python_version: The minor that it was resolved for.
        target: The folder for the wheels, absent or empty; it becomes a `site-packages`.
        work: A folder for files on the way, and for the conda prefix (`conda`); made when it is not there.
        report: Is told how far the conda packages are, and the beginning and the end of the wheels: uv says nothing in
            between.
        environ: The process environment; None takes this process's.

    Raises:
        EnvironmentFailed: A package cannot be fetched, or is not what its hash says.
        ValueError: The target holds something already.
    """
    known = os.environ if environ is None else environ
    asked = lock.request.conda
    prefix = work / "conda" if lock.conda and asked else None
    for folder in (target, prefix):
        if folder and folder.exists() and any(folder.iterdir()):
            raise ValueError(f"`{folder}` is not empty")
    work.mkdir(parents=True, exist_ok=True)
    target.mkdir(parents=True, exist_ok=True)
    warnings: tuple[str, ...] = ()
    if prefix and lock.conda and asked:
        warnings = _install_conda(lock.conda, asked, prefix, report, known)
    if lock.packages or prefix is None:
        warnings = (*_install_wheels(lock, python_version, target, work=work, report=report, environ=known), *warnings)
    return Installed(target, prefix, warnings)


def _install_wheels(
    lock: Lock, python_version: str, target: Path, *, work: Path, report: Report, environ: Mapping[str, str]
) -> tuple[str, ...]:
    (work / "lock.txt").write_text(lock.wheels_text, encoding="utf-8")
    arguments = [
        *("install", "--requirements", "lock.txt", "--require-hashes", "--no-deps"),
        # Where the cache is on the same file system nothing is copied; `normalise` replaces files, never changes one.
        *("--target", str(target.absolute()), "--link-mode", "hardlink"),
        *target_options(python_version, lock.platform),
        *(build_options() if lock.has_known_source else ()),
    ]
    uv = partial(run_uv, cwd=work, environ=environ, indexes=lock.indexes)
    report(Progress(_WHEELS_TASK, 0))
    try:
        uv(arguments)
        altered = _altered_wheels(target, lambda again: uv([*arguments, *again]))
        warnings = (*altered, *take_out_hiding(target, python_version))
        normalise(target)
    except UvRefused as refusal:
        action = "install the dependencies"
        raise explain(action, [refusal.words], lock.request, Target(python_version, lock.platform)) from None
    finally:
        report(Progress(_WHEELS_TASK, 0, finished=True))
    return warnings


def _altered_wheels(site_packages: Path, install_again: Callable[[list[str]], object]) -> tuple[str, ...]:
    """Fetch packages anew whose files are not what they say; what differs after that, differs in the package itself."""
    before = altered_wheels(site_packages)
    if not before:
        return ()
    packages = sorted({one.package for one in before})
    try:
        install_again(["--no-cache", *(f"--reinstall-package={package}" for package in packages)])
    except UvRefused as refusal:
        what = (
            f"something on this machine changed files in uv's cache ({_listed(before)}), and no others could be fetched"
        )
        remedy = "Empty the cache (`uv cache clean`), and run again where the package index can be reached."
        failure = EnvironmentFailed("install the dependencies", [Problem(what, remedy)])
        failure.detail = refusal.words
        raise failure from None
    return _told("uv's cache", before - altered_wheels(site_packages), "`uv cache clean`")


def _install_conda(
    lock: CondaLock, request: CondaRequest, prefix: Path, report: Report, environ: Mapping[str, str]
) -> tuple[str, ...]:
    _check_local_files(lock, request)
    rattler = load_rattler(environ)
    total = sum(package.size or 0 for package in lock.packages)
    tell = lambda done: report(Progress(_CONDA_TASK, done, total))  # noqa: E731
    link = partial(_link, lock, request, prefix, rattler=rattler, tell=tell)
    report(Progress(_CONDA_TASK, 0, total))
    try:
        with rattler_cache("conda-packages", environ, work=prefix.parent, secrets=request.secrets) as cache:
            link(cache)
            altered = _altered_conda(prefix, cache, link)
    finally:
        report(Progress(_CONDA_TASK, total, total, finished=True))
    warnings = (*altered, *unlinked(prefix))
    normalise_prefix(prefix, {package.file_name: package.channel for package in lock.packages})
    return warnings


def _altered_conda(prefix: Path, cache: Path, link: Callable[[Path], None]) -> tuple[str, ...]:
    """Install all of it from an empty cache where a file is not what its package says."""
    before = altered_conda(prefix)
    if not before:
        return ()
    shutil.rmtree(prefix)
    with tempfile.TemporaryDirectory(dir=prefix.parent, prefix="conda-packages-", ignore_cleanup_errors=True) as empty:
        link(Path(empty))
    return _told("the cache of conda packages", before - altered_conda(prefix), f"`rm -r {cache}`")


def _told(cache: str, altered: Collection[Altered], remedy: str) -> tuple[str, ...]:
    """A warning about files of a cache that somebody changed.

    Args:
        cache: Whose cache, as the beginning of a sentence's object.
        altered: Its files that were replaced.
        remedy: The command that empties it.
    """
    if not altered:
        return ()
    told = (
        f"Something on this machine changed files in {cache} ({_listed(altered)}). They were downloaded again, so"
        f" the image has them as published. Other tools use them from there: {remedy} empties it."
    )
    return (told,)


def _check_local_files(lock: CondaLock, request: CondaRequest) -> None:
    problems = []
    for package, record in zip(lock.packages, lock.records, strict=True):
        if is_other_file(record["url"], package.sha256):
            what = f"`{package.file_name}` is not what the channel `{package.channel}` says: its hash differs"
            where = next((spec.location for spec in request.specs if spec.name == package.name), None)
            remedy = "Index the channel again if you changed the package yourself."
            problems.append(Problem(what, remedy, "environment-file", where))
    if problems:
        raise EnvironmentFailed(_CONDA_ACTION, problems)


def _link(
    lock: CondaLock,
    request: CondaRequest,
    prefix: Path,
    cache: Path,
    *,
    rattler: Rattler,
    tell: Callable[[int], object],
) -> None:
    """Into a folder of ours, with the paths that hold in the image. No script of a package runs on this machine."""
    with hearing(tell) as told:
        asked = {
            "records": lock.records,
            "prefix": str(prefix.absolute()),
            "cache": str(cache.absolute()),
            "means": PREFIX,
            "platform": PLATFORMS[0],
            "told": told,
        }
        answer = rattler.ask("install", asked, _CONDA_ACTION, request)
    if error := answer.get("error"):
        raise explain_conda(_CONDA_ACTION, error["kind"], error["words"], request)


def _listed(altered: Collection[Altered]) -> str:
    files = ", ".join(f"`{one.path}`" for one in sorted(altered)[:_SHOWN_FILES])
    return f"{files} and {len(altered) - _SHOWN_FILES} more" if len(altered) > _SHOWN_FILES else files
