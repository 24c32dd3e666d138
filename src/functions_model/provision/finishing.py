"""What a new app gets after it is there, in requests of their own, as Resource Manager takes it in no other way.

Nobody needs basic publishing credentials (a user name and a password, for FTP and for the build site) of an app that
runs an image, so that they are off. And the machine key stays with the app in any swap. The tag `unfinished` says that
this is still to come.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from functions_model.provision.changes import FieldChange
from functions_model.provision.slot_settings import apps_sticky
from functions_model.provision.sticky import make_sticky, sticky_changes
from functions_model.provision.tags import UNFINISHED, is_ours

if TYPE_CHECKING:
    from functions_model.provision.kind import Writing
    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed_app import ObservedApp

_CREDENTIALS = "basic publishing credentials"


def credentials_off(wanted: Wanted, before: str | None = None) -> tuple[FieldChange, ...]:
    """That no user name and password open an app by identity."""
    return () if wanted.by_keys else (FieldChange(_CREDENTIALS, before, "off"),)


def unfinished_changes(wanted: Wanted, app: ObservedApp) -> tuple[FieldChange, ...]:
    """What a run that was stopped while it made the app has left to do."""
    if not is_ours(app.tags) or UNFINISHED not in app.tags:
        return ()
    return (*credentials_off(wanted, "on"), *sticky_changes(apps_sticky(wanted), ()))


def finish(writing: Writing, *, is_new: bool) -> None:
    """Turn the credentials off, and keep the app's own settings from being swapped; a slot's are kept already."""
    wanted, patience = writing.wanted, writing.patience
    if not wanted.by_keys:
        for update in (writing.site.update_ftp_allowed, writing.site.update_scm_allowed):
            patience.through(partial(update, allow=False))
    if not writing.slot:
        names = apps_sticky(wanted)
        patience.through(lambda: make_sticky(writing.clients, wanted, names, is_new=is_new))
