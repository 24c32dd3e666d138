"""Requests resolved to a lock: conda packages first, where they are asked for, then the wheels on top of them.

uv is asked once as a rule, and again after a refusal, until every reason is known.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from functions_model.core.failures import EnvironmentFailed
from functions_model.core.references import digest_of
from functions_model.core.work import Progress, Report, silent
from functions_model.environment.conda_solving import MARK, Distribution, distributions_of, solve_conda, write_stand_ins
from functions_model.environment.locking import (
    ACTION,
    CondaLock,
    Lock,
    keep_promise,
    lock_of,
    packages_of,
    write_promise,
)
from functions_model.environment.rattler_tool import load_rattler, rattler_cache
from functions_model.environment.request import EnvironmentRequest, Requirement
from functions_model.environment.uv_failures import blamed, explain, is_for_wheels
from functions_model.environment.uv_process import IMAGE_PLATFORM, UvRefused, run_uv, target_options

_TASK, _CONDA_TASK = "resolve dependencies", "resolve conda packages"
_ENTRIES = re.compile(r"(?<!\\)\n")
_STAND_IN = re.compile(rf"[A-Za-z0-9._-]+==\S+[+.]{MARK}(?:\s|$)")


@dataclass(frozen=True, slots=True)
class Question:
    """What uv is asked.

    Attributes:
        request: What the user asks for.
        python_version: `3.11`.
        platform: A platform as uv names it.
        work: A folder for files on the way.
        environ: The process environment.
        only_wheels: Whether packages without a fitting wheel are refused.
        report: Is told the beginning and the end: uv says nothing in between.
    """

    request: EnvironmentRequest
    python_version: str
    platform: str
    work: Path
    environ: Mapping[str, str]
    only_wheels: bool
    report: Report


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
            conda = solve_conda(request.conda, python_version, rattler, cache=cache)
        brought = distributions_of(conda, request.conda, rattler)
    finally:
        report(Progress(_CONDA_TASK, 0, finished=True))
    try:
        lock = _wheels(replace(question, request=_beside(request, brought, work / "conda-brings")))
    except EnvironmentFailed as failure:
        failure.detail += f"\n(A version that ends in `{MARK}` is the one that the conda packages bring.)"
        raise
    return _joined(lock, request, conda, brought)


def _wheels(question: Question) -> Lock:
    question.work.mkdir(parents=True, exist_ok=True)
    promise = write_promise(question.work)
    question.report(Progress(_TASK, 0))
    try:
        found = packages_of(_ask(question))
    finally:
        question.report(Progress(_TASK, 0, finished=True))
    kept = tuple(replace(package, hashes=keep_promise(package.hashes, promise)) for package in found)
    return lock_of(kept, question.request, question.python_version, question.platform)


def _ask(question: Question) -> str:
    """A `pylock.toml`.

    A package is taken from its source only when uv finds no resolution with a wheel of it. So an environment that has
    all its wheels is the same with and without `only_wheels`.

    After a refusal uv is asked again without the package that it blames, and so on, until every one is known. Resolving
    with all sources would name them in one go, but it runs code of those sources here, on the CI machine.

    Raises:
        EnvironmentFailed: There is no resolution, and these are the reasons.
    """
    sources: list[str] = []
    left_out: list[str] = []
    told: list[str] = []
    while True:
        try:
            found = _compile(question, sources, left_out)
        except UvRefused as refusal:
            name = blamed(refusal.words)
            if name and not question.only_wheels and name not in sources and is_for_wheels(refusal.words):
                sources.append(name)
                continue
            told.append(refusal.words)
            if name and name not in left_out:
                left_out.append(name)
                continue
        if told:
            raise explain(ACTION, told, question.request, question.python_version, question.platform)
        return found


def _compile(question: Question, sources: Iterable[str], left_out: Sequence[str]) -> str:
    request, work = question.request, question.work
    (work / "requirements.in").write_text(_lines(request.requirements), encoding="utf-8")
    (work / "constraints.in").write_text(_lines(request.constraints), encoding="utf-8")
    (work / "excludes.in").write_text("".join(f"{name}\n" for name in left_out), encoding="utf-8")
    arguments = [
        *("compile", "requirements.in", "--constraints", "constraints.in"),
        *("--format", "pylock.toml", "--no-header", "--no-annotate"),
        *target_options(question.python_version, question.platform, sources=sources),
        *(("--excludes", "excludes.in") if left_out else ()),
        *(("--prerelease", "allow") if request.indexes.prereleases else ()),
    ]
    indexes = replace(request.indexes, find_links=(*request.indexes.find_links, work.absolute()))  # `fusepy`'s promise
    return run_uv(arguments, cwd=work, environ=question.environ, indexes=indexes)


def _lines(requirements: Iterable[Requirement]) -> str:
    return "".join(f"{requirement.text}\n" for requirement in requirements)


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
