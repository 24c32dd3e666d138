"""Application Insights: what the app and its host write down. Made when it is missing, otherwise used as it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from functions_model.azure import api_versions
from functions_model.azure.clients import AzureClients
from functions_model.core.failures import Problem
from functions_model.core.secrets import Secret
from functions_model.provision.changes import Action, Change, FieldChange, key_of
from functions_model.provision.elsewhere import ROLES_ADMINISTRATOR, Elsewhere, Unseen, read_elsewhere
from functions_model.provision.host import Kind, Look, Wanted, Writing
from functions_model.provision.kinds import generic, log_analytics_workspace, provider, resource_group
from functions_model.provision.kinds.log_analytics_workspace import ObservedInsights, ObservedLogs
from functions_model.provision.nouns import same_id
from functions_model.provision.observed import Observed
from functions_model.provision.places import is_elsewhere, not_there
from functions_model.provision.removable import Removal

KIND = "Application Insights component"
TYPE = "Microsoft.Insights/components"
API_VERSION = api_versions.INSIGHTS
INPUT = "application-insights"


def observe(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedInsights | Unseen | None:  # noqa: ARG001
    """The component of that name; nothing is asked when none is wanted."""
    if wanted.insights is None:
        return None
    resource_id = wanted.id_of(TYPE, wanted.insights.component)

    def read() -> dict[str, Any] | None:
        return generic.read(clients, resource_id, API_VERSION)

    if is_elsewhere(resource_id, wanted.names):
        found = read_elsewhere(clients, Elsewhere(KIND, resource_id, INPUT, _role(wanted)), read)
        return found if isinstance(found, Unseen) else _observed(found)
    document = read()
    return _observed(document) if document else None


def _role(wanted: Wanted) -> str:
    """What a deployment needs on one of another subscription: to read it, and to let the app's identity write to it."""
    return "Reader" if wanted.by_keys else ROLES_ADMINISTRATOR


def _observed(document: dict[str, Any]) -> ObservedInsights:
    properties = document["properties"]
    connection = Secret(str(properties.get("ConnectionString") or ""))
    return ObservedInsights(str(document["id"]), connection, str(properties.get("WorkspaceResourceId") or ""))


def problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """One of another group that is not there."""
    if wanted.insights is None or observed.of(ObservedInsights) is not None:
        return ()
    name = wanted.insights.component
    if not wanted.is_in_other_group(TYPE, name):
        return ()
    return observed.all_of(Unseen).of(INPUT) or (not_there(KIND, TYPE, name, wanted, INPUT),)


def difference(wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
    """Create or keep."""
    if wanted.insights is None:
        return ()
    name = wanted.insights.component
    resource_id = wanted.id_of(TYPE, name)
    if observed.of(ObservedInsights) is not None:
        return (Change(KIND, name, Action.KEEP, resource_id=resource_id),)
    fields = (
        FieldChange("Log Analytics workspace", None, wanted.insights.workspace),
        FieldChange("location", None, wanted.target.location),
    )
    made_before = (resource_group.key(wanted), *log_analytics_workspace.keys(wanted))
    depends_on = (*made_before, *provider.keys(provider.INSIGHTS))
    return (Change(KIND, name, Action.CREATE, fields, "it does not exist", depends_on, resource_id),)


def body_of(wanted: Wanted, _: str) -> dict[str, Any]:
    """What it is created with, but for its workspace."""
    return {
        "location": wanted.target.location,
        "tags": dict(wanted.tags),
        "kind": "web",
        "properties": {"Application_Type": "web", "Flow_Type": "Bluefield", "IngestionMode": "LogAnalytics"},
    }


def write(writing: Writing, observed: Observed) -> ObservedInsights:
    """Create it (about 10 s)."""
    workspace = observed.of(ObservedLogs)
    if workspace is None:
        message = "a component needs a workspace"
        raise ValueError(message)
    wanted, body = writing.wanted, body_of(writing.wanted, writing.change.name)
    body["properties"]["WorkspaceResourceId"] = workspace.id
    made = _observed(generic.put(writing.clients, wanted.id_of(TYPE, writing.change.name), API_VERSION, body))
    writing.mask(made.connection_string.reveal())
    return made


def key(name: str) -> str:
    """What the role on the component depends on."""
    return key_of(KIND, name)


def keys(wanted: Wanted) -> tuple[str, ...]:
    """What the app depends on."""
    return () if wanted.insights is None else (key(wanted.insights.component),)


def notes(wanted: Wanted, observed: Observed) -> Iterator[str]:
    """A workspace that was named, for a component that has another: it is that of a new one."""
    given, there = "log-analytics-workspace", observed.of(ObservedInsights)
    if wanted.insights is None or there is None or given not in wanted.target.given:
        return
    asked = wanted.insights.workspace
    if not same_id(there.workspace_id, wanted.id_of(log_analytics_workspace.TYPE, asked)):
        name = there.workspace_id.rpartition("/")[2]
        where = f"keeps its data in `{name}`" if name else "has no workspace"
        what = f"the {KIND} `{wanted.insights.component}` is there, and {where}"
        yield f"`{given}` is `{asked}`, and {what}. Leave `{given}` out."


APPLICATION_INSIGHTS = Kind(
    KIND,
    difference,
    write,
    looks=(Look(KIND, (ObservedInsights,), observe),),
    problems=problems,
    notes=notes,
    type=TYPE,
    named_by={INPUT: lambda names: names.application_insights},
    removal=Removal(
        5,
        generic.reader_of(TYPE, API_VERSION),
        generic.deletion_of(TYPE, API_VERSION),
        used_by_roles=True,
    ),
    body=body_of,
)
