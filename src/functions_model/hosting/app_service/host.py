"""App Service as provisioning sees it."""

from __future__ import annotations

from collections.abc import Iterable

from functions_model.azure.clients import AzureClients
from functions_model.core.spec import RemovalSpec
from functions_model.hosting.app_service.app import FUNCTION_APP, through_slot
from functions_model.hosting.app_service.app_changes import origin_of
from functions_model.hosting.app_service.commands import AppServiceCommands
from functions_model.hosting.app_service.content_share import CONTENT_STORAGE
from functions_model.hosting.app_service.endpoint import endpoint_of, live_endpoint
from functions_model.hosting.app_service.nouns import ObservedApp, ObservedSlot
from functions_model.hosting.app_service.plan import PLAN
from functions_model.hosting.app_service.plan_sizes import ObservedPlan
from functions_model.hosting.app_service.reading import find_site, image_of, places_of
from functions_model.hosting.app_service.registry_login import PASSWORD
from functions_model.hosting.app_service.removal import sites_of, slot_changes, survey_slot
from functions_model.hosting.app_service.settings import merged_settings
from functions_model.hosting.app_service.settling import settle
from functions_model.hosting.app_service.site import id_of
from functions_model.hosting.app_service.slot import SLOT
from functions_model.hosting.app_service.swap import SWAP_OF_SLOT, refused_swap, swap, swap_back
from functions_model.hosting.app_service.undoing import undo
from functions_model.provision.changes import FieldChange
from functions_model.provision.context import RunContext
from functions_model.provision.host import Found, ResourcePlan, Wanted
from functions_model.provision.kinds import storage_account
from functions_model.provision.observed import LiveApp, Observed
from functions_model.provision.releases import PutBack, ReleasingHost
from functions_model.provision.removable import Standing
from functions_model.provision.settings.connection_strings import REGISTRY


class AppService:
    """Apps in containers on a plan, with deployment slots. See `provision.host.Host`."""

    kind = FUNCTION_APP.name
    type = FUNCTION_APP.type
    foundations = (PLAN,)
    kinds = (FUNCTION_APP, SLOT, SWAP_OF_SLOT)
    commands = AppServiceCommands()

    find = staticmethod(find_site)
    settings = staticmethod(merged_settings)
    origin = staticmethod(origin_of)
    apps = staticmethod(sites_of)
    candidate_changes = staticmethod(slot_changes)
    endpoint = staticmethod(endpoint_of)
    live_endpoint = staticmethod(live_endpoint)
    move = staticmethod(swap)
    move_back = staticmethod(swap_back)
    refused_move = staticmethod(refused_swap)

    id_of = staticmethod(id_of)
    image_of = staticmethod(image_of)
    places_of = staticmethod(places_of)

    def is_there(self, observed: Observed) -> bool:
        """Whether both plan and app are."""
        return observed.of(ObservedPlan) is not None and observed.of(ObservedApp) is not None

    def settings_with_keys(self, wanted: Wanted) -> tuple[tuple[str, str], ...]:
        """The content share's and the registry's."""
        return (CONTENT_STORAGE, storage_account.key(wanted.resources.storage_account)), (PASSWORD, REGISTRY)

    def apps_on(self, clients: AzureClients, group: str, foundation: str) -> tuple[str, ...]:
        """All apps on a plan."""
        return tuple(str(site.id) for site in clients.web.app_service_plans.list_web_apps(group, foundation))

    def goes_with(self, app: Standing, members: Iterable[str]) -> tuple[FieldChange, ...]:
        """Its slots."""
        below = f"{app.id}/slots/".lower()
        names = [one.rpartition("/")[2] for one in members if one.lower().startswith(below)]
        return (FieldChange("slots", ", ".join(names), "removed"),) if names else ()

    def survey_candidate(self, clients: AzureClients, spec: RemovalSpec) -> Found:
        """App and slot, and the roles that the slot alone has."""
        return survey_slot(clients, spec, self)

    def is_beside(self, plan: ResourcePlan) -> bool:
        """Whether the new version goes to a slot."""
        return through_slot(plan.wanted, plan.observed)

    def candidate_before(self, plan: ResourcePlan) -> LiveApp | None:
        """The slot."""
        slot = plan.observed.of(ObservedSlot)
        return slot.app if slot else None

    def settle(self, plan: ResourcePlan, after: LiveApp, clients: AzureClients, context: RunContext) -> tuple[str, ...]:
        """The settings and tags that had to be written again."""
        return settle(plan, after, clients, context)

    def put_back(self, plan: ResourcePlan, after: LiveApp, clients: AzureClients, context: RunContext) -> PutBack:
        """Image, who pulls it, settings, tags, identity and references."""
        return undo(clients, plan.wanted, _before(plan), after, context)


def _before(plan: ResourcePlan) -> LiveApp:
    if (app := plan.observed.of(LiveApp)) is None:
        message = "there was no app before"
        raise ValueError(message)
    return app


APP_SERVICE: ReleasingHost = AppService()
