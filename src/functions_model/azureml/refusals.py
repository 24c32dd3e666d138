"""What Resource Manager refused to tell of Azure ML, with the role that would be enough."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from functions_model.azure.errors import explain
from functions_model.azureml.arm import workspace_id
from functions_model.core.failures import PlanRefused, Problem

if TYPE_CHECKING:
    from functions_model.core.registered import MachineLearningWorkspace

_OBJECT_ID = re.compile(r"object id '([^']+)'")


def refused(exc: Exception, action: str, workspace: MachineLearningWorkspace, subject: str) -> PlanRefused:
    """The failure for an error of the workspace.

    Args:
        exc: What the SDK raised.
        action: What was being done, as it follows "Could not".
        workspace: Whose resource was asked for.
        subject: The input that it is about.
    """
    error = explain(exc, action)
    remedy = _role_remedy(error.message, workspace) if error.status == 403 else error.remedy
    return PlanRefused(action, [Problem(error.reason, remedy, subject)])


def _role_remedy(message: str, workspace: MachineLearningWorkspace) -> str:
    found = _OBJECT_ID.search(message)
    assignee = found.group(1) if found else "<object id of the login>"
    return (
        "The login needs the role `AzureML Data Scientist` on the workspace; `Reader` is enough when it may also read "
        "the storage account (`Storage Blob Data Reader`). Ask an owner to run: az role assignment create "
        f"--assignee-object-id {assignee} --assignee-principal-type ServicePrincipal "
        f'--role "AzureML Data Scientist" --scope {workspace_id(workspace)}'
    )
