"""Microsoft.Web/sites/slots on the wire: what only slots have. All else is as with sites, at the slots' own paths."""

from __future__ import annotations

import threading
import time
import uuid
from typing import TYPE_CHECKING

from azure_sandbox.arm.errors import ArmError, WebError, invalid
from azure_sandbox.arm.ids import ResourceId
from azure_sandbox.arm.messages import ArmResponse
from azure_sandbox.arm.operations import polling_url
from azure_sandbox.arm.routing import ArmRoute
from azure_sandbox.arm.web.plans import NAMESPACE
from azure_sandbox.arm.web.sites import ONE, SLOT, site_id
from azure_sandbox.arm.web.swapping import exchange_networks, exchanged

if TYPE_CHECKING:
    from azure_sandbox.arm.messages import ArmRequest
    from azure_sandbox.arm.operations import Durations, Operations
    from azure_sandbox.arm.store import Store
    from azure_sandbox.arm.web.state import Sites
    from azure_sandbox.contract import AppPlatform

PRODUCTION = "production"


class SwapResponses:
    """The handlers of `slotsswap`: 202 with a Location, which answers 200 when both sites run in each other's place."""

    def __init__(
        self, store: Store, sites: Sites, platform: AppPlatform, operations: Operations, durations: Durations
    ) -> None:
        self._store = store
        self._sites = sites
        self._platform = platform
        self._operations = operations
        self._durations = durations

    def routes(self) -> list[ArmRoute]:
        """Where they answer."""
        return [
            *(ArmRoute("POST", f"{one}/slotsswap", self._start) for one in (ONE, SLOT)),
            *(
                ArmRoute("GET", f"{one}/operationresults/{{operation}}", self._operations.poll, _READ)
                for one in (ONE, SLOT)
            ),
        ]

    def _start(self, request: ArmRequest) -> ArmResponse:
        source = self._store.get(site_id(request)).id
        target = self._store.get(_target(request, source)).id
        if str(source).lower() == str(target).lower():
            raise WebError(400, "BadRequest", "The source slot and the target slot of a swap are the same.")
        with self._store.lock:
            for one in (source, target):
                self._sites.check_free(one)
            swap = _Swap(self._sites, self._platform, source, target, self._store.lock)
            swap.moves_network = str(request.body.get("preserveVnet")).lower() != "true"
            self._sites.hold(swap.name, source, target)
        operation = self._operations.start(self._durations.swap, swap.answer)
        swap.location = polling_url(request, f"{request.path.removesuffix('/slotsswap')}/operationresults", operation)
        threading.Thread(target=swap.run, name="swap", daemon=True).start()
        return ArmResponse(202, headers={"Location": swap.location})


_READ = "Microsoft.Web/sites/operationresults/read"


class _Swap:
    """One swap, run by a thread of its own.

    Args:
        sites: Their state.
        platform: Runs them.
        source: What is brought to life in the other's place before anything changes over.
        target: Where it goes.
        lock: Of the store.
    """

    def __init__(
        self, sites: Sites, platform: AppPlatform, source: ResourceId, target: ResourceId, lock: threading.RLock
    ) -> None:
        self.location, self.moves_network = "", False
        self.name = f"Id: {uuid.uuid4()}, OperationName: SwapSiteSlots, CreatedTime: {_now()}"
        self._sites, self._platform, self._lock = sites, platform, lock
        self._source, self._target = source, target
        self._over = threading.Event()
        self._refusal: ArmError | None = ArmError(500, "InternalServerError", "The swap was lost.")

    def answer(self) -> ArmResponse:
        """What a poll gets."""
        if not self._over.is_set():
            return ArmResponse(202, headers={"Location": self.location})
        if self._refusal:
            raise self._refusal
        return ArmResponse(200)

    def run(self) -> None:
        """Exchange the two; when the source does not come to life in the target's place, nothing changes."""
        try:
            self._exchange()
        finally:
            self._sites.let_go(self._source, self._target)
            self._over.set()

    def _exchange(self) -> None:
        sites, source, target = self._sites, self._source, self._target
        with self._lock:
            one, other = sites.of(source), sites.of(target)
            there, here = exchanged(one, other, sites.sticky_of(target), sites.stays)
            definitions = sites.definition(target, there), sites.definition(source, here)
        if not self._platform.swap(*definitions):
            slot = PRODUCTION if len(source.names) == 1 else source.name
            message = (
                f"Cannot swap site slots for site '{source.names[0]}' because the '{slot}' slot did not respond to "
                "http ping."
            )
            self._refusal = WebError(417, "ExpectationFailed", message)
            return
        with self._lock:
            if self.moves_network:
                exchange_networks(sites.resource(source), sites.resource(target))
            for resource_id, now, definition in zip((target, source), (there, here), definitions, strict=True):
                sites.settle(resource_id, now, definition)
            sites.note_shares()
        self._refusal = None


def _target(request: ArmRequest, source: ResourceId) -> ResourceId:
    name = str(request.body.get("targetSlot") or "")
    if not name:
        message = "The parameter targetSlot has an invalid value."
        raise invalid(message, "BadRequest")
    app = ResourceId(source.subscription, source.group, NAMESPACE, ("sites",), source.names[:1])
    return app if name.lower() == PRODUCTION else slot_id(app, name)


def slot_id(app: ResourceId, slot: str) -> ResourceId:
    """The id of an app's slot."""
    return ResourceId(app.subscription, app.group, NAMESPACE, ("sites", "slots"), (*app.names[:1], slot))


def _now() -> str:
    return time.strftime("%m/%d/%Y %I:%M:%S %p", time.gmtime())
