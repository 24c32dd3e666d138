"""Golden files: the words that users read, kept under review. `UPDATE_GOLDEN=1` writes them anew."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_PATTERNS = (
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b"), "<guid>"),
    (re.compile(r"sha256:[0-9a-f]{64}"), "<digest>"),
    (re.compile(r"localhost:\d+"), "localhost:<port>"),
    (re.compile(r"\b\d+\.\d s\b"), "<seconds> s"),
    # Blobs are sent side by side: whichever is refused first is told.
    (re.compile(r"\bsend (base layer \d+|dependencies|runtime|model|code|config) to\b"), "send <blob> to"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?Z?"), "<time>"),
)


def normal(text: str, names: Mapping[str, str]) -> str:
    """The text with everything replaced that differs from run to run.

    Args:
        text: What a user reads.
        names: Value -> what to write for it, such as the test's own folder.
    """
    for value, name in names.items():
        text = text.replace(value, name)
    for pattern, name in _PATTERNS:
        text = pattern.sub(name, text)
    return text


def matches_golden(file: Path, text: str) -> bool:
    """Whether the file holds just this text; with `UPDATE_GOLDEN` set, it does from now on."""
    content = text.rstrip() + "\n"
    if os.environ.get("UPDATE_GOLDEN"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return file.exists() and file.read_text(encoding="utf-8") == content
