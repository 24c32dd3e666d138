"""How a host brings a new version to people, and takes it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from functions_model.azure.clients import AzureClients
from functions_model.core.failures import NotLive
from functions_model.core.names import Names
from functions_model.provision.applying.outcome import Applied
from functions_model.provision.changes import Change, Written
from functions_model.provision.context import RunContext
from functions_model.provision.endpoint import Endpoint
from functions_model.provision.host import Host, ResourcePlan
from functions_model.provision.observed import LiveApp


@dataclass(frozen=True, slots=True)
class PutBack:
    """What was put back.

    Attributes:
        what: In the order of the writes: `app settings`, `image`, `tags`, `identity`.
        others: Settings that somebody else has changed since, which stay.
    """

    what: tuple[str, ...]
    others: tuple[str, ...]


class ReleasingHost(Host, Protocol):
    """A host, with what it does once everything is written.

    A version is brought to the app in place, or to a candidate beside it, which is moved into the app's place when it
    was verified. The words for both are `core.names.CANDIDATE` and `MOVE`.
    """

    def is_beside(self, plan: ResourcePlan) -> bool:
        """Whether the new version goes to a candidate."""

    def id_of(self, names: Names) -> str:
        """The ARM id of an app, or of its candidate."""

    def image_of(self, clients: AzureClients, names: Names) -> str:
        """The image that an app, or its candidate, is meant to run by now; empty for none. In one request.

        Raises:
            AzureError: It is not there, or may not be read.
        """

    def places_of(self, clients: AzureClients, names: Names) -> tuple[Names, ...]:
        """What goes when it is removed: an app with its candidates, or one candidate. Empty where there is no app.

        Raises:
            AzureError: It may not be read.
        """

    def candidate_before(self, plan: ResourcePlan) -> LiveApp | None:
        """The candidate as it was before; None when it is new."""

    def endpoint(
        self, clients: AzureClients, plan: ResourcePlan, applied: Applied | None = None, *, candidate: bool = False
    ) -> Endpoint:
        """The app, or its candidate, as something that can be asked."""

    def live_endpoint(self, clients: AzureClients, names: Names) -> Endpoint:
        """An app that is there, or its candidate, as something that can be asked. Nothing of it was planned.

        Raises:
            NotLive: It is not there, or what of its settings is secret may not be read.
        """

    def settle(self, plan: ResourcePlan, after: LiveApp, clients: AzureClients, context: RunContext) -> tuple[str, ...]:
        """See to it that what belongs to the version goes with it: settings, tags, and who pulls.

        Returns:
            Names of what another deployment had changed meanwhile, and was written again.

        Raises:
            Overtaken: Somebody else has deployed to the app since; nothing was written.
            ApplyIncomplete: Azure refused.
        """

    def put_back(self, plan: ResourcePlan, after: LiveApp, clients: AzureClients, context: RunContext) -> PutBack:
        """Put back what an update in place has changed.

        Raises:
            Overtaken: Somebody else has deployed to the app since; nothing was written.
            ApplyIncomplete: Something could not be put back; the reason says what was.
        """

    def move(self, plan: ResourcePlan, change: Change, clients: AzureClients, context: RunContext) -> Written:
        """Move the candidate into the app's place. It looks first, so that a move that was done is not done again.

        Raises:
            Overtaken: Somebody else has deployed to the app or its candidate since, and theirs is there.
            ApplyIncomplete: Azure refused, or the candidate did not come to life there: then nothing has changed.
        """

    def move_back(self, plan: ResourcePlan, change: Change, clients: AzureClients, context: RunContext) -> Written:
        """Take a move back.

        Raises:
            Overtaken: The app runs another image than the move brought it; nothing was written.
            ApplyIncomplete: As for `move`.
        """

    def refused_move(self, names: Names, unproven: str) -> NotLive:
        """Why a candidate that nobody saw running `init()` is not moved; `unproven` says why, a clause."""
