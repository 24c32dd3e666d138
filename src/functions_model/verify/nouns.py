"""What must answer, what did, and why it does not yet."""

from __future__ import annotations

import enum
from dataclasses import dataclass, replace
from pathlib import Path

from functions_model.core.spec import AuthLevel
from functions_model.provision.endpoint import NotYet
from functions_model.verify.noted import Times
from functions_model.verify.script import ToldWarning
from functions_model.verify.sources import Sources

IDENTITY = "identity"
"""The function that tells everybody the build."""
CHECK = "check"
"""The function that loads the model, and scores, for holders of the master key."""
BUILD_HEADER = "x-functions-model-build"
"""In which the functions of an app tell the build that answers."""


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


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be live.

    Attributes:
        build_id: What the app's identity function must answer; empty when any build will do.
        functions: What its host must have indexed, each without errors.
        auth_level: Who may call the function that scores the sample; decides which key the request carries.
        route_prefix: What stands before the routes of its functions; None for what its host says.
        sample_request: A file to be scored once as the last check; None leaves that out.
        sample_function: The function that scores the sample: with a blob or queue trigger, one that answers HTTP
            beside the scoring function itself.
        new_roles: Names of the roles that its identity was given a moment ago, which may not count yet.
        image: What it was made to run, pinned by digest: another one means that somebody else has deployed since. Empty
            when any will do.
        reached: How far its trigger has come already; None with an HTTP trigger.
        listening_seconds: How long the listener of its trigger needs to report its first failure; 0 where none listens.
        sources: Where the files of its script come from; None when they are not at hand.
    """

    build_id: str
    functions: tuple[str, ...]
    auth_level: AuthLevel
    route_prefix: str | None = None
    sample_request: Path | None = None
    sample_function: str = "score"
    new_roles: tuple[str, ...] = ()
    image: str = ""
    reached: Reached | None = None
    listening_seconds: float = 0.0
    sources: Sources | None = None

    @property
    def needs_key(self) -> bool:
        """Whether the model can be reached with a key alone."""
        return self.auth_level is not AuthLevel.ANONYMOUS

    @property
    def triggered(self) -> tuple[str, ...]:
        """The functions that blobs or messages start, with a trigger for these."""
        doors = {IDENTITY, self.sample_function, "warmup"}
        return tuple(name for name in self.functions if name not in doors)


@dataclass(frozen=True, slots=True)
class Verified:
    """The proof.

    Attributes:
        functions: What the host indexed, sorted; those of the image where it could not be asked.
        scoring_url: Where the sample goes, and with an HTTP trigger every request.
        answer: What the sample request was answered, as text, cut to a readable length; empty without a sample.
        attempts: How often the app was looked at.
        seconds: How long it took to come alive, the sample included.
        app_url: Without a trailing slash.
        host_version: What the Functions host calls itself; empty where it could not be asked.
        unseen: What could not be looked at, and what would change that, in sentences; empty when all was.
        scored: Whether a sample was scored.
        unproven: Why `init()` could not be seen to have returned in the app, a clause; empty when it has.
        reached: How far its trigger has come; None with an HTTP trigger.
        warnings: What the script warned of until now.
        times: What the start took, and the memory; None where the app does not tell.
        times_before: The same of the version that still answered when the app was looked at first; None of any other.
        memory_gib: What an instance of the app's host has; None where that is not known.
        short_of_memory: That it comes near to that, and what helps, in sentences; empty while it does not.
    """

    functions: tuple[str, ...]
    scoring_url: str
    answer: str
    attempts: int
    seconds: float
    app_url: str
    host_version: str
    unseen: str = ""
    scored: bool = False
    unproven: str = ""
    reached: Reached | None = None
    warnings: tuple[ToldWarning, ...] = ()
    times: Times | None = None
    times_before: Times | None = None
    memory_gib: float | None = None
    short_of_memory: str = ""


class NoKeys(NotYet):
    """The host does not tell Azure its keys, or anything: not yet, or never."""


class Crashed(NotYet):
    """A function has answered with the status 500."""


class OtherBuild(NotYet):
    """Another build answers: one that ran before, or somebody else's."""


class InError(NotYet):
    """Functions of the app are in error.

    Args:
        reason: What their errors are.
        listeners: Those whose listeners cannot start.
    """

    def __init__(self, reason: str, listeners: tuple[str, ...]) -> None:
        self.listeners = listeners
        super().__init__(reason)
