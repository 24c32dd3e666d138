"""What each kind of text must look like: Azure's own rules, and where each is written down.

A rule takes the text of one input, without blanks around it, and gives the value; or it raises `RuleBroken`. The names'
rules are those of https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules.
"""

from __future__ import annotations

import re
import shlex
import uuid
from functools import partial

from functions_model.ci.host import LONGEST_JOB
from functions_model.core.build import PYTHON_VERSIONS
from functions_model.core.failures import RuleBroken
from functions_model.core.references import is_repository, is_tag, parse_reference
from functions_model.core.registered import MachineLearningWorkspace
from functions_model.inputs.specs import SERVICE_BUS_SKUS, TRIGGERS

PLAN_SKUS = (
    *("EP1", "EP2", "EP3"),
    *("P0v3", "P1v3", "P2v3", "P3v3"),
    *("P1mv3", "P2mv3", "P3mv3", "P4mv3", "P5mv3"),
    *("B1", "B2", "B3"),
    *("S1", "S2", "S3"),
)
"""Plan sizes that carry a Linux function app in a container."""
MOST_INSTANCES = 100
"""Of the largest Elastic Premium plan. Other sizes take fewer, which the plan checks."""
MOST_THREADS = 1000
"""What one worker process may score at the same time; the host's own limits lie lower for most apps."""
_WORKSPACE_ID = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)/resourceGroups/(?P<group>[^/]+)"
    r"/providers/Microsoft\.MachineLearningServices/workspaces/(?P<name>[^/]+)",
    re.IGNORECASE,
)


def matching(pattern: str, meaning: str, remedy: str, text: str) -> str:
    """The text, when a pattern matches all of it.

    Raises:
        RuleBroken: It does not.
    """
    if not re.fullmatch(pattern, text, re.ASCII):
        raise RuleBroken(f"`{text}` is not {meaning}", remedy)
    return text


app_name = partial(
    matching,
    r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,58}[A-Za-z0-9])",
    "a function app's name",
    "Use 2 to 60 letters, digits and hyphens, with no hyphen at either end.",
)
"""Microsoft.Web/sites: 2-60 letters, digits and hyphens, no hyphen at the ends (it is part of a host name)."""
plan_name = partial(
    matching, r"[A-Za-z0-9-]{1,60}", "a hosting plan's name", "Use 1 to 60 letters, digits and hyphens."
)
"""Microsoft.Web/serverfarms: 1-60 letters, digits and hyphens."""
resource_group = partial(
    matching,
    r"[\w().-]{0,89}[\w()-]",
    "a resource group's name",
    "Use 1 to 90 letters, digits, `_`, `-`, `.` and parentheses, and do not end with a period.",
)
"""Microsoft.Resources/resourceGroups: 1-90 letters, digits, `_`, `-`, `.`, `(`, `)`, not ending with a period."""
storage_account = partial(
    matching,
    r"[a-z0-9]{3,24}",
    "a storage account's name",
    "Use 3 to 24 lower-case letters and digits, and nothing else.",
)
"""Microsoft.Storage/storageAccounts: 3-24 lower-case letters and digits."""
identity_name = partial(
    matching,
    r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}",
    "a managed identity's name",
    "Use 3 to 128 letters, digits, `_` and `-`, starting with a letter or a digit.",
)
"""Microsoft.ManagedIdentity: 3-128 letters, digits, `_` and `-`, starting with a letter or digit."""
model_name = partial(
    matching,
    r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}",
    "a model's name",
    "Use 1 to 255 letters, digits, `-`, `_` and `.`, starting with a letter or a digit.",
)
"""Azure ML: 1-255 letters, digits, `-`, `_`, `.`, starting with a letter or digit.

https://learn.microsoft.com/azure/machine-learning/reference-yaml-model
"""
positive_number = partial(matching, r"[1-9][0-9]{0,9}", "a version", "Use a whole number, 1 or more.")
"""1 or more, without a sign or leading zeros, as text: Azure ML counts versions so."""
queue_name = partial(
    matching,
    r"(?=.{1,260}\Z)[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?",
    "a queue's name",
    "Use 1 to 260 letters, digits, `.`, `-`, `_` and `/`, with a letter or a digit at either end.",
)
"""Microsoft.ServiceBus queues: 1-260 letters, digits, `.`, `-`, `_` and `/`, a letter or digit at the ends."""
audience = partial(
    matching, r"[!-~]{1,600}", "an audience", "Use the audience of the federated credential, in one word."
)
"""A single word: it goes into a URL's query."""
application_insights = partial(
    matching,
    r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,253}[A-Za-z0-9_-])?",
    "an Application Insights component's name",
    "Use up to 255 letters, digits, `_`, `-` and `.`, starting with a letter or a digit.",
)
"""Microsoft.Insights/components: up to 260 characters; a few kinds of them are enough."""
log_analytics_workspace = partial(
    matching,
    r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]",
    "a Log Analytics workspace's name",
    "Use 4 to 63 letters, digits and hyphens, with no hyphen at either end.",
)
"""Microsoft.OperationalInsights/workspaces: 4-63 letters, digits and hyphens, no hyphen at the ends."""


