"""Finding what must never be seen: tokens, keys and secrets in logs, pages, outputs and image layers."""

from __future__ import annotations

import gzip
import re
import tarfile
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHAPES = (
    ("a JSON web token", re.compile(rb"eyJ[A-Za-z0-9_-]{16,}\.eyJ[A-Za-z0-9_-]{16,}")),
    ("a storage or Service Bus key", re.compile(rb"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}==")),
    ("a machine key", re.compile(rb"(?<![0-9A-F])[0-9A-F]{64}(?![0-9A-F])")),
    ("a bearer header", re.compile(rb"(?i)authorization[\"']?: *[\"']?(bearer|basic) +[A-Za-z0-9]{8,}")),
    ("a signed URL", re.compile(rb"[?&]sig=[A-Za-z0-9%]{20,}")),
)


def leaks(content: bytes, known: Iterable[str], *, shapes: bool = True) -> list[str]:
    """What in the content must not be seen: the shape's name, or "a known secret". Never the secret itself.

    Args:
        content: Where to look.
        known: Secrets.
        shapes: Whether to look for what has the shape of a secret, too.
    """
    found = [name for name, shape in _SHAPES if shapes and shape.search(content)]
    return found + ["a known secret" for secret in known if secret and secret.encode() in content]


def layer_files(blob: bytes) -> Iterable[tuple[str, bytes]]:
    """Every file of a layer, by its path in the image."""
    plain = gzip.decompress(blob) if blob[:2] == b"\x1f\x8b" else blob
    with tarfile.open(fileobj=BytesIO(plain)) as tar:
        for member in tar:
            if member.isfile() and (file := tar.extractfile(member)):
                yield member.name, file.read()
