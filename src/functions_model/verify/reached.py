"""How much is known of a blob or queue trigger: the words for it, from the least to the most."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace


class Reach(enum.StrEnum):
    """What a trigger has reached."""

    UNKNOWN = "unknown"
    """Something that it needs could not be looked at."""
    READY = "ready"
    """What it listens to is there and enabled, the app's identity holds its roles, and network rules let the app in."""
    QUIET = "quiet"
    """It is ready, and its listener has reported no failure for as long as it needs to report one."""
    PROVEN = "proven"
    """A probe went in, and its answer came out."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a run has come with a trigger.

    Attributes:
        word: The most that is known of it.
        unseen: What could not be looked at, and why: clauses without a full stop.
        left: What a probe has left behind, in sentences.
        unheard: Why its listener could not be heard, a clause; empty when it was, or where it is off.
    """

    word: Reach
    unseen: tuple[str, ...] = ()
    left: str = ""
    unheard: str = ""

    def quiet(self) -> Reached:
        """After its listener was heard to be quiet. What could not be looked at stays unknown."""
        return replace(self, word=Reach.QUIET) if self.word is Reach.READY else self
