"""The function app: made in one write; an app that is there gets what it lacks, and nothing else is touched."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from functions_model.azure.site import Site
from functions_model.provision.app_changes import (
    BY_PASSWORD,
    IDENTITY,
    config_changes,
    identity_changes,
    linux_fx_version,
    pull_changes,
    same_id,
)
from functions_model.provision.app_problems import app_problems
from functions_model.provision.connection import connection_problems
from functions_model.provision.host_storage import host_storage_problems
from functions_model.provision.keys import complete
from functions_model.provision.kinds import (
    application_insights,
    blob_container,
    identity,
    plan,
    provider,
    resource_group,
    role_assignment,
    service_bus_queue,
    storage_account,
)
from functions_model.provision.nouns import IMAGE, Action, Change, FieldChange
from functions_model.provision.publishing import FIELD, publishing_changes, turn_off
from functions_model.provision.registry_login import registry_problems
from functions_model.provision.settings import MACHINE_KEY, changes_over, settings_changes, settings_to_write
from functions_model.provision.site import complete_site
from functions_model.provision.slot_settings import without_sticky
from functions_model.provision.tags import UNFINISHED, tag_changes, tags_to_be
from functions_model.provision.telemetry import CONNECTION

if TYPE_CHECKING:
    from functions_model.azure.clients import AzureClients
    from functions_model.core.failures import Problem
    from functions_model.provision.kind import Writing
    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed import Observed, ObservedIdentity
    from functions_model.provision.observed_app import ObservedApp

KIND = "function app"
TYPE = "Microsoft.Web/sites"


def observe(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedApp | None:
    """Configuration and settings of an app that is there."""
    return None if seen.site is None else complete_site(seen.site, Site(clients, wanted.group, wanted.app_name))


def problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """An app that is no function app in a container or lives on another plan; settings that cannot be meant."""
    return (
        *app_problems(wanted, observed),
        *registry_problems(wanted),
        *host_storage_problems(wanted, observed),
        *connection_problems(wanted, observed),
    )


def difference(wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
    """Create, update or keep. An app whose new version goes to a slot is kept, but for what a swap takes."""
    if observed.app is None or not wanted.slot:
        return (own_difference(wanted, observed),)
    fields = identity_changes(wanted, observed) if swaps(wanted, observed) else ()
    fields = (*fields, *publishing_changes(observed.app))
    change = Change(KIND, wanted.app_name, Action.KEEP, resource_id=wanted.id_of(TYPE, wanted.app_name))
    if not fields:
        return (change,)
    fields = (*fields, *tag_changes(wanted, observed.app))
    depends_on = _depends_on(wanted, observed)
    reason = "a swap does not bring it"
    return (replace(change, action=Action.UPDATE, fields=fields, reason=reason, depends_on=depends_on),)


def through_slot(wanted: Wanted, observed: Observed) -> bool:
    """Whether the new version goes to a slot: not when it is to be swapped and the app has it, or is made just now."""
    if not wanted.slot or not wanted.swap:
        return bool(wanted.slot)
    swapped = without_sticky(wanted, observed)
    return observed.app is not None and own_difference(swapped, observed).action is not Action.KEEP


def swaps(wanted: Wanted, observed: Observed) -> bool:
    """Whether a slot is to be swapped with the app."""
    return wanted.swap and through_slot(wanted, observed)


def own_difference(wanted: Wanted, observed: Observed) -> Change:
    """Create, update or keep, with the new version for the app itself."""
    app = observed.app
    resource_id = wanted.id_of(TYPE, wanted.app_name)
    if app is None:
        return _creation(wanted, observed, resource_id)
    fields = (*config_changes(wanted, observed), *identity_changes(wanted, observed), *publishing_changes(app))
    settings = settings_changes(wanted, observed)
    if not fields and not settings:
        return Change(KIND, wanted.app_name, Action.KEEP, resource_id=resource_id)
    reason = _reason(fields, settings)
    depends_on = _depends_on(wanted, observed)
    fields = (*fields, *settings, *tag_changes(wanted, app))
    return Change(KIND, wanted.app_name, Action.UPDATE, fields, reason, depends_on, resource_id)


def _creation(wanted: Wanted, observed: Observed, resource_id: str) -> Change:
    fields = (
        FieldChange("image", None, wanted.image),
        FieldChange("plan", None, wanted.plan_name),
        _way_in(wanted),
        FieldChange("https only", None, "on"),
        *(() if wanted.by_keys else (FieldChange(FIELD, None, "off"),)),
        *settings_changes(wanted, observed),
    )
    depends_on = _depends_on(wanted, observed)
    return Change(KIND, wanted.app_name, Action.CREATE, fields, "it does not exist", depends_on, resource_id)


def _way_in(wanted: Wanted) -> FieldChange:
    if wanted.by_keys:
        return FieldChange("image pull", None, BY_PASSWORD)
    return FieldChange("identity", None, wanted.identity_name)


def _depends_on(wanted: Wanted, observed: Observed) -> tuple[str, ...]:
    return (
        resource_group.key(wanted),
        *provider.keys(provider.WEB),
        plan.key(wanted),
        *(storage_account.key(name) for name in wanted.storage_accounts),
        *blob_container.keys(wanted, observed),
        *service_bus_queue.keys(wanted),
        *application_insights.keys(wanted),
        identity.key(wanted),
        *role_assignment.keys(wanted),
        IMAGE,
    )


def _reason(fields: tuple[FieldChange, ...], settings: tuple[FieldChange, ...]) -> str:
    names = [field.name for field in fields]
    if settings:
        names.append("app settings")
    return f"{', '.join(names)} {'differs' if len(names) == 1 and not settings else 'differ'}"


def write(writing: Writing, observed: Observed) -> ObservedApp | None:
    """Create the app, or write what differs: identity, settings and image, each at most once.

    Returns:
        The app as an update has left it, for whoever may have to undo it.
    """
    if observed.identity is None and not writing.wanted.by_keys:
        message = "the app needs an identity"
        raise ValueError(message)
    observed = complete(writing.clients, writing.wanted, observed, mask=writing.mask)
    if observed.app is None:
        _create(writing, observed)
        return None
    return _update(writing, observed, observed.app)


def _create(writing: Writing, observed: Observed) -> None:
    """One PUT with everything that runs: the app never starts with a wrong image or without its settings."""
    wanted, who = writing.wanted, observed.identity
    settings = _settings(writing, observed)
    body: Any = {
        "location": observed.plan.location if observed.plan else wanted.location,
        "kind": "functionapp,linux,container",
        "tags": dict(wanted.tags) if wanted.by_keys else {**wanted.tags, UNFINISHED: FIELD},
        "properties": {
            "serverFarmId": wanted.id_of(plan.TYPE, wanted.plan_name),
            "reserved": True,
            "httpsOnly": True,
            "siteConfig": {
                **_pull_config(wanted, who),
                "appSettings": [{"name": name, "value": value} for name, value in sorted(settings.items())],
                "minTlsVersion": "1.2",
                "ftpsState": "Disabled",
                **_always_on(observed),
            },
        },
    }
    if who is not None:
        body["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {who.id: {}}}
        body["properties"]["keyVaultReferenceIdentity"] = who.id
    writing.site.ask("begin_create_or_update", site_envelope=body).result()
    if not wanted.by_keys:
        turn_off(writing)
        _finish(writing)


def _finish(writing: Writing) -> None:
    """Take the tag away that says that the app is not done."""
    done: Any = {"tags": dict(writing.wanted.tags)}
    writing.patience.through(lambda: writing.site.ask("update", site_envelope=done))


def _always_on(observed: Observed) -> dict[str, Any]:
    """Only Elastic Premium keeps a function app awake by itself; on other plans an idle one would be unloaded."""
    elastic = observed.plan is None or observed.plan.tier.lower() == "elasticpremium"
    return {} if elastic else {"alwaysOn": True}


def _pull_config(wanted: Wanted, who: ObservedIdentity | None) -> dict[str, Any]:
    """Resource Manager wants the identity's client id here, not its resource id."""
    image = {"linuxFxVersion": linux_fx_version(wanted), "acrUseManagedIdentityCreds": who is not None}
    return image if who is None else {**image, "acrUserManagedIdentityID": who.client_id}


