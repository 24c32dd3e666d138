"""What Azure Policy refuses, in words: which policy, which field, what it was, what it must be, and the input for it.

How an answer tells it: https://learn.microsoft.com/azure/governance/policy/how-to/determine-non-compliance and
https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-policy-requestdisallowedbypolicy.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from functions_model.core.masking import shapeless

REFUSED = "RequestDisallowedByPolicy"
_IDENTIFIERS = re.compile(r"Policy identifiers: '(?P<json>\[.*\])'", re.DOTALL)
_TAG = re.compile(r"tags(?:\.|\[)'?(?P<name>[^\]']+)'?\]?", re.IGNORECASE)
_SELECTORS = {"type", "kind"}
"""Fields that say which resources a policy is about; it seldom refuses them themselves."""
_LONGEST = 100
_WRAPPERS = {"invalidtemplatedeployment", "resourcevalidationfailed", "deploymentfailed", "multipleerrorsoccurred"}
"""Codes of errors that hold those of single resources, and say nothing of their own."""

_NAMED_BY = (
    (re.compile("storageaccounts$"), "storage-account"),
    (re.compile("farms$"), "plan-name"),
    (re.compile("microsoft.web/sites$"), "app-name"),
    (re.compile("servicebus/namespaces$"), "service-bus-namespace"),
    (re.compile("userassignedidentities$"), "identity-name"),
    (re.compile("insights/components$"), "application-insights"),
    (re.compile("operationalinsights/workspaces$"), "log-analytics-workspace"),
    (re.compile("resourcegroups$"), "resource-group"),
)
"""The input that names a resource, by the end of its type in lower case."""
_NO_KEYS = "Set `access` to `identity`: it needs no keys."
_SETS = (
    (re.compile(r"(^|/)location$"), "Set `location` to a region that it allows."),
    (re.compile(r"storageaccounts/(properties\.)?allowsharedkeyaccess$"), _NO_KEYS),
    (re.compile(r"servicebus/namespaces/(properties\.)?disablelocalauth$"), _NO_KEYS),
    (re.compile(r"farms/sku\.(name|tier)$"), "Set `plan-sku` to a size that it allows."),
    (re.compile(r"namespaces/sku\.(name|tier)$"), "Set `service-bus-sku` to a size that it allows."),
)
"""The input that a field follows."""
_EXEMPTION = "ask the policy's owner for an exemption."
_NEGATED = {
    "equals": "notequals",
    "notequals": "equals",
    "in": "notin",
    "notin": "in",
    "like": "notlike",
    "notlike": "like",
    "match": "notmatch",
    "notmatch": "match",
    "matchinsensitively": "notmatchinsensitively",
    "notmatchinsensitively": "matchinsensitively",
    "contains": "notcontains",
    "notcontains": "contains",
    "less": "greaterorequals",
    "greaterorequals": "less",
    "greater": "lessorequals",
    "lessorequals": "greater",
}
"""What holds where a condition does not: https://learn.microsoft.com/azure/governance/policy/concepts/definition-structure-policy-rule."""
_WORDS = {
    "equals": "be {}",
    "notequals": "not be {}",
    "in": "be {}",
    "notin": "not be {}",
    "like": "be like {}",
    "notlike": "not be like {}",
    "match": "match {}",
    "notmatch": "not match {}",
    "matchinsensitively": "match {}",
    "notmatchinsensitively": "not match {}",
    "contains": "contain {}",
    "notcontains": "not contain {}",
    "less": "be less than {}",
    "lessorequals": "be {} or less",
    "greater": "be more than {}",
    "greaterorequals": "be {} or more",
}
_TELLING = ("in", "equals", "like", "match", "matchinsensitively")
"""What a field must be, not what it must not be: where several conditions are told of it, the first of these."""


