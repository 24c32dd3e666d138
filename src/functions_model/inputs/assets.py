"""Registered models and environments: `azureml:<name>:<version>`, and the workspace that they are in."""

from __future__ import annotations

import re

from functions_model.core.failures import RuleBroken
from functions_model.core.registered import MachineLearningWorkspace, RegisteredAsset
from functions_model.core.spec import Mode
from functions_model.inputs import rules
from functions_model.inputs.form import Form

PREFIX = "azureml:"
_WORD = r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}"
_SHORT = re.compile(rf"azureml:(?P<name>{_WORD})(?::(?P<version>{_WORD})|@(?P<label>[\w.-]+))", re.ASCII)
_LONG = re.compile(
    r"azureml:/{1,2}subscriptions/(?P<subscription>[0-9a-f-]{36})/resourcegroups/(?P<group>[^/]+)"
    r"/(?:providers/Microsoft\.MachineLearningServices/)?workspaces/(?P<workspace>[^/]+)"
    rf"/(?P<kind>models|environments)/(?P<name>{_WORD})/versions/(?P<version>{_WORD})",
    re.ASCII | re.IGNORECASE,
)
"""Both forms that Azure ML writes for an asset of a workspace."""
_OF_A_REGISTRY = {
    "models": "Register it in a workspace. {written}",
    # Those of Azure ML's own registry are images, which list no packages, in a workspace neither.
    "environments": "Give its packages as a conda file or a requirements file of the repository in `environment-file`.",
}
"""What to do instead, by kind."""


def is_reference(text: str) -> bool:
    """Whether a text names something that is registered, rightly or not."""
    return text.lower().startswith(PREFIX)


def take_asset(form: Form, name: str, text: str, kind: str) -> RegisteredAsset | None:
    """The asset that a reference means; None and a problem noted otherwise.

    Args:
        form: Where `workspace` is looked up.
        name: The input that the text belongs to.
        text: The reference.
        kind: `models` or `environments`.
    """
    match = form.check(name, text, lambda text: parse_reference(text, kind))
    if not match:
        return None
    own = (
        None
        if match.re is _SHORT
        else MachineLearningWorkspace(match["subscription"].lower(), match["group"], match["workspace"])
    )
    workspace = own or _workspace(form)
    if not workspace:
        return None
    if own and form.text("workspace"):
        _refuse_elsewhere(form, name, text, own)
    return RegisteredAsset(match["name"], match["version"], workspace)


def parse_reference(text: str, kind: str) -> re.Match[str]:
    """Take a reference apart: `name` and `version` are groups of the match, and its workspace where the text has one.

    Raises:
        RuleBroken: It is none, or one that cannot be followed from here.
    """
    if match := _SHORT.fullmatch(text):
        if match["label"] and match["label"] != "latest":
            raise RuleBroken(f"`{text}` has a label other than `@latest`", "Use `@latest`, or the version itself.")
        return match
    if match := _LONG.fullmatch(text):
        if match["kind"].lower() != kind:
            raise RuleBroken(f"`{text}` is one of a workspace's {match['kind'].lower()}", f"Name one of its {kind}.")
        return match
    written = "Write it as `azureml:<name>:<version>` or `azureml:<name>@latest`, and give the input `workspace`."
    if "/registries/" in text.lower():
        what = f"`{text}` is in a registry, and only what is registered in a workspace can be read"
        raise RuleBroken(what, _OF_A_REGISTRY[kind].format(written=written))
    if text.lower().startswith("azureml:/"):
        raise RuleBroken(f"`{text}` is not the address of one of a workspace's {kind}", written)
    if re.fullmatch(rf"azureml:{_WORD}", text, re.ASCII):
        raise RuleBroken(f"`{text}` has no version", f"Write `{text}:1` for a version, or `{text}@latest`.")
    raise RuleBroken(f"`{text}` does not name one of a workspace's {kind}", written)


def check_workspace(form: Form) -> None:
    """Note what is wrong with `workspace`, whether or not something registered needs it."""
    named = form.take("workspace", rules.machine_learning_workspace)
    if named and named.resource_group and form.text("workspace-resource-group"):
        what = "it cannot be combined with the whole ARM id in `workspace`, which names the group"
        form.refuse("workspace-resource-group", what, "Remove it.")


def _workspace(form: Form) -> MachineLearningWorkspace | None:
    """The workspace of the inputs, complete."""
    if not form.text("workspace"):
        form.miss("workspace", where="for what `azureml:` names")
        return None
    named = form.take("workspace", rules.machine_learning_workspace)
    if not named or named.resource_group:
        return named
    subscription, group = _subscription(form), _resource_group(form)
    return MachineLearningWorkspace(subscription, group, named.name) if subscription and group else None


def _subscription(form: Form) -> str:
    if form.mode is Mode.PACKAGE and not form.text("subscription-id"):
        form.miss("subscription-id", where="to find the Azure ML workspace")
        return ""
    return form.take("subscription-id", rules.subscription_id)


def _resource_group(form: Form) -> str:
    if form.text("workspace-resource-group"):
        return form.take("workspace-resource-group", rules.resource_group)
    if form.mode is Mode.PACKAGE and not form.text("resource-group"):
        form.miss("workspace-resource-group", where="to find the Azure ML workspace")
        return ""
    return form.take("resource-group", rules.resource_group)


def _refuse_elsewhere(form: Form, name: str, text: str, workspace: MachineLearningWorkspace) -> None:
    known = _workspace(form)
    if known and _key(known) != _key(workspace):
        what = f"`{text}` is in the workspace `{workspace.name}`, and `workspace` names `{known.name}`"
        form.refuse(name, what, "Name the workspace that it is in, or write `azureml:<name>:<version>`.")


def _key(workspace: MachineLearningWorkspace) -> tuple[str, str, str]:
    return workspace.subscription_id.lower(), workspace.resource_group.lower(), workspace.name.lower()
