"""What must be true of a live app, one phase after the other, each with its own reason while it is not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from functions_model.core.failures import NotLive
from functions_model.core.masking import in_one_line
from functions_model.provision.endpoint import NotYet
from functions_model.verify.app import AppClient
from functions_model.verify.nouns import CHECK, IDENTITY, InError, NoKeys, OtherBuild

HITS = 2
"""Identity answers in a row that must be of this build: during a change of image old instances still answer."""
_LOOKS_WITHOUT_KEYS = 8
"""Looks, about 10 s. Until then the app's anonymous function is asked whether there is a host: each question to Azure
that a starting host cannot answer is one too many. After that, its keys may open what says why there is none."""
_LONGEST = 600
"""Characters of a function's error: the host appends whole stack traces."""
STATUS = "/admin/host/status"
_LISTENER = "The listener for function"
"""By this an error of a listener is told from others (azure-webjobs-sdk, FunctionListenerException.cs)."""
_NOT_RUNNING = b"Function host is not running"
"""What a host in the state Error answers to everybody (azure-functions-host, HostAvailabilityCheckMiddleware.cs:63):
there is a container, and only below `/admin` does it say what is wrong."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A look at the app that found everything in place, or all that can be looked at.

    Attributes:
        functions: What the host indexed, sorted; those of the image where it could not be asked.
        host_version: What the host calls itself; empty where it could not be asked.
        trigger: What the build says triggers it; empty where it could not be asked.
        unproven: Why the build itself could not be asked, a clause; empty when it was.
    """

    functions: tuple[str, ...]
    host_version: str
    trigger: str = ""
    unproven: str = ""


def look(app: AppClient) -> Sighting:
    """Go through every phase from the first: an app that restarts falls back.

    Raises:
        NotYet: A phase does not hold; the text is its reason.
        NotLive: Azure refuses to say.
    """
    _site_answers(app)
    if app.closed:
        return _look_through_azure(app, "the app does not let this machine in")
    if app.guarded:
        return _look_behind_login(app)
    if not app.knows_keys and app.looks < _LOOKS_WITHOUT_KEYS:
        app.looks += 1
        app.get_json(app.route(IDENTITY))
    try:
        version = _host_runs(app)
    except NoKeys:
        if not app.withholds_keys:
            raise
        return Sighting(_named(app), "", _build_answers(app))
    except NotLive as refused:
        if not app.isolated:
            raise
        raise _isolation(app, refused) from refused
    functions = _functions_indexed(app)
    trigger = _build_answers(app)
    _functions_start(app)
    return Sighting(functions, version, trigger)


def unseen(app: AppClient) -> str:
    """What was not looked at, why, and the command that changes it with its price; empty when all was."""
    told = []
    if app.shut:
        paths = [app.route(IDENTITY), app.route(CHECK)]
        way = app.endpoint.let_through([path for path in paths if path in app.shut])
        told.append(
            f"It can be proven where that authentication leaves `{paths[0]}`, which tells the build, and `{paths[1]}`,"
            f" which takes the master key alone, to the app: {way}"
        )
    if app.withholds_keys:
        told.append(_not_looked_at(app))
    return " ".join(told)


def _not_looked_at(app: AppClient) -> str:
    parts = ["the host's state", "its functions and their errors"]
    if app.expected.needs_key:
        parts.append("whether `init()` runs")
        if app.expected.sample_request is not None:
            parts.append("the sample request")
    return f"Not looked at: {', '.join(parts)}. {app.endpoint.keyless}"


def _look_behind_login(app: AppClient) -> Sighting:
    """What Azure can tell of an app whose callers must log in, and the build, where everybody may ask for it."""
    why = f"the authentication of {app.endpoint.words['host']} in front of the app has callers log in"
    seen = _look_through_azure(app, why)
    app.shut.clear()
    for function in (IDENTITY, CHECK):
        app.note_shut(function)
    if app.shut or seen.unproven != why:
        return seen
    return replace(seen, trigger=_build_answers(app), unproven="")


