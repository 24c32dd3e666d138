"""Work that overlaps: files are read and digests are taken on other cores while a layer is packed and sent.

Reading, hashing and compressing all let go of the interpreter, so threads are enough. What waits between them is
bounded: a slow receiver slows the reading down.
"""

from __future__ import annotations

import hashlib
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Self

from functions_model.core.digests import Digest, parse_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WAITING = 2
"""Blocks that wait for a digest at most."""


def ahead(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces; the next one is made while this one is used."""
    with ThreadPoolExecutor(1, "read") as beside:
        coming = beside.submit(next, pieces, None)
        while (piece := coming.result()) is not None:
            coming = beside.submit(next, pieces, None)
            yield piece


class RunningDigest:
    """A digest that grows in a thread of its own. Use it as a context, which ends the thread.

    Attributes:
        size: Bytes so far.
    """

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._beside = ThreadPoolExecutor(1, "digest")
        self._waiting: deque[Future[None]] = deque()
        self.size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._beside.shutdown(cancel_futures=True)

    def update(self, block: bytes) -> None:
        """Take one more block; waits when too many are waiting."""
        if len(self._waiting) >= _WAITING:
            self._waiting.popleft().result()
        self._waiting.append(self._beside.submit(self._hash.update, block))
        self.size += len(block)

    def over(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The same pieces, each taken before it is passed on."""
        for piece in pieces:
            self.update(piece)
            yield piece

    def finish(self) -> Digest:
        """The digest of everything so far."""
        while self._waiting:
            self._waiting.popleft().result()
        return parse_digest(f"sha256:{self._hash.hexdigest()}")
