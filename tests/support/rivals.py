"""Two runs to the app `iris` at the same time: one is stopped at one of its requests, the other goes through whole.

A run is what the pipeline does with an app once its image is there, in the pipeline's order (`pipeline/release.py`); to
verify is to see what the app is meant to run, as nothing runs in a sandbox without a data plane.
"""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from azure_sandbox.faults import Fault
from functions_model.core.failures import Overtaken, PlanRefused
from functions_model.core.secrets import Secret
from functions_model.hosting.app_service.host import APP_SERVICE
from functions_model.hosting.app_service.settling import settle
from functions_model.hosting.app_service.site import Site
from functions_model.hosting.app_service.swap import swap, swap_back
from functions_model.hosting.app_service.undoing import undo
from functions_model.provision import RunContext, observe, plan
from functions_model.provision.observed import LiveApp
from support.slots import image, settings
from support.wanted import wanted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions_model.provision import Applied, ResourcePlan
    from support.sandbox_login import Azure

LIVE, OVERTAKEN, BACK, REFUSED = "live", "overtaken", "put back", "refused"
_QUICK = RunContext(sleep=lambda _: time.sleep(0.01))
_OF_APP = "/sites/iris(/|$)"
_SECONDS = 60
_GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


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
        try:
            return self._run(azure, self.planned(azure))
        except Overtaken:
            return OVERTAKEN
        except PlanRefused:
            return REFUSED

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


def _check(azure: Azure, made: ResourcePlan) -> None:
    """As `verify` does it, of an app that answers with another build."""
    site = Site(azure.clients, made.wanted.names.at())
    if site.runs() != f"DOCKER|{made.wanted.image}":
        raise Overtaken(str(site.names), site.runs())


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended.

    Attributes:
        at: What the first was stopped at: `PATCH web`.
        first: How that one ended.
        second: How the other did, which went through meanwhile.
        now: What the app is.
    """

    at: str
    first: str
    second: str
    now: dict[str, Any]


def state(azure: Azure) -> dict[str, Any]:
    """What belongs together of the app."""
    site = azure.clients.web.web_apps.get("iris-rg", "iris")
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


def requests_of(azure: Azure, first: Rival) -> list[str]:
    """What a run alone asks of the app, in order."""
    azure.sandbox.journal.clear()
    first.run(azure)
    asked = (entry for entry in azure.sandbox.journal.entries("arm") if "/sites/iris" in entry.path)
    return [f"{entry.method} {entry.path.partition('?')[0].rpartition('/')[2]}" for entry in asked]


def stopped(azure: Azure, other: Azure, first: Rival, second: Rival, number: int) -> Ended | None:
    """Stop the first at a request of its, let the second go through, and the first go on; None when it ended before."""
    sandbox, ended = azure.sandbox, list[str]()
    sandbox.journal.clear()
    sandbox.faults.add(Fault("*", _OF_APP, hold=True, passes=number, service="arm"))
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


def each(azure: Azure, other: Azure, first: Rival, second: Rival, new: Callable[[], object]) -> Iterator[Ended]:
    """Every single stop; `new` makes the app as it was before."""
    new()
    asked = requests_of(azure, first)
    for number, at in enumerate(asked):
        new()
        if (ended := stopped(azure, other, first, second, number)) is None:
            return
        yield replace(ended, at=f"{number} {at}")
