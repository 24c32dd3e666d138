"""Two runs to the app `iris` at the same time: one is stopped at one of its requests, the other goes through whole.

A run is what the pipeline does with an app once its image is there, in the pipeline's order (`pipeline/release.py`); to
verify is to see what the app is meant to run, as nothing runs in a sandbox without a data plane.
"""

from __future__ import annotations

import json
import os
import re
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from azure.core.exceptions import ResourceNotFoundError

from azure_sandbox.faults import Fault
from functions_model.core.failures import ApplyIncomplete, Overtaken, PlanRefused
from functions_model.core.secrets import Secret
from functions_model.hosting.app_service.host import APP_SERVICE
from functions_model.hosting.app_service.settling import settle
from functions_model.hosting.app_service.site import Site
from functions_model.hosting.app_service.swap import swap, swap_back
from functions_model.hosting.app_service.undoing import undo
from functions_model.provision import RunContext, observe, plan
from functions_model.provision.observed import LiveApp
from functions_model.provision.removal import removal_plan, remove, survey
from support.removal import removal
from support.slots import image, settings
from support.wanted import wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions_model.provision import Applied, ResourcePlan
    from support.sandbox_login import Azure

LIVE, OVERTAKEN, BACK, GONE = "live", "overtaken", "put back", "gone"
REFUSED, INCOMPLETE = "refused", "incomplete"
_QUICK = RunContext(sleep=lambda _: time.sleep(0.01))
OF_APP = Fault("*", "/sites/iris(/|$)", hold=True, service="arm")
"""Every request for the app and its slot."""
WRITES = Fault("PUT|PATCH|DELETE", ".", hold=True, service="arm")
"""Every write of any resource."""
_SECONDS = 60
_GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


class Runner(Protocol):
    """One of two runs."""

    def run(self, azure: Azure) -> str:
        """All of it; how it ended."""


@dataclass(frozen=True)
class Rival:
    """One of the two, with a version of its own.

    Attributes:
        digit: Of its image.
        how: Changes of the target: `SWAPPED` for a slot and a swap, a trigger.
        works: Whether its version comes to life.
        owner: Its value of a setting that both have.
    """

    digit: str
    how: dict[str, Any] = field(default_factory=dict)
    works: bool = True
    owner: str = ""

    def planned(self, azure: Azure) -> ResourcePlan:
        """What it is to do, as the app is now."""
        given = {"GREETING": Secret(self.owner or self.digit)}
        want = wanted(
            self.digit, azure.registry, subscription_id=azure.sandbox.subscription_id, app_settings=given, **self.how
        )
        want = replace(want, tags={**want.tags, "source-commit": self.digit})
        return plan(want, observe(azure.clients, want))

    def run(self, azure: Azure) -> str:
        """All of it; how it ended."""
        return ending(lambda: self._run(azure, self.planned(azure)))

    def _run(self, azure: Azure, made: ResourcePlan) -> str:
        applied = azure.apply(made)
        if not APP_SERVICE.is_beside(made):
            _check(azure, made)
            return self._in_place(azure, made, applied)
        if not made.move:
            return LIVE
        swap(made, made.move, azure.clients, _QUICK)
        _check(azure, made)
        if self.works:
            return LIVE
        swap_back(made, made.move, azure.clients, _QUICK)
        return BACK

    def _in_place(self, azure: Azure, made: ResourcePlan, applied: Applied) -> str:
        before, after = made.observed.of(LiveApp), applied.app
        if before is None or after is None:
            return LIVE
        if not self.works:
            undo(azure.clients, made.wanted, before, after, _QUICK)
            return BACK
        while settle(made, after, azure.clients, _QUICK):
            _check(azure, made)
        return LIVE


@dataclass(frozen=True)
class Remover:
    """A run that removes the app and all that this tool has made of it."""

    def run(self, azure: Azure) -> str:
        """All of it; how it ended."""
        return ending(lambda: self._run(azure))

    def _run(self, azure: Azure) -> str:
        spec = removal(subscription_id=azure.sandbox.subscription_id, with_data=True)
        remove(removal_plan(spec, survey(azure.clients, spec, APP_SERVICE)), azure.clients, _QUICK)
        return GONE


