"""The Log Analytics workspace that a new Application Insights component keeps its data in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from functions_model.azure import api_versions
from functions_model.azure.clients import AzureClients
from functions_model.core.failures import Problem
from functions_model.core.secrets import Secret
from functions_model.provision.changes import Action, Change, FieldChange, key_of
from functions_model.provision.elsewhere import Elsewhere, Unseen, read_elsewhere
from functions_model.provision.host import Kind, Look, Wanted, Writing
from functions_model.provision.kinds import generic, provider, resource_group
from functions_model.provision.kinds.generic import once_made
from functions_model.provision.nouns import same_id
from functions_model.provision.observed import Observed, ObservedGroup, Piece
from functions_model.provision.places import is_elsewhere, not_there
from functions_model.provision.removable import Removal

KIND = "Log Analytics workspace"
TYPE = "Microsoft.OperationalInsights/workspaces"
API_VERSION = api_versions.LOG_ANALYTICS
INPUT = "log-analytics-workspace"
LINKER = "Log Analytics Contributor"
"""The role that lets a login link a component to a workspace of another subscription: see `LINK`."""
LINK = "Microsoft.OperationalInsights/workspaces/sharedKeys/action"
"""The permission that this takes on the workspace; to read it is not enough (MicrosoftDocs/azure-monitor-docs#297)."""
_UNDER_WAY = frozenset({"creating", "provisioningaccount", "updating"})


@dataclass(frozen=True, slots=True)
class ObservedInsights(Piece):
    """A live Application Insights component.

    Attributes:
        id: The ARM id.
        connection_string: Where telemetry goes. Whoever has it can send some.
        workspace_id: Of the Log Analytics workspace that keeps its data; empty for a component that has none.
    """

    id: str
    connection_string: Secret
    workspace_id: str = ""


@dataclass(frozen=True, slots=True)
class ObservedLogs(Piece):
    """A live Log Analytics workspace.

    Attributes:
        id: The ARM id.
    """

    id: str


def observe(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedLogs | Unseen | None:
    """The workspace of that name, asked for only when a component is to be made: one that is there has its own."""
    if wanted.insights is None or seen.of(ObservedInsights) is not None:
        return None
    name = wanted.insights.workspace
    if seen.of(ObservedGroup) is None and not wanted.is_in_other_group(TYPE, name):
        return None
    resource_id = wanted.id_of(TYPE, name)

    def read() -> dict[str, Any] | None:
        return generic.read(clients, resource_id, API_VERSION)

    if is_elsewhere(resource_id, wanted.names):
        found = read_elsewhere(clients, Elsewhere(KIND, resource_id, INPUT, LINKER), read)
        return found if isinstance(found, Unseen) else ObservedLogs(str(found["id"]))
    document = once_made(read, _is_made, f"the {KIND} `{name}`", clients)
    return ObservedLogs(str(document["id"])) if document else None


def _is_made(document: dict[str, Any] | None) -> bool:
    return generic.state_of(document) not in _UNDER_WAY


def may_be_made(wanted: Wanted) -> bool:
    """Whether it is made where it is missing: one of another group or subscription is not."""
    return wanted.insights is not None and not wanted.is_in_other_group(TYPE, wanted.insights.workspace)


def problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """One of another group that is not there."""
    if wanted.insights is None or observed.of(ObservedInsights) is not None or observed.of(ObservedLogs) is not None:
        return ()
    name = wanted.insights.workspace
    if not wanted.is_in_other_group(TYPE, name):
        return ()
    return observed.all_of(Unseen).of(INPUT) or (not_there(KIND, TYPE, name, wanted, INPUT),)


def difference(wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
    """Create or keep; nothing when no component is to be made, and no tags may differ."""
    if wanted.insights is None:
        return ()
    component, name = observed.of(ObservedInsights), wanted.insights.workspace
    resource_id = wanted.id_of(TYPE, name)
    if component and not (wanted.target.tags and same_id(component.workspace_id, resource_id)):
        return ()
    if component or observed.of(ObservedLogs) is not None:
        return (Change(KIND, name, Action.KEEP, resource_id=resource_id),)
    fields = (FieldChange("days that data are kept", None, "30"), FieldChange("location", None, wanted.target.location))
    depends_on = (resource_group.key(wanted), *provider.keys(provider.OPERATIONAL_INSIGHTS))
    return (Change(KIND, name, Action.CREATE, fields, "it does not exist", depends_on, resource_id),)


def body_of(wanted: Wanted, _: str) -> dict[str, Any]:
    """What it is created with."""
    return {
        "location": wanted.target.location,
        "tags": dict(wanted.tags),
        "properties": {"sku": {"name": "PerGB2018"}, "retentionInDays": 30},
    }


def write(writing: Writing, observed: Observed) -> ObservedLogs:  # noqa: ARG001
    """Create it and wait until it is there."""
    wanted, clients = writing.wanted, writing.clients
    resource_id = wanted.id_of(TYPE, writing.change.name)
    made = generic.put(clients, resource_id, API_VERSION, body_of(wanted, writing.change.name))
    if not _is_made(made):
        writing.patience.until(lambda: _is_made(generic.read(clients, resource_id, API_VERSION)), f"the {KIND}")
    return ObservedLogs(resource_id)


def keys(wanted: Wanted) -> tuple[str, ...]:
    """What the component depends on."""
    return () if wanted.insights is None else (key_of(KIND, wanted.insights.workspace),)


LOG_ANALYTICS_WORKSPACE = Kind(
    KIND,
    difference,
    write,
    looks=(Look(KIND, (ObservedLogs,), observe, needs=(ObservedInsights,)),),
    problems=problems,
    type=TYPE,
    named_by={INPUT: lambda names: names.log_analytics_workspace},
    removal=Removal(
        6,
        generic.reader_of(TYPE, API_VERSION),
        # So that it can be had back for 14 days: https://learn.microsoft.com/rest/api/loganalytics/workspaces/delete.
        generic.deletion_of(TYPE, API_VERSION, force="false"),
        holds_data=True,
    ),
    body=body_of,
)
