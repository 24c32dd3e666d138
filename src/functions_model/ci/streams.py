"""What the stream of a log can show."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping

_NO_SCREEN = frozenset({"dumb", "unknown"})
"""Values of TERM for terminals that cannot move the cursor (terminfo)."""
_NOT_SET = frozenset({"", "0", "false"})


def writable(text: str, stream: TextIO) -> str:
    r"""The text, with what the stream's encoding lacks as `\xe9`: a log line must never end a run."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def is_terminal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether a person looks on, and lines can be drawn again.

    Some CI hosts give their jobs a terminal, too; nobody sits before it, and each redrawn line is kept. They set `CI`.
    """
    if environ.get("CI", "").strip().lower() not in _NOT_SET:
        return False
    return stream.isatty() and environ.get("TERM", "") not in _NO_SCREEN
