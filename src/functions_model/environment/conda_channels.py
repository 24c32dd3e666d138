"""The channels of a conda file: names of public ones, URLs, and folders."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import yaml

from functions_model.core.secrets import Secret
from functions_model.core.yaml_nodes import is_empty, place
from functions_model.environment.request import CondaChannel
from functions_model.environment.requirement_options import VARIABLE, inside_path

if TYPE_CHECKING:
    from functions_model.core.failures import Location
    from functions_model.environment.request import Draft

_PUBLIC = frozenset(
    ("conda-forge", "defaults", "nodefaults", "main", "r", "free", "anaconda", "pytorch", "nvidia", "bioconda")
)
"""Channels whose packages hold the same releases as the wheels of those names."""
_MEANS = {"defaults": ("main", "r"), "nodefaults": ()}
"""What a name stands for, when it is not a channel itself."""
_DEFAULT = CondaChannel("conda-forge", "conda-forge")
_TOKEN = re.compile(r"^/t/[^/]+")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9._-]+)*")


def read_channels(node: yaml.Node | None, path: Path, draft: Draft) -> list[tuple[CondaChannel, Location]]:
    """The channels in the file's order, each with its line; none when none is named. Problems go to the draft.

    Args:
        node: The value of `channels`; None when there is none.
        path: The file; folders are relative to the one that it lies in.
        draft: What problems are added to.
    """
    entries = node.value if isinstance(node, yaml.SequenceNode) else [node] if node and not is_empty(node) else []
    found = []
    for entry in entries:
        where = place(path, entry)
        if not isinstance(entry, yaml.ScalarNode) or is_empty(entry):
            draft.refuse(where, "a channel is not text", "Write its name or its URL.")
        else:
            found += [(channel, where) for channel in _read(entry.value.strip(), where, draft)]
    return found


def channels_for(found: list[tuple[CondaChannel, Location]]) -> list[CondaChannel]:
    """The channels to ask, each under a name of its own; conda-forge when the file names none."""
    channels: list[CondaChannel] = []
    for channel, _ in found:
        if channel.location not in [other.location for other in channels]:
            taken = [other.name for other in channels]
            channels.append(CondaChannel(_free(channel.name, taken), channel.location))
    return channels or [_DEFAULT]


def is_public(channel: CondaChannel) -> bool:
    """Whether it is a well-known channel, or a mirror of one by its name."""
    return not isinstance(channel.location, Path) and is_public_name(channel.name)


def is_public_name(name: str) -> bool:
    """Whether a channel's name, as a package may have it in front, is a well-known one's."""
    return name.removeprefix("pkgs/").partition("/")[0] in _PUBLIC


def _read(text: str, where: Location, draft: Draft) -> list[CondaChannel]:
    unset = [name for name in VARIABLE.findall(text) if not draft.environ.get(name)]
    if unset:
        listed = ", ".join(f"`{name}`" for name in unset)
        draft.refuse(where, f"the channel needs {listed}, which is not set", "Set it for this step (`env:`).")
        return []
    filled = VARIABLE.sub(lambda match: draft.environ[match[1]], text)
    if filled.startswith("file:"):
        return _folder(unquote(urlsplit(filled).path), where, draft)
    if "://" in filled:
        return _url(filled, where, draft)
    if filled.startswith((".", "/", "~")):
        return _folder(filled, where, draft)
    if not _NAME.fullmatch(filled):
        draft.refuse(where, "the channel is neither a name nor a URL", "Write `conda-forge`, or `https://host/path`.")
        return []
    return [CondaChannel(name, name) for name in _MEANS.get(filled, (filled,))]


def _folder(text: str, where: Location, draft: Draft) -> list[CondaChannel]:
    folder = inside_path(text, where, draft)
    return [CondaChannel(folder.name, folder)] if folder else []


def _url(text: str, where: Location, draft: Draft) -> list[CondaChannel]:
    """A channel by its URL. It may hold a token, so no message shows it."""
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"https", "http", "oci", "s3"} and bool(parts.hostname) and not re.search(r"\s", text)
    except ValueError:
        good = False
    if not good:
        draft.refuse(where, "the channel's URL is not an http or https URL", "Write it as `https://host/path`.")
        return []
    name = _TOKEN.sub("", parts.path).strip("/")
    return [CondaChannel(re.sub(r"[^A-Za-z0-9._/-]", "_", name) or "channel", Secret(text.rstrip("/")))]


def _free(name: str, taken: list[str]) -> str:
    """The name, with a number behind it when another channel has it."""
    if name not in taken:
        return name
    return next(numbered for number in range(2, len(taken) + 3) if (numbered := f"{name}-{number}") not in taken)