def _look_through_azure(app: AppClient, why: str) -> Sighting:
    """What Azure can tell of an app that lets nobody in: all but what its functions answer.

    Args:
        app: It.
        why: Nobody is let in, a clause.
    """
    if app.expected.image:
        app.check_image()
    try:
        version = _host_runs(app)
        functions = _functions_indexed(app)
        _functions_start(app)
    except NoKeys as refused:
        if not app.withholds_keys:
            raise
        return Sighting(_named(app), "", "", f"{why}, and its host does not believe Azure: {refused}")
    except NotLive as refused:
        # The right to ask the host is one of its own.
        return Sighting(_named(app), "", "", f"{why}, and this login may not have its host asked: {refused.reason}")
    return Sighting(functions, version, "", why)


def _isolation(app: AppClient, refused: NotLive) -> NotLive:
    """Why a host that keeps `/admin` to Azure cannot be looked at, as Azure refuses to ask it; both ways out."""
    reason = f"its host keeps `/admin` to Azure (admin isolation), and Azure did not ask it: {refused.reason}"
    return NotLive(f"verify {app.endpoint.name}", reason, f"{refused.remedy} {app.endpoint.admin_opening}")


def _named(app: AppClient) -> tuple[str, ...]:
    """The functions that there must be."""
    return tuple(sorted(app.expected.functions))


def _site_answers(app: AppClient) -> None:
    """Any answer below 500 will do: the front end itself answers 502-504 while no container does."""
    answer = app.get("/")
    app.closed = app.endpoint.turns_away(answer.status_code, answer.headers)
    if not app.closed:
        app.heed_login(answer)
    if answer.status_code >= 500:
        if _NOT_RUNNING in answer.content:
            _running(app.admin_json_of_a_broken_host(STATUS))
        raise NotYet(f"the app does not answer yet (status {answer.status_code})")


def _host_runs(app: AppClient) -> str:
    return _running(app.admin_json(STATUS))


def _running(status: Any) -> str:
    """The version of a host that runs; the text of `NotYet` has what it says of itself otherwise."""
    state = str(status.get("state")) if isinstance(status, dict) else "unknown"
    if state != "Running":
        errors = "; ".join(_errors_of(status))
        raise NotYet(f"the Functions host is in the state {state}" + (f": {errors}" if errors else ""))
    return str(status.get("version") or "")


def _functions_indexed(app: AppClient) -> tuple[str, ...]:
    listed = app.admin_json("/admin/functions")
    app.heed_routes(listed)
    names = sorted(str(function.get("name")) for function in _dicts(listed))
    missing = sorted(set(app.expected.functions) - set(names))
    if missing:
        raise NotYet(f"the host has not indexed {_quoted(missing)} (it has {_quoted(names)})")
    return tuple(names)


def _build_answers(app: AppClient) -> str:
    """The trigger that the build names; empty when any build will do."""
    identity: Any = {}
    route = app.route(IDENTITY)
    for _ in range(HITS if app.expected.build_id else 0):
        identity = app.get_json(route)
        build = identity.get("build_id") if isinstance(identity, dict) else None
        if build != app.expected.build_id:
            raise OtherBuild(f"`{route}` answers with the build `{build}`, not with `{app.expected.build_id}`")
    return str(identity.get("trigger") or "") if isinstance(identity, dict) else ""


def _functions_start(app: AppClient) -> None:
    """A listener that cannot start leaves the host running: only its function has the error.

    This is asked last: what an instance of the old build says of its functions does not count. The host keeps an error
    until it restarts, also when the listener has started since (azure-functions-host, Utility.cs, AddFunctionError).
    """
    errors = [(name, error) for name in app.expected.functions for error in _errors(app, name)]
    told = [one for one in errors if not (one[0] in app.overcome and _LISTENER in one[1])]
    if told:
        message = f"the host cannot start {'; '.join(f'`{name}`: {error}' for name, error in told)}"
        raise InError(message, tuple({name: None for name, error in told if _LISTENER in error}))


def _errors(app: AppClient, function: str) -> list[str]:
    """What the host says is wrong with a function. A host without that page (404) says nothing."""
    status = app.admin_json(f"/admin/functions/{function}/status", absent=404)
    return [error.rstrip(".") for error in _errors_of(status)]


def _errors_of(status: Any) -> list[str]:
    errors = status.get("errors") if isinstance(status, dict) else None
    return [in_one_line(str(error), _LONGEST) for error in errors] if isinstance(errors, list) else []


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _quoted(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"
