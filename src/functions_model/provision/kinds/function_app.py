"""The function app: made in one write; an app that is there gets what it lacks, and nothing else is touched."""

# ruff: noqa: PLC0415 - the SDK is imported where it is first used: a run that needs no Azure must start fast

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from functions_model.core.failures import Problem
from functions_model.provision.connection import connection_problems
from functions_model.provision.elsewhere import value_for
from functions_model.provision.kinds import (
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
from functions_model.provision.observed import ObservedApp
from functions_model.provision.settings import MACHINE_KEY, settings_changes, settings_to_write

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions_model.azure.clients import AzureClients
    from functions_model.provision.kind import Writing
    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed import Observed, ObservedIdentity, ObservedSite

KIND = "function app"
TYPE = "Microsoft.Web/sites"
_IDENTITY = "identity"
_OTHER_APP = "Set `app-name` to a new name, or delete that app first."


def observe(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedApp | None:
    """Configuration and settings of an app that is there, read side by side."""
    from azure.core.exceptions import ResourceNotFoundError

    if seen.site is None:
        return None
    apps = clients.web.web_apps
    reads = (apps.get_configuration, apps.list_application_settings)
    with ThreadPoolExecutor(max_workers=len(reads)) as threads:
        asked = [threads.submit(read, wanted.group, wanted.app_name) for read in reads]
        try:
            config, settings = (answer.result() for answer in asked)
        except ResourceNotFoundError:
            return None
    return _observed(seen.site, config, settings)


def _observed(site: ObservedSite, config: Any, settings: Any) -> ObservedApp:
    return ObservedApp(
        id=site.id,
        kind=site.kind,
        plan_id=site.plan_id,
        host_name=site.host_name,
        identity_type=site.identity_type,
        identity_ids=site.identity_ids,
        identity_clients=site.identity_clients,
        runs=str(config.linux_fx_version or ""),
        pull_identity=str(config.acr_user_managed_identity_id or "") if config.acr_use_managed_identity_creds else "",
        settings=dict(settings.properties or {}),
        pulls_by_identity=bool(config.acr_use_managed_identity_creds),
    )


def problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """An app that is no function app in a container or lives on another plan; a connection that cannot be meant."""
    return (*_app_problems(wanted, observed), *connection_problems(wanted, observed))


def _app_problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    app = observed.app
    if app is None:
        return ()
    name, kinds = wanted.app_name, set(app.kind.lower().split(","))
    if "functionapp" not in kinds:
        return (Problem(f"`{name}` is a web app, not a function app", _OTHER_APP, "app-name"),)
    if "container" not in kinds:
        return (Problem(f"the function app `{name}` runs code, not a container", _OTHER_APP, "app-name"),)
    if app.plan_id and not same_id(app.plan_id, wanted.id_of(plan.TYPE, wanted.plan_name)):
        theirs, ours = (
            value_for(plan_id, wanted) for plan_id in (app.plan_id, wanted.id_of(plan.TYPE, wanted.plan_name))
        )
        what = f"the function app `{name}` lives on the plan `{theirs}`, not on `{ours}`"
        return (Problem(what, f"Set `plan-name` to `{theirs}`, or `app-name` to a new name.", "plan-name"),)
    return ()


def same_id(one: str, other: str) -> bool:
    """Whether two ARM ids name the same resource: services change their case."""
    return one.lower().rstrip("/") == other.lower().rstrip("/")


def difference(wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
    """Create, update or keep."""
    app = observed.app
    resource_id = wanted.id_of(TYPE, wanted.app_name)
    if app is None:
        return (_creation(wanted, observed, resource_id),)
    fields = (*_config_changes(wanted, observed), *_identity_changes(wanted, observed))
    settings = settings_changes(wanted, observed)
    if not fields and not settings:
        return (Change(KIND, wanted.app_name, Action.KEEP, resource_id=resource_id),)
    reason = _reason(fields, settings)
    depends_on = _depends_on(wanted, observed)
    return (Change(KIND, wanted.app_name, Action.UPDATE, (*fields, *settings), reason, depends_on, resource_id),)


def _creation(wanted: Wanted, observed: Observed, resource_id: str) -> Change:
    fields = (
        FieldChange("image", None, wanted.image),
        FieldChange("plan", None, wanted.plan_name),
        FieldChange("identity", None, wanted.identity_name),
        FieldChange("https only", None, "on"),
        *settings_changes(wanted, observed),
    )
    depends_on = _depends_on(wanted, observed)
    return Change(KIND, wanted.app_name, Action.CREATE, fields, "it does not exist", depends_on, resource_id)


def _depends_on(wanted: Wanted, observed: Observed) -> tuple[str, ...]:
    return (
        resource_group.key(wanted),
        *provider.keys(provider.WEB),
        plan.key(wanted),
        *(storage_account.key(name) for name in wanted.storage_accounts),
        *blob_container.keys(wanted, observed),
        *service_bus_queue.keys(wanted),
        identity.key(wanted),
        *role_assignment.keys(wanted),
        IMAGE,
    )


def _reason(fields: tuple[FieldChange, ...], settings: tuple[FieldChange, ...]) -> str:
    names = [field.name for field in fields]
    if settings:
        names.append("app settings")
    return f"{', '.join(names)} {'differs' if len(names) == 1 and not settings else 'differ'}"


def _config_changes(wanted: Wanted, observed: Observed) -> tuple[FieldChange, ...]:
    """The image, and who pulls it."""
    app, who = observed.app, observed.identity
    if app is None:
        return ()
    changes = []
    if app.runs != _linux_fx_version(wanted):
        changes.append(FieldChange("image", app.runs.removeprefix("DOCKER|") or None, wanted.image))
    if who is None or app.pull_identity.lower() != who.client_id.lower():
        after = f"the identity {wanted.identity_name}"
        changes.append(FieldChange("image pull", app.pull_identity or "registry credentials", after))
    return tuple(changes)


def _identity_changes(wanted: Wanted, observed: Observed) -> tuple[FieldChange, ...]:
    app = observed.app
    wanted_id = wanted.id_of(identity.TYPE, wanted.identity_name)
    if app is None:
        return ()
    if not any(same_id(held, wanted_id) for held in app.identity_ids):
        return (FieldChange(_IDENTITY, ", ".join(app.identity_ids) or None, wanted.identity_name),)
    return _renewal(app, wanted, observed)


def _renewal(app: ObservedApp, wanted: Wanted, observed: Observed) -> tuple[FieldChange, ...]:
    """An app keeps the identity that it was given, by client id, even when another one has come in its place."""
    known = app.identity_clients.get(wanted.id_of(identity.TYPE, wanted.identity_name).lower())
    now = observed.identity.client_id if observed.identity else None
    if now is not None and known in {None, now}:
        return ()
    return (FieldChange(_IDENTITY, f"{wanted.identity_name}, which is gone", f"{wanted.identity_name}, made again"),)


def _linux_fx_version(wanted: Wanted) -> str:
    return f"DOCKER|{wanted.image}"


def write(writing: Writing, observed: Observed) -> ObservedApp | None:
    """Create the app, or write what differs: identity first, then settings, then the image, each at most once.

    Returns:
        The app as an update has left it, for whoever may have to undo it.
    """
    if observed.identity is None:
        message = "the app needs an identity"
        raise ValueError(message)
    if observed.app is None:
        _create(writing, observed, observed.identity)
        return None
    return _update(writing, observed, observed.app, observed.identity)


def _create(writing: Writing, observed: Observed, who: ObservedIdentity) -> None:
    """One PUT with everything: the app never starts with a wrong image or without its settings."""
    wanted = writing.wanted
    settings = _settings(writing, observed)
    body: Any = {
        "location": observed.plan.location if observed.plan else wanted.location,
        "kind": "functionapp,linux,container",
        "tags": dict(wanted.tags),
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {who.id: {}}},
        "properties": {
            "serverFarmId": wanted.id_of(plan.TYPE, wanted.plan_name),
            "reserved": True,
            "httpsOnly": True,
            "keyVaultReferenceIdentity": who.id,
            "siteConfig": {
                **_pull_config(wanted, who),
                "appSettings": [{"name": name, "value": value} for name, value in sorted(settings.items())],
                "minTlsVersion": "1.2",
                "ftpsState": "Disabled",
                **_always_on(observed),
            },
        },
    }
    poller = writing.clients.web.web_apps.begin_create_or_update(wanted.group, wanted.app_name, body)
    poller.result()


def _always_on(observed: Observed) -> dict[str, Any]:
    """Only Elastic Premium keeps a function app awake by itself; on other plans an idle one would be unloaded."""
    elastic = observed.plan is None or observed.plan.tier.lower() == "elasticpremium"
    return {} if elastic else {"alwaysOn": True}


def _pull_config(wanted: Wanted, who: ObservedIdentity) -> dict[str, Any]:
    """Resource Manager wants the identity's client id here, not its resource id."""
    return {
        "linuxFxVersion": _linux_fx_version(wanted),
        "acrUseManagedIdentityCreds": True,
        "acrUserManagedIdentityID": who.client_id,
    }


def _settings(writing: Writing, observed: Observed) -> dict[str, str]:
    settings = settings_to_write(writing.wanted, observed)
    writing.mask(settings[MACHINE_KEY])
    return settings


def _update(writing: Writing, observed: Observed, app: ObservedApp, who: ObservedIdentity) -> ObservedApp:
    apps, wanted = writing.clients.web.web_apps, writing.wanted
    # Not asked again: an identity that has been made meanwhile would look as if it had been there.
    if any(field.name == _IDENTITY for field in writing.change.fields):
        site: Any = {"identity": _with_identity(app, who)}
        apps.update(wanted.group, wanted.app_name, site)
        app = replace(app, identity_ids=(*app.identity_ids, who.id))
    if settings_changes(wanted, observed):
        settings: Any = {"properties": _settings(writing, observed)}
        apps.update_application_settings(wanted.group, wanted.app_name, settings)
        app = replace(app, settings=settings["properties"])
    if _config_changes(wanted, observed):
        config: Any = {"properties": _pull_config(wanted, who)}
        apps.update_configuration(wanted.group, wanted.app_name, config)
        app = replace(app, runs=_linux_fx_version(wanted), pull_identity=who.client_id, pulls_by_identity=True)
    return app


def _with_identity(app: ObservedApp, who: ObservedIdentity) -> dict[str, Any]:
    """Ours beside those that the app has: a patch that named ours alone would change the type and drop them."""
    types = "SystemAssigned, UserAssigned" if "systemassigned" in app.identity_type.lower() else "UserAssigned"
    others = (held for held in app.identity_ids if not same_id(held, who.id))
    return {"type": types, "userAssignedIdentities": {held: {} for held in (*others, who.id)}}
