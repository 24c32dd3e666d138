"""A probe of a trigger: the sample request goes in as a blob or message of ours, and its answer is known by its id."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Protocol

from functions_model.azure.assignees import grant
from functions_model.azure.data import DataRefused
from functions_model.core.cancel import CANCEL
from functions_model.core.failures import NotLive
from functions_model.provision import RunContext
from functions_model.provision.endpoint import Endpoint
from functions_model.verify.causes import named_cause
from functions_model.verify.logs import container_log, scrubbed, tail
from functions_model.verify.nouns import Reach, Reached, Verified

PAUSE_SECONDS = 1.0
"""Between two looks for the answer."""
_TOLD_SECONDS = 10.0
_COULD_NOT = "Could not score "
_LATE = "Look at the app's log below, or give the app more time with `verify-timeout`."


class ProbeFailed(Exception):
    """A probe cannot be sent, or its answer cannot come. The texts are a clause, and what to do in sentences."""

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason = reason
        self.remedy = remedy
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Owner:
    """What holds the data.

    Attributes:
        name: For people: "storage account `iris`".
        id: Its ARM id.
        roles: What a login needs to send a probe, by their names.
        login: The login, as options of `az role assignment create`.
    """

    name: str
    id: str
    roles: tuple[str, ...]
    login: str

    def refused(self, refused: DataRefused) -> ProbeFailed:
        """The failure that a refusal is."""
        if refused.shut_out:
            remedy = f"Let this runner into the network of the {self.name}, or run the job inside it."
            return ProbeFailed(f"the {self.name} does not let this machine in ({refused})", remedy)
        if refused.denied:
            return ProbeFailed(f"this login may not {refused.action} ({refused})", self._grant())
        remedy = f"Run again. If it happens again, check that this machine may reach the {self.name}."
        reason = f"the {self.name} does not answer as it must: could not {refused.action} ({refused})"
        return ProbeFailed(reason, remedy)

    def _grant(self) -> str:
        commands = [f"`{grant(self.login, role, self.id)}`" for role in self.roles]
        names = " and ".join(f"`{role}`" for role in self.roles)
        return (
            f"`verify-trigger: send` needs {names} on the {self.name}. Ask an owner to run {', then '.join(commands)}, "
            "and wait some minutes. Or leave `verify-trigger` out."
        )


class Probe(Protocol):
    """A blob or a message of ours, and the way to its answer. Every method raises `DataRefused`."""

    @property
    def roles(self) -> tuple[str, ...]:
        """What a login needs to send it, by their names."""

    @property
    def place(self) -> str:
        """Where it goes, for people: "blob `input/x.json`"."""

    def send(self) -> None:
        """Send it."""

    def answered(self) -> bool:
        """Whether its answer is there."""

    def lost(self) -> str:
        """Where it ended when the app gave it up, a clause; empty while nothing is known of that."""

    def clean(self) -> str:
        """Take away what is ours; what had to stay and why, in sentences."""


def new_id(prefix: str) -> str:
    """An id that nobody else's blob or message has."""
    return f"{prefix}{uuid.uuid4().hex}"


def prove_trigger(
    endpoint: Endpoint, verified: Verified, probe: Probe, owner: Owner, *, timeout: float, context: RunContext
) -> Verified:
    """Send the probe and wait for its answer.

    Args:
        endpoint: The app, which is live.
        verified: What is known of it.
        probe: Is sent once, and cleaned whatever comes of it.
        owner: What holds it.
        timeout: Seconds that the answer may take, from the sending on.
        context: What the run lends.

    Returns:
        The same, with a trigger that is proven.

    Raises:
        NotLive: The login may not send it, the app gave it up, or no answer came in time.
    """
    unseen = verified.reached.unseen if verified.reached else ()
    try:
        left = _exchange(probe, owner, timeout, context)
    except ProbeFailed as failed:
        raise _not_live(endpoint, failed, probe.place) from failed
    return replace(verified, reached=Reached(Reach.PROVEN, unseen, left))


def _exchange(probe: Probe, owner: Owner, timeout: float, context: RunContext) -> str:
    """What had to stay, in sentences.

    Raises:
        ProbeFailed: It could not be sent, or was not answered.
    """
    with CANCEL.work(f"the probe: {probe.place}"):
        try:
            context.report(f"Sending a probe through the trigger: {probe.place}.")
            probe.send()
            _wait(probe, timeout, context)
        except (DataRefused, ProbeFailed) as exc:
            failed = owner.refused(exc) if isinstance(exc, DataRefused) else exc
            raise ProbeFailed(failed.reason, f"{failed.remedy} {_clean(probe, owner)}".rstrip()) from exc
        return _clean(probe, owner)


def _clean(probe: Probe, owner: Owner) -> str:
    """What had to stay, in sentences."""
    try:
        return probe.clean()
    except DataRefused as refused:
        return f"The {probe.place} or its answer is left: {owner.refused(refused).reason}."


def _wait(probe: Probe, timeout: float, context: RunContext) -> None:
    begun = told = context.clock()
    while not probe.answered():
        if lost := probe.lost():
            raise ProbeFailed(lost, "Look at the app's log below: the app could not score it.")
        now = context.clock()
        if now - begun >= timeout:
            reason = f"the {probe.place} was not answered within {timeout:.0f} s"
            raise ProbeFailed(reason, _LATE)
        if now - told >= _TOLD_SECONDS:
            context.report(f"Waiting for the answer to the {probe.place}.")
            told = now
        context.sleep(PAUSE_SECONDS)
    context.report(f"The {probe.place} was answered after {context.clock() - begun:.1f} s.")


def _last_words(place: str, log: str) -> str:
    """Why the app could not score the probe, in its last words (`payload/scoring.py`); empty when it says nothing."""
    name = place.split("`")[1]
    told = [line.partition(_COULD_NOT)[2] for line in log.splitlines() if name in line.partition(_COULD_NOT)[2]]
    return f"{_COULD_NOT}{told[-1]}".rstrip(". ") if told else ""


def _not_live(endpoint: Endpoint, failed: ProbeFailed, place: str) -> NotLive:
    """The failure, with the cause that the app's log names."""
    log = scrubbed(container_log(endpoint).text, endpoint.secrets)
    reason, remedy = failed.reason, failed.remedy
    if words := _last_words(place, log):
        reason = f"{reason}, and the app said: {words}"
    elif remedy.startswith(_LATE) and (cause := named_cause(log, endpoint)):
        reason, remedy = f"{cause.meaning} ({reason})", f"{cause.remedy}{remedy.removeprefix(_LATE)}"
    detail = f"The app's log ends with:\n{tail(log)}"
    return NotLive(f"prove the trigger of {endpoint.name}", scrubbed(reason, endpoint.secrets), remedy, detail=detail)