def slot_name(text: str) -> str:
    """Microsoft.Web/sites/slots: 2-59 letters, digits and hyphens; the app itself is the slot `production`."""
    if text.lower() == "production":
        raise RuleBroken("`production` is the app itself", "Leave it out to deploy to the app, or use another name.")
    remedy = "Use 2 to 59 letters, digits and hyphens, with no hyphen at either end."
    return matching(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,57}[A-Za-z0-9])", "a deployment slot's name", remedy, text)


def switch(text: str) -> bool:
    """`true` or `false`, in any case."""
    if text.lower() not in {"true", "false"}:
        raise RuleBroken(f"`{text}` is neither `true` nor `false`", "Use one of these.")
    return text.lower() == "true"


def location(text: str) -> str:
    """A region. Azure takes `West Europe` and `westeurope`; the latter is what it answers with."""
    name = re.sub(r"\s+", "", text).lower()
    return matching(r"[a-z]+[0-9]*[a-z0-9]*", "an Azure region's name", "Use a name such as `westeurope`.", name)


def subscription_id(text: str) -> str:
    """The id of an Azure subscription."""
    return guid(text, f"Find the id with `az account show --subscription {shlex.quote(text)} --query id`.")


def tenant_id(text: str) -> str:
    """The id of a Microsoft Entra tenant."""
    return guid(text, "Find the id with `az account show --query tenantId`.")


def client_id(text: str) -> str:
    """The client id of an application or a managed identity."""
    return guid(text, f"Find the id with `az ad sp list --display-name {shlex.quote(text)} --query [].appId`.")


def guid(text: str, remedy: str = "Use the id.") -> str:
    """A GUID in its usual form, given back in lower case."""
    try:
        parsed = str(uuid.UUID(text))
    except ValueError:
        parsed = ""
    if parsed != text.lower():
        raise RuleBroken(f"`{text}` is not an id such as `00000000-0000-0000-0000-000000000000`", remedy)
    return parsed


def verify_timeout(text: str) -> int:
    """Whole seconds, at most `LONGEST_JOB`."""
    if not re.fullmatch(r"[0-9]{1,6}", text) or not 1 <= int(text) <= LONGEST_JOB:
        raise RuleBroken(
            f"`{text}` is not a number of seconds", f"Use whole seconds without a unit, 1 to {LONGEST_JOB}."
        )
    return int(text)


def python_version(text: str) -> str:
    """One of `PYTHON_VERSIONS`."""
    if text in PYTHON_VERSIONS:
        return text
    offered = f"Use one of {', '.join(PYTHON_VERSIONS)}."
    if text == "3.1":
        raise RuleBroken("it is `3.1`: YAML reads 3.10 as a number and drops the zero", "Write it in quotes: `'3.10'`.")
    if text.rpartition(".")[0] in PYTHON_VERSIONS:
        raise RuleBroken(f"`{text}` names a patch version, which the base image decides", offered)
    raise RuleBroken(f"there is no Functions base image for Python `{text}`", offered)


def plan_sku(text: str) -> str:
    """One of `PLAN_SKUS`, in any case."""
    known = {sku.lower(): sku for sku in PLAN_SKUS}
    if sku := known.get(text.lower()):
        return sku
    offered = f"Use one of {', '.join(PLAN_SKUS)}."
    reasons = {
        "y1": "the Consumption plan (`Y1`) does not run containers",
        "fc1": "the Flex Consumption plan (`FC1`) does not run containers",
        "f1": "the free plan (`F1`) does not run function apps in containers",
        "d1": "the shared plan (`D1`) does not run function apps in containers",
    }
    raise RuleBroken(reasons.get(text.lower(), f"`{text}` is not a plan size that is supported here"), offered)


