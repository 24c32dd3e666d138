"""Requests resolved to a lock: conda packages first, where they are asked for, then the wheels on top of them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from functions_model.core.failures import EnvironmentFailed
from functions_model.core.references import digest_of
from functions_model.core.work import Progress, Report, silent
from functions_model.environment.asking import Answer, Question, ask
from functions_model.environment.conda_solving import (
    MARK,
    Distribution,
    PackagesMissing,
    solve_conda,
    write_stand_ins,
)
from functions_model.environment.locked_packages import packages_of
from functions_model.environment.locking import (
    CondaLock,
    Lock,
    keep_promise,
    lock_of,
    write_promise,
)
from functions_model.environment.numpy_two import fit_numpy
from functions_model.environment.rattler_tool import load_rattler, rattler_cache
from functions_model.environment.request import EnvironmentRequest, Requirement
from functions_model.environment.uv_process import IMAGE_PLATFORM

_TASK, _CONDA_TASK = "resolve dependencies", "resolve conda packages"
_LIBRARY = Requirement("azure-functions", "azure-functions")
"""What our functions are written with. The worker brings it, too, but a package with a file `azure/__init__.py`, like
azure-nspkg 2.0.0, hides all of `azure` that lies elsewhere: Azure/azure-functions-python-worker#102, #626."""
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

    That Python need not be here.

    Args:
        request: What is asked for.
        python_version: `3.11`.
        work: A folder for files on the way; made when it is not there.
        platform: The wheels' platform as uv names it. Conda packages are those for the base images.
        only_wheels: Whether packages without a fitting wheel are refused. If not, `Lock.compiled` names them; what they
            depend on is then asked of their own build, which runs here.
        report: Is told the beginning and the end of each part.
        environ: The process environment; None takes this process's. uv sees only a part (`uv_process.uv_environment`).

    Raises:
        EnvironmentFailed: It cannot be resolved. The failure names the package and its line, and every package without
            a wheel when that is why; the words of the tool that resolves are its detail.
    """
    known = os.environ if environ is None else environ
    question = Question(request, python_version, platform, work, known, only_wheels, report)
    if request.conda is None:
        return _wheels(question)
    report(Progress(_CONDA_TASK, 0))
    try:
        rattler = load_rattler(known)
        with rattler_cache("conda-channels", known, work=work, secrets=request.conda.secrets) as cache:
            conda, brought = solve_conda(request.conda, python_version, rattler, cache=cache)
    except PackagesMissing as missing:
        raise _with_wheels(missing, question) from None
    finally:
        report(Progress(_CONDA_TASK, 0, finished=True))
    try:
        lock = _wheels(replace(question, request=_beside(request, brought, work / "conda-brings")))
    except EnvironmentFailed as failure:
        failure.detail += f"\n(A version that ends in `{MARK}` is the one that the conda packages bring.)"
        raise
    return _joined(lock, request, conda, brought, work / "conda-brings")


def _with_wheels(missing: PackagesMissing, question: Question) -> EnvironmentFailed:
    """The failure with what is wrong with the wheels that the file asks for, too: an export needs one run."""
    asked = tuple(one for one in question.request.requirements if one.location)
    question.work.mkdir(parents=True, exist_ok=True)
    try:
        if asked:
            ask(replace(question, request=replace(question.request, requirements=asked), alone=True))
    except EnvironmentFailed as wheels:
        detail = f"{missing.detail}\n{wheels.detail}"
        return PackagesMissing(missing.action, [*missing.problems, *wheels.problems], detail=detail)
    return missing


def _wheels(question: Question) -> Lock:
    question.work.mkdir(parents=True, exist_ok=True)
    promise = write_promise(question.work)
    question.report(Progress(_TASK, 0))
    try:
        answer = _answer(question)
    finally:
        question.report(Progress(_TASK, 0, finished=True))
    found = packages_of(answer.pylock)
    kept = tuple(replace(package, hashes=keep_promise(package.hashes, promise)) for package in found)
    return lock_of(kept, answer.request, question.python_version, question.platform)


def _answer(question: Question) -> Answer:
    """What uv finds with `azure-functions`; without it, where that is what stands in the way: the worker has one."""
    request = question.request
    if any(requirement.name == _LIBRARY.name for requirement in request.requirements):
        return fit_numpy(question, ask(question))
    asked = replace(question, request=replace(request, requirements=(*request.requirements, _LIBRARY)))
    try:
        found = fit_numpy(asked, ask(asked))
    except EnvironmentFailed as failure:
        told = [failure.detail, *(f"{problem.what} {problem.remedy}" for problem in failure.problems)]
        if _LIBRARY.name not in " ".join(told):
            raise
        return fit_numpy(question, ask(question))
    kept = tuple(requirement for requirement in found.request.requirements if requirement is not _LIBRARY)
    return replace(found, request=replace(found.request, requirements=kept))


def _beside(request: EnvironmentRequest, brought: Iterable[Distribution], folder: Path) -> EnvironmentRequest:
    """The request for the wheels alone, in which what conda brings has stand-ins that nothing else may replace."""
    write_stand_ins(brought, folder)
    pinned = tuple(Requirement(one.name, f"{one.name}=={one.stand_in}") for one in brought)
    indexes = replace(request.indexes, find_links=(*request.indexes.find_links, folder.absolute()))
    return replace(request, constraints=(*request.constraints, *pinned), indexes=indexes)


def _joined(
    lock: Lock, request: EnvironmentRequest, conda: CondaLock, brought: Iterable[Distribution], folder: Path
) -> Lock:
    """The lock without the stand-ins, whose folder is given, and with the conda packages."""
    links = tuple(place for place in lock.indexes.find_links if place != folder.absolute())
    indexes = replace(lock.indexes, find_links=links)
    asked = replace(request, indexes=indexes, warnings=lock.request.warnings)
    gone = {one.name for one in brought}
    kept = [entry for entry in _ENTRIES.split(lock.text) if not _STAND_IN.match(entry)]
    text = "\n".join(kept) + conda.text
    packages = tuple(package for package in lock.packages if package.name not in gone)
    return replace(lock, text=text, digest=digest_of(text.encode()), packages=packages, request=asked, conda=conda)
