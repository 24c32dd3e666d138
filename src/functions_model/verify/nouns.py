"""What must answer, and what did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.core.names import Names
    from functions_model.core.spec import AuthLevel
    from functions_model.verify.reached import Reached

IDENTITY_ROUTE = "/api/identity"
BUILD_HEADER = "x-functions-model-build"
"""In which the functions of an app tell the build that answers."""


@dataclass(frozen=True, slots=True)
class ExpectedApp:
    """The app that must be live.

    Attributes:
        names: The app, or its slot.
        build_id: What its identity function must answer; empty when any build will do.
        functions: What its host must have indexed, each without errors.
        auth_level: Who may call the function that scores the sample; decides which key the request carries.
        sample_request: A file to be scored once as the last check; None leaves that out.
        sample_function: The function that scores the sample: with a blob or queue trigger, one that answers HTTP
            beside the scoring function itself.
        sample_route: Where that function answers.
        new_roles: Names of the roles that its identity was given a moment ago, which may not count yet.
        host_name: Where it answers; empty when that has to be asked for.
        has_machine_key: Its settings hold a machine key: without one, Azure may not be able to list its keys.
        image: What it was made to run, pinned by digest: another one means that somebody else has deployed since. Empty
            when any will do.
        reached: How far its trigger has come already; None with an HTTP trigger.
        listening_seconds: How long the listener of its trigger needs to report its first failure; 0 where none listens.
    """

    names: Names
    build_id: str
    functions: tuple[str, ...]
    auth_level: AuthLevel
    sample_request: Path | None = None
    sample_function: str = "score"
    sample_route: str = "/api/score"
    new_roles: tuple[str, ...] = ()
    host_name: str = ""
    image: str = ""
    has_machine_key: bool = True
    reached: Reached | None = None
    listening_seconds: float = 0.0

    @property
    def triggered(self) -> tuple[str, ...]:
        """The functions that something else than HTTP starts, with a blob or queue trigger."""
        doors = {IDENTITY_ROUTE.rpartition("/")[2], self.sample_function}
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
