"""The headers of a tar's entries: POSIX ustar, with a PAX header only where ustar cannot say it.

https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13
"""

from __future__ import annotations

from functools import lru_cache
from struct import Struct

UNIT = 512
"""Everything in a tar takes a multiple of this many bytes."""
FILE, SYMLINK, FOLDER = b"0", b"2", b"5"
"""Type flags."""

_PAX = b"x"
_NAME, _PREFIX, _LINK = 100, 155, 100
_LARGEST = 8**11
"""Sizes from 8 GiB on do not fit the eleven octal digits of a ustar header."""
_FIELDS = Struct(f"{_NAME}s 24s 12s 12s 8s c {_LINK}s 8s 64x 16x {_PREFIX}s 12x")
"""Name; mode, owner, group; size; time; checksum; type; link; magic; owner's and group's names and device numbers, all
empty; prefix."""
_MAGIC = b"ustar\x0000"


def entry_header(path: str, kind: bytes, size: int, *, mode: int, epoch: int = 0, link: str = "") -> bytes:
    """The header of one entry, with a PAX header before it where one is needed: a multiple of 512 bytes.

    Args:
        path: With a slash at its end for a folder.
        kind: The type flag.
        size: Bytes of content that follow.
        mode: Permission bits.
        epoch: Seconds since 1970.
        link: The target of a link.
    """
    if len(path) <= _NAME and size < _LARGEST and not link and path.isascii():
        return _ustar(path.encode(), kind, size, mode=mode, epoch=epoch)
    extra = _extensions(path, size, link)
    prefix, name = _split(path) or ("", _stand_in(path))
    told = 0 if "size" in extra else size
    fields = {"link": _stand_in(link).encode(), "prefix": prefix.encode()}
    plain = _ustar(name.encode(), kind, told, mode=mode, epoch=epoch, **fields)
    return _pax(extra, name, epoch) + plain


def header_size(path: str, size: int, link: str = "") -> int:
    """How many bytes `entry_header` makes of these."""
    if len(path) <= _NAME and size < _LARGEST and not link and path.isascii():
        return UNIT
    extra = _extensions(path, size, link)
    return UNIT + (UNIT + padded(len(_records(extra))) if extra else 0)


def padded(size: int) -> int:
    """Bytes that some content takes in a tar."""
    return size + -size % UNIT


def _extensions(path: str, size: int, link: str) -> dict[str, str]:
    """What ustar cannot say."""
    extra: dict[str, str] = {}
    if _split(path) is None:
        extra["path"] = path
    if len(link) > _LINK or not link.isascii():
        extra["linkpath"] = link
    if size >= _LARGEST:
        extra["size"] = str(size)
    return extra


def _split(path: str) -> tuple[str, str] | None:
    """A path as ustar's prefix and name; None when they cannot hold it."""
    if not path.isascii():
        return None
    if len(path) <= _NAME:
        return "", path
    cut = path.find("/", len(path) - _NAME - 1, -1)
    return (path[:cut], path[cut + 1 :]) if 0 < cut <= _PREFIX else None


def _stand_in(path: str) -> str:
    """What a reader without PAX would see."""
    return path.encode("ascii", "replace").decode()[:_NAME]


def _ustar(
    name: bytes, kind: bytes, size: int, *, mode: int, epoch: int, link: bytes = b"", prefix: bytes = b""
) -> bytes:
    rights, time, known = _same_for_all(kind, mode, epoch)
    length = b"%011o\0" % size
    check = known + sum(name) + sum(length) + sum(link) + sum(prefix)
    return _FIELDS.pack(name, rights, length, time, b"%06o\0 " % check, kind, link, _MAGIC, prefix)


@lru_cache(maxsize=16)
def _same_for_all(kind: bytes, mode: int, epoch: int) -> tuple[bytes, bytes, int]:
    """What entries of a kind have in common: mode, owner and group; the time; and what these add to the checksum."""
    rights = b"%07o\0%07o\0%07o\0" % (mode, 0, 0)
    time = b"%011o\0" % epoch
    spaces = 8 * ord(" ")  # the checksum counts itself as spaces
    return rights, time, sum(rights) + sum(time) + sum(kind) + sum(_MAGIC) + spaces


def _pax(extra: dict[str, str], name: str, epoch: int) -> bytes:
    if not extra:
        return b""
    body = _records(extra)
    label = f"PaxHeaders/{name.rstrip('/').rpartition('/')[2]}"[:_NAME]
    return _ustar(label.encode(), _PAX, len(body), mode=0o644, epoch=epoch) + body + bytes(-len(body) % UNIT)


def _records(extra: dict[str, str]) -> bytes:
    return b"".join(_record(key, value) for key, value in sorted(extra.items()))


def _record(key: str, value: str) -> bytes:
    """`length key=value`, where the length counts its own digits."""
    rest = b" " + key.encode() + b"=" + value.encode() + b"\n"
    length = len(rest)
    while length != len(rest) + len(str(length)):
        length = len(rest) + len(str(length))
    return str(length).encode() + rest
