"""The errors people meet on Azure, each as a fault of the sandbox, and how the run that meets it ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from azure_sandbox.faults import Fault
from support import arm_answers as said
from support.wanted import BLOB, HTTP, QUEUE

if TYPE_CHECKING:
    from functions_model.core.spec import Trigger

APPLY, PLAN = 7, 6
"""Exit codes: a resource could not be written; the plan was refused."""


@dataclass(frozen=True)
class Meeting:
    """An error that is met in a first deployment.

    Attributes:
        name: Of the golden file.
        fault: What the sandbox answers.
        code: The exit code of the run; 0 when the error is waited out, seen through or mended.
        waits: How often it is waited for.
        trigger: What kind of deployment meets it.
        requests: How many requests match the fault in all; None leaves that open.
        also: Faults beside it.
    """

    name: str
    fault: Fault
    code: int = 0
    waits: int = 0
    trigger: Trigger = HTTP
    requests: int | None = None
    also: tuple[Fault, ...] = ()


def _put(pattern: str, status: int | None, body: Any = None, **more: Any) -> Fault:
    return Fault("PUT", pattern, status, body, service="arm", **more)


def _lost(pattern: str) -> Fault:
    """The answer is lost of a write that was done all the same."""
    return _put(pattern, 503, executed=True)


_GROUP, _PLAN, _APP, _ACCOUNT = (
    rf"/{kind}/[^/]+$" for kind in ("resourceGroups", "serverfarms", "sites", "storageAccounts")
)
_IDENTITY, _ROLE, _PULL = "/userAssignedIdentities/", "/roleAssignments/", "/registries/.*/roleAssignments/"
_NAMESPACE, _QUEUE, _CONTAINER = "/namespaces/[^/]+$", "/queues/answers$", "/containers/output$"

REFUSED: tuple[Meeting, ...] = (
    Meeting("quota-as-401", _put(_PLAN, 401, said.QUOTA), APPLY, requests=1),
    Meeting("app-name-taken", _put(_APP, 409, said.APP_NAME), APPLY),
    Meeting("account-name-taken", _put(_ACCOUNT, 409, said.ACCOUNT_NAME), APPLY),
    Meeting("namespace-name-taken", _put(_NAMESPACE, 400, said.NAMESPACE_NAME), APPLY, trigger=QUEUE),
    Meeting("region-without-size", _put(_PLAN, 409, said.REGION), APPLY),
    Meeting("group-bound-to-windows", _put(_PLAN, 409, said.WINDOWS), APPLY),
    Meeting("no-capacity", _put(_PLAN, 409, said.CAPACITY), APPLY),
    Meeting("policy", _put(_ACCOUNT, 403, said.POLICY), APPLY),
    Meeting("lock", _put(_PLAN, 409, said.LOCK), APPLY),
    Meeting("no-contributor", _put(_PLAN, 403, said.NO_CONTRIBUTOR), APPLY),
    Meeting("no-right-to-assign-roles", _put(_ROLE, 403, said.NO_ROLES, times=None), APPLY),
    Meeting(
        "no-right-to-register",
        _put(_PLAN, 409, said.UNREGISTERED),
        APPLY,
        also=(Fault("POST", "/register$", 403, said.NO_REGISTRATION),),
    ),
    Meeting("identity-may-not-be-given", _put(_APP, 403, said.NO_IDENTITY), APPLY),
    Meeting("role-of-a-former-identity", _put(_ROLE, 400, said.REUSED, times=None), APPLY),
    Meeting("subscription-disabled", _put(_GROUP, 409, said.DISABLED), APPLY),
    Meeting("subscription-not-found", Fault("GET", "/resources$", 404, said.NO_SUBSCRIPTION), PLAN),
    Meeting("conflict-that-stays", _put(_PLAN, 409, said.BUSY_PLAN, times=None), APPLY, waits=13),
    Meeting(
        "throttled-for-an-hour", _put(_PLAN, 429, said.THROTTLED, headers={"Retry-After": "3600"}), APPLY, requests=1
    ),
    Meeting("fault-that-stays", _put(_IDENTITY, 500, said.FAULT, times=None), APPLY),
    Meeting(
        "token-that-is-never-taken",
        _put(_PLAN, 401, said.EXPIRED, headers=said.INVALID_TOKEN, times=None),
        APPLY,
        requests=2,
    ),
)
"""Those that end the run, with what it then says."""

PASSING: tuple[Meeting, ...] = (
    Meeting("busy-plan", _put(_PLAN, 409, said.BUSY_PLAN), waits=1, requests=2),
    Meeting("busy-app", _put(_APP, 409, said.BUSY_APP, times=3), waits=3, requests=4),
    Meeting("busy-account", _put(_ACCOUNT, 409, said.BUSY_ACCOUNT, times=2), waits=2, requests=3),
    Meeting("busy-group", _put(_GROUP, 409, said.BUSY), waits=1, requests=2),
    Meeting("busy-identity", _put(_IDENTITY, 409, said.BUSY), waits=1, requests=2),
    Meeting("busy-namespace", _put(_NAMESPACE, 409, said.BUSY_QUEUE), waits=1, requests=2, trigger=QUEUE),
    Meeting(
        "busy-queue",
        _put(_QUEUE, 409, said.BUSY_QUEUE, headers={"Retry-After": "5"}),
        waits=1,
        requests=2,
        trigger=QUEUE,
    ),
    Meeting("container-being-deleted", _put(_CONTAINER, 409, said.DELETED), waits=1, requests=2, trigger=BLOB),
    Meeting("principal-not-found", _put(_PULL, 400, said.UNKNOWN, times=2), waits=2, requests=3),
    Meeting("role-assignment-exists", _put(_ROLE, 409, said.ROLE_EXISTS, times=None)),
    Meeting("provider-not-registered", _put(_PLAN, 409, said.UNREGISTERED), requests=2),
    Meeting("throttled-with-retry-after", _put(_PLAN, 429, said.THROTTLED, headers={"Retry-After": "1"}), requests=2),
    Meeting("throttled-write", _put(_PLAN, 429, said.THROTTLED, times=3), requests=4),
    Meeting(
        "throttled-question", Fault("POST", "Storage/checkNameAvailability$", 429, said.THROTTLED, times=2), requests=3
    ),
    Meeting("expired-token", _put(_PLAN, 401, said.EXPIRED, headers=said.INVALID_TOKEN), requests=2),
    Meeting("lost-answer-for-the-group", _lost(_GROUP), requests=2),
    Meeting("lost-answer-for-the-plan", _lost(_PLAN), requests=2),
    Meeting("lost-answer-for-the-account", _lost(_ACCOUNT), requests=2),
    Meeting("lost-answer-for-the-identity", _lost(_IDENTITY), requests=2),
    Meeting("lost-answer-for-a-role", _lost(_PULL), requests=2),
    Meeting("lost-answer-for-the-app", _lost(_APP), requests=2),
    Meeting("lost-answer-for-a-container", _lost(_CONTAINER), requests=2, trigger=BLOB),
    Meeting("lost-answer-for-the-namespace", _lost(_NAMESPACE), requests=2, trigger=QUEUE),
    Meeting("lost-answer-for-a-queue", _lost(_QUEUE), requests=2, trigger=QUEUE),
    Meeting("broken-connection", _put(_PLAN, None, drop_connection=True, executed=True), requests=2),
)
"""Those that are waited out, seen through or mended: the deployment ends well, and the next one finds nothing to do."""
