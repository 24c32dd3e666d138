"""The errors people meet, as a table: how each is recognised, and what to do."""

from __future__ import annotations

from functions_model.azure.rights_causes import REFUSED_RIGHTS
from functions_model.azure.room_causes import NO_ROOM
from functions_model.core.failures import Cause

_BUSY = "Another deployment or person is working on it. Wait until that has ended and run again."

CAUSES: tuple[Cause, ...] = (
    *REFUSED_RIGHTS,
    *NO_ROOM,
    Cause(
        "container-being-deleted",
        remedy="The container was deleted a moment ago. Run again in a minute.",
        status=409,
        code="ContainerBeingDeleted",
        passes=True,
    ),
    Cause(
        "queue-in-conflict",
        remedy="Azure is still changing the queue. Run again in a minute.",
        status=409,
        text=r"SubCode=4090[01]",
        passes=True,
    ),
    Cause(
        "principal-not-found",
        remedy="The new identity is not known everywhere yet. Run again in a minute.",
        code="PrincipalNotFound",
        passes=True,
    ),
    Cause("role-assignment-exists", remedy="Nothing to do: the role is already assigned.", code="RoleAssignmentExists"),
    Cause(
        "role-assignment-reused",
        remedy="The role is still assigned to a deleted identity. Delete that assignment (`az role assignment list "
        "--all` finds those without a principal), then run again.",
        code="RoleAssignmentUpdateNotPermitted",
    ),
    Cause(
        # With 400 below a group, with 404 elsewhere: https://github.com/Azure/azure-cli/issues/31037.
        "api-version",
        remedy="This cloud, or this location, does not offer this API version yet. Choose another `location`. If "
        "all refuse it, report it with this message: an older version must be asked for there.",
        code="NoRegisteredProviderFound|InvalidResourceType|InvalidApiVersionParameter",
    ),
    Cause("resource-group-missing", remedy="Run again: the plan creates the group.", code="ResourceGroupNotFound"),
    Cause(
        "group-being-deleted",
        remedy="Wait until the group is gone and run again, or use another `resource-group`.",
        code="ResourceGroupBeingDeleted",
    ),
    Cause("operation-in-progress", remedy=_BUSY, code=".*OperationInProgress|RetryableError", passes=True),
    Cause(
        # Microsoft.Web gives it the status 409 or 429: https://github.com/microsoft/Partner-Smart-Office/issues/1.
        "operation-in-progress",
        remedy=_BUSY,
        text=r"another (conflicting )?operation( is|) (currently )?in progress|conflicting operation"
        r"|operation is (currently )?in progress",
        passes=True,
    ),
    Cause(
        "operation-in-progress",
        remedy=_BUSY,
        status=409,
        code="Conflict",
        text=r"is being (created|updated)",
        passes=True,
    ),
    Cause("throttled", remedy="Azure is throttling requests. Wait {wait} and run again.", status=429, passes=True),
)
"""In order: the first that matches is told."""

UNKNOWN_REMEDIES: tuple[tuple[int, int, str], ...] = (
    (401, 401, "Check `tenant-id`, `client-id` and `cloud`."),
    (403, 403, "Ask an owner of the subscription for the right to do this."),
    (404, 404, "Check the names, and run again."),
    (409, 409, "Another process may be working on it. Wait until it has ended and run again."),
    (400, 499, "Correct the inputs that the message names and run again."),
    (500, 599, "Azure had an internal error. Run again; finished steps are not repeated."),
    (0, 999, "Check the connection to Azure and run again."),
)
"""Lowest status, highest status, remedy: what is told of an error that no cause fits."""
