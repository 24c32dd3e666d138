"""uv asked for a resolution: once as a rule, and again for each package without a wheel, to name them all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.environment.uv_failures import explain, without_wheel
from functions_model.environment.uv_process import UvRefused, run_uv, target_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from functions_model.core.failures import EnvironmentFailed
    from functions_model.environment.request import EnvironmentRequest, Requirement

ACTION = "resolve the dependencies"


@dataclass(frozen=True, slots=True)
class Question:
    """What uv is asked.

    Attributes:
        request: What the user asks for.
        python_version: `3.11`.
        platform: A platform as uv names it.
        work: A folder for files on the way; it exists.
        environ: The process environment.
    """

    request: EnvironmentRequest
    python_version: str
    platform: str
    work: Path
    environ: Mapping[str, str]


def ask(question: Question, *, only_wheels: bool) -> str:
    """A `pylock.toml`.

    A package is taken from its source only when uv finds no resolution with a wheel of it. So an environment that has
    all its wheels is the same with and without `only_wheels`.

    Raises:
        EnvironmentFailed: There is no resolution. When wheels are missing, every package without one is named.
    """
    sources: list[str] = []
    while True:
        try:
            return _compile(question, sources=sources)
        except UvRefused as refusal:
            name = without_wheel(refusal.words)
            if name and only_wheels:
                raise _all_without_wheels(question, refusal.words, name) from None
            if not name or name in sources:
                raise _failure(question, [refusal.words]) from None
            sources.append(name)


def _all_without_wheels(question: Question, words: str, name: str) -> EnvironmentFailed:
    """What is wrong with the rest, when a package without a wheel is left out, and so on.

    Resolving with sources would name them all at once, but it runs the code of those sources here, on the CI machine.
    """
    told, left_out = [words], [name]
    while True:
        try:
            _compile(question, left_out=left_out)
        except UvRefused as refusal:
            told.append(refusal.words)
            found = without_wheel(refusal.words)
            if found and found not in left_out:
                left_out.append(found)
                continue
        return _failure(question, told)


def _failure(question: Question, told: Sequence[str]) -> EnvironmentFailed:
    return explain(ACTION, told, question.request, question.python_version, question.platform)


def _compile(question: Question, *, sources: Iterable[str] = (), left_out: Sequence[str] = ()) -> str:
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
    return run_uv(arguments, cwd=work, environ=question.environ, indexes=request.indexes)


def _lines(requirements: Iterable[Requirement]) -> str:
    return "".join(f"{requirement.text}\n" for requirement in requirements)
