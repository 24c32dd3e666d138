"""What must answer, and what did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.core.spec import AuthLevel

IDENTITY_ROUTE = "/api/identity"


@dataclass(frozen=True, slots=True)
class ExpectedApp:
    """The app that must be live.

    Attributes:
        app_name: The function app.
        resource_group: Where it is.
        build_id: What its identity function must answer; empty when any build will do.
        functions: What its host must have indexed, each without errors.
        auth_level: Who may call the function that scores the sample; decides which key the request carries.
        sample_request: A file to be scored once as the last check; None leaves that out.
        sample_function: The function that scores the sample: with a blob or queue trigger, one that answers HTTP
            beside the scoring function itself.
        sample_route: Where that function answers.
        slot: The deployment slot; empty for the app itself.
        new_roles: Names of the roles that its identity was given a moment ago, which may not count yet.
        host_name: Where it answers; empty when that has to be asked for.
        image: What it was made to run, pinned by digest: another one means that somebody else has deployed since. Empty
            when any will do.
    """

    app_name: str
    resource_group: str
    build_id: str
    functions: tuple[str, ...]
    auth_level: AuthLevel
    sample_request: Path | None = None
    sample_function: str = "score"
    sample_route: str = "/api/score"
    slot: str = ""
    new_roles: tuple[str, ...] = ()
    host_name: str = ""
    image: str = ""

    @property
    def place(self) -> str:
        """`` `iris` ``, or `` `iris/staging` ``."""
        return f"`{self.app_name}/{self.slot}`" if self.slot else f"`{self.app_name}`"

    def __str__(self) -> str:
        """``the function app `iris` ``, or ``the slot `staging` of the function app `iris` ``."""
        app = f"the function app `{self.app_name}`"
        return f"the slot `{self.slot}` of {app}" if self.slot else app


@dataclass(frozen=True, slots=True)
class Verified:
    """The proof.

    Attributes:
        functions: What the host indexed, sorted.
        scoring_url: Where the sample goes, and with an HTTP trigger every request.
        answer: What the sample request was answered, as text, cut to a readable length; empty without a sample.
        attempts: How often the app was looked at.
        seconds: How long it took to come alive, the sample included.
        app_url: Without a trailing slash.
        host_version: What the Functions host calls itself.
    """

    functions: tuple[str, ...]
    scoring_url: str
    answer: str
    attempts: int
    seconds: float
    app_url: str
    host_version: str
