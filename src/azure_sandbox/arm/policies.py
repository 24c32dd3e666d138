"""Azure Policy: assignments that deny writes, or change them silently, and the answer of one that denies.

Of the rule's language: `allOf`, `anyOf`, `not`, and `field` with the operators below. It looks at resources that have a
location and tags, and at resource groups. learn.microsoft.com/azure/governance/policy/concepts/definition-basics.
"""

from __future__ import annotations

import fnmatch
import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.errors import ArmError
from azure_sandbox.arm.ids import covers, parse_id
from azure_sandbox.arm.messages import ArmResponse
from azure_sandbox.arm.routing import GROUP, SUBSCRIPTION, ArmRoute

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from azure_sandbox.arm.messages import ArmRequest

_TRACKED = {
    one.lower(): one
    for one in (
        "Microsoft.ContainerRegistry/registries",
        "Microsoft.Insights/components",
        "Microsoft.MachineLearningServices/workspaces",
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        "Microsoft.OperationalInsights/workspaces",
        "Microsoft.ServiceBus/namespaces",
        "Microsoft.Storage/storageAccounts",
        "Microsoft.Web/serverfarms",
        "Microsoft.Web/sites",
        "Microsoft.Web/sites/slots",
    )
}
"""Types that have a location and tags: those that policies of the mode `Indexed` look at."""
GROUPS = "Microsoft.Resources/subscriptions/resourceGroups"
_TAG = re.compile(r"tags(?:\.|\[)'?([^\]']+)'?\]?", re.IGNORECASE)
_OF_RESOURCES = frozenset({"type", "name", "kind"})


@dataclass(frozen=True, slots=True)
class Policy:
    """One definition with its assignment.

    Attributes:
        name: The definition's display name.
        rule: The `if` of its rule.
        assignment: The assignment's name.
        scope: Where it is assigned; empty is the tenant's root management group.
        types: Types of resources that it looks at; empty for all.
        groups: Whether it looks at resource groups, too (mode `All`).
        reason: The assignment's own words for a refusal.
        adds: Tags that it adds where the rule holds (effect `modify`); empty denies.
    """

    name: str
    rule: Mapping[str, Any]
    assignment: str
    scope: str = ""
    types: frozenset[str] = frozenset()
    groups: bool = False
    reason: str = ""
    adds: Mapping[str, str] = field(default_factory=dict)

    def looks_at(self, resource: str, resource_type: str) -> bool:
        """Whether it is assigned above a resource and means such."""
        meant = not self.types or resource_type.lower() in {one.lower() for one in self.types}
        return meant and covers(self.scope, resource) and (self.groups or resource_type != GROUPS)


class Policies:
    """All assignments.

    Args:
        live: A resource or group as it is now, by id; None when it is not there.
    """

    def __init__(self, live: Callable[[str], dict[str, Any] | None]) -> None:
        self._live = live
        self._assigned: list[Policy] = []

    def assign(self, *policies: Policy) -> None:
        """Let these hold from now on."""
        self._assigned += policies

    def clear(self) -> None:
        """Take all assignments away."""
        self._assigned.clear()

    def check(self, request: ArmRequest) -> ArmRequest:
        """The request as the policies leave it: those that modify come first.

        Raises:
            ArmError: RequestDisallowedByPolicy, with all that deny.
        """
        found = self._document(request)
        if found is None or not self._assigned:
            return request
        resource, document = found
        mine = [one for one in self._assigned if one.looks_at(resource, document["type"])]
        for policy in (one for one in mine if one.adds):
            if _judged(policy.rule, document, []):
                tags = {**policy.adds, **(document.get("tags") or {})}
                document["tags"] = tags
                request = replace(request, payload=_with_tags(request, tags))
        if denials := _denials(mine, document):
            raise _denied(document["name"], denials)
        return request

    def routes(self) -> list[ArmRoute]:
        """Where somebody can ask beforehand."""
        asked = "providers/Microsoft.PolicyInsights/checkPolicyRestrictions"
        return [ArmRoute("POST", f"{place}/{asked}", self._check_beforehand) for place in (GROUP, SUBSCRIPTION)]

    def _check_beforehand(self, request: ArmRequest) -> ArmResponse:
        """Which policies would deny a resource as it is given, by their ids; restrictions of fields are not told."""
        document = dict(request.body["resourceDetails"]["resourceContent"])
        kind = _TRACKED.get(str(document.get("type")).lower(), "") or GROUPS
        group = f"/resourceGroups/{document.get('name')}" if kind == GROUPS else ""
        place = f"{request.within}{group}"
        mine = [one for one in self._assigned if one.looks_at(place, kind)]
        denials = _denials(mine, {"properties": {}, **document, "type": kind})
        told = [
            {
                "policyInfo": {"policyDefinitionId": definition, "policyAssignmentId": assignment},
                "evaluationResult": "NonCompliant",
                "evaluationDetails": {"evaluatedExpressions": expressions},
            }
            for policy, expressions in denials
            for assignment, definition in [_ids(policy)]
        ]
        return ArmResponse(200, {"fieldRestrictions": [], "contentEvaluationResult": {"policyEvaluations": told}})

    def _document(self, request: ArmRequest) -> tuple[str, dict[str, Any]] | None:
        """What the resource would be, for a write of one that has tags; with its id."""
        if request.method not in {"PUT", "PATCH"} or not isinstance(request.payload, dict):
            return None
        scope = request.values.get("scope", "") if "/microsoft.resources/tags/" in request.path.lower() else ""
        resource = (scope or request.path).rstrip("/")
        found = parse_id(resource)
        if found is None or not (found.namespace or found.group):
            return None
        kind = _TRACKED.get(found.resource_type.lower(), "") if found.namespace else GROUPS
        if not kind:
            return None
        there = (self._live(resource) or {}) if request.method == "PATCH" else {}
        sent = {"tags": {**there.get("tags", {}), **_tags_sent(request)}} if scope else request.payload
        properties = {**(there.get("properties") or {}), **(sent.get("properties") or {})}
        return resource, {**there, **sent, "properties": properties, "type": kind, "name": found.name}


