"""Writing a function app, or a slot: one that is new in one request, one that is there by what differs."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from functions_model.core.failures import Overtaken
from functions_model.core.tags import UNFINISHED
from functions_model.hosting.app_service import plan
from functions_model.hosting.app_service.app_changes import (
    IDENTITY,
    REFERENCES,
    config_changes,
    linux_fx_version,
    pull_fields,
)
from functions_model.hosting.app_service.likeness import Likeness, config_of
from functions_model.hosting.app_service.machine_key import MACHINE_KEY
from functions_model.hosting.app_service.nouns import RESOLVER, ObservedApp, ObservedSite, image_in
from functions_model.hosting.app_service.plan_sizes import ObservedPlan
from functions_model.hosting.app_service.reading import observed_site
from functions_model.hosting.app_service.settings import settings_changes, settings_to_write
from functions_model.hosting.app_service.site import SiteWriting, as_pairs
from functions_model.hosting.app_service.slot_settings import apps_sticky, make_sticky, sticky_changes
from functions_model.provision.changes import FieldChange
from functions_model.provision.host import Wanted
from functions_model.provision.kinds.identity import ObservedIdentity
from functions_model.provision.nouns import same_id
from functions_model.provision.observed import Observed
from functions_model.provision.settings.host_storage import CONNECTION
from functions_model.provision.tags import is_ours, tags_to_be


def body_of(wanted: Wanted, _: str) -> dict[str, Any]:
    """What an app is created with, as far as it is known before plan and identity are there: no settings yet."""
    return {
        "location": wanted.target.location,
        "kind": "functionapp,linux,container",
        "tags": dict(wanted.tags),
        "properties": {
            "serverFarmId": wanted.id_of(plan.TYPE, wanted.resources.plan),
            "reserved": True,
            "httpsOnly": True,
            "siteConfig": {
                "minTlsVersion": "1.2",
                "ftpsState": "Disabled",
                # Else nothing of what the container writes is kept, the traceback of `init()` neither.
                "httpLoggingEnabled": True,
            },
        },
    }


def create_app(writing: SiteWriting, observed: Observed, like: Likeness) -> ObservedSite:
    """One PUT with everything that runs: the app never starts with a wrong image or without its settings."""
    live = observed.of(ObservedPlan)
    wanted, who = writing.wanted, observed.of(ObservedIdentity)
    settings, body = _settings(writing, observed), body_of(wanted, wanted.names.app)
    body["location"] = live.location if live else wanted.target.location
    body["tags"] |= {UNFINISHED: "run again"}
    body["properties"] |= like.properties
    body["properties"]["siteConfig"] |= {
        **config_of(like),
        **_pull_config(wanted, who),
        "appSettings": as_pairs(settings),
        **_always_on(observed),
    }
    if who is not None:
        body["identity"] = {"type": "UserAssigned", "userAssignedIdentities": {who.id: {}}}
        body["properties"][RESOLVER] = who.id
    made = observed_site(writing.site.create_or_update(body))
    finish(writing)
    writing.patience.through(partial(_untag, writing))
    return made


def _untag(writing: SiteWriting) -> None:
    """Take the tag away that says that the app is not done; of somebody else's version by now, it is theirs."""
    if writing.site.runs() == linux_fx_version(writing.wanted):
        writing.site.update({"tags": dict(writing.wanted.tags)})


def _always_on(observed: Observed) -> dict[str, Any]:
    """Only Elastic Premium keeps a function app awake by itself; on other plans an idle one would be unloaded."""
    live = observed.of(ObservedPlan)
    elastic = live is None or live.tier.lower() == "elasticpremium"
    return {} if elastic else {"alwaysOn": True}


def _pull_config(wanted: Wanted, who: ObservedIdentity | None) -> dict[str, Any]:
    return {"linuxFxVersion": linux_fx_version(wanted), **pull_fields(who)}


def _settings(writing: SiteWriting, observed: Observed) -> dict[str, str]:
    settings = settings_to_write(writing.wanted, observed)
    for name in (MACHINE_KEY, CONNECTION):
        if value := settings.get(name):
            writing.mask(value)
    return settings


