"""Basic publishing credentials: a user name and a password that every new app has, for FTP and for its build site.

Nobody needs them for an app that runs an image, so that they are off on apps that we create. Resource Manager takes
that in requests of its own, after the app is there; the tag `unfinished` says that they are still to come.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from functions_model.provision.nouns import FieldChange
from functions_model.provision.tags import UNFINISHED, is_ours

if TYPE_CHECKING:
    from functions_model.provision.kind import Writing
    from functions_model.provision.observed_app import ObservedApp

FIELD = "basic publishing credentials"


def publishing_changes(app: ObservedApp) -> tuple[FieldChange, ...]:
    """What a run that was stopped while it made the app has left to do."""
    return (FieldChange(FIELD, "on", "off"),) if is_ours(app.tags) and UNFINISHED in app.tags else ()


def turn_off(writing: Writing) -> None:
    """Let no user name and password open the app."""
    off: Any = {"properties": {"allow": False}}
    for operation in ("update_ftp_allowed", "update_scm_allowed"):
        ask = partial(writing.site.ask, operation, csm_publishing_access_policies_entity=off)
        writing.patience.through(ask)
