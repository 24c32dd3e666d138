"""`requirements.txt`, as pip reads it: https://pip.pypa.io/en/stable/reference/requirements-file-format/."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

import yaml
from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as ParsedRequirement
from packaging.utils import canonicalize_name

from functions_model.core.failures import Location
from functions_model.core.yaml_nodes import is_empty, place
from functions_model.environment.addresses import is_readable
from functions_model.environment.local_wheels import names_wheel, read_local_wheel
from functions_model.environment.request import Draft, Requirement
from functions_model.environment.requirement_options import for_option_behind, read_option
from functions_model.environment.ways_out import LEFT_OUT, OWN_CODE, for_file, for_unreadable, name_and_version
from functions_model.image import opened

_OPTION = re.compile(r"\s(?P<name>--[a-z][a-z-]*|-[a-z])(?:(?:=|\s+)(?P<value>(?!-)\S+)|(?=\s|$))")
_HASH = re.compile(r"sha(?:256:[0-9a-f]{64}|384:[0-9a-f]{96}|512:[0-9a-f]{128})")
_VERSION_CONTROL = re.compile(r"(?:^|@\s*)(?:git|hg|svn|bzr)\+", re.IGNORECASE)
_LOCAL = re.compile(r"^[./~\\]|^[A-Za-z]:[\\/]|^file:|@\s*file:|\\|^[^@;\s]*/|\.(?:whl|zip|tar\.gz|tar\.bz2)$")
_WHEEL_FOLDER = "Put the wheel into a folder, name the folder with `--find-links <folder>`, and ask for it by name."


def read_requirement(line: str, location: Location, draft: Draft, *, as_constraints: bool) -> None:
    """Add one requirement, or its problem."""
    text, options = _OPTION.sub("", line).strip(), _OPTION.findall(line)
    wheel = read_local_wheel(text, location, draft) if names_wheel(text) else None
    if wheel is None and names_wheel(text):
        return
    text = wheel.requirement if wheel else text
    refusal = _place_refusal(text) or _option_refusal(options)
    if refusal:
        draft.refuse(location, *refusal)
        return
    try:
        parsed = ParsedRequirement(text)
        written = str(parsed)
    except (InvalidRequirement, RecursionError) as error:
        deep = isinstance(error, RecursionError)
        reason = "it is nested too deeply" if deep else str(error).splitlines()[0].rstrip(".:")
        draft.refuse(location, *for_unreadable(text, reason))
        return
    refusal = _url_refusal(parsed)
    if refusal:
        draft.refuse(location, *refusal)
        return
    if why := LEFT_OUT.get(name_and_version(text)):
        draft.warnings.append(f"`{text}` ({location.file.name}:{location.line}) is left out: {why}.")
        return
    hashes = tuple(value for _, value in options) or ((wheel.sha256,) if wheel else ())
    requirement = Requirement(canonicalize_name(parsed.name), written, hashes, location)
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
                f"`{other.name}` is listed twice: `{requirement.text}`, and `{other.text}` at {other.location}",
                "Keep one of the two.",
            )
            return
    draft.requirements.append(requirement)


def _collides(one: Requirement, two: Requirement) -> bool:
    return one.name == two.name and str(ParsedRequirement(one.text).marker) == str(ParsedRequirement(two.text).marker)


def _place_refusal(text: str) -> tuple[str, str] | None:
    """A requirement that is a place rather than a name."""
    if "${" in text:
        return ("it contains a variable, and its value would appear in the lock", "Use variables in options only.")
    if _VERSION_CONTROL.search(text):
        what = f"`{_without_login(text)}` would have to be built from its repository, and only wheels are installed"
        return what, f"Build its wheel in an earlier step. {_WHEEL_FOLDER}"
    if re.match(r"https?://", text):
        return f"`{_without_login(text)}` does not say which package it is", "Write it as `name @ https://...whl`."
    if "://" not in text and _LOCAL.search(text.partition(";")[0].strip()):
        return f"`{text}` is a path to something other than a wheel", OWN_CODE
    return None


def _option_refusal(options: list[tuple[str, str]]) -> tuple[str, str] | None:
    for name, value in options:
        if name != "--hash":
            return for_option_behind(name)
        if not _HASH.fullmatch(value):
            return f"`{value}` is not a hash", "Write it as `--hash=sha256:` and 64 hex digits."
    return None


def _url_refusal(parsed: ParsedRequirement) -> tuple[str, str] | None:
    if parsed.url is None:
        return None
    if not is_readable(parsed.url):
        return f"the URL of `{parsed.name}` is none", "Write it as `https://host/path/file.whl`."
    return _parts_refusal(parsed.name, urlsplit(parsed.url))


def _parts_refusal(name: str, parts: SplitResult) -> tuple[str, str] | None:
    if parts.scheme == "file":
        return for_file(name, unquote(parts.path))
    if parts.scheme not in {"https", "http"}:
        return f"`{name}` comes from a `{parts.scheme or 'local'}` place, which cannot be fetched", _WHEEL_FOLDER
    if parts.username or parts.password or parts.query:
        what = f"the URL of `{name}` contains a login or a query, which would appear in the lock"
        return what, "Name an index with `--extra-index-url`, whose login stays secret."
    if not parts.path.endswith(".whl"):
        return f"the URL of `{name}` is not a wheel's, and only wheels are installed", "Name a `.whl` file."
    return None


def _without_login(text: str) -> str:
    return re.sub(r"//[^/@\s]*@", "//***@", text)


_MANY_BLANKS = re.compile(r"\s{100,}")
"""Nobody writes them, and patterns that look for what stands around blanks try each of them."""
_COMMENT = re.compile(r"(?:^|(?<!\s)\s+)#.*$")
"""From the first blank of those before it: begun at each of them, a line of blanks took minutes."""


def read_requirements(path: Path, draft: Draft, *, as_constraints: bool = False) -> None:
    """Add what a requirements file, and every file that it includes, asks for.

    Args:
        path: The file, absolute.
        draft: What is added to, problems included.
        as_constraints: Whether the lines limit packages instead of asking for them (`-c`).
    """
    if path in draft.open_files:
        draft.refuse(Location(path), "the file includes itself", "Remove the circle of `-r` or `-c` lines.")
        return
    text = read_text(path, draft)
    if text is None:
        return
    draft.open_files.append(path)
    for number, line in logical_lines(text):
        read_line(line, Location(path, number), draft, as_constraints=as_constraints)
    draft.open_files.pop()


def read_line(line: str, location: Location, draft: Draft, *, as_constraints: bool = False) -> None:
    """Add what one logical line asks for: an option or a requirement."""
    line = _MANY_BLANKS.sub(" ", line)
    if not line.startswith("-"):
        read_requirement(line, location, draft, as_constraints=as_constraints)
        return
    if include := read_option(line, location, draft):
        path, limits = include
        read_requirements(path, draft, as_constraints=as_constraints or limits)


def read_list(node: yaml.Node, where: Location, draft: Draft, *, name: str, entry: str, remedy: str) -> None:
    """Add what each line of a list in YAML asks for, or its problem.

    Args:
        node: The list.
        where: The line of its key.
        draft: What is added to, problems included.
        name: The key.
        entry: What an entry is, as the message begins: "a dependency".
        remedy: What to do about an entry that is not text.
    """
    if not isinstance(node, yaml.SequenceNode):
        draft.refuse(where, f"`{name}` is not a list", "Write one requirement on each line, after `- `.")
        return
    for one in node.value:
        line = place(where.file, one)
        if isinstance(one, yaml.ScalarNode) and not is_empty(one):
            read_line(one.value.strip(), line, draft)
        else:
            draft.refuse(line, f"{entry} is not text", remedy)


def read_text(path: Path, draft: Draft) -> str | None:
    """A file's text; None, and a problem noted, where it has none."""
    try:
        return opened.read_text(path)
    except opened.TextRefused as error:
        draft.refuse(Location(path, error.line), error.what, error.remedy)
        return None


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """Lines with their continuations joined and comments gone, each with the number of its first physical line."""
    start, parts = 0, []
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        start = start or number
        is_comment = line.lstrip().startswith("#")
        continues = line.endswith("\\") and not is_comment and number < len(lines)
        parts.append(line[:-1] if continues else line)
        if continues:
            continue
        joined = _COMMENT.sub("", "".join(parts)).strip()
        if joined:
            yield start, joined
        start, parts = 0, []
