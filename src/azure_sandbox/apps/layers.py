"""Image layers unpacked into a folder: whiteouts are obeyed, nothing is written outside."""

from __future__ import annotations

import os
import shutil
import tarfile
from pathlib import Path, PurePosixPath

_WHITEOUT = ".wh."
_OPAQUE = ".wh..wh..opq"


class LayerRefused(Exception):
    """A layer holds a path that leaves the image, or is packed in a way that cannot be read."""


def unpack(layer: Path, root: Path) -> None:
    """Apply one layer, gzip or plain tar, on top of what is in the folder. Owners and devices are left out.

    Raises:
        LayerRefused: A path in it leaves the folder, or it is no tar.
    """
    added: set[str] = set()
    try:
        with tarfile.open(layer) as tar:
            for member in tar:
                _apply(tar, member, root, added)
    except tarfile.TarError as error:
        message = f"layer {layer.name[:12]} cannot be unpacked: {error}"
        raise LayerRefused(message) from error


def _apply(tar: tarfile.TarFile, member: tarfile.TarInfo, root: Path, added: set[str]) -> None:
    parts = _parts(member.name)
    if not parts:
        return
    parent = _parent(root, parts)
    name = parts[-1]
    if name == _OPAQUE:
        _empty(parent, root, added)
    elif name.startswith(_WHITEOUT):
        _remove(parent / name.removeprefix(_WHITEOUT))
    else:
        added.update("/".join(parts[:count]) for count in range(1, len(parts) + 1))
        _write(tar, member, parent / name, root)


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, target: Path, root: Path) -> None:
    if member.isdir():
        if target.is_symlink() or (target.exists() and not target.is_dir()):
            target.unlink()
        target.mkdir(exist_ok=True)
        # The owner must be able to write on, whatever the image says.
        target.chmod((member.mode & 0o777) | 0o700)
        return
    _remove(target)
    if member.issym():
        # An absolute link means a place in the image.
        link = PurePosixPath(member.linkname)
        absolute = root.joinpath(*_parts(member.linkname)) if link.is_absolute() else None
        target.symlink_to(absolute or member.linkname)
    elif member.islnk():
        parts = _parts(member.linkname)
        os.link(_parent(root, parts) / parts[-1], target, follow_symlinks=False)
    elif member.isfile():
        source = tar.extractfile(member)
        assert source is not None  # noqa: S101
        with source, target.open("wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
        target.chmod((member.mode & 0o777) | 0o600)


def _parts(name: str) -> tuple[str, ...]:
    parts = tuple(part for part in PurePosixPath(name).parts if part not in {"/", "."})
    if ".." in parts:
        message = f"the path `{name}` leaves the image"
        raise LayerRefused(message)
    return parts


def _parent(root: Path, parts: tuple[str, ...]) -> Path:
    """The folder that holds a path. Links on the way are followed, inside the image alone."""
    parent = root.joinpath(*parts[:-1])
    if not parent.resolve().is_relative_to(root.resolve()):
        message = f"the path `{'/'.join(parts)}` leaves the image through a link"
        raise LayerRefused(message)
    parent.mkdir(parents=True, exist_ok=True)
    return parent


def _empty(folder: Path, root: Path, added: set[str]) -> None:
    for entry in folder.iterdir():
        if entry.relative_to(root).as_posix() not in added:
            _remove(entry)


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)
