"""Opens and reads files of the user: the one place that does, so that no file is waited for and none is read for ever.

Whoever looked at a path before may be deceived: between a look and an opening somebody can put a link, a named pipe or
a device there. So what counts is what was opened.
"""

from __future__ import annotations

import codecs
import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path

from functions_model.core.failures import RuleBroken

_BLOCK = 1 << 20
MOST_TEXT = 8 << 20
"""Bytes of a text that is read whole: a lock of a thousand packages with all their hashes has 2 MiB."""
MOST_SOURCE = 4 << 20
"""Bytes of a file of Python that is looked through. Generated ones of that size hold data."""
MOST_SAMPLE = 210 << 20
"""Bytes of a request, the most that an app takes: https://learn.microsoft.com/azure/azure-functions/functions-scale."""
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_OPENED = Path("/proc/self/fd")
"""Where Linux tells what a number of an open file stands for, all links followed."""
_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
"""Without waiting: a named pipe that nobody writes to would hold an opening for ever."""


class TextRefused(RuleBroken):
    """A file that is not read as text.

    Args:
        what: A clause without a full stop: "the file is not UTF-8 text".
        remedy: Whole sentences.
        line: Counted from 1; None where the whole file is meant.
    """

    def __init__(self, what: str, remedy: str, line: int | None = None) -> None:
        super().__init__(what, remedy)
        self.line = line


def open_handle(path: Path, *, real: bool = False) -> int:
    """The number of an open file, for reading; whoever calls closes it.

    Args:
        path: A plain file, or a link to one.
        real: Whether the path was found to hold no link, and must not hold one now, so that what is opened is what was
            found.

    Raises:
        OSError: It cannot be opened, is no plain file, or a link is on the way now; `strerror` says which.
    """
    try:
        handle = os.open(path, _FLAGS | (os.O_NOFOLLOW if real else 0))
    except OSError as error:
        if error.errno == errno.ENXIO:  # how a socket, and a device without its machine, refuse
            raise OSError(errno.EINVAL, "it is a socket or a device, not a file", str(path)) from error
        if real and error.errno == errno.ELOOP:
            raise _replaced(path) from error
        raise
    try:
        _check(handle, path, real=real)
    except OSError:
        os.close(handle)
        raise
    return handle


def _check(handle: int, path: Path, *, real: bool) -> None:
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        number = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
        raise OSError(number, f"it is a {kind(mode)}, not a file", str(path))
    there = _place_of(handle) if real else None
    if there is not None and there.casefold() not in {str(path).casefold(), f"{path} (deleted)".casefold()}:
        raise _replaced(path)


def _place_of(handle: int) -> str | None:
    """The path of an open file without any link; None where the system does not tell, as others than Linux.

    Linux writes ` (deleted)` behind that of a file that has gone since, and a drive that knows no case may tell another
    spelling than the one that was asked for.
    """
    try:
        return str((_OPENED / str(handle)).readlink())
    except OSError:
        return None


def _replaced(path: Path) -> OSError:
    return OSError(errno.ELOOP, "a link has replaced it, or a folder above it", str(path))


def kind(mode: int) -> str:
    """What something is that is no plain file, by its mode."""
    kinds = ((stat.S_ISDIR, "folder"), (stat.S_ISSOCK, "socket"), (stat.S_ISFIFO, "named pipe"))
    return next((name for is_one, name in kinds if is_one(mode)), "device")


@contextmanager
def opened(path: Path, *, real: bool = False) -> Iterator[BufferedReader]:
    """The file as a stream, at its beginning. Arguments and errors as of `open_handle`."""
    with os.fdopen(open_handle(path, real=real), "rb") as stream:
        yield stream


def read_whole(path: Path, most: int, *, real: bool = False) -> bytes:
    """All bytes of a file.

    Args:
        path: As of `open_handle`.
        most: How many there may be.
        real: As of `open_handle`.

    Raises:
        OSError: As `open_handle`; or there are more; `strerror` says which.
    """
    content = bytearray()
    with opened(path, real=real) as stream:
        while len(content) <= most and (block := stream.read(_BLOCK)):  # memory for all of `most` may not be there
            content += block
    if len(content) > most:
        raise OSError(errno.EFBIG, f"it is larger than {most >> 20} MiB", str(path))
    return bytes(content)


def read_text(path: Path, most: int = MOST_TEXT) -> str:
    """A file's text: UTF-8, or what its byte order mark says (PowerShell's `>` writes UTF-16).

    Args:
        path: As of `open_handle`.
        most: How many bytes there may be.

    Raises:
        TextRefused: It cannot be read, is no plain file, is too large, or is no text.
    """
    try:
        content = read_whole(path, most)
    except OSError as error:
        raise TextRefused(f"the file cannot be read: {error.strerror}", remedy_for(error)) from error
    encoding = next((name for mark, name in _MARKS if content.startswith(mark)), "utf-8")
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise TextRefused("the file is not UTF-8 text", "Save it as UTF-8.", line) from error


def in_print(path: Path | str) -> str:
    """A path on one line: a name may hold line ends, escape codes and bytes that are no text."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in str(path))


_REMEDIES = {
    errno.EACCES: "Check its permissions.",
    errno.EPERM: "Check its permissions.",
    errno.ENOENT: "Check the path, and run again when nothing changes the folder.",
    errno.ELOOP: "Remove the link, or put the file itself there.",
    errno.ENAMETOOLONG: "Give it a shorter path.",
    errno.EFBIG: "Check that the right file is named.",
    errno.EINVAL: "Name a plain file.",
    errno.EISDIR: "Name a file of the folder.",
    errno.EIO: "Check the disk.",
    errno.ESTALE: "Check the network drive that it lies on, and run again.",
}


def remedy_for(error: OSError) -> str:
    """What to do about a file that cannot be opened or read, one sentence."""
    return _REMEDIES.get(error.errno or 0, "Check the file, and the disk that it lies on.")
