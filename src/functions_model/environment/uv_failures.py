"""What uv's refusals mean to the user, and which line of the environment file they are about."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from packaging.utils import canonicalize_name

from functions_model.core.failures import EnvironmentFailed, Problem
from functions_model.core.masking import in_one_line
from functions_model.core.unanswered import unanswered_in
from functions_model.environment.index_answers import advice_for, for_index
from functions_model.environment.machine_failures import machine_problem
from functions_model.environment.offers import Offer
from functions_model.environment.other_indexes import for_other_versions
from functions_model.environment.request import EnvironmentRequest
from functions_model.environment.ways_out import Advice, for_no_version, for_offer, for_unknown

_DETAIL_LINES = 80
"""uv's reasoning can run to hundreds of lines; its last lines hold the conclusion and the hints."""
_ONE_REASON = 600
"""Characters. In a longer text a missing version is a step on the way to a conflict, not the reason itself."""
_EXPORTED = frozenset({".yml", ".yaml"})
"""Conda files: most are exports, in which conda wrote the names."""
_NOTHING = EnvironmentRequest(None, None, ())
_PACKAGE = r"(?<![A-Za-z0-9._<>=!~,-])(?P<package>(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*+)(?:[^\s`,]|,(?=[<>=!~]))*+)"
"""A name, and the versions that are meant: `wrapt>=1.11.1,<=1.12.1`. Nothing of it is given back: a name of 1,000
letters, as an index may have one, would be looked at from each of them, in each length."""
_NO_WHEEL = (
    re.compile(rf"(?:all versions of )?{_PACKAGE} (?:has|have) no (?:usable )?wheels"),
    re.compile(rf"Wheels are required for `{_PACKAGE}`"),
    re.compile(rf"only found wheels for `{_PACKAGE}`"),
)
_NO_SOURCE = re.compile(rf"(?:all versions of )?{_PACKAGE} has no source distribution")
_BUILD = re.compile(rf"Failed to (?:download and )?build:? `?{_PACKAGE}")
OWN_WHEEL = (
    "Or build its wheel once in an earlier step (`pip wheel`), and name the wheel's folder with `--find-links` in a"
    " requirements file."
)
_NOT_FOUND = re.compile(rf"{_PACKAGE} was not found in the (?:package registry|provided)")
_NO_VERSION = re.compile(rf"there (?:is|are) no versions? of {_PACKAGE}")
_NEEDS_PYTHON = re.compile(rf"{_PACKAGE} depends on (?P<python>Python\s*[<>=!~][^\s,]*(?:,[<>=!~][^\s,]*)*)")
_REQUIRED = re.compile(r"you require (?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)")
_FETCH = re.compile(r"Failed to fetch:? `?(?P<url>[^\s`]+)")
_WANTS_LOGIN = re.compile(r"\b40[13]\b")
_HASH = re.compile(rf"[Hh]ash mismatch for `{_PACKAGE}`")


_MEANT_BY_UV = re.compile(r"Did you mean to install `(?P<name>[^`]+)` instead")
_ERROR = re.compile(r"^\s*((?:[A-Za-z_][\w.]*(?:Error|Exception)|error|ERROR): .+)$", re.MULTILINE)
_STDERR = re.compile(r"\[stderr\]\s*\n\s*(.+)")
_LONGEST_LINE = 200
_NO_OFFERS: Mapping[str, Offer] = {}


@dataclass(frozen=True, slots=True)
class Target:
    """What dependencies are for.

    Attributes:
        python_version: `3.11`.
        platform: A platform as uv names it.
        compiles: Whether packages without a wheel are compiled.
    """

    python_version: str
    platform: str
    compiles: bool = False

    def __str__(self) -> str:
        """`Python 3.11 on x86_64-manylinux_2_28`."""
        return f"Python {self.python_version} on {self.platform}"


def explain(
    action: str,
    told: Sequence[str],
    request: EnvironmentRequest,
    target: Target,
    offers: Mapping[str, Offer] = _NO_OFFERS,
) -> EnvironmentFailed:
    """The failure for uv's words: each package named, on its line, with what to do. The words are its detail.

    Args:
        action: What was being done.
        told: What uv said, each time that it was asked.
        request: What was asked for.
        target: What they are for.
        offers: What the indexes have of packages without a wheel, by name.
    """
    problems = dict.fromkeys(_one_problem(_plain(words), request, target, offers) for words in told)
    detail = "\n".join("\n".join(told).splitlines()[-_DETAIL_LINES:])
    return EnvironmentFailed(action, sorted(problems, key=_place), detail=detail)