def update_app(writing: SiteWriting, observed: Observed, app: ObservedApp) -> ObservedApp:
    """Tags and identity first, then the version: image, who pulls it, and settings, in one request.

    So nobody ever meets the image of one deployment with the settings of another. Whoever has begun to write goes on to
    its end: the last version wins, whole.

    Raises:
        Overtaken: Somebody else has deployed to it since it was looked at; nothing was written.
    """
    wanted, who = writing.wanted, observed.of(ObservedIdentity)
    if (runs := writing.patience.through(writing.site.runs)) != app.runs:
        raise Overtaken(str(writing.site.names), image_in(runs), "This run has written nothing of it.")
    if unfinished_changes(wanted, app):
        finish(writing)
    app = writing.patience.through(partial(_patch_site, writing, who, app))
    if wanted.names.candidate and not writing.slot:
        return app
    return writing.patience.through(partial(_write_version, writing, observed, app))


def _patch_site(writing: SiteWriting, who: ObservedIdentity | None, app: ObservedApp) -> ObservedApp:
    """Identity, what it resolves, and tags, in one request.

    It comes first: a run that is stopped after it leaves the tags of a source whose image comes with the next run, and
    never an image whose tags no run would write again.
    """
    wanted, body = writing.wanted, {}
    # Not asked again: an identity that has been made meanwhile would look as if it had been there.
    planned = {field.name for field in writing.change.fields}
    if who is not None and IDENTITY in planned:
        body["identity"] = _with_identity(app, who)
        app = replace(app, identity_ids=(*app.identity_ids, who.id))
    if who is not None and REFERENCES in planned:
        body["properties"] = {RESOLVER: who.id}
        app = replace(app, properties={**app.properties, RESOLVER: who.id})
    if (tags := tags_to_be(wanted, app)) != app.tags:
        body["tags"] = tags
        app = replace(app, tags=tags)
    if body:
        writing.site.update(body)
    return app


def _write_version(writing: SiteWriting, observed: Observed, app: ObservedApp) -> ObservedApp:
    """What differs of image and settings.

    The settings are looked at once more: an image may have taken minutes since, and a write replaces all of them.
    """
    wanted, who = writing.wanted, observed.of(ObservedIdentity)
    config = bool(config_changes(wanted, observed))
    if not config and not settings_changes(wanted, observed):
        return app
    now = writing.site.list_application_settings()
    settings = _settings(writing, observed.having(replace(app, settings=now)))
    different = settings if settings != now else None
    if not config:
        writing.site.update_version({}, different)
        return replace(app, settings=settings)
    writing.site.update_version(_pull_config(wanted, who), different)
    by = who.client_id if who else ""
    runs = linux_fx_version(wanted)
    return replace(app, settings=settings, runs=runs, pull_identity=by, pulls_by_identity=bool(by))


def _with_identity(app: ObservedApp, who: ObservedIdentity) -> dict[str, Any]:
    """Ours beside those that the app has: a patch that named ours alone would change the type and drop them."""
    types = "SystemAssigned, UserAssigned" if app.has_own_identity else "UserAssigned"
    others = (held for held in app.identity_ids if not same_id(held, who.id))
    return {"type": types, "userAssignedIdentities": {held: {} for held in (*others, who.id)}}


_CREDENTIALS = "basic publishing credentials"


def credentials_off(wanted: Wanted, before: str | None = None) -> tuple[FieldChange, ...]:
    """That no user name and password open an app by identity."""
    return () if wanted.by_keys else (FieldChange(_CREDENTIALS, before, "off"),)


def unfinished_changes(wanted: Wanted, app: ObservedApp) -> tuple[FieldChange, ...]:
    """What a run that was stopped while it made the app has left to do."""
    if not is_ours(app.tags) or UNFINISHED not in app.tags:
        return ()
    return (*credentials_off(wanted, "on"), *sticky_changes(apps_sticky(wanted), ()))


def finish(writing: SiteWriting) -> None:
    """Turn the credentials off, and keep the app's own settings from being swapped; a slot's are kept already."""
    wanted, patience = writing.wanted, writing.patience
    if not wanted.by_keys:
        for update in (writing.site.update_ftp_allowed, writing.site.update_scm_allowed):
            patience.through(partial(update, allow=False))
    if not writing.slot:
        names = apps_sticky(wanted)
        patience.through(lambda: make_sticky(writing.clients, wanted, names))
