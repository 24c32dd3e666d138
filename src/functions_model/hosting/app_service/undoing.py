"""Putting an updated app back to what it was before the update: image, who pulls it, settings, identity, references.

Only what the run itself changed goes back. What somebody else changed meanwhile stays, and an app that runs another
image by now is left alone altogether.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from azure.core.exceptions import AzureError

from functions_model.azure.clients import AzureClients
from functions_model.azure.misread import understood
from functions_model.core.cancel import CANCEL
from functions_model.core.failures import ApplyIncomplete, Overtaken
from functions_model.hosting.app_service import app as function_app
from functions_model.hosting.app_service.nouns import RESOLVER, ObservedApp, image_in, known_app
from functions_model.hosting.app_service.reading import find_site
from functions_model.hosting.app_service.site import Site
from functions_model.provision.context import ALONE, Patience, RunContext, WaitedInVain, explained
from functions_model.provision.host import Wanted
from functions_model.provision.observed import LiveApp, Observed
from functions_model.provision.releases import PutBack
from functions_model.provision.tags import is_ours


@dataclass(frozen=True, slots=True)
class _Step:
    """One write that puts something back.

    Attributes:
        what: One thing, or several.
        write: Sends it.
        runs: What the app must run just before: with another image it is somebody else's.
    """

    what: tuple[str, ...]
    write: Callable[[], object]
    runs: str


def undo(
    clients: AzureClients,
    wanted: Wanted,
    before: LiveApp,
    after: LiveApp,
    context: RunContext = ALONE,
) -> PutBack:
    """Put back what an update has changed of an app. Conflicts are waited out: somebody may be at work on it.

    Args:
        clients: Of the subscription.
        wanted: Names the app.
        before: As it was observed before the update.
        after: As the update has left it.
        context: What the run lends.

    Raises:
        Overtaken: Somebody else has deployed to the app since; nothing was written.
        ApplyIncomplete: Something could not be put back; the reason says what was.
    """
    before, after = known_app(before), known_app(after)
    done: list[str] = []
    steps: list[_Step] = []
    patience = Patience(f"the function app `{wanted.names.app}`", context.sleep, context.report)
    try:
        with understood():
            now = function_app.observe(clients, wanted, Observed().having(find_site(clients, wanted.names)))
        if now is None or now.runs != after.runs:
            raise Overtaken(str(wanted.names.at()), now.image if now else "")
        steps = _steps(clients, wanted, before, after, now)
        with CANCEL.work(f"what {patience.what} ran before"):
            for step in steps:
                patience.through(partial(_write, Site(clients, wanted.names.at()), step))
                done.extend(step.what)
    except (AzureError, WaitedInVain) as exc:
        rest = [what for step in steps for what in step.what if what not in done]
        raise _incomplete(wanted, exc, done, rest) from exc
    return PutBack(tuple(done), changed_by_others(before.settings, after.settings, now.settings))


def _write(site: Site, step: _Step) -> None:
    if (runs := site.runs()) != step.runs:
        raise Overtaken(str(site.names), image_in(runs))
    step.write()


def settings_before(before: Mapping[str, str], after: Mapping[str, str], now: Mapping[str, str]) -> dict[str, str]:
    """Every setting that the app must have again: the run's own changes go back, others' changes stay.

    Args:
        before: Before the update.
        after: As the update wrote them.
        now: As they are.
    """
    settings = dict(now)
    for name in _changed(before, after):
        if now.get(name) != after.get(name):
            continue
        if name in before:
            settings[name] = before[name]
        else:
            settings.pop(name, None)
    return settings


def changed_by_others(before: Mapping[str, str], after: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Names of the settings that the run changed and somebody else has changed again."""
    return tuple(sorted(name for name in _changed(before, after) if now.get(name) != after.get(name)))


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> set[str]:
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def _steps(
    clients: AzureClients, wanted: Wanted, before: ObservedApp, after: ObservedApp, now: ObservedApp
) -> list[_Step]:
    """The version first, in one write; the identity last, as it may be what pulls."""
    site = Site(clients, wanted.names.at())
    steps = []
    settings = settings_before(before.settings, after.settings, now.settings)
    changed, config = settings != dict(now.settings), _config(before) if _runs(before) != _runs(after) else {}
    if what := (*(("app settings",) if changed else ()), *(("image",) if config else ())):
        steps.append(_Step(what, partial(site.update_version, config, settings if changed else None), now.runs))
    runs = before.runs if config else now.runs
    if (tags := _tags_before(wanted, before, now)) != dict(now.tags):
        steps.append(_Step(("tags",), partial(site.update, {"tags": tags}), runs))
    if patch := _patch(before, after, now):
        steps.append(_Step(("identity",), partial(site.update, patch), runs))
    return steps


def _tags_before(wanted: Wanted, before: ObservedApp, now: ObservedApp) -> dict[str, str]:
    """The source of the version before comes back with it, whoever has written another since; all other tags stay."""
    if not is_ours(before.tags):
        return dict(now.tags)
    ours = {name.lower() for name in wanted.tags}
    kept = {name: value for name, value in now.tags.items() if name.lower() not in ours}
    return kept | {name: value for name, value in before.tags.items() if name.lower() in ours}


def _patch(before: ObservedApp, after: ObservedApp, now: ObservedApp) -> dict[str, Any]:
    """The identities, and which of them resolves references to Key Vault."""
    patch: dict[str, Any] = {}
    if before.identity_ids != after.identity_ids:
        patch["identity"] = _identity(before, after, now)
    if before.resolver != after.resolver == now.resolver:
        patch["properties"] = {RESOLVER: before.resolver}
    return patch


def _runs(app: ObservedApp) -> tuple[str, bool, str]:
    return app.runs, app.pulls_by_identity, app.pull_identity


def _config(before: ObservedApp) -> dict[str, Any]:
    return {
        "linuxFxVersion": before.runs,
        "acrUseManagedIdentityCreds": before.pulls_by_identity,
        "acrUserManagedIdentityID": before.pull_identity or None,
    }


def _identity(before: ObservedApp, after: ObservedApp, now: ObservedApp) -> dict[str, Any]:
    """A patch takes an identity away that it names with null; a type without `UserAssigned` takes them all away."""
    added = set(after.identity_ids) - set(before.identity_ids)
    if any(held not in added for held in now.identity_ids):
        return {"type": now.identity_type, "userAssignedIdentities": dict.fromkeys(sorted(added))}
    return {"type": "SystemAssigned" if now.has_own_identity else "None"}


def _incomplete(wanted: Wanted, exc: Exception, done: list[str], rest: list[str]) -> ApplyIncomplete:
    error = explained(exc, f"roll back the function app `{wanted.names.app}`")
    told = f"Rolled back: {', '.join(done) or 'nothing'}. Not rolled back: {', '.join(rest) or 'not known'}."
    return ApplyIncomplete(error.action, error.reason, f"{error.remedy} {told}")