def trigger(text: str) -> str:
    """One of `TRIGGERS`, in any case, and with the underscores that older workflows write."""
    name = text.lower().replace("_", "-")
    if name not in TRIGGERS:
        raise RuleBroken(f"there is no trigger `{text}`", f"Use {', '.join(f'`{known}`' for known in TRIGGERS)}.")
    return name


def concurrency(text: str) -> int:
    """1 to `MOST_THREADS`."""
    if not re.fullmatch(r"[1-9][0-9]{0,2}", text) or int(text) > MOST_THREADS:
        raise RuleBroken(f"`{text}` is not a number of threads", f"Use a whole number, 1 to {MOST_THREADS}.")
    return int(text)


def service_bus_namespace(text: str) -> str:
    """Microsoft.ServiceBus/namespaces: 6-50 letters, digits and hyphens; it is part of a host name."""
    remedy = "Use 6 to 50 letters, digits and hyphens, starting with a letter, ending with a letter or a digit."
    if text.lower().endswith(("-sb", "-mgmt")):
        raise RuleBroken(f"`{text}` ends with `-{text.rpartition('-')[2]}`, which Service Bus keeps for itself", remedy)
    return matching(r"[A-Za-z][A-Za-z0-9-]{4,48}[A-Za-z0-9]", "a Service Bus namespace's name", remedy, text)


def service_bus_sku(text: str) -> str:
    """One of `SERVICE_BUS_SKUS`, in any case."""
    known = {sku.lower(): sku for sku in SERVICE_BUS_SKUS}
    if text.lower() not in known:
        raise RuleBroken(f"`{text}` is not a size of a Service Bus namespace", f"Use {', '.join(SERVICE_BUS_SKUS)}.")
    return known[text.lower()]


def machine_learning_workspace(text: str) -> MachineLearningWorkspace:
    """A workspace's whole ARM id, or its name alone: then subscription and group are empty.

    Microsoft.MachineLearningServices/workspaces: 3-33 letters, digits, `-` and `_`, starting with a letter or digit.
    """
    name, subscription, group = text, "", ""
    if text.startswith("/"):
        match = _WORKSPACE_ID.fullmatch(text.rstrip("/"))
        if not match:
            raise RuleBroken(
                f"`{text}` is not the ARM id of an Azure ML workspace",
                "It looks like `/subscriptions/<id>/resourceGroups/<group>/providers/"
                "Microsoft.MachineLearningServices/workspaces/<name>`.",
            )
        subscription, group, name = guid(match["subscription"]), resource_group(match["group"]), match["name"]
    remedy = "Use 3 to 33 letters, digits, `-` and `_`, starting with a letter or a digit; or the whole ARM id."
    matching(r"[A-Za-z0-9][A-Za-z0-9_-]{2,32}", "an Azure ML workspace's name", remedy, name)
    return MachineLearningWorkspace(subscription, group, name)


def image_name(text: str) -> str:
    """An OCI repository name."""
    if not is_repository(text):
        remedy = (
            "Use lower-case letters, digits, `.`, `_`, `-` and `/`. The registry and the tag have their own inputs."
        )
        raise RuleBroken(f"`{text}` is not an image's name", remedy)
    return text


def image_tag(text: str) -> str:
    """An OCI tag."""
    if not is_tag(text):
        raise RuleBroken(
            f"`{text}` is not a tag", "Use up to 128 letters, digits, `_`, `.` and `-`, not starting with `.` or `-`."
        )
    return text


def base_image(text: str) -> str:
    """A whole image reference."""
    try:
        parse_reference(text)
    except ValueError as error:
        raise RuleBroken(str(error), "Give it as `host/name:tag`, `host/name@sha256:...` or both.") from error
    return text


def instances(text: str) -> int:
    """How many machines a plan has: 1 to 100, the most that any plan takes."""
    if not re.fullmatch(r"[0-9]{1,3}", text) or not 1 <= int(text) <= MOST_INSTANCES:
        raise RuleBroken(f"`{text}` is not a number of instances", f"Use a whole number, 1 to {MOST_INSTANCES}.")
    return int(text)


def secret_text(text: str) -> str:
    """Anything in one line. The text is never repeated."""
    if "\n" in text:
        raise RuleBroken(
            "it has more than one line", "Give the secret itself, not a JSON document or a file around it."
        )
    return text
