"""The last words of a run that somebody stops: what was made, what may be, what runs, and the commands that go on.

They are told from what happened, and wait for nothing.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from functions_model.core.failures import Failure
from functions_model.core.names import CANDIDATE, MOVE
from functions_model.core.promotion import AnySpec
from functions_model.core.spec import DeploymentSpec, RemovalSpec, Target
from functions_model.hosting.known_hosts import host_of
from functions_model.inputs.catalogue import BY_NAME
from functions_model.inputs.placing import PLACES, follows
from functions_model.pipeline.events import (
    AppVerified,
    Event,
    ImagePushed,
    Moved,
    PlanBegun,
    PlanMade,
    RemovalPlanned,
    ResourceWritten,
    RunStopped,
    UndoBegun,
    UndoEnded,
)
from functions_model.provision import ResourcePlan
from functions_model.provision.access.registries import registry_id
from functions_model.provision.changes import Action
from functions_model.provision.kinds.application_insights import INPUT as INSIGHTS
from functions_model.provision.observed import LiveApp
from functions_model.report.formatting import app_image, every, last, listed
from functions_model.report.proof import state_of

_AGAIN = "Run again to continue; finished steps are not repeated."
_NO_RESOURCES = ("the image ", "the import ", "the registration ")
"""Beginnings of what is in a registry or belongs to the whole subscription: no removal of a deployment concerns it."""


def stopped(spec: AnySpec | None, events: Sequence[Event]) -> Failure:
    """The run as a failure that says what is there, and what runs.

    Args:
        spec: None when the inputs had not been read.
        events: What had happened until then, in order; `RunStopped` is the last.
    """
    if isinstance(spec, RemovalSpec):
        told = _removal(events)
    elif not isinstance(spec, DeploymentSpec) or spec.target is None:
        told = [*_image(events), "No Azure resource was touched."]
    else:
        told = _deployment(spec, spec.target, events)
    return Failure("finish", "the run was stopped", " ".join(sentence for sentence in told if sentence))


def _begun(events: Sequence[Event]) -> tuple[str, ...]:
    found = last(events, RunStopped)
    return found.begun if found else ()


def _written(events: Sequence[Event]) -> list[str]:
    return [str(event.written.change) for event in every(events, ResourceWritten)]


def _open(events: Sequence[Event], outcome: str) -> str:
    """What was sent, and of which the end is not known."""
    begun = _begun(events)
    return f"Started, but not known to have finished: {listed(begun)}. {outcome}" if begun else ""


def _removal(events: Sequence[Event]) -> list[str]:
    gone = _written(events)
    return [
        f"Removed: {listed(gone)}." if gone else "",
        _open(events, "Azure may still end it."),
        "Nothing was removed." if not gone and not _begun(events) else "",
        "Run again to remove the rest." if last(events, RemovalPlanned) else "",
    ]


def _image(events: Sequence[Event]) -> list[str]:
    if pushed := last(events, ImagePushed):
        return [f"The image is in the registry: `{pushed.pushed.reference}`."]
    return [_open(events, "The registry may still accept it.")]


def _deployment(spec: DeploymentSpec, target: Target, events: Sequence[Event]) -> list[str]:
    touched = [*_written(events), *_begun(events)]
    told = [
        f"Written: {listed(_written(events))}." if _written(events) else "",
        _open(events, "It may still finish: check before you rely on either."),
        "" if touched else "No Azure resource was touched.",
    ]
    planned = last(events, PlanMade) or last(events, PlanBegun)
    if planned is None:
        return told
    runs = _Runs(target, planned.plan, events)
    again = _AGAIN if touched and not runs.verified else ""
    return [*told, runs.told(), again, _way_back(spec, target, planned.plan, touched)]


class _Runs:
    """What the app runs.

    Args:
        target: Names it.
        plan: With what ran before.
        events: What has happened.
    """

    def __init__(self, target: Target, plan: ResourcePlan, events: Sequence[Event]) -> None:
        self._plan, self._events = plan, events
        known = app_image(events)
        self._image = known.reference.pinned if known else ""
        self._app = f"The function app `{target.names.app}`"
        self._before = _runs_before(plan)
        self._written = [event.written.change.kind for event in every(events, ResourceWritten)]
        self._begun = _begun(events)
        found = last(events, AppVerified)
        self._state = state_of(found) if found else ""
        self._beside_app, self.verified = bool(found and found.candidate), bool(found and not found.candidate)

    def told(self) -> str:
        """One sentence or two."""
        if self.verified:
            return f"{self._app} is {self._state} with `{self._image}`."
        if (
            self._image
            and self._plan.wanted.names.candidate
            and host_of(self._plan.wanted.target).is_beside(self._plan)
        ):
            return self._undone() or self._beside()
        return self._undone() or self._itself()

    def _undone(self) -> str:
        if undone := last(self._events, UndoEnded):
            return undone.story
        if not (undo := last(self._events, UndoBegun)):
            return ""
        if self._begun:
            return f"{self._app} was not live, and `{undo.image}` was being restored: it may run either."
        return f"{self._app} runs `{self._image}`, and is not live with it. `{undo.image}` was not restored."

    def _beside(self) -> str:
        """With a candidate, the app itself is touched by the move alone."""
        beside = f"the {CANDIDATE} `{self._plan.wanted.names.candidate}`"
        if last(self._events, Moved):
            there = f"`{self._before}` is in {beside}"
            return f"{self._app} runs `{self._image}`, which is not verified there; {there}."
        if any(one.startswith(f"the {MOVE} ") for one in self._begun):
            either = f"`{self._image}`, or `{self._before}` as before"
            return f"{self._app} may run {either}; the other is then in {beside}."
        state = f"is {self._state} in" if self._beside_app else "was on its way to"
        runs = f"runs `{self._before}` as before" if self._before else "is not verified"
        return f"`{self._image}` {state} {beside}. {self._app} itself {runs}."

    def _itself(self) -> str:
        if "function app" in self._written:
            then = f" Before this run it ran `{self._before}`." if self._before else ""
            return f"{self._app} runs `{self._image}`, which is not verified.{then}"
        if f"t{self._app[1:]}" in self._begun:
            other = f"or `{self._before}` as before" if self._before else "or not be there"
            return f"{self._app} may run `{self._image}`, {other}."
        if not self._before:
            return f"{self._app} was not created."
        changes = any(change.kind == "function app" for change in self._plan.now)
        return f"{self._app} runs `{self._before}` as before{'' if changes else '; that it is live was not verified'}."


def _runs_before(plan: ResourcePlan) -> str:
    """The image that ran before; nothing for an app that was not there."""
    app = plan.observed.of(LiveApp)
    return app.image if app else ""


def _way_back(spec: DeploymentSpec, target: Target, plan: ResourcePlan, touched: Sequence[str]) -> str:
    """How to take back what was done, in one sentence; nothing where nothing needs it.

    Args:
        spec: With the login.
        target: Where.
        plan: With what was there before.
        touched: What was written or begun, for people: "the plan `p`".
    """
    host, names = host_of(target), plan.wanted.names
    resources = [one for one in touched if not one.startswith(_NO_RESOURCES)]
    if plan.observed.of(LiveApp) is None:
        return f"To remove what was created, {_destroy(spec, target)}." if resources else ""
    if any(one.startswith(f"the {MOVE} ") for one in resources):
        return f"To roll back, if the {MOVE} was done: `{host.commands.moves(names)}`."
    if f"the {host.kind} `{names.app}`" in resources:
        image = host.commands.puts_back(names, _runs_before(plan))
        return f"To roll back, run the workflow of the previous version; for only the image, `{image}`."
    made = [one for one in plan.changes if one.action is Action.CREATE and one.name == names.candidate_of_app]
    if any(str(one) in resources for one in made):
        return f"To remove the {CANDIDATE}, {_destroy(spec, target, names.candidate)}."
    return ""


def _destroy(spec: DeploymentSpec, target: Target, candidate: str = "") -> str:
    """Both doors to a removal: of one candidate, or of all. A step that names one would take that alone."""
    given = ((f"{CANDIDATE}-name", target.names.candidate and not candidate), (MOVE, target.hosting.swap))
    without = " and ".join(f"`{name}`" for name, is_in_the_way in given if is_in_the_way)
    step = f"run this step with `mode: destroy`{f' and without {without}' if without else ''}"
    alone = (f"--{CANDIDATE}-name", candidate) if candidate else ()
    return f"{step}, or `{shlex.join([*_removal_command(spec, target), *alone])}`"


def _ids_elsewhere(spec: DeploymentSpec) -> dict[str, str]:
    """ARM ids of what has roles of the app's identity in another subscription, by input."""
    target, found = spec.target, {}
    if spec.image.registry_subscription:
        found["registry"] = registry_id(spec.image)
    if target and (name := target.resources.application_insights) and INSIGHTS in target.resources.other_subscriptions:
        found[INSIGHTS] = (
            f"{target.resources.group_id_of(INSIGHTS, target.names)}/providers/{PLACES[INSIGHTS][0]}/{name}"
        )
    return found


