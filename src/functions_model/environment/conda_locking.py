"""Requests with conda packages, resolved: conda first, then the wheels on top of it."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from functions_model.core.digests import digest_of
from functions_model.core.failures import EnvironmentFailed
from functions_model.core.progress import Progress, Report, silent
from functions_model.environment import locking
from functions_model.environment.conda_distributions import MARK, distributions_of, write_stand_ins
from functions_model.environment.conda_solving import solve_conda
from functions_model.environment.rattler_tool import load_rattler, rattler_cache
from functions_model.environment.request import Requirement
from functions_model.environment.uv_process import IMAGE_PLATFORM

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from functions_model.environment.conda_distributions import Distribution
    from functions_model.environment.conda_lock import CondaLock
    from functions_model.environment.locking import Lock
    from functions_model.environment.request import CondaRequest, EnvironmentRequest

_TASK = "resolve conda packages"
_ENTRIES = re.compile(r"(?<!\\)\n")
_STAND_IN = re.compile(rf"[A-Za-z0-9._-]+==\S+[+.]{MARK}(?:\s|$)")


def resolve(
    request: EnvironmentRequest,
    python_version: str,
    *,
    work: Path,
    platform: str = IMAGE_PLATFORM,
    only_wheels: bool = True,
    report: Report = silent,
    environ: Mapping[str, str] | None = None,
) -> Lock:
    """Resolve a request for a Python minor and a platform: wheels, and conda packages where it asks for them.

    Args:
        request: What is asked for.
        python_version: `3.11`.
        work: A folder for files on the way; made when it is not there.
        platform: The wheels' platform as uv names it. Conda packages are those for the base images.
        only_wheels: As `locking.resolve` has it.
        report: Is told the beginning and the end of each part.
        environ: The process environment; None takes this process's.

    Raises:
        EnvironmentFailed: It cannot be resolved. The failure names the package and its line.
    """
    known = os.environ if environ is None else environ
    options: dict[str, Any] = {"only_wheels": only_wheels, "report": report, "environ": known}
    if request.conda is None:
        return locking.resolve(request, python_version, work=work, platform=platform, **options)
    report(Progress(_TASK, 0))
    try:
        conda, brought = _solve(request.conda, python_version, work, known)
    finally:
        report(Progress(_TASK, 0, finished=True))
    asked = _beside(request, brought, work / "conda-brings")
    try:
        lock = locking.resolve(asked, python_version, work=work, platform=platform, **options)
    except EnvironmentFailed as failure:
        failure.detail += f"\n(A version that ends in `{MARK}` is the one that the conda packages bring.)"
        raise
    return _joined(lock, request, conda, brought)


def _solve(
    request: CondaRequest, python_version: str, work: Path, environ: Mapping[str, str]
) -> tuple[CondaLock, tuple[Distribution, ...]]:
    rattler = load_rattler(environ)
    with rattler_cache("conda-channels", environ, work=work, secrets=request.secrets) as cache:
        lock = solve_conda(request, python_version, rattler, cache=cache)
    return lock, distributions_of(lock, request, rattler)


def _beside(request: EnvironmentRequest, brought: Iterable[Distribution], folder: Path) -> EnvironmentRequest:
    """The request for the wheels alone, in which what conda brings has stand-ins that nothing else may replace."""
    write_stand_ins(brought, folder)
    pinned = tuple(Requirement(one.name, f"{one.name}=={one.stand_in}") for one in brought)
    indexes = replace(request.indexes, find_links=(*request.indexes.find_links, folder.absolute()))
    return replace(request, constraints=(*request.constraints, *pinned), indexes=indexes)


def _joined(lock: Lock, request: EnvironmentRequest, conda: CondaLock, brought: Iterable[Distribution]) -> Lock:
    """The lock without the stand-ins and with the conda packages."""
    gone = {one.name for one in brought}
    kept = [entry for entry in _ENTRIES.split(lock.text) if not _STAND_IN.match(entry)]
    text = "\n".join(kept) + conda.text
    packages = tuple(package for package in lock.packages if package.name not in gone)
    return replace(lock, text=text, digest=digest_of(text.encode()), packages=packages, request=request, conda=conda)
