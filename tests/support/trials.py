"""Random bad luck of one deployment, made of a seed: the same seed gives the same bad luck."""

from __future__ import annotations

import random
import signal
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from azure_sandbox.faults import Fault
from support.odd_answers import odd_answer, spoiled_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

REQUESTS: Mapping[str, int] = {"first": 60, "update": 45, "package": 24}
"""How many requests a whole deployment of each kind makes, a few more than that: some bad luck comes too late."""
_KINDS = ("first", "update", "update", "package", "package")
"""A new app takes the longest."""
_SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_TIMES = (1, 1, 1, 2, 3, 8)
"""Requests that a fault hits. Eight are more than one call tries."""
_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Access denied</title></head>\n"
    "<body><h1>Access denied</h1><p>Ask the network team. Id: 4711</p></body></html>\n"
)
_BODIES = (_PAGE, _PAGE, "", "null", '{"error": {"code": "ServerTimeout", "message": "Try again later."}}')


@dataclass(frozen=True, slots=True)
class Trial:
    """One deployment with its bad luck.

    Attributes:
        seed: It was made of.
        kind: `first` makes a new app, `update` changes one, `package` makes an image alone.
        faults: What the cloud answers.
        signal: Ends the run; None for nothing.
        at: The request at which the signal comes.
        disk: Room for temporary files, in KiB; None for as much as the machine has.
        deaf: Whether outputs and summary cannot be written, as their disk is full.
        on_pipelines: Whether it is a step of Azure Pipelines, with a service connection; else it is GitHub's action.
    """

    seed: int
    kind: str
    faults: tuple[Fault, ...]
    signal: signal.Signals | None = None
    at: int = 0
    disk: int | None = None
    deaf: bool = False
    on_pipelines: bool = False

    @property
    def was_lied_to(self) -> bool:
        """Whether answers were taken for true that are not: then exit 0 says nothing of what is live."""
        return any(fault.spoiled for fault in self.faults)

    @property
    def words(self) -> str:
        """What is done, for people."""
        done = [_told(fault) for fault in self.faults]
        if self.signal is not None:
            done.append(f"{self.signal.name} at request {self.at}")
        if self.disk is not None:
            done.append(f"{self.disk} KiB for temporary files")
        if self.deaf:
            done.append("outputs and summary on a full disk")
        where = " on Azure Pipelines" if self.on_pipelines else ""
        return f"{self.kind}{where}: {'; '.join(done)}"


def trial(seed: int) -> Trial:
    """The trial of a seed. Each fourth is on Azure Pipelines, and about a quarter of all faults are odd answers."""
    made = _unlucky(seed)
    chance = random.Random(f"odd {seed}")  # noqa: S311 - one of its own: it leaves what else befalls a seed as it is
    faults = tuple(_odd(chance, fault) if chance.random() < 0.25 else fault for fault in made.faults)
    on_pipelines = seed % 4 == 3 and not made.deaf
    if on_pipelines:
        faults = tuple(replace(one, service=_ON_PIPELINES.get(one.service, one.service)) for one in faults)
    return replace(made, faults=faults, on_pipelines=on_pipelines)


_ON_PIPELINES = {"github": "azure-devops"}
"""Who gives identity tokens there."""


def _odd(chance: random.Random, fault: Fault) -> Fault:
    """An answer of another form in a fault's place; of Resource Manager, also a true one with things changed."""
    if fault.service == "*" and chance.random() < 0.6:
        fault = replace(fault, service="arm", passes=fault.passes // 2)
    make = chance.choice((odd_answer, spoiled_answer)) if fault.service == "arm" else odd_answer
    return make(chance, fault)


def _unlucky(seed: int) -> Trial:
    """What befalls a deployment of that seed, by answers that services and proxies give on bad days, and signals."""
    chance = random.Random(seed)  # noqa: S311 - it is meant to be the same each time
    kind = chance.choice(_KINDS)
    faults = tuple(_fault(chance, REQUESTS[kind]) for _ in range(chance.randint(1, 3)))
    made, luck = Trial(seed, kind, faults), chance.random()
    if luck < 0.3:
        # Alone with its signal, or after one fault: a run that fails by itself is not there to be killed.
        few = faults[: chance.randint(0, 1)]
        return replace(made, faults=few, signal=chance.choice(_SIGNALS), at=chance.randrange(REQUESTS[kind]))
    if luck < 0.4:
        return replace(made, faults=faults[:1], disk=4 * chance.choice((1, 2, 4, 8, 64, 1024)))
    if luck < 0.45:
        return replace(made, faults=faults[:1], deaf=True)
    return made


def _fault(chance: random.Random, requests: int) -> Fault:
    """One fault at a random request; a third of them wait for a certain service."""
    service = chance.choice(("*", "*", "*", "*", "arm", "registry", "entra", "github"))
    passes = chance.randrange({"*": requests, "arm": requests // 2, "registry": 15}.get(service, 2))
    plain = Fault("*", ".", delay=0.0, passes=passes, times=chance.choice(_TIMES), service=service)
    return chance.choice(_MAKERS)(chance, plain)


def _slow(chance: random.Random, plain: Fault) -> Fault:
    return replace(plain, delay=round(chance.uniform(0.2, 3.0), 1))


def _reset(chance: random.Random, plain: Fault) -> Fault:
    return replace(plain, drop_connection=True, executed=chance.random() < 0.5)


def _throttled(chance: random.Random, plain: Fault) -> Fault:
    asked = chance.choice(({}, {"Retry-After": "1"}, {"Retry-After": "2"}, {"Retry-After": "abc"}))
    return replace(plain, status=429, headers=asked, body=chance.choice(_BODIES))


def _broken(chance: random.Random, plain: Fault) -> Fault:
    status = chance.choice((500, 502, 503, 504))
    return replace(plain, status=status, executed=chance.random() < 0.3, body=chance.choice(_BODIES))


def _page(chance: random.Random, plain: Fault) -> Fault:
    """An answer that a proxy gives in the service's place."""
    html = {"Content-Type": "text/html"}
    return replace(plain, status=chance.choice((200, 403, 407, 502)), headers=html, body=chance.choice(_BODIES))


_MAKERS: tuple[Callable[[random.Random, Fault], Fault], ...] = (_slow, _reset, _throttled, _broken, _page)


def _told(fault: Fault) -> str:
    what = "no answer" if fault.drop_connection else f"{fault.status}" if fault.status else f"{fault.delay} s late"
    if fault.spoiled:
        what = "an answer that is changed"
    elif fault.status:
        what += f" {str(fault.body)[:9]!r}"
    done = ", though it was done" if fault.executed else ""
    return f"{what}{done} ({fault.service}, after {fault.passes}, {fault.times} times)"
