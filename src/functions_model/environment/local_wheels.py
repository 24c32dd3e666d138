"""Wheels that lie in the repository and are asked for by their path: by name, version and hash from then on."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion

from functions_model.core.failures import Location
from functions_model.environment.request import Draft
from functions_model.environment.requirement_options import inside_path
from functions_model.image.opened import opened, remedy_for

_PATH = re.compile(
    r"(?:[A-Za-z0-9._-]+\s*(?:\[[^\]]*\]\s*)?@\s*)?(?!file:)(?P<path>[^@;\[\]]+\.whl)(?P<extras>\[[^\]]*\])?\s*(?P<marker>;.*)?"
)


class LocalWheel(NamedTuple):
    """What asks for a wheel in the repository: a requirement, and the hash of its file, `sha256:...`."""

    requirement: str
    sha256: str


def names_wheel(text: str) -> bool:
    """Whether a requirement is the path of a wheel."""
    return "://" not in text and _PATH.fullmatch(text) is not None


def read_local_wheel(text: str, location: Location, draft: Draft) -> LocalWheel | None:
    """The requirement that stands for a wheel's path, with the wheel's folder among those to look in; or its problem.

    Args:
        text: The path, with extras and a marker behind it where there are some. As pip has it, it is relative to the
            folder in which pip is called; so it is looked for beside the file, and from the workspace.
        location: Where it stands.
        draft: Has the workspace, and takes the folder, or the problem.
    """
    match = _PATH.fullmatch(text)
    path = _found(match["path"].strip().replace("\\", "/"), location, draft) if match else None
    if match is None or path is None:
        return None
    try:
        name, version, _, _ = parse_wheel_filename(path.name)
    except (InvalidWheelFilename, InvalidVersion) as error:
        draft.refuse(location, f"`{path.name}` is not the name of a wheel ({error})", "Do not rename wheels.")
        return None
    links = (*draft.indexes.find_links, *({path.parent} - set(draft.indexes.find_links)))
    draft.indexes = replace(draft.indexes, find_links=links, root=draft.root)
    requirement = f"{name}{match['extras'] or ''}=={version}{match['marker'] or ''}"
    try:
        with opened(path) as stream:
            return LocalWheel(requirement, f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}")
    except OSError as error:
        draft.refuse(location, f"`{path.name}` cannot be read: {error.strerror}", remedy_for(error))
        return None


def _found(value: str, location: Location, draft: Draft) -> Path | None:
    from_root = str(draft.root / value) if draft.root else ""
    beside = os.path.isfile(location.file.parent / value)  # noqa: PTH113 - a path's own question fails for a long one
    whole = from_root if from_root and not beside and os.path.isfile(from_root) else value  # noqa: PTH113 - as above
    return inside_path(whole, location, draft)
