"""A lock with conda packages installed: a prefix for `/opt/conda`, and the wheels on top in a folder of their own."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from functions_model.core.failures import EnvironmentFailed, Problem
from functions_model.core.progress import Progress, Report, silent
from functions_model.environment import installing
from functions_model.environment.conda_failures import errors_of, explain_conda
from functions_model.environment.conda_lock import PREFIX
from functions_model.environment.conda_normalising import normalise_prefix, unlinked
from functions_model.environment.installed_files import altered_conda
from functions_model.environment.rattler_tool import load_rattler, rattler_cache, run_rattler

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from functions_model.environment.conda_lock import CondaLock
    from functions_model.environment.installing import Installed
    from functions_model.environment.locking import Lock
    from functions_model.environment.request import CondaRequest

_ACTION = "install the conda packages"
_TASK = "install conda packages"


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

    Args:
        lock: What to install; every file's hash is checked.
        python_version: The minor that it was resolved for.
        target: The folder for the wheels, absent or empty; it becomes a `site-packages`.
        work: A folder for files on the way, and for the conda prefix (`conda`); made when it is not there.
        report: Is told how far the conda packages are, and the beginning and the end of the wheels.
        environ: The process environment; None takes this process's.

    Raises:
        EnvironmentFailed: A package cannot be fetched, or is not what its hash says.
        ValueError: The target holds something already.
    """
    known = os.environ if environ is None else environ
    if lock.conda is None or lock.request.conda is None:
        return installing.install(lock, python_version, target, work=work, report=report, environ=known)
    prefix = work / "conda"
    warnings = _install_conda(lock.conda, lock.request.conda, prefix, report, known)
    if lock.packages:
        wheels = installing.install(lock, python_version, target, work=work, report=report, environ=known)
    else:
        target.mkdir(parents=True, exist_ok=True)
        wheels = installing.Installed(target)
    return replace(wheels, conda=prefix, warnings=(*wheels.warnings, *warnings))


def _install_conda(
    lock: CondaLock, request: CondaRequest, prefix: Path, report: Report, environ: Mapping[str, str]
) -> tuple[str, ...]:
    if prefix.exists() and any(prefix.iterdir()):
        message = f"`{prefix}` is not empty"
        raise ValueError(message)
    _check_local_files(lock, request)
    rattler = load_rattler(environ)
    total = sum(package.size or 0 for package in lock.packages)
    report(Progress(_TASK, 0, total))
    reporter = _reporter(rattler, report, total)
    try:
        with rattler_cache("conda-packages", environ, work=prefix.parent, secrets=request.secrets) as cache:
            run_rattler(_link(lock, prefix, rattler, reporter, cache))
            altered = _without_altered(prefix, cache, lambda empty: _link(lock, prefix, rattler, reporter, empty))
    except errors_of(rattler) as error:
        raise explain_conda(_ACTION, error, request) from None
    finally:
        report(Progress(_TASK, total, total, finished=True))
    warnings = (*altered, *unlinked(prefix))
    normalise_prefix(prefix, {package.file_name: package.channel for package in lock.packages})
    return warnings


def _without_altered(prefix: Path, cache: Path, link: Callable[[Path], Coroutine[Any, Any, None]]) -> tuple[str, ...]:
    """Install all of it from an empty cache where a file is not what its package says."""
    before = altered_conda(prefix)
    if not before:
        return ()
    shutil.rmtree(prefix)
    with tempfile.TemporaryDirectory(dir=prefix.parent, prefix="conda-packages-", ignore_cleanup_errors=True) as empty:
        run_rattler(link(Path(empty)))
    return installing.altered_cache("the cache of conda packages", before - altered_conda(prefix), f"`rm -r {cache}`")


def _check_local_files(lock: CondaLock, request: CondaRequest) -> None:
    """py-rattler (0.28) checks the hash of what it downloads, and not that of a file in a folder."""
    problems = []
    for package, record in zip(lock.packages, lock.records, strict=True):
        parts = urlsplit(record.url)
        if parts.scheme == "file" and package.sha256 != _sha256(Path(unquote(parts.path))):
            what = f"`{package.file_name}` is not what the channel `{package.channel}` says: its hash differs"
            where = next((spec.location for spec in request.specs if spec.name == package.name), None)
            remedy = "Index the channel again if you changed the package yourself."
            problems.append(Problem(what, remedy, "environment-file", where))
    if problems:
        raise EnvironmentFailed(_ACTION, problems)


def _sha256(path: Path) -> str:
    """Empty when the file is gone, which is another file than the lock's, too."""
    if not path.is_file():
        return ""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


async def _link(lock: CondaLock, prefix: Path, rattler: Any, reporter: Any, cache: Path) -> None:
    """Into a folder of ours, with the paths that hold in the image. No script of a package runs on this machine."""
    await rattler.install(
        list(lock.records),
        target_prefix=prefix,
        cache_dir=cache,
        installed_packages=[],
        platform=rattler.Subdir("linux-64"),
        execute_link_scripts=False,
        show_progress=False,
        client=rattler.Client.default_client(),
        reporter=reporter,
        alternative_target_prefix=PREFIX,
    )


def _reporter(rattler: Any, report: Report, all_bytes: int) -> Any:
    """Adds up the bytes of all downloads."""
    fetched: dict[int, int] = {}

    class Downloads(rattler.InstallerReporter):  # type: ignore[misc]
        """py-rattler calls these from its own threads."""

        def on_download_start(self, cache_entry: int) -> int:
            return cache_entry

        def on_download_progress(self, download_idx: int, progress: int, total: int | None) -> None:
            del total  # of this one
            fetched[download_idx] = progress
            report(Progress(_TASK, sum(fetched.values()), all_bytes))

    return Downloads()
