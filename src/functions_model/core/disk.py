"""What a disk, and the system below a run, refuse to do: in words, with a way out."""

from __future__ import annotations

import errno
import os
import re
from dataclasses import dataclass
from pathlib import Path

_RUN_FOLDER = re.compile(r"/functions-model-[^/]*(/.*)?$")
"""Of the folder that a run keeps its files in, its users know the place alone."""
_UV_CACHE = re.compile(
    r"/(?:archive|wheels|simple|sdists|builds|interpreter|flat-index|git)-v\d+(/.*)?$|/(?:\.tmp\w+(/.*)?|\.gitignore)$"
)
"""What uv keeps its parts of a cache in (uv, crates/uv-cache/src/lib.rs, `CacheBucket`)."""
_FORBIDDEN = ("this run may not write to {}", "Let it{}.")
_WORDS = {
    errno.ENOSPC: ("there is no space left on the disk of {}", "Make space there{}."),
    errno.EDQUOT: ("the quota on the disk of {} is used up", "Make space there, or have the quota raised{}."),
    errno.EFBIG: ("a file would be larger than {} may have any", "Have the limit (`ulimit -f`) raised{}."),
    errno.EROFS: ("the file system of {} can only be read", "Let this run write there{}."),
    errno.EIO: ("the disk of {} does not work (input/output error)", "Run on another machine{}."),
    errno.EMFILE: ("a process may open no more files here", "Have the limit (`ulimit -n`) raised."),
    errno.ENFILE: ("this machine can open no more files", "Run less at the same time."),
    errno.ENOMEM: ("this machine has no more memory", "Run on one that has more."),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """What was refused.

    Attributes:
        what: A clause without a full stop.
        remedy: A whole sentence.
    """

    what: str
    remedy: str


def refusal(number: int | None, place: Path | str, variable: str = "") -> Refusal | None:
    """What an error of the system means; None where it may be about the file, and not about the machine.

    Args:
        number: `errno`.
        place: The file, or a folder near it.
        variable: Names a folder that may lie elsewhere; empty where a cache or the place itself says it.
    """
    text, ours = str(place), False
    for pattern, name in ((_RUN_FOLDER, "TMPDIR"), (_UV_CACHE, "UV_CACHE_DIR")):
        if pattern.search(text) and not ours:
            text, variable, ours = pattern.sub("", text) or "/", variable or name, True
    words = _WORDS.get(number or 0) or (_FORBIDDEN if ours and number in {errno.EACCES, errno.EPERM} else None)
    if words is None:
        return None
    what, remedy = words
    return Refusal(
        what.format(f"`{text}`"), remedy.format(f", or name another folder in `{variable}`" if variable else "")
    )


def refused(error: OSError, place: Path | str, variable: str = "") -> Refusal | None:
    """The same for an error.

    Args:
        error: Names a file, or none: of one that is open, the system does not say which it is.
        place: Where the file lies, if the error does not name it.
        variable: As above.
    """
    if error.errno == errno.EFBIG and error.strerror != os.strerror(errno.EFBIG):
        return None  # a limit of ours
    return refusal(error.errno, error.filename if isinstance(error.filename, str) else place, variable)