@dataclass(frozen=True, slots=True)
class _Field:
    """One field that a policy refuses.

    Attributes:
        path: As people find it in the resource: `properties.publicNetworkAccess`, `tags['owner']`.
        alias: Its whole name in the policy, in lower case; the path where it has none.
        is_now: What it is, a clause; empty when that is not told, or is too much to tell.
        must: What it must be or not be, a clause; empty when that is not told.
        value: The only value that complies; empty when there are several, or it is not told.
    """

    path: str
    alias: str
    is_now: str
    must: str
    value: str = ""

    def __str__(self) -> str:
        """`location` is `westeurope` and must be `northeurope`; for one of which nothing is told, `location`."""
        if self.must:
            return f"`{self.path}` {f'is {self.is_now} and ' if self.is_now else ''}must {self.must}"
        return f"`{self.path}`{f' ({self.is_now})' if self.is_now else ''}"


def facts_of(error: Mapping[str, Any]) -> dict[str, str]:
    """`policies` and `ways`: what refused, and what to do; nothing when no policy is named.

    Resource Manager names the policy in `additionalInfo`, and in older answers in the message alone.

    Args:
        error: The `error` of an answer, its names in lower case.
    """
    told = [entry for entry in mappings(error.get("additionalinfo")) if entry.get("type") == "PolicyViolation"]
    violations = mappings([entry.get("info") for entry in told]) or list(_of_message(str(error.get("message") or "")))
    named = list(dict.fromkeys(filter(None, map(_in_words, violations))))
    if not named:
        return {}
    return {"policies": "; and ".join(named), "ways": " ".join(_ways(violations))}


def unwrapped(error: Mapping[str, Any]) -> dict[str, Any]:
    """The error itself; where it only wraps refusals by policies, these as one, with names in lower case."""
    inner = [{key.lower(): value for key, value in one.items()} for one in mappings(error.get("details"))]
    refusals = [one for one in inner if str(one.get("code")).lower() == REFUSED.lower()]
    if str(error.get("code")).lower() not in _WRAPPERS or not refusals:
        return dict(error)
    information = [entry for one in refusals for entry in mappings(one.get("additionalinfo"))]
    messages = dict.fromkeys(str(one.get("message") or "") for one in refusals)
    return {"code": REFUSED, "message": " ".join(messages), "additionalinfo": information}


def without_identifiers(message: str) -> str:
    """The message without its JSON, which is told in words."""
    return _IDENTIFIERS.sub("", message).strip(" .")


def mappings(told: Any) -> list[dict[str, Any]]:
    """The mappings in what should be a list of them."""
    return [entry for entry in told if isinstance(entry, dict)] if isinstance(told, list) else []


def _in_words(info: Mapping[str, Any]) -> str:
    policy = info.get("policyDefinitionDisplayName") or info.get("policyDefinitionName")
    if not policy:
        return ""
    where = [f"assigned as `{name}`"] if (name := info.get("policyAssignmentName")) else []
    if scope := info.get("policyAssignmentScope"):
        where.append(f"at {scope}")
    about = f" ({' '.join(where)})" if where else ""
    fields = _fields(info)
    looks = "" if any(field.must for field in fields) else "it looks at "
    told = " and ".join(dict.fromkeys(str(field) for field in fields if field.must or looks))
    return f"the policy `{policy}`{about}" + (f": {looks}{told}" if told else "")


def _fields(info: Mapping[str, Any]) -> list[_Field]:
    """What it refuses: conditions that hold, and those that do not, in a `not`. One of the other kind says no more."""
    details = info.get("evaluationDetails")
    told = mappings(details.get("evaluatedExpressions") if isinstance(details, dict) else None)
    by_path: dict[str, list[Mapping[str, Any]]] = {}
    for one in told:
        if path := str(one.get("path") or one.get("expression") or ""):
            by_path.setdefault(path, []).append(one)
    refused = {path: [one for one in all_of if _holds(one)] or all_of for path, all_of in by_path.items()}
    about = {path: held for path, held in refused.items() if path.lower() not in _SELECTORS}
    return [_field(path, conditions) for path, conditions in (about or refused).items()]


def _holds(condition: Mapping[str, Any]) -> bool:
    return str(condition.get("result", "True")).lower() == "true"


