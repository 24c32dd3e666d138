"""What installed packages say of themselves: version, size, what they need, and what they are for.

https://packaging.python.org/en/latest/specifications/recording-installed-packages/ has the files.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping
from email.message import Message
from email.parser import BytesHeaderParser
from pathlib import Path

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from functions_model.image.files import TreeFile
from functions_model.image.opened import read_whole
from functions_model.preflight.inventory import DEVELOPMENT, GPU, Distribution

_FOLDER = re.compile(r"(?P<name>[^/-]+)-(?P<version>[^/-]+)(?:-[^/]*)?\.(?:dist-info|egg-info)(?=/|$)")
_IMPORTED = re.compile(r"^(?!\.\.)[^/]+?(?<!-info)(/.*)?\.(py|so)$")
_FOR_DEVELOPMENT = (
    "Framework :: IPython",
    "Framework :: Jupyter",
    "Framework :: Pytest",
    "Topic :: Software Development :: Debuggers",
    "Topic :: Software Development :: Quality Assurance",
    "Topic :: Software Development :: Testing",
)
"""The beginnings of the classifiers that such a package gives itself: the list of trove classifiers has them."""
_LONGEST = 10_000
"""Characters of one line about what a package needs."""
_GPU_FILES = "nvidia/"
"""Where NVIDIA's own wheels put their libraries; seen in nvidia-nccl-cu13 2.28."""


_MOST = 16 << 20
"""Bytes of a file of a package's description. The record of 50,000 files has 8 MiB."""


def distributions_in(found: Mapping[str, TreeFile], python: str) -> tuple[Distribution, ...]:
    """The packages of a `site-packages`, by name.

    Args:
        found: Its files, POSIX, relative to it.
        python: The minor that they are for.
    """
    folders = {match[0]: match for path in found if (match := _FOLDER.match(path))}
    made = (_distribution(match, found, python) for match in folders.values())
    return tuple(sorted(set(made), key=lambda one: (one.name, one.version)))


def content_of(file: TreeFile | None) -> bytes | None:
    """What stands in a file; None for a link: what it leads to is not looked at."""
    if file is None or not isinstance(file.content, bytes | Path):
        return None
    return file.content if isinstance(file.content, bytes) else read_whole(file.content, _MOST)


def _distribution(folder: re.Match[str], found: Mapping[str, TreeFile], python: str) -> Distribution:
    recorded = (content_of(found.get(f"{folder[0]}/RECORD")) or b"").decode(errors="replace")
    paths = _paths(recorded)
    files = [found[path] for path in paths if path in found]
    told = BytesHeaderParser().parsebytes(content_of(found.get(f"{folder[0]}/METADATA")) or b"")
    return Distribution(
        name=canonicalize_name(folder["name"]),
        version=folder["version"],
        size=sum(file.size for file in files),
        requires=_requires(told, python),
        kinds=frozenset(_kinds(told, paths)),
        modules=tuple(sorted({path.split("/")[0].partition(".")[0] for path in paths if _IMPORTED.search(path)})),
    )


def _paths(recorded: str) -> set[str]:
    """What a RECORD lists; nothing where it cannot be read: packages write it themselves."""
    try:
        return {row[0] for row in csv.reader(recorded.splitlines()) if row}
    except csv.Error:
        return set()


def _requires(told: Message, python: str) -> tuple[str, ...]:
    linux = {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "platform_machine": "x86_64",
        "os_name": "posix",
        "extra": "",
    }
    needed = set()
    for line in told.get_all("Requires-Dist", []):
        try:
            asked = Requirement(str(line)[:_LONGEST])
            holds = asked.marker is None or asked.marker.evaluate(linux)
        except (InvalidRequirement, UndefinedComparison, UndefinedEnvironmentName, RecursionError):
            continue
        if holds:
            needed.add(canonicalize_name(asked.name))
    return tuple(sorted(needed))


def _kinds(told: Message, paths: Iterable[str]) -> Iterable[str]:
    if any(str(one).startswith(_FOR_DEVELOPMENT) for one in told.get_all("Classifier", [])):
        yield DEVELOPMENT
    if any(path.startswith(_GPU_FILES) for path in paths):
        yield GPU