def ending(run: Callable[[], str]) -> str:
    """How a run ended: as it says itself, or with a failure, whose sentence is told."""
    try:
        return run()
    except Overtaken:
        return OVERTAKEN
    except PlanRefused as failure:
        return f"{REFUSED}: {failure}"
    except ApplyIncomplete as failure:
        return f"{INCOMPLETE}: {failure}"


def _check(azure: Azure, made: ResourcePlan) -> None:
    """As `verify` does it, of an app that answers with another build."""
    site = Site(azure.clients, made.wanted.names.at())
    if (runs := site.runs()) != f"DOCKER|{made.wanted.image}":
        raise Overtaken(str(site.names), runs)


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended.

    Attributes:
        at: What the first was stopped at: `PATCH web`.
        first: How that one ended.
        second: How the other did, which went through meanwhile.
        now: What the app is; empty when it is gone.
    """

    at: str
    first: str
    second: str
    now: dict[str, Any]


def state(azure: Azure) -> dict[str, Any]:
    """What belongs together of the app; nothing when there is none."""
    try:
        site = azure.clients.web.web_apps.get("iris-rg", "iris")
    except ResourceNotFoundError:
        return {}
    config = azure.clients.web.web_apps.get_configuration("iris-rg", "iris")
    held = {name for name in settings(azure) if not name.startswith("MACHINEKEY")}
    found = {
        "image": image(azure),
        "pull": (config.acr_use_managed_identity_creds, config.acr_user_managed_identity_id),
        "settings": {name: settings(azure)[name] for name in held},
        "tags": dict(site.tags or {}),
        "identities": sorted((site.identity and site.identity.user_assigned_identities) or ()),
    }
    alike: dict[str, Any] = json.loads(_GUID.sub("GUID", json.dumps(found)))
    return alike


def requests_of(azure: Azure, first: Runner, where: Fault) -> list[str]:
    """What a run alone asks that the fault concerns, in order."""
    azure.sandbox.journal.clear()
    first.run(azure)
    entries = azure.sandbox.journal.entries("arm")
    asked = (entry for entry in entries if where.hits("arm", entry.method, entry.path.partition("?")[0]))
    return [f"{entry.method} {entry.path.partition('?')[0].rpartition('/')[2]}" for entry in asked]


def stopped(azure: Azure, other: Azure, first: Runner, second: Runner, where: Fault) -> Ended | None:
    """Stop the first at a request of its, let the second go through, and the first go on; None when it ended before."""
    sandbox, ended = azure.sandbox, list[str]()
    sandbox.journal.clear()
    sandbox.faults.add(where)
    thread = threading.Thread(target=lambda: ended.append(first.run(azure)))
    thread.start()
    try:
        _until(lambda: sandbox.faults.held or not thread.is_alive())
        if not sandbox.faults.held:
            return None
        through = second.run(other)
    finally:
        sandbox.faults.clear()
        thread.join(_SECONDS)
    return Ended("", ended[0], through, state(azure))


def _until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + _SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


_LOOKS = 1 if os.environ.get("SOAK") else 3
"""Which of the looks are tried: between two writes there are many."""


def each(
    azure: Azure,
    other: Azure,
    rivals: tuple[Runner, Runner],
    new: Callable[[], object],
    where: Fault = OF_APP,
) -> Iterator[Ended]:
    """Every write of the first, and each third of its looks, as a stop; with `SOAK`, every single request.

    Args:
        azure: The first's login.
        other: The second's.
        rivals: Both.
        new: Makes the app as it was before.
        where: The requests that it is stopped at.
    """
    new()
    for number, at in enumerate(requests_of(azure, rivals[0], where)):
        if at.startswith("GET ") and number % _LOOKS:
            continue
        new()
        ended = stopped(azure, other, *rivals, replace(where, passes=number))
        if ended is None:
            return
        yield replace(ended, at=f"{number} {at}")