def _place(problem: Problem) -> tuple[str, int]:
    """Problems are told in the order of the file's lines."""
    return (str(problem.location.file), problem.location.line or 0) if problem.location else ("", 0)


def blamed(words: str) -> str | None:
    """The one package, normalised, without which uv may find a resolution, or more reasons; None when none is to blame.

    That is one that the index lacks, or that has no wheel, or no source package where one is needed, or whose build
    fails. None is, where an index wants a login: what uv takes for missing may be there.
    """
    plain = _plain(words)
    sure = (_answer_problem, _fetch_problem, _hash_problem)
    if machine_problem(plain) or any(problem(plain, _NOTHING) for problem in sure):
        return None
    match = (
        _BUILD.search(plain)
        or _NOT_FOUND.search(plain)
        or _no_version_match(plain)
        or _NO_SOURCE.search(plain)
        or _wheel_match(plain)
    )
    return canonicalize_name(match["name"]) if match else None


def is_for_wheels(words: str) -> bool:
    """Whether uv refuses the package that it blames for want of a wheel."""
    plain = _plain(words)
    others = _BUILD.search(plain) or _NOT_FOUND.search(plain) or _no_version_match(plain) or _NO_SOURCE.search(plain)
    return not others and _wheel_match(plain) is not None


def _one_problem(words: str, request: EnvironmentRequest, target: Target, offers: Mapping[str, Offer]) -> Problem:
    return (
        machine_problem(words)
        or _answer_problem(words, request)
        or _fetch_problem(words, request)
        or _hash_problem(words, request)
        or _build_problem(words, request, offers)
        or _not_found_problem(words, request)
        or _version_problem(words, request)
        or _wheel_problem(words, request, target, offers)
        or _conflict_problem(words, request)
    )


def _plain(words: str) -> str:
    """The words without the markers that uv writes behind names: `numpy{sys_platform == 'linux'}==1.10.3`."""
    return re.sub(r"\{[^}\n]*\}", "", words)


def _problem(name: str, what: str, remedy: str, request: EnvironmentRequest) -> Problem:
    return Problem(what, remedy, "environment-file" if request.source else "", request.where(canonicalize_name(name)))


def _answer_problem(words: str, request: EnvironmentRequest) -> Problem | None:
    advice = for_index(words, request.indexes)
    return _problem("", *advice, request) if advice else None


def _fetch_problem(words: str, request: EnvironmentRequest) -> Problem | None:
    match = _FETCH.search(words)
    if not match:
        return None
    if refused := _WANTS_LOGIN.search(words):
        return _problem("", *advice_for("", match["url"], refused[0], request.indexes), request)
    if silent := unanswered_in(words, urlsplit(match["url"]).netloc.rpartition("@")[2]):
        return _problem("", silent.what, silent.remedy, request)
    reason = words.splitlines()[-1].strip().rstrip(".")
    return _problem(
        "",
        f"`{match['url']}` could not be fetched ({reason})",
        "Check the network, the proxy and the index's URL.",
        request,
    )


def _hash_problem(words: str, request: EnvironmentRequest) -> Problem | None:
    match = _HASH.search(words)
    if not match:
        return None
    what = f"what the index gave for `{match['package']}` is not what its hashes say"
    return _problem(match["name"], what, "Do not install it before you know why: ask the index's owner.", request)


def _not_found_problem(words: str, request: EnvironmentRequest) -> Problem | None:
    match = _NOT_FOUND.search(words)
    if not match:
        return None
    name = canonicalize_name(match["name"])
    asked = next((one for one in request.requirements if one.name == name and one.location), None)
    text = asked.text if asked else match["name"]
    pinned_by_tool = bool(asked and asked.location and asked.location.file.suffix in _EXPORTED)
    return _problem(name, *for_unknown(text, pinned_by_tool=pinned_by_tool), request)


def _no_version_match(words: str) -> re.Match[str] | None:
    reason = words.partition("\nhint:")[0]
    return _NO_VERSION.search(reason) if len(reason) <= _ONE_REASON else None


def _version_problem(words: str, request: EnvironmentRequest) -> Problem | None:
    match = _no_version_match(words)
    if not match:
        return None
    return _problem(match["name"], *for_no_version(match["package"]), request)


