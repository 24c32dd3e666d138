"""The function app: made in one write; an app that is there gets what it lacks, and nothing else is touched."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from functions_model.azure.clients import AzureClients
from functions_model.core.failures import Problem
from functions_model.hosting.app_service import plan
from functions_model.hosting.app_service.app_changes import (
    BY_PASSWORD,
    SITE,
    app_problems,
    config_changes,
    identity_changes,
)
from functions_model.hosting.app_service.app_writing import (
    body_of,
    create_app,
    credentials_off,
    unfinished_changes,
    update_app,
)
from functions_model.hosting.app_service.commands import container_logging
from functions_model.hosting.app_service.key_vault import reference_notes, reference_problems
from functions_model.hosting.app_service.likeness import ALIKE, Likeness, make_alike
from functions_model.hosting.app_service.machine_key import machine_key_problems
from functions_model.hosting.app_service.nouns import ObservedApp, ObservedSite, ObservedSlot
from functions_model.hosting.app_service.reading import complete_site
from functions_model.hosting.app_service.registry_login import registry_problems
from functions_model.hosting.app_service.script_identity import client_notes
from functions_model.hosting.app_service.settings import settings_changes
from functions_model.hosting.app_service.site import Site, SiteWriting, site_writing
from functions_model.hosting.app_service.slot_settings import apps_sticky, sticky_changes, without_sticky
from functions_model.provision.changes import IMAGE, Action, Change, FieldChange
from functions_model.provision.host import Kind, Look, Wanted, Writing
from functions_model.provision.kinds import (
    application_insights,
    blob_container,
    identity,
    image_import,
    provider,
    resource_group,
    role_assignment,
    service_bus_queue,
    storage_account,
)
from functions_model.provision.kinds.identity import ObservedIdentity
from functions_model.provision.nouns import NameQuestion
from functions_model.provision.observed import FoundApp, Observed
from functions_model.provision.removable import Deletion, Removal
from functions_model.provision.settings.host_storage import host_storage_problems
from functions_model.provision.settings.keys import complete
from functions_model.provision.settings.trigger import connection_problems
from functions_model.provision.tags import tag_changes

KIND = "function app"
TYPE = SITE


def observe(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedApp | None:
    """Configuration and settings of an app that is there."""
    site = seen.of(ObservedSite)
    return None if site is None else complete_site(site, Site(clients, wanted.names.at()))


def problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """An app that is no function app in a container or lives on another plan; settings that cannot be meant."""
    return (
        *app_problems(wanted, observed),
        *machine_key_problems(wanted, observed),
        *registry_problems(wanted),
        *host_storage_problems(wanted, observed),
        *connection_problems(wanted, observed),
        *(() if observed.of(ObservedApp) and through_slot(wanted, observed) else reference_problems(wanted, observed)),
    )


def difference(wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
    """Create, update or keep. An app whose new version goes to a slot is kept, but for what a swap takes."""
    app = observed.of(ObservedApp)
    if app is None:
        made = own_difference(wanted, observed)
        return (replace(made, fields=(*made.fields, *sticky_changes(apps_sticky(wanted), ()))),)
    if not wanted.names.candidate:
        return (own_difference(wanted, observed),)
    fields = identity_changes(wanted, observed) if swaps(wanted, observed) else ()
    fields = (*fields, *unfinished_changes(wanted, app))
    change = Change(KIND, wanted.names.app, Action.KEEP, resource_id=wanted.id_of(TYPE, wanted.names.app))
    if not fields:
        return (change,)
    fields = (*fields, *tag_changes(wanted, app))
    depends_on = _depends_on(wanted, observed)
    reason = "a swap does not bring it"
    return (replace(change, action=Action.UPDATE, fields=fields, reason=reason, depends_on=depends_on),)


def through_slot(wanted: Wanted, observed: Observed) -> bool:
    """Whether the new version goes to a slot: not when it is to be swapped and the app has it, or is made just now."""
    if not wanted.names.candidate or not wanted.target.hosting.swap:
        return bool(wanted.names.candidate)
    swapped = without_sticky(wanted, observed)
    return observed.of(ObservedApp) is not None and own_difference(swapped, observed).action is not Action.KEEP


def swaps(wanted: Wanted, observed: Observed) -> bool:
    """Whether a slot is to be swapped with the app."""
    return wanted.target.hosting.swap and through_slot(wanted, observed)


def own_difference(wanted: Wanted, observed: Observed) -> Change:
    """Create, update or keep, with the new version for the app itself."""
    app = observed.of(ObservedApp)
    resource_id = wanted.id_of(TYPE, wanted.names.app)
    if app is None:
        return _creation(wanted, observed, resource_id)
    fields = (*config_changes(wanted, observed), *identity_changes(wanted, observed), *unfinished_changes(wanted, app))
    settings = settings_changes(wanted, observed)
    if not fields and not settings:
        return Change(KIND, wanted.names.app, Action.KEEP, resource_id=resource_id)
    reason = _reason(fields, settings)
    depends_on = _depends_on(wanted, observed)
    fields = (*fields, *settings, *tag_changes(wanted, app))
    return Change(KIND, wanted.names.app, Action.UPDATE, fields, reason, depends_on, resource_id)


def _creation(wanted: Wanted, observed: Observed, resource_id: str) -> Change:
    fields = (
        FieldChange("image", None, wanted.image),
        FieldChange("plan", None, wanted.resources.plan),
        _way_in(wanted),
        FieldChange("https only", None, "on"),
        FieldChange("container log", None, "on"),
        *credentials_off(wanted),
        *settings_changes(wanted, observed),
    )
    depends_on = _depends_on(wanted, observed)
    return Change(KIND, wanted.names.app, Action.CREATE, fields, "it does not exist", depends_on, resource_id)


def _way_in(wanted: Wanted) -> FieldChange:
    if wanted.by_keys:
        return FieldChange("image pull", None, BY_PASSWORD)
    return FieldChange("identity", None, wanted.resources.identity)


def _depends_on(wanted: Wanted, observed: Observed) -> tuple[str, ...]:
    return (
        resource_group.key(wanted),
        *provider.keys(plan.PROVIDER),
        plan.key(wanted),
        *(storage_account.key(name) for name in wanted.storage_accounts),
        *blob_container.keys(wanted, observed),
        *service_bus_queue.keys(wanted),
        *application_insights.keys(wanted),
        identity.key(wanted),
        *role_assignment.keys(wanted),
        IMAGE,
        image_import.key(wanted),
    )


def _reason(fields: tuple[FieldChange, ...], settings: tuple[FieldChange, ...]) -> str:
    names = [field.name for field in fields]
    if settings:
        names.append("app settings")
    return f"{', '.join(names)} {'differs' if len(names) == 1 and not settings else 'differ'}"


def write(writing: Writing, observed: Observed) -> ObservedSite:
    """Create the app, or write what differs."""
    return write_site(site_writing(writing), observed)


def write_site(writing: SiteWriting, observed: Observed, like: Likeness = ALIKE) -> ObservedSite:
    """Create an app, or a slot, or write what differs: identity, settings and image, each at most once.

    Args:
        writing: Names the app, or the slot.
        observed: What is there.
        like: What a slot takes over from its app.

    Returns:
        The app as an update has left it, for whoever may have to undo it; one that was made says where it answers.
    """
    if observed.of(ObservedIdentity) is None and not writing.wanted.by_keys:
        message = "the app needs an identity"
        raise ValueError(message)
    observed = complete(writing.clients, writing.wanted, observed, mask=writing.mask)
    if (app := observed.of(ObservedApp)) is None:
        return create_app(writing, observed, like)
    make_alike(writing, like)
    return update_app(writing, observed, app)


def notes(wanted: Wanted, observed: Observed) -> Iterator[str]:
    """A container log that is off, who resolves references to Key Vault, and what code in the app runs as."""
    yield from _container_log(wanted, observed)
    yield from reference_notes(wanted, observed)
    yield from client_notes(wanted, observed)


def _container_log(wanted: Wanted, observed: Observed) -> Iterator[str]:
    """A log that is off stays so: what a container prints may be more than its owner wants to keep."""
    there = observed.of(ObservedSlot)
    beside = there.app if there else None
    for slot, app in (("", observed.of(ObservedApp)), (wanted.names.candidate, beside)):
        if app is None or app.container_log:
            continue
        site = f"the slot `{slot}` of the function app" if slot else "the function app"
        kept = "so a failure cannot show it"
        if wanted.data is not None:
            kept += ", and it cannot show whether the trigger stays quiet"
        command = container_logging(wanted.names.at(slot))
        yield f"The container log of {site} `{wanted.names.app}` is off, {kept}. To turn it on: {command}"


def unique_names(clients: AzureClients, wanted: Wanted, seen: Observed) -> Iterator[NameQuestion]:
    """Its host's, where it is not there."""
    if seen.of(FoundApp) is None:
        yield site_question(clients, KIND, TYPE, wanted.names.app)


def site_question(clients: AzureClients, kind: str, resource_type: str, name: str) -> NameQuestion:
    """Whether the name of an app is free, or of a slot, whose host is that of a site `<app>-<slot>`.

    hashicorp/terraform-provider-azurerm, internal/services/appservice/linux_function_app_resource.go:416 and
    linux_function_app_slot_resource.go:411.
    """
    body: Any = {"name": name, "type": TYPE}
    return NameQuestion(kind, resource_type, name, lambda: clients.web.check_name_availability(body))


def delete(it: Deletion) -> None:
    """Delete it without its plan: Resource Manager would delete that with its last app, whoever it belongs to."""
    it.clients.web.web_apps.delete(it.group, it.name, delete_empty_server_farm=False)


FUNCTION_APP = Kind(
    KIND,
    difference,
    write,
    looks=(Look(KIND, ObservedApp.nouns(), observe),),
    problems=problems,
    notes=notes,
    type=TYPE,
    unique_names=unique_names,
    removal=Removal(
        0,
        lambda clients, group, name: clients.web.web_apps.get(group, name),
        delete,
    ),
    body=body_of,
)
