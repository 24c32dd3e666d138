"""The options that a requirements file may hold."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Container
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from functions_model.core.failures import Location
from functions_model.core.secrets import Secret
from functions_model.environment.request import Draft
from functions_model.environment.ways_out import OWN_CODE, Advice
from functions_model.image.opened import in_print

if TYPE_CHECKING:
    Reader: TypeAlias = Callable[[str, Location, Draft], None]

_LONG_NAMES = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-i": "--index-url",
    "-f": "--find-links",
    "-e": "--editable",
    "--pypi-url": "--index-url",
}
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
"""What pip takes for a variable in a requirements file."""
_REFUSED = {
    "--editable": Advice("a package under development cannot be linked into an image", OWN_CODE),
    "--no-binary": Advice("only wheels are installed", "Remove it."),
    "--use-feature": Advice("it belongs to pip, and pip is not used", "Remove it."),
    "--global-option": Advice("it has no effect on wheels", "Remove it."),
    "--config-settings": Advice("it has no effect on wheels", "Remove it."),
}
_OF_ONE_REQUIREMENT = frozenset({"--global-option", "--config-settings", "--config-setting"})
"""Options that pip takes behind a requirement, beside hashes."""
_ALREADY_SO = frozenset({"--prefer-binary", "--require-hashes"})
"""Options that ask for what is done anyway: wheels only, and every hash of the lock checked."""


def read_option(line: str, location: Location, draft: Draft) -> tuple[Path, bool] | None:
    """Add what an option says, or its problem. A file to read is given back, and whether its lines are constraints."""
    try:
        words = shlex.split(line)
    except ValueError:
        draft.refuse(location, "a quote is not closed", "Close it.")
        return None
    name, value, rest = _split(words)
    if rest:
        draft.refuse(location, f"more follows after the option `{name}`", "Put one option on each line.")
    elif name in _REFUSED:
        why, remedy = _REFUSED[name]
        draft.refuse(location, f"the option `{name}` cannot be followed: {why}", remedy)
    elif name in {"--no-index", "--pre", "--only-binary", *_ALREADY_SO}:
        no_index, prereleases = name == "--no-index", name == "--pre"
        before = draft.indexes
        draft.indexes = replace(
            before, no_index=before.no_index or no_index, prereleases=before.prereleases or prereleases
        )
    elif name in {"--requirement", "--constraint"}:
        return _include(name, value, location, draft)
    elif reader := _READERS.get(name):
        _read_value(name, value, location, draft, reader)
    else:
        draft.refuse(location, f"there is no option `{name}`", "Remove it, or correct its name.")
    return None


def for_option_behind(option: str) -> Advice:
    """About an option that stands behind a requirement, on the same line."""
    name = _LONG_NAMES.get(option, option)
    if name in _OF_ONE_REQUIREMENT:
        return Advice(f"the option `{option}` has no effect on wheels", "Remove it.")
    if name not in {*_READERS, *_ALREADY_SO, "--no-index", "--pre", "--only-binary"}:
        return Advice(f"the option `{option}` does not belong behind a requirement", "Remove it.")
    remedy = f"Write `{option}`, with its value where it has one, on a line of its own."
    return Advice(f"the option `{option}` stands behind a requirement, where pip does not read it", remedy)


def _split(words: list[str]) -> tuple[str, str, list[str]]:
    """The option's long name, its value, and words too many: `-rfile`, `-r file`, `--requirement=file`."""
    first, *rest = words
    if first.startswith("--"):
        name, given, value = first.partition("=")
    else:
        name, value = first[:2], first[2:].removeprefix("=")
        given = value
    if not given and rest:
        value, *rest = rest
    return _LONG_NAMES.get(name, name), value, rest


def _include(name: str, value: str, location: Location, draft: Draft) -> tuple[Path, bool] | None:
    if not value:
        draft.refuse(location, f"the option `{name}` has no value", "Name a file.")
        return None
    if "://" in value:
        draft.refuse(location, "a requirements file cannot be read from a URL", "Put the file into the repository.")
        return None
    path = inside_path(value, location, draft)
    return (path, name == "--constraint") if path else None


