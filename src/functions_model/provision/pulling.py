"""Who pulls an image, on both sides of a swap.

A swap brings the image to the app. Who pulls it may stay: the documentation says so of "managed identities and related
settings", and azure-docs#91449 saw it of `acrUseManagedIdentityCreds`. So the app is told before the swap what its
slot is told: whichever way Azure does it, each side can pull what it is brought.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from functions_model.core.failures import Problem
from functions_model.provision.app_changes import pull_change, pull_fields
from functions_model.provision.keys import complete
from functions_model.provision.kinds import identity
from functions_model.provision.kinds.identity import ObservedIdentity
from functions_model.provision.observed_app import ObservedApp
from functions_model.provision.registry_login import registry_settings

if TYPE_CHECKING:
    from functions_model.provision.kind import Writing
    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed import Observed


def pull_problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """The app's present image is in another registry: whoever pulls the new one could not pull that."""
    app = observed.of(ObservedApp)
    if app is None or not pull_change(wanted, observed):
        return ()
    registry = app.runs.removeprefix("DOCKER|").partition("/")[0]
    if registry.lower() == wanted.registry.login_server.lower():
        return ()
    what = (
        f"`{wanted.names.app}` runs an image of `{registry}`, and pulls it in another way than this image would be "
        "pulled: a swap leaves that where it is, so that one of the two could not start"
    )
    return (Problem(what, "Deploy once without `slot-name` and `swap`; later versions can be swapped.", "swap"),)


def let_the_app_pull(writing: Writing, observed: Observed) -> None:
    """Tell the app who pulls; with a password, it gets that first. Each of these writes restarts the app."""
    wanted = writing.wanted
    if not pull_change(wanted, observed):
        return
    if wanted.by_keys:
        _give_password(writing, observed)
    who = observed.of(ObservedIdentity) or identity.observe(writing.clients, wanted, observed)
    writing.patience.through(partial(writing.site.update_configuration, pull_fields(who)))


def _give_password(writing: Writing, observed: Observed) -> None:
    known = complete(writing.clients, writing.wanted, observed, mask=writing.mask)
    login = {name: value for name, value in registry_settings(writing.wanted, known).items() if value is not None}
    settings = {**writing.site.list_application_settings(), **login}
    writing.patience.through(partial(writing.site.update_application_settings, settings))
