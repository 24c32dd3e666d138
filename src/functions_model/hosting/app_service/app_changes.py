"""What differs of a function app beside its settings, and why a live one cannot be the one that is wanted."""

from __future__ import annotations

from typing import Any

from functions_model.core.failures import Problem
from functions_model.hosting.app_service import plan
from functions_model.hosting.app_service.nouns import ObservedApp, ObservedSite
from functions_model.hosting.app_service.plan_sizes import ObservedPlan
from functions_model.provision.changes import FieldChange
from functions_model.provision.host import Wanted
from functions_model.provision.kinds import identity
from functions_model.provision.kinds.identity import ObservedIdentity
from functions_model.provision.network import Origin
from functions_model.provision.nouns import same_id
from functions_model.provision.observed import Observed
from functions_model.provision.places import NameRefusal, ObservedNames, value_for

IDENTITY = "identity"
REFERENCES = "Key Vault references"
BY_PASSWORD = "registry credentials"  # noqa: S105 - words for people


def config_changes(wanted: Wanted, observed: Observed) -> tuple[FieldChange, ...]:
    """The image, and who pulls it."""
    app = observed.of(ObservedApp)
    if app is None:
        return ()
    changes = []
    if app.runs != linux_fx_version(wanted):
        changes.append(FieldChange("image", app.image or None, wanted.image))
    return (*changes, *pull_change(wanted, observed))


def pull_change(wanted: Wanted, observed: Observed) -> tuple[FieldChange, ...]:
    """Who pulls the image, where it is somebody else than is wanted."""
    app = observed.of(ObservedApp)
    if app is None or not _pulls_otherwise(wanted, observed, app):
        return ()
    after = BY_PASSWORD if wanted.by_keys else f"the identity {wanted.resources.identity}"
    before = app.pull_identity or ("the app's own identity" if app.pulls_by_identity else BY_PASSWORD)
    return (FieldChange("image pull", before, after),)


def _pulls_otherwise(wanted: Wanted, observed: Observed, app: ObservedApp) -> bool:
    who = observed.of(ObservedIdentity)
    if wanted.by_keys:
        return app.pulls_by_identity
    return who is None or app.pull_identity.lower() != who.client_id.lower()


def pull_fields(who: ObservedIdentity | None) -> dict[str, Any]:
    """Who pulls, as a site's configuration has it: an identity by its client id, not by its resource id."""
    by_identity = {"acrUserManagedIdentityID": who.client_id} if who else {}
    return {"acrUseManagedIdentityCreds": who is not None, **by_identity}


def identity_changes(wanted: Wanted, observed: Observed) -> tuple[FieldChange, ...]:
    """What it lacks, and who resolves its references to Key Vault.

    An identity that it no longer needs stays: the user's code may be using it.
    """
    app = observed.of(ObservedApp)
    if app is None or wanted.by_keys:
        return ()
    return (*_held_changes(app, wanted, observed), *_resolver_changes(app, wanted))


def _held_changes(app: ObservedApp, wanted: Wanted, observed: Observed) -> tuple[FieldChange, ...]:
    wanted_id = wanted.id_of(identity.TYPE, wanted.resources.identity)
    if not any(same_id(held, wanted_id) for held in app.identity_ids):
        return (FieldChange(IDENTITY, ", ".join(app.identity_ids) or None, wanted.resources.identity),)
    return _renewal(app, wanted, observed)


def _resolver_changes(app: ObservedApp, wanted: Wanted) -> tuple[FieldChange, ...]:
    """Ours, where none works. Another that does has its roles on the vaults, and ours may have none."""
    if app.resolves:
        return ()
    return (FieldChange(REFERENCES, None, f"by the identity {wanted.resources.identity}"),)


def _renewal(app: ObservedApp, wanted: Wanted, observed: Observed) -> tuple[FieldChange, ...]:
    """An app keeps the identity that it was given, by client id, even when another one has come in its place."""
    who = observed.of(ObservedIdentity)
    known = app.identity_clients.get(wanted.id_of(identity.TYPE, wanted.resources.identity).lower())
    now = who.client_id if who else None
    if now is not None and known in {None, now}:
        return ()
    return (
        FieldChange(IDENTITY, f"{wanted.resources.identity}, which is gone", f"{wanted.resources.identity}, recreated"),
    )


def linux_fx_version(wanted: Wanted) -> str:
    """The image as a site's configuration names it."""
    return f"DOCKER|{wanted.image}"


SITE = "Microsoft.Web/sites"
_OTHER_APP = "Set `app-name` to a new name, or delete that app first."


def app_problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """A name that is taken; a web app, a code app, an app on another plan."""
    app = observed.of(ObservedApp)
    if app is None:
        refusal = observed.all_of(ObservedNames).refusal(SITE, wanted.names.app)
        return (_taken(refusal, wanted.names.app),) if refusal else ()
    name, kinds = wanted.names.app, set(app.kind.lower().split(","))
    if "functionapp" not in kinds:
        return (Problem(f"`{name}` is a web app, not a function app", _OTHER_APP, "app-name"),)
    if "container" not in kinds:
        return (Problem(f"the function app `{name}` runs code, not a container", _OTHER_APP, "app-name"),)
    if app.plan_id and not same_id(app.plan_id, wanted.id_of(plan.TYPE, wanted.resources.plan)):
        theirs, ours = (
            value_for(plan_id, wanted) for plan_id in (app.plan_id, wanted.id_of(plan.TYPE, wanted.resources.plan))
        )
        what = f"the function app `{name}` is on the plan `{theirs}`, not on `{ours}`"
        return (Problem(what, f"Set `plan-name` to `{theirs}`, or `app-name` to a new name.", "plan-name"),)
    return ()


def _taken(refusal: NameRefusal, name: str) -> Problem:
    """An app cannot be deployed to but in its own group; a host's name may also be that of somebody's slot."""
    if refusal.is_new:
        return refusal.problem("function app", name, "app-name")
    if refusal.group:
        what = f"the app `{name}` is in the resource group `{refusal.group}` of this subscription"
        remedy = f"Set `resource-group` to `{refusal.group}` to deploy to it, or `app-name` to another name."
        return Problem(what, remedy, "app-name")
    what = f"the function app `{name}` cannot be created: {refusal.reason}"
    return Problem(what, "Set `app-name` to another name: it must be unique in all of Azure.", "app-name")


def origin_of(wanted: Wanted, observed: Observed) -> Origin:
    """Where the app's requests come from, or will: one that is new joins no network."""
    app = observed.of(ObservedApp)
    live = observed.of(ObservedPlan)
    site = observed.of(ObservedSite)
    if wanted.target.hosting.sku.upper().startswith("I") or (live and live.tier.lower().startswith("isolated")):
        return Origin(behind="the app is in an App Service Environment")
    if site is None:
        return Origin(region=wanted.target.location)
    told, config = (
        site.properties,
        app.config if app else {},
    )
    if config.get("vnetName") and not told.get("virtualNetworkSubnetId"):
        return Origin(behind="the app comes by the gateway of a virtual network")
    addresses = str(told.get("possibleOutboundIpAddresses") or told.get("outboundIpAddresses") or "")
    known = tuple(address for address in addresses.split(",") if address) or None
    return Origin(str(told.get("virtualNetworkSubnetId") or "").lower(), site.location, known)
