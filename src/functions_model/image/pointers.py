"""Files that only stand for others, which were not fetched: pointers of Git LFS, and what DVC keeps elsewhere."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from functions_model.core.yaml_nodes import NotYaml, compose, document_of
from functions_model.image.opened import opened, read_whole

_LFS = b"version https://git-lfs.github.com/spec/"
SMALL = 1024
"""Bytes. https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md: a pointer file is smaller than 1024 bytes."""
DVC = ".dvc"
"""https://dvc.org/doc/user-guide/project-structure/dvc-files: the ending of the file that `dvc add` leaves."""
_LARGEST_DVC = 1 << 20
"""Bytes of a file of DVC's that are read. A `.dvc` file has some hundred, `dvc.lock` some for each stage."""
LFS_REMEDY = "Fetch it with `git lfs pull`, or with `lfs: true` at actions/checkout."
DVC_REMEDY = "Fetch it with `dvc pull` in a step before this one."
"""Which of DVC's files stands for it is told with it: `dvc pull model/m.json.dvc` fetches that alone."""


@dataclass(frozen=True, slots=True)
class Pointer:
    """A file that is not here, and what stands for it.

    Attributes:
        file: What stands for it: its own place for Git LFS, a file of DVC's else.
        stands_for: Where it belongs.
        by_dvc: It is kept by DVC, not by Git LFS.
    """

    file: Path
    stands_for: Path
    by_dvc: bool = False

    @property
    def what(self) -> str:
        """What is wrong, a clause."""
        name = self.stands_for.name
        if self.by_dvc:
            return f"`{name}` is kept by DVC (`{self.file.name}`) and was not fetched"
        return f"`{name}` is a Git LFS pointer, not the file itself"

    @property
    def remedy(self) -> str:
        """What to do, a sentence."""
        return DVC_REMEDY if self.by_dvc else LFS_REMEDY


def may_point(file: str, length: int) -> bool:
    """Whether a file can stand for others, by its name and its bytes: a model may have 100,000 files."""
    return length < SMALL or (file.endswith(DVC) and length <= _LARGEST_DVC)


def pointers_of(file: Path, length: int) -> tuple[Pointer, ...]:
    """What a file stands for; nothing when it stands for itself, or for something that is there.

    Args:
        file: A file, not a folder.
        length: Its bytes.

    Raises:
        OSError: It cannot be read.
    """
    if file.suffix == DVC and length <= _LARGEST_DVC:
        return tuple(
            Pointer(file, place, by_dvc=True) for place in _outs(_document(file), file.parent) if _lacks(place)
        )
    return (Pointer(file, file),) if length < SMALL and _starts_like_a_pointer(file) else ()


def kept_by_dvc(missing: Path, within: Path) -> Pointer | None:
    """The file of DVC's that stands for a path that is not there; None when none does.

    Args:
        missing: Absolute, below `within`.
        within: The folder that the search goes up to.
    """
    places = (missing, *missing.parents)
    for place in places[: places.index(within)] if within in places else ():
        for file in (place.with_name(place.name + DVC), place.parent / "dvc.lock"):
            if file.is_file() and any(missing.is_relative_to(out) for out in _outs_in(file)):
                return Pointer(file, missing, by_dvc=True)
    return None


def _starts_like_a_pointer(file: Path) -> bool:
    with opened(file) as stream:
        return stream.read(len(_LFS)) == _LFS


def _lacks(place: Path) -> bool:
    """Whether nothing is at a place: not even an empty folder, as a checkout has none."""
    return not os.path.lexists(place)


def _outs_in(file: Path) -> Iterator[Path]:
    """What a `.dvc` file, or a `dvc.lock` with its stages, says that DVC keeps."""
    document = _document(file)
    if file.suffix == DVC:
        yield from _outs(document, file.parent)
        return
    folders = _mapping(_mapping(_document(file.with_suffix(".yaml"))).get("stages"))
    for name, stage in _mapping(_mapping(document).get("stages")).items():
        folder = str(_mapping(folders.get(str(name).partition("@")[0])).get("wdir") or ".")
        yield from _outs(stage, file.parent / folder)


def _outs(document: object, folder: Path) -> Iterator[Path]:
    """The places of what is kept, absolute if `folder` is.

    https://dvc.org/doc/user-guide/project-structure/dvc-files: `path` is relative to `wdir`, which is the file's own
    folder by default; with `cache: false` it is in Git, and no business of DVC's.
    """
    whole = _mapping(document)
    outs = whole.get("outs")
    for out in outs if isinstance(outs, list) else ():
        path = _mapping(out).get("path")
        if isinstance(path, str) and "://" not in path and _mapping(out).get("cache") is not False:
            yield Path(os.path.normpath(folder / str(whole.get("wdir") or ".") / path))


def _document(file: Path) -> object:
    """What a file of DVC's says; nothing where it is not there, or no YAML."""
    try:
        return document_of(compose(read_whole(file, _LARGEST_DVC)))
    except (OSError, NotYaml):
        return None


def _mapping(value: object) -> dict[Any, Any]:
    return value if isinstance(value, dict) else {}