def _field(path: str, conditions: Iterable[Mapping[str, Any]]) -> _Field:
    """In words, by the condition that says most."""
    first = min(conditions, key=_rank)
    alias = str(first.get("expression") or path).lower()
    operator, target = _wanted(first)
    now = _shown(first["expressionValue"]) if "expressionValue" in first else ""
    if operator == "exists":
        return _Field(path, alias, "" if target else now, "be set" if target else "not be set")
    values = [text for text in map(_shown, target if isinstance(target, list) else [target]) if text]
    if operator not in _WORDS or not values:
        return _Field(path, alias, now, "")
    joint = " or " if operator in _TELLING else " and not "
    alone = len(values) == 1 and operator in {"equals", "in"}
    return _Field(path, alias, now, _WORDS[operator].format(joint.join(values)), values[0].strip("`") if alone else "")


def _rank(condition: Mapping[str, Any]) -> int:
    operator, _ = _wanted(condition)
    return _TELLING.index(operator) if operator in _TELLING else len(_TELLING)


def _wanted(condition: Mapping[str, Any]) -> tuple[str, Any]:
    """Operator and value that would comply: the contrary of a condition that holds."""
    operator, target = str(condition.get("operator") or "").lower(), condition.get("targetValue")
    holds = _holds(condition)
    if operator == "exists":
        return operator, (str(target).lower() == "true") is not holds
    return (_NEGATED.get(operator, "") if holds else operator), target


def _shown(value: Any) -> str:
    """A value in words. A long one, or a list of settings, may hold more than anybody should read in a log."""
    if value is None or value == "":
        return "not set"
    if isinstance(value, bool | int | float):
        return f"`{json.dumps(value)}`"
    text = shapeless(str(value))
    return f"`{text}`" if isinstance(value, str) and len(text) <= _LONGEST else ""


def _ways(violations: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """What to do, each once; what no input can do last."""
    tags: dict[str, str] = {}
    ways: dict[str, None] = {}
    no_input = False
    for info in violations:
        fields, kind = _fields(info), _type_in(info)
        no_input = no_input or not fields
        for field in fields:
            if not field.must:
                no_input = True
            elif tag := _TAG.fullmatch(field.path) or _TAG.fullmatch(field.alias):
                tags[tag["name"]] = field.value or tags.get(tag["name"], "VALUE")
            elif way := _way(field, kind):
                ways[way] = None
            else:
                no_input = True
    if tags:
        lines = " and ".join(f"`{name}={value}`" for name, value in tags.items())
        yield f"Add to `tags` the {'line' if len(tags) == 1 else 'lines'} {lines}."
    yield from ways
    if no_input and (tags or ways):
        yield f"For the rest there is no input: {_EXEMPTION}"
    else:
        yield f"Or {_EXEMPTION}" if tags or ways else "Ask its owner for an exemption, or for values that it allows."


def _way(field: _Field, kind: str) -> str:
    """A whole sentence; empty where no input sets it, and nothing else would do."""
    names = next((name for ending, name in _NAMED_BY if ending.search(kind)), "")
    if field.path.lower() == "name":
        return f"Set `{names}` to a name that it allows." if names else "Give it another name."
    known = (field.alias, f"{kind}/{field.path.lower()}")
    if sets := next((way for found, way in _SETS if any(found.search(one) for one in known)), ""):
        return sets
    if names and names not in {"app-name", "resource-group"} and field.alias not in _SELECTORS:
        return f"Create it yourself as the policy wants it, and name it with `{names}`: the action uses it as it is."
    return ""


def _type_in(info: Mapping[str, Any]) -> str:
    """The type of the resource, in lower case; empty when it is not told."""
    details = info.get("evaluationDetails")
    told = mappings(details.get("evaluatedExpressions") if isinstance(details, dict) else None)
    values = (one.get("expressionValue") for one in told if str(one.get("path")).lower() == "type")
    aliases = (str(one.get("expression") or "").rpartition("/")[0] for one in told)
    return next((str(value).lower() for value in (*values, *aliases) if value and "/" in str(value)), "")


def _of_message(message: str) -> Iterator[dict[str, Any]]:
    found = _IDENTIFIERS.search(message)
    try:
        identifiers = json.loads(found.group("json")) if found else []
    except (ValueError, RecursionError):
        return
    for one in mappings(identifiers):
        parts = {part: one.get(part) for part in ("policyDefinition", "policyAssignment")}
        yield {f"{part}Name": told["name"] for part, told in parts.items() if isinstance(told, dict) and "name" in told}
