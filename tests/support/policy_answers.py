"""What Azure Policy answers, as its documents and its users show it."""

from __future__ import annotations

import json
from typing import Any

MANAGEMENT_GROUP = "/providers/Microsoft.Management/managementGroups/contoso"


def condition(field: str, operator: str, target: Any, value: Any = None, *, holds: bool = True) -> dict[str, Any]:
    """One evaluated expression; `value` is what the request had."""
    path = field.rpartition("/")[2] if field.startswith("Microsoft.") else field
    return {
        "result": str(holds),
        "expressionKind": "Field",
        "expression": field,
        "path": f"properties.{path}" if field.startswith("Microsoft.") and "sku." not in path else path,
        "expressionValue": value,
        "targetValue": target,
        "operator": operator,
    }


def violation(policy: str, assignment: str, *conditions: dict[str, Any], scope: str = MANAGEMENT_GROUP) -> Any:
    """One policy that denies."""
    assigned = f"{scope}/providers/Microsoft.Authorization/policyAssignments/{assignment}"
    return {
        "type": "PolicyViolation",
        "info": {
            "policyDefinitionDisplayName": policy,
            "policyDefinitionEffect": "Deny",
            "policyAssignmentId": assigned,
            "policyAssignmentName": assignment,
            "policyAssignmentDisplayName": f"The assignment {assignment}",
            "policyAssignmentScope": scope,
            "evaluationDetails": {"evaluatedExpressions": list(conditions)},
        },
    }


def denied(*violations: Any, reasons: str = "", resource: str = "iris") -> dict[str, Any]:
    """The whole answer, which has status 403."""
    named = [
        {
            "policyAssignment": {"name": one["info"]["policyAssignmentDisplayName"]},
            "policyDefinition": {"name": one["info"]["policyDefinitionDisplayName"]},
        }
        for one in violations
    ]
    why = f" Reasons: '{reasons}'." if reasons else ""
    message = f"Resource '{resource}' was disallowed by policy.{why} Policy identifiers: '{json.dumps(named)}'."
    error = {"code": "RequestDisallowedByPolicy", "target": resource, "message": message}
    return {"error": {**error, "additionalInfo": list(violations)}}


def no_tag(name: str) -> Any:
    """The built-in definition 871b6d14-10aa-478d-b590-94f262ecfa99."""
    return violation("Require a tag on resources", f"need-{name}", condition(f"tags[{name}]", "Exists", "false"))