def _settings(writing: Writing, observed: Observed) -> dict[str, str]:
    settings = settings_to_write(writing.wanted, observed)
    for name in (MACHINE_KEY, CONNECTION):
        if value := settings.get(name):
            writing.mask(value)
    return settings


def _update(writing: Writing, observed: Observed, app: ObservedApp) -> ObservedApp:
    """The identity first. Then the settings; but an image that an identity will pull goes before its password goes.

    Each request has its own tries: a conflict at the last must not write the settings a second time.
    """
    wanted, who = writing.wanted, observed.identity
    if publishing_changes(app):
        turn_off(writing)
    app = writing.patience.through(partial(_patch_site, writing, who, app))
    if wanted.slot and not writing.slot:
        return app
    writes = [_write_settings, _write_config]
    if not wanted.by_keys and pull_changes(wanted, observed, app):
        writes.reverse()
    for write_part in writes:
        app = writing.patience.through(partial(write_part, writing, observed, app))
    return app


def _patch_site(writing: Writing, who: ObservedIdentity | None, app: ObservedApp) -> ObservedApp:
    """Identity and tags, in one request.

    It comes first: a run that is stopped after it leaves the tags of a source whose image comes with the next run, and
    never an image whose tags no run would write again.
    """
    wanted, body = writing.wanted, {}
    # Not asked again: an identity that has been made meanwhile would look as if it had been there.
    if who is not None and any(field.name == IDENTITY for field in writing.change.fields):
        body["identity"] = _with_identity(app, who)
        app = replace(app, identity_ids=(*app.identity_ids, who.id))
    if (tags := tags_to_be(wanted, app)) != app.tags:
        body["tags"] = tags
        app = replace(app, tags=tags)
    if body:
        patch: Any = body
        writing.site.ask("update", site_envelope=patch)
    return app