def inside_path(value: str, location: Location, draft: Draft) -> Path | None:
    """A path beside the file that names it, as an existing one inside `draft.root`; its problem otherwise."""
    try:
        path = (location.file.parent / value).resolve()
        is_there = path.exists()
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: a circle of links, before Python 3.13
        why = error.strerror if isinstance(error, OSError) else "it is no path, or leads in a circle of links"
        draft.refuse(location, f"`{in_print(value)}` cannot be looked at: {why}", "Correct the path.")
        return None
    if draft.root and not path.is_relative_to(draft.root.resolve()):
        draft.refuse(location, f"`{value}` leads to `{path}`, outside `{draft.root}`", "Copy it into the workspace.")
        return None
    if not is_there:
        draft.refuse(location, f"`{value}` does not exist next to `{location.file.name}`", "Correct the path.")
        return None
    return path


def _read_value(name: str, value: str, location: Location, draft: Draft, reader: Reader) -> None:
    if not value:
        draft.refuse(location, f"the option `{name}` has no value", "Give one, or remove the line.")
        return
    if (whole := filled(value, f"the option `{name}`", location, draft)) is not None:
        reader(whole, location, draft)


def filled(text: str, what: str, location: Location, draft: Draft) -> str | None:
    """The text with the values of its variables; None, and a problem, when one is not set.

    Args:
        text: May hold `${NAME}`.
        what: What needs the variables, as the message begins.
        location: Where it stands.
        draft: Has the variables, and takes the problem.
    """
    if unset := sorted({variable for variable in _VARIABLE.findall(text) if not draft.environ.get(variable)}):
        names = ", ".join(f"`{variable}`" for variable in unset)
        draft.refuse(location, f"{what} needs {names}, which is not set", "Set it for this step (`env:`).")
        return None
    return _VARIABLE.sub(lambda match: draft.environ[match[1]], text)


def _index_url(value: str, location: Location, draft: Draft) -> None:
    if url := _url(value, location, draft):
        draft.indexes = replace(draft.indexes, index=url)


def _extra_index_url(value: str, location: Location, draft: Draft) -> None:
    if url := _url(value, location, draft):
        draft.indexes = replace(draft.indexes, extra=(*draft.indexes.extra, url))


def _find_links(value: str, location: Location, draft: Draft) -> None:
    read = _url if "://" in value else inside_path
    place = read(value, location, draft)
    if isinstance(place, Path) and (led := links_out(place, draft.root)):
        draft.refuse(location, f"`{led[0]}` leads to `{led[1]}`, outside `{draft.root}`", "Copy it into the workspace.")
    elif place:
        draft.indexes = replace(draft.indexes, find_links=(*draft.indexes.find_links, place), root=draft.root)


def links_out(folder: Path, root: Path | None) -> tuple[str, Path] | None:
    """The first entry of a folder with packages that leads out of a root, and where to; None when none does."""
    if root is None or not folder.is_dir():
        return None
    for path in sorted(folder.iterdir()):
        try:
            real = path.resolve()
        except (OSError, RuntimeError):  # a circle of links leads nowhere
            continue
        if not real.is_relative_to(root.resolve()):
            return in_print(path.name), real
    return None


def _trusted_host(value: str, location: Location, draft: Draft) -> None:
    if re.fullmatch(r"[A-Za-z0-9.\-\[\]]+(?::[0-9]+)?", value):
        draft.indexes = replace(draft.indexes, trusted_hosts=(*draft.indexes.trusted_hosts, value))
    else:
        draft.refuse(location, "`--trusted-host` takes a host, with a port where there is one", "Leave the rest out.")


def _url(value: str, location: Location, draft: Draft) -> Secret | None:
    """A URL that uv takes. Its text may hold a password, so no message shows it."""
    if not is_url(value, {"http", "https"}):
        draft.refuse(location, "the index's URL is not an http or https URL", "Write it as `https://host/path`.")
        return None
    return Secret(value)


def is_url(text: str, schemes: Container[str]) -> bool:
    """Whether a text is a URL of one of these schemes, with a host and without blanks."""
    try:
        parts = urlsplit(text)
        return parts.scheme in schemes and bool(parts.hostname) and not re.search(r"\s", text)
    except ValueError:
        return False


_READERS: dict[str, Reader] = {
    "--index-url": _index_url,
    "--extra-index-url": _extra_index_url,
    "--find-links": _find_links,
    "--trusted-host": _trusted_host,
}
