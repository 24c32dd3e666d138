"""What differs of a function app beside its settings: the image, who pulls it, and the identity."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.provision.kinds import identity
from functions_model.provision.nouns import FieldChange

if TYPE_CHECKING:
    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed import Observed
    from functions_model.provision.observed_app import ObservedApp

IDENTITY = "identity"
BY_PASSWORD = "registry credentials"  # noqa: S105 - words for people


def same_id(one: str, other: str) -> bool:
    """Whether two ARM ids name the same resource: services change their case."""
    return one.lower().rstrip("/") == other.lower().rstrip("/")


def config_changes(wanted: Wanted, observed: Observed) -> tuple[FieldChange, ...]:
    """The image, and who pulls it."""
    app = observed.app
    if app is None:
        return ()
    changes = []
    if app.runs != linux_fx_version(wanted):
        changes.append(FieldChange("image", app.runs.removeprefix("DOCKER|") or None, wanted.image))
    if pull_changes(wanted, observed, app):
        after = BY_PASSWORD if wanted.by_keys else f"the identity {wanted.identity_name}"
        before = app.pull_identity or ("the app's own identity" if app.pulls_by_identity else BY_PASSWORD)
        changes.append(FieldChange("image pull", before, after))
    return tuple(changes)


def pull_changes(wanted: Wanted, observed: Observed, app: ObservedApp) -> bool:
    """Whether somebody else pulls the image than is wanted."""
    if wanted.by_keys:
        return app.pulls_by_identity
    return observed.identity is None or app.pull_identity.lower() != observed.identity.client_id.lower()


def identity_changes(wanted: Wanted, observed: Observed) -> tuple[FieldChange, ...]:
    """What it lacks. One that it no longer needs stays: the user's code may be using it."""
    app = observed.app
    wanted_id = wanted.id_of(identity.TYPE, wanted.identity_name)
    if app is None or wanted.by_keys:
        return ()
    if not any(same_id(held, wanted_id) for held in app.identity_ids):
        return (FieldChange(IDENTITY, ", ".join(app.identity_ids) or None, wanted.identity_name),)
    return _renewal(app, wanted, observed)


def _renewal(app: ObservedApp, wanted: Wanted, observed: Observed) -> tuple[FieldChange, ...]:
    """An app keeps the identity that it was given, by client id, even when another one has come in its place."""
    known = app.identity_clients.get(wanted.id_of(identity.TYPE, wanted.identity_name).lower())
    now = observed.identity.client_id if observed.identity else None
    if now is not None and known in {None, now}:
        return ()
    return (FieldChange(IDENTITY, f"{wanted.identity_name}, which is gone", f"{wanted.identity_name}, made again"),)


def linux_fx_version(wanted: Wanted) -> str:
    """The image as a site's configuration names it."""
    return f"DOCKER|{wanted.image}"