def _denials(policies: list[Policy], document: Mapping[str, Any]) -> list[tuple[Policy, list[dict[str, Any]]]]:
    """The policies that deny it, each with the conditions that it looked at."""
    denials = []
    for policy in (one for one in policies if not one.adds):
        expressions: list[dict[str, Any]] = []
        if _judged(policy.rule, document, expressions):
            denials.append((policy, expressions))
    return denials


def _ids(policy: Policy) -> tuple[str, str]:
    """Of the assignment, and of the definition."""
    scope = policy.scope or "/providers/Microsoft.Management/managementGroups/sandbox"
    return (
        f"{scope}/providers/Microsoft.Authorization/policyAssignments/{policy.assignment}",
        f"/providers/Microsoft.Authorization/policyDefinitions/{policy.assignment}-definition",
    )


def _tags_sent(request: ArmRequest) -> dict[str, str]:
    tags: dict[str, str] = request.properties.get("tags") or {}
    return tags


def _with_tags(request: ArmRequest, tags: Mapping[str, str]) -> dict[str, Any]:
    if "/microsoft.resources/tags/" in request.path.lower():
        return {**request.payload, "properties": {"tags": {**_tags_sent(request), **tags}}}
    return {**request.payload, "tags": dict(tags)}


def _judged(rule: Mapping[str, Any], document: Mapping[str, Any], told: list[dict[str, Any]]) -> bool:
    """Whether a rule holds, with each condition that was looked at."""
    if "allOf" in rule:
        return all(_judged(one, document, told) for one in rule["allOf"])
    if "anyOf" in rule:
        return any(_judged(one, document, told) for one in rule["anyOf"])
    if "not" in rule:
        return not _judged(rule["not"], document, told)
    name = str(rule["field"])
    operator, target = next((key, value) for key, value in rule.items() if key != "field")
    path, value = _value(name, document)
    holds = _OPERATORS[operator](value, target)
    expression = {
        "result": str(holds),
        "expressionKind": "Field",
        "expression": name,
        "path": path,
        "targetValue": target,
        "operator": f"{operator[0].upper()}{operator[1:]}",
    }
    # A value that is not there is not told: Azure/azure-policy, as its users paste such answers.
    told.append(expression if value is None else {**expression, "expressionValue": value})
    return holds


def _value(name: str, document: Mapping[str, Any]) -> tuple[str, Any]:
    """A field's path in the resource, and what it is."""
    if found := _TAG.fullmatch(name):
        tags = {key.lower(): value for key, value in (document.get("tags") or {}).items()}
        return name, tags.get(found[1].lower())
    if name.lower() == "location":
        # Any spelling of a region is one: "East US 2" is `eastus2` to a policy.
        return name, str(document["location"]).replace(" ", "").lower() if "location" in document else None
    if name.lower() in _OF_RESOURCES:
        return name, document.get(name)
    rest = name[len(document["type"]) + 1 :]
    path = rest if rest.startswith("sku.") else f"properties.{rest}"
    value: Any = document
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return path, value


def _same(value: Any, target: Any) -> bool:
    return value is not None and str(value).lower() == str(target).lower()


def _is_one_of(value: Any, targets: list[Any]) -> bool:
    return any(_same(value, target) for target in targets)


_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": _same,
    "notEquals": lambda value, target: not _same(value, target),
    "in": _is_one_of,
    "notIn": lambda value, targets: not _is_one_of(value, targets),
    "like": lambda value, target: fnmatch.fnmatch(str(value or "").lower(), str(target).lower()),
    "notLike": lambda value, target: not fnmatch.fnmatch(str(value or "").lower(), str(target).lower()),
    "exists": lambda value, target: (value is not None) is (str(target).lower() == "true"),
}


def _denied(name: str, denials: list[tuple[Policy, list[dict[str, Any]]]]) -> ArmError:
    """https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-policy-requestdisallowedbypolicy."""
    identifiers, information = [], []
    for policy, expressions in denials:
        assignment, definition = _ids(policy)
        identifiers.append(
            {
                "policyAssignment": {"name": policy.assignment, "id": assignment},
                "policyDefinition": {"name": policy.name, "id": definition},
            }
        )
        info = {
            "evaluationDetails": {"evaluatedExpressions": expressions},
            "policyDefinitionId": definition,
            "policyDefinitionName": f"{policy.assignment}-definition",
            "policyDefinitionDisplayName": policy.name,
            "policyDefinitionEffect": "deny",
            "policyAssignmentId": assignment,
            "policyAssignmentName": policy.assignment,
            "policyAssignmentDisplayName": policy.assignment,
            "policyAssignmentScope": assignment.partition("/providers/Microsoft.Authorization/")[0],
        }
        information.append({"type": "PolicyViolation", "info": info})
    told = [f"'{policy.reason}'" for policy, _ in denials if policy.reason]
    reasons = f" Reasons: {', '.join(told)}." if told else ""
    text = json.dumps(identifiers, separators=(",", ":"))
    message = f"Resource '{name}' was disallowed by policy.{reasons} Policy identifiers: '{text}'."
    return ArmError(403, "RequestDisallowedByPolicy", message, target=name, information=information)
