"""Takes collected records from whoever scores, without ever making them wait, and brings them to a store.

Records lie in a queue of bounded size; one thread takes what is there every few seconds. A store that is away, hangs or
refuses is asked again, with growing pauses, while the queue fills; what does not fit is lost and counted, and the log
tells how many, once a minute at most.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from .collected import line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .collected import Record

logger = logging.getLogger("functions_model")

MIB = 1024 * 1024
FULL, REFUSED, LARGE, BROKEN, ENDED = "no room", "the store refuses", "larger than a block", "no JSON", "the end"
_WHY = {
    FULL: "there was no room for more, as the store did not take what was there",
    REFUSED: "the store refuses them",
    LARGE: "each is larger than a block of a blob, 4 MiB",
    BROKEN: "they could not be written as JSON",
    ENDED: "the process ended before the store took them",
}


class TryLater(Exception):
    """The store did not answer, or may take the same block later."""


class Refused(Exception):
    """The store will never take this block."""


class Store(Protocol):
    """Where blocks of lines go."""

    def append(self, folder: str, block: bytes) -> None:
        """Append a block to the blob of this process in a folder.

        Raises:
            TryLater: The same block may be taken later.
            Refused: It never will.
        """


@dataclass(frozen=True)
class Limits:
    """How much is held, and for how long.

    Attributes:
        queue: Bytes that wait, at most.
        block: Bytes of one append, at most: 4 MiB are taken by every version of the service.
        send: Bytes at which nothing waits any longer.
        pause: Seconds between two looks.
        longest: Seconds between two tries, at most, of a store that fails.
        tell: Seconds between two lines of the log.
    """

    queue: int = 16 * MIB
    block: int = 4 * MIB
    send: int = MIB
    pause: float = 5.0
    longest: float = 60.0
    tell: float = 60.0


@dataclass(frozen=True)
class _Block:
    """Lines that go to one folder in one piece, and keep their form however often they are sent."""

    folder: str
    lines: bytes
    count: int
    size: int


class Sink:
    """The queue and its thread, which starts with the first record.

    Args:
        store: Takes the blocks.
        source: ARM id of who collects.
        folder: What all blobs lie below.
        rolling: `minute`, `hour` or `day`: how often a new folder begins.
        limits: How much is held, and for how long.
    """

    def __init__(
        self, store: Store, *, source: str = "", folder: str = "", rolling: str = "hour", limits: Limits | None = None
    ) -> None:
        self._store, self._source, self._folder, self._rolling = store, source, folder, rolling
        self._limits = limits or Limits()
        self._records: deque[Record] = deque()
        self._blocks: deque[_Block] = deque()
        self._held = self._new = self._waiting = 0
        self._lost: Counter[str] = Counter()
        self._failure = ""
        self._told_at = -self._limits.tell
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._closing = False
        self._thread: threading.Thread | None = None

    @property
    def held(self) -> int:
        """Bytes that wait."""
        return self._held

    @property
    def lost(self) -> int:
        """Records that are lost, and that the log does not tell of yet."""
        return sum(self._lost.values())

    def put(self, record: Record) -> None:
        """Take a record, or lose it: at once, and without a word."""
        size = record.size
        with self._lock:
            if why := self._no_room(size):
                self._lost[why] += 1
                return
            self._records.append(record)
            self._held, self._new, self._waiting = self._held + size, self._new + size, self._waiting + 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="collected-data", daemon=True)
                self._thread.start()
            # While the store fails, nothing that comes shortens the pause.
            if self._new >= self._limits.send and not self._failure:
                self._wake.set()

    def _no_room(self, size: int) -> str:
        if self._closing:
            return ENDED
        if size > self._limits.block:
            return LARGE
        return FULL if self._held + size > self._limits.queue else ""

    def lose(self, why: str, count: int = 1) -> None:
        """Count records that are lost."""
        with self._lock:
            self._lost[why] += count

    def flush(self, seconds: float) -> None:
        """Wait until what is there was sent, for so many seconds at most."""
        until = time.monotonic() + seconds
        while self._waiting and time.monotonic() < until:
            self._wake.set()
            time.sleep(0.002)

    def close(self, seconds: float) -> None:
        """Send what waits, for so many seconds at most, and tell of what is lost."""
        self._closing = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(seconds)
        self.lose(ENDED, self._waiting)
        self._told_at = -self._limits.tell
        self._tell()

    def _work(self) -> None:
        pause = self._limits.pause
        while not self._closing:
            self._wake.wait(pause)
            self._wake.clear()
            pause = self._limits.pause if self._send() else min(2 * pause, self._limits.longest)
            self._tell()
        self._send()

    def _send(self) -> bool:
        """Send what is there; False when the store shall be asked later."""
        self._blocks += self._new_blocks()
        while self._blocks:
            block = self._blocks[0]
            try:
                self._store.append(block.folder, block.lines)
            except TryLater as problem:
                self._failure = str(problem)
                return False
            except Refused as problem:
                self._failure = str(problem)
                self.lose(REFUSED, block.count)
            else:
                self._failure = ""
            self._blocks.popleft()
            self._release(block.size, block.count)
        return True

    def _new_blocks(self) -> list[_Block]:
        with self._lock:
            records, self._records, self._new = self._records, deque(), 0
        by_folder: dict[str, list[Record]] = {}
        for record in records:
            folder = "/".join(filter(None, (self._folder, record.collection, record.folder(self._rolling))))
            by_folder.setdefault(folder, []).append(record)
        return [block for folder, some in by_folder.items() for block in self._in_blocks(folder, some)]

    def _in_blocks(self, folder: str, records: list[Record]) -> Iterator[_Block]:
        lines, size, count = bytearray(), 0, 0
        for record in records:
            written = self._written(record)
            if lines and len(lines) + len(written) > self._limits.block:
                yield _Block(folder, bytes(lines), count, size)
                lines, size, count = bytearray(), 0, 0
            if written:
                lines += written
                size, count = size + record.size, count + 1
        if lines:
            yield _Block(folder, bytes(lines), count, size)

    def _written(self, record: Record) -> bytes:
        """The record's line; nothing, and a loss noted, for one that no block can hold."""
        try:
            written, why = line(record, self._source), LARGE
        except Exception:  # noqa: BLE001 - whatever is in a record, the next ones are sent
            written, why = b"", BROKEN
        if written and len(written) <= self._limits.block:
            return written
        self.lose(why)
        self._release(record.size, 1)
        return b""

    def _release(self, size: int, count: int) -> None:
        with self._lock:
            self._held, self._waiting = self._held - size, self._waiting - count

    def _tell(self) -> None:
        """Tell of losses and failures, once in a while."""
        now = time.monotonic()
        if now - self._told_at < self._limits.tell or not (self._lost or self._failure):
            return
        with self._lock:
            lost, self._lost = self._lost, Counter()
        self._told_at = now
        because = f" The store: {self._failure}." if self._failure else ""
        for why, count in lost.items():
            if count:
                logger.warning("%d collected records are lost: %s.%s", count, _WHY[why], because)
        if not lost and because:
            logger.warning("%d collected records wait.%s", self._waiting, because)
