"""Where Microsoft.Web would make a plan: regions and their sizes, groups and what they are bound to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.errors import WebError
from azure_sandbox.arm.ids import ResourceId
from azure_sandbox.arm.locations import LOCATIONS, display_name, location_name
from azure_sandbox.arm.messages import ArmResponse, listing
from azure_sandbox.arm.routing import GROUP, SUBSCRIPTION, ArmRoute
from azure_sandbox.arm.web.skus import full_sku

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_sandbox.arm.messages import ArmRequest
    from azure_sandbox.arm.store import Store

NAMESPACE = "Microsoft.Web"


class Room:
    """What a subscription may make where.

    The first Windows plan binds its group, in its region, to workers without Linux; deleting the plan, or the group,
    does not undo that.
    """

    def __init__(self) -> None:
        self._windows: set[tuple[str, str]] = set()
        self._lacking: set[tuple[str, str]] = set()

    def bind_to_windows(self, group: str, region: str) -> None:
        """Let a group have had a Windows plan in a region."""
        self._windows.add((group.lower(), region))

    def take_away(self, tier: str, region: str) -> None:
        """Let the subscription have no quota for a tier (`ElasticPremium`) in a region (`westeurope`)."""
        self._lacking.add((tier.lower(), region))

    def has(self, tier: str, region: str) -> bool:
        """Whether plans of a tier can be made in a region."""
        return (tier.lower(), region) not in self._lacking

    def refusal(self, group: str, region: str, tier: str, *, linux: bool) -> tuple[str, str] | None:
        """Why a plan would not be made, as code and message; None when it would."""
        if linux and (group.lower(), region) in self._windows:
            message = (
                f"Linux workers are not available in resource group {group}. Use this link to learn more "
                "https://aka.ms/LinuxWorkersNotAllowedInResourceGroup"
            )
            return "LinuxWorkersNotAllowedInResourceGroup", message
        if not self.has(tier, region):
            message = (
                f"This region has quota of 0 {tier} instances for your subscription. Try selecting different region or "
                "SKU."
            )
            return "SubscriptionIsOverQuotaForSku", message
        return None

    def check(self, group: str, region: str, tier: str, *, linux: bool) -> None:
        """Refuse a plan that cannot be made; what can be made and runs Windows binds its group.

        Raises:
            WebError: BadRequest for a group that is bound, Unauthorized for a quota.
        """
        if (refusal := self.refusal(group, region, tier, linux=linux)) is not None:
            code, message = refusal
            if code.startswith("Linux"):
                raise WebError(400, "BadRequest", message)
            # A quota is answered with 401, which is no failure of the login.
            raise WebError(401, "Unauthorized", message)
        if not linux:
            self.bind_to_windows(group, region)


class RoomResponses:
    """`validate` and `geoRegions`."""

    def __init__(self, store: Store, room_in: Callable[[str], Room]) -> None:
        self._store = store
        self._room_in = room_in

    def routes(self) -> list[ArmRoute]:
        """Where they answer."""
        return [
            ArmRoute("POST", f"{GROUP}/providers/{NAMESPACE}/validate", self._validate),
            ArmRoute("GET", f"{SUBSCRIPTION}/providers/{NAMESPACE}/geoRegions", self._regions),
        ]

    def _validate(self, request: ArmRequest) -> ArmResponse:
        """Whether a plan or an app would be made; a refusal is an answer with status 200."""
        body, given = request.body, request.properties
        kind = str(body.get("type") or "").rpartition("/")[2].lower()
        if kind not in {"serverfarm", "serverfarms"}:
            return ArmResponse(200, {"status": "Success", "error": None})
        region = location_name(body.get("location"), f"{NAMESPACE}/serverfarms")
        tier = full_sku({"name": given.get("skuName") or "B1"})["tier"]
        plan = ResourceId(request.subscription, request.group, NAMESPACE, ("serverfarms",), (str(body.get("name")),))
        if self._store.find(plan):
            return _failure("ServerFarmAlreadyExists", f"Server farm with name {plan.name} already exists.")
        linux = bool(given.get("needLinuxWorkers"))
        refusal = self._room_in(request.subscription).refusal(request.group, region, tier, linux=linux)
        return _failure(*refusal) if refusal else ArmResponse(200, {"status": "Success", "error": None})

    def _regions(self, request: ArmRequest) -> ArmResponse:
        tier = request.query.get("sku", "")
        room = self._room_in(request.subscription)
        names = [name for name in LOCATIONS if not tier or room.has(tier, name)]
        return listing([_region(request.subscription, display_name(name)) for name in names])


def _failure(code: str, message: str) -> ArmResponse:
    return ArmResponse(200, {"status": "Failure", "error": {"code": code, "message": message}})


def _region(subscription: str, shown: str) -> dict[str, Any]:
    kind = f"{NAMESPACE}/geoRegions"
    return {
        "id": f"/subscriptions/{subscription}/providers/{kind}/{shown}",
        "name": shown,
        "type": kind,
        "properties": {"name": shown, "description": None, "displayName": shown, "orgDomain": "PUBLIC;LINUX"},
    }
