"""What a refusal says of the Azure policy behind it: which one, where it is assigned, and which value it is about."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_IDENTIFIERS = re.compile(r"Policy identifiers: '(?P<json>\[.*\])'", re.DOTALL)
_WHAT_IT_IS = {"type", "kind", "location"}
"""Fields that say which resource a policy is about; it seldom refuses them themselves."""


def policies_of(error: Mapping[str, Any]) -> str:
    """`policy` in a sentence: "`No keys` (assigned as `no-keys` at `/subscriptions/s`; it looks at ...)".

    Resource Manager names the policy in `additionalInfo`, and in older answers in the message alone:
    https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-policy-requestdisallowedbypolicy.

    Args:
        error: The `error` of an answer, its names in lower case.

    Returns:
        Nothing when no policy is named.
    """
    violations = list(_violations(error.get("additionalinfo")))
    found = [_in_words(info) for info in violations] or list(_of_message(str(error.get("message") or "")))
    return ", ".join(dict.fromkeys(filter(None, found)))


def without_identifiers(message: str) -> str:
    """The message without its JSON, which is told in words."""
    return _IDENTIFIERS.sub("", message).strip(" .")


def _violations(additional: Any) -> Iterator[Mapping[str, Any]]:
    for entry in additional if isinstance(additional, list) else []:
        if isinstance(entry, dict) and entry.get("type") == "PolicyViolation" and isinstance(entry.get("info"), dict):
            yield entry["info"]


def _in_words(info: Mapping[str, Any]) -> str:
    policy = info.get("policyDefinitionDisplayName") or info.get("policyDefinitionName")
    if not policy:
        return ""
    where = [f"assigned as `{name}`"] if (name := info.get("policyAssignmentName")) else []
    if scope := info.get("policyAssignmentScope"):
        where.append(f"at {scope}")
    about = [" ".join(where)] if where else []
    if fields := list(_fields(info.get("evaluationDetails"))):
        about.append(f"it looks at {' and '.join(fields)}")
    return f"`{policy}`" + (f" ({'; '.join(about)})" if about else "")


def _fields(details: Any) -> Iterator[str]:
    """`properties.allowSharedKeyAccess` (`true`): what was looked at, without what only selects the resource."""
    expressions = details.get("evaluatedExpressions") if isinstance(details, dict) else None
    for one in expressions if isinstance(expressions, list) else []:
        path = str(one.get("path") or one.get("expression") or "") if isinstance(one, dict) else ""
        if path and path.lower() not in _WHAT_IT_IS:
            value = one.get("expressionValue")
            yield f"`{path}`" if value is None else f"`{path}` ({json.dumps(value)})"


def _of_message(message: str) -> Iterator[str]:
    found = _IDENTIFIERS.search(message)
    try:
        identifiers = json.loads(found.group("json")) if found else []
    except ValueError:
        return
    for one in filter(lambda entry: isinstance(entry, dict), identifiers):
        definition, assignment = one.get("policyDefinition") or {}, one.get("policyAssignment") or {}
        yield _in_words(
            {"policyDefinitionName": definition.get("name"), "policyAssignmentName": assignment.get("name")}
        )
