"""Content digests, as the OCI specifications write them: `sha256:` and 64 hex digits."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, NewType

Digest = NewType("Digest", str)

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def digest_of(content: bytes) -> Digest:
    """The digest of some bytes."""
    return Digest(f"sha256:{hashlib.sha256(content).hexdigest()}")


def parse_digest(text: str) -> Digest:
    """A digest from outside, checked.

    Raises:
        ValueError: The text is not `sha256:` and 64 lower-case hex digits.
    """
    if not _DIGEST.fullmatch(text):
        raise ValueError(f"`{text}` is not a sha256 digest")
    return Digest(text)


def short(digest: str, length: int = 12) -> str:
    """The first hex digits, for people: `4f1c2a9b03de`."""
    return digest.removeprefix("sha256:")[:length]


def canonical_json(value: Any) -> bytes:
    """JSON whose bytes depend on the value alone: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
