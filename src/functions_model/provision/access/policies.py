"""What Azure Policy would refuse of what is to be created, asked beforehand.

Azure judges the same documents that the deployment writes (`checkPolicyRestrictions` of Microsoft.PolicyInsights), and
creates nothing. Of the function app it gets those parts that are known before plan and settings are there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from azure.core.rest import HttpRequest

from functions_model.azure import api_versions
from functions_model.azure.clients import AzureClients
from functions_model.azure.misread import mapping_of, understood
from functions_model.azure.policies import facts_of, mappings
from functions_model.core.failures import Problem
from functions_model.provision.changes import Action, Change
from functions_model.provision.host import Kind, ResourcePlan
from functions_model.provision.kinds import resource_group
from functions_model.provision.known_kinds import kinds_of
from functions_model.provision.observed import ObservedGroup

_CHECK = "providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
_GROUPS = "Microsoft.Resources/subscriptions/resourceGroups"
_MOST_AT_ONCE = 4


def refused_by_policy(plan: ResourcePlan, clients: AzureClients) -> tuple[Problem, ...]:
    """What policies would refuse of a plan; those that only report or change something are not told.

    Args:
        plan: It may have an image that is not known yet.
        clients: Of the subscription.

    Raises:
        AzureError: The login may not ask, or the subscription is not registered with Microsoft.PolicyInsights.
    """
    kinds = {kind.name: kind for kind in kinds_of(plan.wanted.host) if kind.body}
    asked = [(kinds[one.kind], one) for one in plan.changes if one.action is Action.CREATE and one.kind in kinds]
    with ThreadPoolExecutor(_MOST_AT_ONCE, "policies") as threads:
        answers = list(threads.map(lambda one: _violations(plan, clients, *one), asked))
    found = ((change, violations) for (_, change), violations in zip(asked, answers, strict=True) if violations)
    return tuple(_problem(change, violations) for change, violations in found)


def _violations(plan: ResourcePlan, clients: AzureClients, kind: Kind, change: Change) -> list[dict[str, Any]]:
    """As a write that is refused tells them. Before there is a group, the subscription's policies are asked."""
    is_group = kind.name == resource_group.KIND or plan.observed.of(ObservedGroup) is None
    scope = f"/subscriptions/{plan.names.subscription}" if is_group else plan.names.group_id
    document = kind.body(plan.wanted, change.name) if kind.body else {}
    content = {**document, "type": kind.type or _GROUPS, "name": change.name}
    with understood():
        told = mapping_of(clients.resource.send_request(_request(scope, content)))
        evaluated = (told.get("contentEvaluationResult") or {}).get("policyEvaluations")
        return [_violation(one) for one in mappings(evaluated) if one.get("evaluationResult") == "NonCompliant"]


def _request(scope: str, content: Mapping[str, Any]) -> HttpRequest:
    body = {"resourceDetails": {"resourceContent": dict(content), "scope": scope}}
    return HttpRequest("POST", f"{scope}/{_CHECK}", params={"api-version": api_versions.POLICIES}, json=body)


def _violation(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    info = evaluation.get("policyInfo") or {}
    scope, _, assignment = str(info.get("policyAssignmentId") or "").rpartition("/providers/")
    return {
        "policyDefinitionName": str(info.get("policyDefinitionId") or "").rpartition("/")[2],
        "policyAssignmentName": assignment.rpartition("/")[2],
        "policyAssignmentScope": scope,
        "evaluationDetails": evaluation.get("evaluationDetails"),
    }


def _problem(change: Change, violations: Iterable[Mapping[str, Any]]) -> Problem:
    told = [{"type": "PolicyViolation", "info": dict(one)} for one in violations]
    facts = facts_of({"additionalinfo": told})
    return Problem(f"{change} would be refused by {facts['policies']}", facts["ways"], "")
