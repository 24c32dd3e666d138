"""A deployed app, or one version of it, as something that can be asked. Each host has an endpoint of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from functions_model.core.failures import Cause


class NotYet(Exception):
    """The app is not there yet. The text says what is missing, a clause without a full stop."""


class NoLog(Exception):
    """There is no container log.

    Args:
        reason: Why, a clause without a full stop.
        remedy: What to do, whole sentences.
    """

    def __init__(self, reason: str, remedy: str = "") -> None:
        self.remedy = remedy
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class HostKeys:
    """Keys of a Functions host; each is empty where it has none.

    Attributes:
        master: Opens everything, `/admin` too.
        shared: Opens every function.
    """

    master: str = ""
    shared: str = ""


@dataclass(frozen=True, slots=True)
class ContainerLog:
    """What is kept of a container's output.

    Attributes:
        text: All lines, the oldest first.
        turn_on: The command that has the container's own lines kept; empty when they are.
    """

    text: str
    turn_on: str = ""


class Endpoint(Protocol):
    """An app, or one version of it, that can be asked: what its host knows of it.

    The Functions host is the program inside the app's container, which is the same on every host. What is asked of it
    raises `NotYet` while it gives no answer, and `NotLive` when Azure refuses for a reason that waiting does not mend.
    """

    @property
    def name(self) -> str:
        """The app, or its version, for people: "the function app `iris`"."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values of its settings that may stand in its log and must not be shown."""

    @property
    def request_seconds(self) -> float:
        """How long a request may take: then whatever is in front of the app gives it up."""

    @property
    def memory_gib(self) -> float | None:
        """The memory of one of its instances; None where that is not known."""

    @property
    def keyless(self) -> str:
        """Why its keys may never be told, and what changes that at which price, sentences; empty when they will be."""

    @property
    def admin_opening(self) -> str:
        """What lets its master key in to `/admin`, where its Functions host keeps that to Azure: a sentence."""

    @property
    def causes(self) -> tuple[Cause, ...]:
        """What may be behind the failures that are this host's own."""

    @property
    def words(self) -> Mapping[str, str]:
        """What remedies say on this host: `host`, its name; `subnet`, the app's; `memory`, how to have more."""

    def find(self) -> str:
        """Where it answers, an address without a trailing slash.

        Raises:
            NotLive: There is no such app, it may not be read, or it is stopped.
        """

    def turns_away(self, status: int, headers: Mapping[str, str]) -> bool:
        """Whether an answer is not the app's: it lets in nobody from where this run is."""

    def asks_for_login(self, status: int, headers: Mapping[str, str]) -> bool:
        """Whether an answer is that of an authentication in front of the app: nobody gets past it with a key alone."""

    def let_through(self, paths: Sequence[str]) -> str:
        """The command by which that authentication lets everybody reach some paths of the app."""

    def keys(self) -> HostKeys:
        """The keys of its Functions host."""

    def function_key(self, function: str) -> str:
        """A key that opens one function; empty where it has none."""

    def admin(self, path: str, method: str = "GET", *, absent: int | None = None) -> Any:
        """What its Functions host answers to Azure: no key is needed, and no network is in the way.

        Args:
            path: With a leading slash: `/admin/host/status`.
            method: Of HTTP.
            absent: A status that means: there is no such document.

        Returns:
            The JSON document, parsed; None for the status `absent`.
        """

    def sync_triggers(self) -> None:
        """Have Azure told which triggers its Functions host has."""

    def image(self) -> str:
        """The image that it is meant to run; empty when it is none, or the app has gone."""

    def log(self) -> ContainerLog:
        """Its container log.

        Raises:
            NoLog: It cannot be had, or is empty.
        """
