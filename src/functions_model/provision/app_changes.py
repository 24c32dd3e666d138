"""What differs of a function app beside its settings: the image, who pulls it, and the identity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from functions_model.provision.changes import FieldChange
from functions_model.provision.kinds import identity
from functions_model.provision.kinds.identity import ObservedIdentity
from functions_model.provision.observed_app import ObservedApp

if TYPE_CHECKING:
    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed import Observed

IDENTITY = "identity"
REFERENCES = "Key Vault references"
BY_PASSWORD = "registry credentials"  # noqa: S105 - words for people


def same_id(one: str, other: str) -> bool:
    """Whether two ARM ids name the same resource: services change their case."""
    return one.lower().rstrip("/") == other.lower().rstrip("/")


def config_changes(wanted: Wanted, observed: Observed) -> tuple[FieldChange, ...]:
    """The image, and who pulls it."""
    app = observed.of(ObservedApp)
    if app is None:
        return ()
    changes = []
    if app.runs != linux_fx_version(wanted):
        changes.append(FieldChange("image", app.runs.removeprefix("DOCKER|") or None, wanted.image))
    return (*changes, *pull_change(wanted, observed))


def pull_change(wanted: Wanted, observed: Observed) -> tuple[FieldChange, ...]:
    """Who pulls the image, where it is somebody else than is wanted."""
    app = observed.of(ObservedApp)
    if app is None or not _pulls_otherwise(wanted, observed, app):
        return ()
    after = BY_PASSWORD if wanted.by_keys else f"the identity {wanted.target.identity_name}"
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
    wanted_id = wanted.id_of(identity.TYPE, wanted.target.identity_name)
    if not any(same_id(held, wanted_id) for held in app.identity_ids):
        return (FieldChange(IDENTITY, ", ".join(app.identity_ids) or None, wanted.target.identity_name),)
    return _renewal(app, wanted, observed)


def _resolver_changes(app: ObservedApp, wanted: Wanted) -> tuple[FieldChange, ...]:
    """Ours, where none works. Another that does has its roles on the vaults, and ours may have none."""
    if app.resolves:
        return ()
    return (FieldChange(REFERENCES, None, f"by the identity {wanted.target.identity_name}"),)


def _renewal(app: ObservedApp, wanted: Wanted, observed: Observed) -> tuple[FieldChange, ...]:
    """An app keeps the identity that it was given, by client id, even when another one has come in its place."""
    who = observed.of(ObservedIdentity)
    known = app.identity_clients.get(wanted.id_of(identity.TYPE, wanted.target.identity_name).lower())
    now = who.client_id if who else None
    if now is not None and known in {None, now}:
        return ()
    return (
        FieldChange(
            IDENTITY, f"{wanted.target.identity_name}, which is gone", f"{wanted.target.identity_name}, made again"
        ),
    )


def linux_fx_version(wanted: Wanted) -> str:
    """The image as a site's configuration names it."""
    return f"DOCKER|{wanted.image}"
