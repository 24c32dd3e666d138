"""One requirement: a package by name, or a wheel by its URL."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as ParsedRequirement
from packaging.utils import canonicalize_name

from functions_model.environment.request import Requirement

if TYPE_CHECKING:
    from functions_model.core.failures import Location
    from functions_model.environment.request import Draft

_OPTION = re.compile(r"\s--(?P<name>[a-z-]+)(?:=|\s+)(?P<value>\S+)")
_HASH = re.compile(r"sha(?:256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})")
_VERSION_CONTROL = re.compile(r"(?:^|@\s*)(?:git|hg|svn|bzr)\+", re.IGNORECASE)
_LOCAL = re.compile(r"^[./~\\]|^[A-Za-z]:[\\/]|^file:|@\s*file:|\\|^[^@;\s]*/|\.(?:whl|zip|tar\.gz|tar\.bz2)$")
_WHEEL_FOLDER = "Put the wheel into a folder, name the folder with `--find-links <folder>`, and ask for it by name."


def read_requirement(line: str, location: Location, draft: Draft, *, as_constraints: bool) -> None:
    """Add one requirement, or its problem."""
    text, options = _OPTION.sub("", line).strip(), _OPTION.findall(line)
    refusal = _place_refusal(text) or _option_refusal(options)
    if refusal:
        draft.refuse(location, *refusal)
        return
    try:
        parsed = ParsedRequirement(text)
    except InvalidRequirement as error:
        reason = str(error).splitlines()[0].rstrip(".:")
        draft.refuse(
            location, f"`{text}` is not a requirement ({reason})", "Write it as `name`, `name==1.2` or `name>=1,<2`."
        )
        return
    refusal = _url_refusal(parsed)
    if refusal:
        draft.refuse(location, *refusal)
        return
    hashes = tuple(value for _, value in options)
    requirement = Requirement(canonicalize_name(parsed.name), str(parsed), hashes, location)
    if as_constraints:
        draft.constraints.append(requirement)
    else:
        add_requirement(requirement, location, draft)


def add_requirement(requirement: Requirement, location: Location, draft: Draft) -> None:
    """Add it, unless it is there already. The same package in other words, under the same marker, is a problem."""
    for other in draft.requirements:
        if (other.name, other.text, other.hashes) == (requirement.name, requirement.text, requirement.hashes):
            return
        if _collides(other, requirement):
            draft.refuse(
                location,
                f"`{other.name}` is asked for twice: `{requirement.text}`, and `{other.text}` at {other.location}",
                "Keep one of the two.",
            )
            return
    draft.requirements.append(requirement)


def _collides(one: Requirement, two: Requirement) -> bool:
    return one.name == two.name and str(ParsedRequirement(one.text).marker) == str(ParsedRequirement(two.text).marker)


def _place_refusal(text: str) -> tuple[str, str] | None:
    """A requirement that is a place rather than a name."""
    if "${" in text:
        return (
            "it holds a variable, and its value would be seen in the lock",
            "Use variables in options only.",
        )
    if _VERSION_CONTROL.search(text):
        return (
            f"`{_without_login(text)}` would have to be built from its repository, and only wheels are installed",
            f"Build its wheel in an earlier step. {_WHEEL_FOLDER}",
        )
    if re.match(r"https?://", text):
        return f"`{_without_login(text)}` does not say which package it is", "Write it as `name @ https://...whl`."
    if "://" not in text and _LOCAL.search(text.partition(";")[0].strip()):
        return f"`{text}` is a path, and the lock must hold on every machine", _WHEEL_FOLDER
    return None


def _option_refusal(options: list[tuple[str, str]]) -> tuple[str, str] | None:
    for name, value in options:
        if name != "hash":
            return f"the option `--{name}` has no effect on wheels", "Remove it."
        if not _HASH.fullmatch(value):
            return f"`{value}` is not a hash", "Write it as `--hash=sha256:` and 64 hex digits."
    return None


def _url_refusal(parsed: ParsedRequirement) -> tuple[str, str] | None:
    if parsed.url is None:
        return None
    parts = urlsplit(parsed.url)
    if parts.scheme not in {"https", "http"}:
        return f"`{parsed.name}` comes from a `{parts.scheme or 'local'}` place, which cannot be fetched", _WHEEL_FOLDER
    if parts.username or parts.password or parts.query:
        return (
            f"the URL of `{parsed.name}` holds a login or a query, which would be seen in the lock",
            "Name an index with `--extra-index-url`, whose login stays secret.",
        )
    if not parts.path.endswith(".whl"):
        return f"the URL of `{parsed.name}` is not a wheel's, and only wheels are installed", "Name a `.whl` file."
    return None


def _without_login(text: str) -> str:
    return re.sub(r"//[^/@\s]*@", "//***@", text)
