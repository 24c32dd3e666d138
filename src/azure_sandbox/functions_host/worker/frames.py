"""The channel between host and worker: frames of a JSON head and raw bytes, over a pair of sockets.

    4 bytes  length of the head, big endian
    8 bytes  length of the body, big endian
    head     JSON, with `type`
    body     bytes

Messages from the host: `load`, `invoke`. From the worker: `ready`, `loaded`, `result`, `log`.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_PREFIX = struct.Struct(">IQ")
PREFIX_BYTES = _PREFIX.size


def pack(head: dict[str, Any], body: bytes = b"") -> bytes:
    """A frame's bytes."""
    text = json.dumps(head).encode()
    return _PREFIX.pack(len(text), len(body)) + text + body


def lengths(prefix: bytes) -> tuple[int, int]:
    """How long the head and the body are."""
    head, body = _PREFIX.unpack(prefix)
    return head, body


def read(read_exactly: Callable[[int], bytes]) -> tuple[dict[str, Any], bytes]:
    """The next frame.

    Raises:
        EOFError: The other side is gone.
    """
    head, body = lengths(read_exactly(PREFIX_BYTES))
    return json.loads(read_exactly(head)), read_exactly(body)
