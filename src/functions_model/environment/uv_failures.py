"""What uv's refusals mean to the user, and which line of the environment file they are about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from functions_model.core.failures import EnvironmentFailed, Problem

if TYPE_CHECKING:
    from functions_model.environment.request import EnvironmentRequest

_DETAIL_LINES = 80
"""uv's reasoning can run to hundreds of lines; its last lines hold the conclusion and the hints."""
_ONE_REASON = 600
"""Characters. In a longer text a missing version is a step on the way to a conflict, not the reason itself."""
_PACKAGE = r"(?P<package>(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)[^\s`,]*)"
_NO_WHEEL = (
    re.compile(rf"(?:all versions of )?{_PACKAGE} (?:has|have) no (?:usable )?wheels"),
    re.compile(rf"Wheels are required for `{_PACKAGE}`"),
    re.compile(rf"only found wheels for `{_PACKAGE}`"),
)
_NOT_FOUND = re.compile(rf"{_PACKAGE} was not found in the (?:package registry|provided)")
_NO_VERSION = re.compile(rf"there (?:is|are) no versions? of {_PACKAGE}")
_NEEDS_PYTHON = re.compile(rf"{_PACKAGE} depends on (?P<python>Python\s*[<>=!~][^\s,]*(?:,[<>=!~][^\s,]*)*)")
_REQUIRED = re.compile(r"you require (?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)")
_FETCH = re.compile(r"Failed to fetch:? `?(?P<url>[^\s`]+)")
_HASH = re.compile(rf"[Hh]ash mismatch for `{_PACKAGE}`")


def explain(
    action: str, words: str, request: EnvironmentRequest, python_version: str, platform: str
) -> EnvironmentFailed:
    """The failure for uv's words: the package named, on its line, with what to do. All of the words are its detail."""
    problem = (
        _fetch_problem(words, request)
        or _hash_problem(words, request)
        or _not_found_problem(words, request)
        or _version_problem(words, request)
        or _wheel_problem(words, request, f"Python {python_version} on {platform}")
        or _conflict_problem(words, request)
    )
    failure = EnvironmentFailed(action, [problem])
    failure.detail = "\n".join(words.splitlines()[-_DETAIL_LINES:])
    return failure


def _problem(name: str, what: str, remedy: str, request: EnvironmentRequest) -> Problem:
    return Problem(what, remedy, "environment-file" if request.source else "", request.where(canonicalize_name(name)))


def _fetch_problem(words: str, request: EnvironmentRequest) -> Problem | None:
    match = _FETCH.search(words)
    if not match:
        return None
    if re.search(r"\b40[13]\b", words):
        return _problem("", f"`{match['url']}` refused the login", "Check the index's user name and password.", request)
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
    remedy = "Check its spelling. A private package needs its index: a line `--extra-index-url` in a requirements file."
    return _problem(match["name"], f"the index has no package `{match['name']}`", remedy, request)


def _version_problem(words: str, request: EnvironmentRequest) -> Problem | None:
    match = _NO_VERSION.search(words)
    if not match or len(words) > _ONE_REASON:
        return None
    return _problem(
        match["name"], f"the index has no version `{match['package']}`", "Ask for a version that exists.", request
    )


def _wheel_problem(words: str, request: EnvironmentRequest, target: str) -> Problem | None:
    match = next((found for pattern in _NO_WHEEL if (found := pattern.search(words))), None)
    if not match:
        return None
    asked = [name for name in _REQUIRED.findall(words) if request.where(canonicalize_name(name))]
    name = match["name"] if match["name"] in asked or not asked else asked[0]
    return _problem(
        name,
        f"`{match['package']}` has no wheel for {target}",
        "Ask for a version that has one, or for another Python version. Or build its wheel once in an earlier step"
        " (`pip wheel`), and name the wheel's folder with `--find-links` in a requirements file.",
        request,
    )


def _conflict_problem(words: str, request: EnvironmentRequest) -> Problem:
    names = list(dict.fromkeys(_REQUIRED.findall(words)))
    python = _NEEDS_PYTHON.search(words)
    if python:
        what = f"`{python['package']}` needs {python['python']}"
        return _problem(python["name"], what, "Ask for another version of it, or for another Python version.", request)
    if names:
        listed = ", ".join(f"`{name}`" for name in names)
        what = f"no versions fit together for what is asked: {listed}"
        asked = {requirement.name for requirement in request.requirements if requirement.location}
        last = next((name for name in reversed(names) if canonicalize_name(name) in asked), "")
        return _problem(last, what, "Loosen one of them. The details say which excludes which.", request)
    reason = " ".join(words.split())
    return _problem("", f"uv says: {reason[:400]}", "The details hold all that it says.", request)
