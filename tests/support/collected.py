"""A store for collected records that does what a test tells it to."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from typing import Any


@dataclass
class ScriptedStore:
    """A store for `functions_model.payload.sink`.

    Attributes:
        problems: Raised, one for each block, before any is taken.
        taken: Folder and block, as they came.
        tried: Every block that came, taken or not.
        hang: What each block waits for.
    """

    problems: list[Exception] = field(default_factory=list)
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    tried: list[bytes] = field(default_factory=list)
    hang: threading.Event | None = None

    def append(self, folder: str, block: bytes) -> None:
        """Take the block, or not."""
        self.tried.append(block)
        if self.hang is not None:
            self.hang.wait(30)
        if self.problems:
            raise self.problems.pop(0)
        self.taken.append((folder, block))

    @property
    def lines(self) -> list[Any]:
        """The records that were taken."""
        return [json.loads(one) for _, block in self.taken for one in block.splitlines()]
