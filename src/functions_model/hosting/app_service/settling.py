"""Two deployments to one app at once: the one whose image the app runs sees to it that its settings go with it.

Azure keeps image and settings apart, and has no way to write one only when the other is what it was. So the writes of
two runs may be mixed. The last image wins: its run looks at the settings once more, and the other one finds it there.
"""

from __future__ import annotations

from azure.core.exceptions import AzureError

from functions_model.azure.clients import AzureClients
from functions_model.core.cancel import CANCEL
from functions_model.core.failures import ApplyIncomplete
from functions_model.hosting.app_service.nouns import ObservedApp, known_app
from functions_model.hosting.app_service.site import Site
from functions_model.provision.context import ALONE, Patience, RunContext, WaitedInVain, explained
from functions_model.provision.host import Wanted
from functions_model.provision.observed import LiveApp


def settle(
    clients: AzureClients,
    wanted: Wanted,
    before: LiveApp,
    after: LiveApp,
    context: RunContext = ALONE,
) -> tuple[str, ...]:
    """Write the run's settings again where they are no longer what the run left; all others stay.

    A run that has no settings of its own, and changed none, asks nothing.
    Conflicts are waited out: whoever has changed them may still be at work on the app.

    Args:
        clients: Of the subscription.
        wanted: Names the app, and the user's own settings.
        before: As it was observed before the update.
        after: As the update left it.
        context: What the run lends.

    Returns:
        Names of the settings that somebody else had changed; empty when none was, and nothing was written.

    Raises:
        ApplyIncomplete: Azure refused.
    """
    before, after = known_app(before), known_app(after)
    if not (names := _ours(wanted, before, after)):
        return ()
    patience = Patience(f"the settings of the function app `{wanted.names.app}`", context.sleep, context.report)
    try:
        with CANCEL.work(patience.what):
            return patience.through(lambda: _write_again(clients, wanted, names, after))
    except (AzureError, WaitedInVain) as exc:
        error = explained(exc, f"look at the settings of the function app `{wanted.names.app}` again")
        raise ApplyIncomplete(error.action, error.reason, error.remedy) from exc


def _write_again(clients: AzureClients, wanted: Wanted, names: set[str], after: ObservedApp) -> tuple[str, ...]:
    """The write replaces all settings, so each try looks first."""
    site = Site(clients, wanted.names.at())
    now = site.list_application_settings()
    others = tuple(sorted(name for name in names if now.get(name) != after.settings.get(name)))
    if others:
        site.update_application_settings(_with_ours(now, after, others))
    return others


def _ours(wanted: Wanted, before: ObservedApp, after: ObservedApp) -> set[str]:
    """The user's settings, and those that the run changed or took away."""
    changed = {
        name for name in {*before.settings, *after.settings} if before.settings.get(name) != after.settings.get(name)
    }
    return changed | set(wanted.target.app_settings)


def _with_ours(now: dict[str, str], after: ObservedApp, names: tuple[str, ...]) -> dict[str, str]:
    kept = {name: value for name, value in now.items() if name not in names}
    return kept | {name: after.settings[name] for name in names if name in after.settings}
