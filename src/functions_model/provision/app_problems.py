"""Why a live app cannot be the one that is wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.failures import Problem
from functions_model.provision.app_changes import same_id
from functions_model.provision.kinds import plan
from functions_model.provision.observed_app import ObservedApp
from functions_model.provision.other_groups import ObservedNames, value_for

if TYPE_CHECKING:
    from functions_model.provision.nouns import Wanted
    from functions_model.provision.observed import Observed
    from functions_model.provision.other_groups import NameRefusal

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
    if app.plan_id and not same_id(app.plan_id, wanted.id_of(plan.TYPE, wanted.target.plan_name)):
        theirs, ours = (
            value_for(plan_id, wanted) for plan_id in (app.plan_id, wanted.id_of(plan.TYPE, wanted.target.plan_name))
        )
        what = f"the function app `{name}` lives on the plan `{theirs}`, not on `{ours}`"
        return (Problem(what, f"Set `plan-name` to `{theirs}`, or `app-name` to a new name.", "plan-name"),)
    return ()


def _taken(refusal: NameRefusal, name: str) -> Problem:
    """An app cannot be deployed to but in its own group; a host's name may also be that of somebody's slot."""
    if refusal.group:
        what = f"the app `{name}` is in the resource group `{refusal.group}` of this subscription"
        remedy = f"Set `resource-group` to `{refusal.group}` to deploy to it, or `app-name` to another name."
        return Problem(what, remedy, "app-name")
    what = f"the function app `{name}` cannot be made: {refusal.reason}"
    return Problem(what, "Set `app-name` to another name: it must be unique in all of Azure.", "app-name")