def _write_settings(writing: Writing, observed: Observed, app: ObservedApp) -> ObservedApp:
    wanted = writing.wanted
    if not settings_changes(wanted, observed):
        return app
    planned = _settings(writing, observed)
    settings: Any = {"properties": changes_over(_live_settings(writing), app.settings, planned)}
    writing.site.ask("update_application_settings", app_settings=settings)
    return replace(app, settings=planned)


def _live_settings(writing: Writing) -> dict[str, str]:
    """As they are now: an image may have taken minutes since they were looked at, and a write replaces all of them."""
    return dict(writing.site.ask("list_application_settings").properties or {})


def _write_config(writing: Writing, observed: Observed, app: ObservedApp) -> ObservedApp:
    wanted, who = writing.wanted, observed.identity
    if not config_changes(wanted, observed):
        return app
    config: Any = {"properties": _pull_config(wanted, who)}
    writing.site.ask("update_configuration", site_config=config)
    by = who.client_id if who else ""
    return replace(app, runs=linux_fx_version(wanted), pull_identity=by, pulls_by_identity=bool(by))


def _with_identity(app: ObservedApp, who: ObservedIdentity) -> dict[str, Any]:
    """Ours beside those that the app has: a patch that named ours alone would change the type and drop them."""
    types = "SystemAssigned, UserAssigned" if "systemassigned" in app.identity_type.lower() else "UserAssigned"
    others = (held for held in app.identity_ids if not same_id(held, who.id))
    return {"type": types, "userAssignedIdentities": {held: {} for held in (*others, who.id)}}
