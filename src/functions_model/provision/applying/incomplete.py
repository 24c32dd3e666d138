"""Telling what became of a graph: what was done, what failed, what was not reached."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from azure.core.exceptions import AzureError

from functions_model.azure.errors import ServiceError, explain
from functions_model.core.failures import ApplyIncomplete, Failure
from functions_model.provision.changes import Action, Change, Written
from functions_model.provision.context import WaitedInVain

VERBS = {
    Action.CREATE: "create",
    Action.UPDATE: "update",
    Action.REPLACE: "replace",
    Action.DELETE: "remove",
    Action.KEEP: "keep",
}


_WORTH_TELLING = 0.1
"""Seconds."""


def told(written: Written) -> str:
    """A change that was made, as a line: `Created the plan `x` (20.1 s).`

    Without the time of what was answered at once: `0.0 s` would look like a mistake.
    """
    took = f" ({written.seconds:.1f} s)" if written.seconds >= _WORTH_TELLING else ""
    return f"{VERBS[written.change.action].capitalize()}d {written.change}{took}."


class NotReached(Exception):
    """A change was not tried, because something that it depends on failed.

    Args:
        cause: What that raised.
    """

    def __init__(self, cause: BaseException) -> None:
        self.cause: BaseException = cause.cause if isinstance(cause, NotReached) else cause
        super().__init__(str(self.cause))


def incomplete(outcomes: Mapping[Change, BaseException | None]) -> BaseException:
    """What to raise for a graph in which something failed.

    Returns:
        `ApplyIncomplete`; or the failure itself when it is not Azure's refusal (a push that failed, a login that no
        longer holds, a bug of ours).
    """
    failed = {change: exc for change, exc in outcomes.items() if exc and not isinstance(exc, NotReached)}
    if not failed:
        causes = [exc.cause for exc in outcomes.values() if isinstance(exc, NotReached)]
        return _with_detail(causes[0], _detail(outcomes, {}))
    for exc in failed.values():
        if not isinstance(exc, (AzureError, TimeoutError, WaitedInVain)):
            return _with_detail(exc, _detail(outcomes, {}))
    errors = {change: _explained(change, exc) for change, exc in failed.items() if isinstance(exc, Exception)}
    first = next(iter(errors.values()))
    failure = ApplyIncomplete(first.action, first.reason, first.remedy, detail=_detail(outcomes, errors))
    failure.__cause__ = next(iter(failed.values()))
    return failure


def _explained(change: Change, exc: Exception) -> ServiceError:
    action = f"{VERBS[change.action]} {change}"
    if isinstance(exc, TimeoutError):
        return ServiceError(0, "", str(exc), "It may still end: run again in some minutes.", action=action)
    if isinstance(exc, WaitedInVain):
        error = explain(exc.cause, action)
        waited = f" (still so after {exc.seconds:.0f} s)" if exc.seconds else ""
        return replace(error, message=f"{error.message}{waited}")
    return explain(exc, action)


def _with_detail(exc: BaseException, detail: str) -> BaseException:
    if isinstance(exc, Failure):
        exc.detail = f"{exc.detail}\n{detail}".strip()
    return exc


def _detail(outcomes: Mapping[Change, BaseException | None], errors: Mapping[Change, ServiceError]) -> str:
    lines = []
    for change, exc in outcomes.items():
        if exc is None:
            lines.append(f"{VERBS[change.action]}d: {change}")
        elif isinstance(exc, NotReached):
            lines.append(f"not reached: {change}")
        else:
            lines.append(_failed_line(change, errors.get(change)))
    return "\n".join([*lines, "Fix the cause and run again; finished steps are not repeated."])


def _failed_line(change: Change, error: ServiceError | None) -> str:
    if error is None:
        return f"failed: {change}"
    request = f" (request {error.request_id})" if error.request_id else ""
    return f"failed: {change}: {error.reason}. {error.remedy}{request}"