def _build_problem(words: str, request: EnvironmentRequest, offers: Mapping[str, Offer]) -> Problem | None:
    match = _BUILD.search(words)
    if not match:
        return None
    what = f"`{match['package']}` has no wheel, and its build ended with an error{said_by_build(words)}"
    meant, offer = _MEANT_BY_UV.search(words), offers.get(canonicalize_name(match["name"]), Offer())
    remedy = f"The details have its own words. Ask for a version that has a wheel. {OWN_WHEEL}"
    instead = meant["name"] if meant else offer.instead
    return _problem(match["name"], what, f"Did you mean `{instead}`?" if instead else remedy, request)


def package_of_build(words: str) -> tuple[str, str] | None:
    """The package whose build failed: its name, normalised, and how uv calls it; None when no build did."""
    match = _BUILD.search(words)
    return (canonicalize_name(match["name"]), match["package"]) if match else None


def said_by_build(words: str) -> str:
    """Its last error, else what it began with, as the end of a clause; nothing when it said nothing."""
    errors = _ERROR.findall(words) or _STDERR.findall(words)[:1]
    return f": {in_one_line(errors[-1], _LONGEST_LINE)}" if errors else ""


def _wheel_match(words: str) -> re.Match[str] | None:
    return next((found for pattern in _NO_WHEEL if (found := pattern.search(words))), None)


def _wheel_problem(
    words: str, request: EnvironmentRequest, target: Target, offers: Mapping[str, Offer]
) -> Problem | None:
    source = _NO_SOURCE.search(words)
    match = source or _wheel_match(words)
    if not match:
        return None
    named = {requirement.name for requirement in request.requirements if requirement.location}
    name, parent = canonicalize_name(match["name"]), _parent(match["name"], words)
    chain = "" if name in named or not parent else f", which `{parent}` depends on,"
    asked = next((one for one in _REQUIRED.findall(words) if canonicalize_name(one) in named), parent)
    lacks = f"neither a wheel for {target} nor a source package" if source else f"no wheel for {target}"
    subject = f"`{match['package']}`{chain}"
    told = for_offer(subject, name, offers.get(name, Offer()), parent if chain else "")
    compiled = not target.compiles and not source and _has_source(match["name"], words)
    return _problem(
        name if name in named else asked, *(told or _for_no_wheel(subject, lacks, compiled=compiled)), request
    )


def _for_no_wheel(subject: str, lacks: str, *, compiled: bool) -> Advice:
    other = f"Ask for a version that has one, or for another Python version. {OWN_WHEEL}"
    return Advice(
        f"{subject} has {lacks}", f"With `builder: docker` it is compiled. Or a{other[1:]}" if compiled else other
    )


def _has_source(name: str, words: str) -> bool:
    """Whether uv says that only its being told to take wheels keeps it from a source package."""
    given = rf"(?<![A-Za-z0-9_.-]){re.escape(name)}"
    return bool(
        re.search(rf"Wheels are required for `{re.escape(name)}|{given}\S* (?:has|have) no usable wheels", words)
    )


def _parent(name: str, words: str) -> str:
    """What asks for a package, as far as uv says so; empty when it is the user."""
    match = re.search(rf"{_PACKAGE} depends? on (?:one of:\s+)?{re.escape(name)}(?![A-Za-z0-9_-])", words)
    return match["package"] if match else ""


def _conflict_problem(words: str, request: EnvironmentRequest) -> Problem:
    names = list(dict.fromkeys(_REQUIRED.findall(words)))
    if names and (other := for_other_versions(words, names)):
        name, what, remedy = other
        return _problem(name, what, remedy, request)
    python = _NEEDS_PYTHON.search(words)
    if python:
        what = f"`{python['package']}` needs {python['python']}"
        return _problem(python["name"], what, "Ask for another version of it, or for another Python version.", request)
    if names:
        listed = ", ".join(f"`{name}`" for name in names)
        what = f"no versions fit together for these: {listed}"
        asked = {requirement.name for requirement in request.requirements if requirement.location}
        last = next((name for name in reversed(names) if canonicalize_name(name) in asked), "")
        return _problem(last, what, "Loosen one of them. The details say which excludes which.", request)
    return _problem("", f"uv says: {in_one_line(words, _LONGEST_LINE)}", "The details have its full message.", request)
