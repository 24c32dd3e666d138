"""uv asked for a resolution: once as a rule, and again after a refusal, until every reason is known."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.requirements import Requirement as ParsedRequirement
from packaging.utils import canonicalize_name

from functions_model.core.work import Report
from functions_model.environment.find_links import without_unreadable_page
from functions_model.environment.locking import ACTION
from functions_model.environment.offers import Indexes, Offer, offer_of
from functions_model.environment.other_indexes import with_other_indexes
from functions_model.environment.request import EnvironmentRequest, Requirement
from functions_model.environment.standard_library import is_standard
from functions_model.environment.uv_failures import Target, blamed, explain, is_for_wheels
from functions_model.environment.uv_process import UvRefused, run_uv, target_options

_IS_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
"""A package among what uv says in a comment; files have `-r` or `-c` in front."""

_WITHOUT = (
    "`{0}` is left out: it has no wheel that fits, and Python has a module of that name in its standard library."
    " Remove it from your file."
)


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
        alone: Whether only the packages that are asked for are looked up, and not what they depend on.
    """

    request: EnvironmentRequest
    python_version: str
    platform: str
    work: Path
    environ: Mapping[str, str]
    only_wheels: bool
    report: Report
    alone: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What uv found.

    Attributes:
        pylock: A `pylock.toml`.
        request: What it was asked in the end: without what was left out on the way, and with a warning for each.
        sources: The packages that are taken from their source.
        left_out: The packages that are left out, whoever asks for them.
    """

    pylock: str
    request: EnvironmentRequest
    sources: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


def ask(question: Question) -> Answer:
    """Ask uv for a resolution.

    A package is taken from its source only when uv finds no resolution with a wheel of it. So an environment that has
    all its wheels is the same with and without `only_wheels`.

    After a refusal uv is asked again without the package that it blames, and so on, until every one is known. Resolving
    with all sources would name them in one go, but it runs code of those sources here, on the CI machine.

    Raises:
        EnvironmentFailed: There is no resolution, and these are the reasons.
    """
    request = question.request
    sources: list[str] = []
    left_out: list[str] = []
    told: list[str] = []
    offers: dict[str, Offer] = {}
    while True:
        try:
            found = _compile(replace(question, request=request), sources, left_out)
        except UvRefused as refusal:
            if other := without_unreadable_page(request, refusal) or with_other_indexes(request, refusal):
                request = other
                continue
            name = blamed(refusal.words)
            if name and name not in left_out and _hides(name, refusal, question):
                left_out.append(name)
                request = replace(request, warnings=_added(request.warnings, _WITHOUT.format(name)))
                continue
            if name and name not in offers and is_for_wheels(refusal.words):
                offers[name] = _offer(name, replace(question, request=request))
                if not (question.only_wheels or offers[name].only_for):
                    sources.append(name)
                    continue
            told.append(refusal.words)
            if name and name not in left_out:
                left_out.append(name)
                continue
        if told:
            target = Target(question.python_version, question.platform, compiles=not question.only_wheels)
            failure = explain(ACTION, told, request, target, offers)
            failure.detail = "\n".join([failure.detail, *request.warnings[len(question.request.warnings) :]])
            raise failure
        return Answer(found, request, tuple(sources), tuple(left_out))


def _added(warnings: tuple[str, ...], warning: str) -> tuple[str, ...]:
    """With it once: an answer may be asked for again with more constraints."""
    return tuple(dict.fromkeys((*warnings, warning)))


def _hides(name: str, refusal: UvRefused, question: Question) -> bool:
    """Whether a package without a wheel is one of the standard library's modules for an older Python."""
    return is_for_wheels(refusal.words) and is_standard(name, question.python_version)


def _offer(name: str, question: Question) -> Offer:
    """What the indexes have of a package that lacks a wheel for the image."""
    asked = next((one for one in question.request.requirements if one.name == name and one.location), None)
    versions = str(ParsedRequirement(asked.text).specifier) if asked else ""
    indexes = Indexes(question.request.indexes, question.python_version, question.work, question.environ)
    return offer_of(name, versions, indexes)


def dependents(question: Question, answer: Answer, name: str) -> frozenset[str]:
    """The packages of an answer whose metadata ask for a package, as uv says it in comments.

    Args:
        question: What uv was asked.
        answer: What it found.
        name: The package, normalised.
    """
    annotated = ("--format", "requirements.txt", "--no-header", "--annotation-style", "line")
    lines = _compile(replace(question, request=answer.request), answer.sources, answer.left_out, annotated).splitlines()
    via = next((line.partition("# via ")[2] for line in lines if line.startswith((f"{name}==", f"{name} @"))), "")
    return frozenset(map(canonicalize_name, filter(_IS_NAME.fullmatch, via.split(", "))))


def _compile(
    question: Question,
    sources: Iterable[str],
    left_out: Sequence[str],
    form: Sequence[str] = ("--format", "pylock.toml", "--no-header", "--no-annotate"),
) -> str:
    request, work = question.request, question.work
    (work / "requirements.in").write_text(_lines(request.requirements), encoding="utf-8")
    (work / "constraints.in").write_text(_lines(request.constraints), encoding="utf-8")
    (work / "excludes.in").write_text("".join(f"{name}\n" for name in left_out), encoding="utf-8")
    arguments = [
        *("compile", "requirements.in", "--constraints", "constraints.in"),
        *form,
        *(("--no-deps",) if question.alone else ()),
        *target_options(question.python_version, question.platform, sources=sources),
        *(("--excludes", "excludes.in") if left_out else ()),
        *(("--prerelease", "allow") if request.indexes.prereleases else ()),
    ]
    indexes = replace(request.indexes, find_links=(*request.indexes.find_links, work.absolute()))  # `fusepy`'s promise
    return run_uv(arguments, cwd=work, environ=question.environ, indexes=indexes)


def _lines(requirements: Iterable[Requirement]) -> str:
    return "".join(f"{requirement.text}\n" for requirement in requirements)