def _removal_command(spec: DeploymentSpec, target: Target) -> list[str]:
    """With every name that does not follow from the app's; what lies in another group is never removed.

    Of what is in another subscription the roles are, where its id is given.
    """
    ids = () if spec.login is None else (("--tenant-id", spec.login.tenant_id), ("--client-id", spec.login.client_id))
    login = [word for option, text in ids if text for word in (option, text)]
    cloud = ("--cloud", spec.login.cloud) if spec.login and spec.login.cloud != BY_NAME["cloud"].default else ()
    names = {
        "plan-name": target.resources.plan,
        "identity-name": target.resources.identity,
        "storage-account": target.resources.storage_account,
        "data-storage-account": target.resources.data_storage_account,
        "collect-storage-account": target.resources.collecting_alone,
        "service-bus-namespace": target.resources.service_bus_namespace,
        "application-insights": target.resources.application_insights,
        "log-analytics-workspace": target.resources.log_analytics_workspace,
    }
    ours = {
        name: value
        for name, value in names.items()
        if value and value != follows(name, target.names) and name not in target.resources.other_groups
    }
    given = [word for name, value in {**ours, **_ids_elsewhere(spec)}.items() for word in (f"--{name}", value)]
    at = target.names
    place = ("--subscription-id", at.subscription, "--resource-group", at.group, "--app-name", at.app)
    return ["functions-model", "destroy", *login, *cloud, *place, *given]
