"""Two deployments to one app at once: the one whose image the app runs sees to it that all else of it is its, too.

Image, who pulls it and settings are one write; tags are another, and Azure has no way to write only when nobody else
has. So the writes of two runs may be mixed. The last version wins: its run looks once more, and the other one finds it.
"""

from __future__ import annotations

from collections.abc import Mapping

from azure.core.exceptions import AzureError

from functions_model.azure.clients import AzureClients
from functions_model.azure.misread import understood
from functions_model.core.cancel import CANCEL
from functions_model.core.failures import ApplyIncomplete, Overtaken
from functions_model.hosting.app_service.nouns import ObservedApp, image_in, known_app
from functions_model.hosting.app_service.reading import read_app
from functions_model.hosting.app_service.settings import merged_settings
from functions_model.hosting.app_service.site import Site
from functions_model.provision.context import ALONE, Patience, RunContext, WaitedInVain, explained
from functions_model.provision.host import ResourcePlan
from functions_model.provision.observed import LiveApp
from functions_model.provision.tags import tags_to_be


def settle(plan: ResourcePlan, after: LiveApp, clients: AzureClients, context: RunContext = ALONE) -> tuple[str, ...]:
    """Write again what belongs to the run's version and is no longer there; all else stays.

    Conflicts are waited out: whoever has changed it may still be at work on the app.

    Args:
        plan: Names the app; with what was there before.
        after: As the update left it.
        clients: Of the subscription.
        context: What the run lends.

    Returns:
        Names of settings and tags that somebody else had changed; empty when none was, and nothing was written.

    Raises:
        Overtaken: The app runs another image; nothing was written.
        ApplyIncomplete: Azure refused.
    """
    names, left = plan.wanted.names, known_app(after)
    patience = Patience(
        f"what belongs to this version of the function app `{names.app}`", context.sleep, context.report
    )
    try:
        with understood(), CANCEL.work(patience.what):
            return patience.through(lambda: _write_again(Site(clients, names.at()), plan, left))
    except (AzureError, WaitedInVain) as exc:
        error = explained(exc, f"look at the function app `{names.app}` again")
        raise ApplyIncomplete(error.action, error.reason, error.remedy) from exc


def _write_again(site: Site, plan: ResourcePlan, after: ObservedApp) -> tuple[str, ...]:
    """Each try looks first: a write of settings, or of tags, replaces all of them."""
    if (now := read_app(site)) is None:
        raise Overtaken(str(site.names), "")
    _check(site, after)
    settings, tags = _settings(plan, after, now), tags_to_be(plan.wanted, now)
    if settings != now.settings:
        site.update_application_settings(settings)
    if tags != now.tags:
        _check(site, after)
        site.update({"tags": tags})
    return (*_differing(settings, now.settings), *_differing(tags, now.tags))


def _check(site: Site, after: ObservedApp) -> None:
    """See that the app is still this run's, right before a write, and after what was read to decide on it."""
    if (runs := site.runs()) != after.runs:
        raise Overtaken(str(site.names), image_in(runs))


def _settings(plan: ResourcePlan, after: ObservedApp, now: ObservedApp) -> dict[str, str]:
    """What the app has, without what another kind of deployment needs, and with what this one has written."""
    wanted = merged_settings(plan.wanted, plan.observed.having(now))
    ours = {name for name, value in wanted.items() if value is None or value != now.settings.get(name)}
    kept = {name: value for name, value in now.settings.items() if name in wanted}
    return kept | {name: after.settings[name] for name in ours if name in after.settings}


def _differing(one: Mapping[str, str], other: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in {*one, *other} if one.get(name) != other.get(name)))
