"""What must be true of a live app, one phase after the other, each with its own reason while it is not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions_model.verify.app import NotYet, OtherBuild
from functions_model.verify.nouns import IDENTITY_ROUTE

if TYPE_CHECKING:
    from functions_model.verify.app import LiveApp

HITS = 2
"""Identity answers in a row that must be of this build: during a change of image old instances still answer."""
_LOOKS_WITHOUT_KEYS = 8
"""Looks, about 10 s. Until then the app's anonymous function is asked whether there is a host: each question to Azure
that a starting host cannot answer is one too many. After that, its keys may open what says why there is none."""
_LONGEST = 600
"""Characters of a function's error: the host appends whole stack traces."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A look at the app that found everything in place."""

    functions: tuple[str, ...]
    host_version: str


def look(app: LiveApp) -> Sighting:
    """Go through every phase from the first: an app that restarts falls back.

    Raises:
        NotYet: A phase does not hold; the text is its reason.
        NotLive: Azure refuses to say.
    """
    _site_answers(app)
    if not app.knows_keys and app.looks < _LOOKS_WITHOUT_KEYS:
        app.looks += 1
        app.get_json(IDENTITY_ROUTE)
    version = _host_runs(app)
    functions = _functions_indexed(app)
    _build_answers(app)
    _functions_start(app)
    return Sighting(functions, version)


def _site_answers(app: LiveApp) -> None:
    """Any answer below 500 will do: the front end itself answers 502-504 while no container does."""
    status = app.get("/").status_code
    if status >= 500:
        message = f"the container does not answer (status {status})"
        raise NotYet(message)


def _host_runs(app: LiveApp) -> str:
    status = app.get_json("/admin/host/status", _admin(app))
    state = str(status.get("state")) if isinstance(status, dict) else "unknown"
    if state != "Running":
        errors = "; ".join(str(error) for error in status.get("errors") or []) if isinstance(status, dict) else ""
        message = f"the Functions host is in the state {state}" + (f": {errors}" if errors else "")
        raise NotYet(message)
    return str(status.get("version") or "")


def _functions_indexed(app: LiveApp) -> tuple[str, ...]:
    listed = app.get_json("/admin/functions", _admin(app))
    names = sorted(str(function.get("name")) for function in _dicts(listed))
    missing = sorted(set(app.expected.functions) - set(names))
    if missing:
        message = f"the host has not indexed {_quoted(missing)} (it has {_quoted(names)})"
        raise NotYet(message)
    return tuple(names)


def _build_answers(app: LiveApp) -> None:
    if not app.expected.build_id:
        return
    for _ in range(HITS):
        identity = app.get_json(IDENTITY_ROUTE)
        build = identity.get("build_id") if isinstance(identity, dict) else None
        if build != app.expected.build_id:
            message = f"`{IDENTITY_ROUTE}` answers with the build `{build}`, not with `{app.expected.build_id}`"
            raise OtherBuild(message)


def _functions_start(app: LiveApp) -> None:
    """A trigger that cannot listen (no role yet, no queue) leaves the host running: only its function has the error.

    This is asked last: what an instance of the old build says of its functions does not count.
    """
    errors = [f"`{name}`: {error}" for name in app.expected.functions for error in _errors(app, name)]
    if errors:
        message = f"the host cannot start {'; '.join(errors)}"
        raise NotYet(message)


def _errors(app: LiveApp, function: str) -> list[str]:
    """What the host says is wrong with a function. A host without that page (404) says nothing."""
    path = f"/admin/functions/{function}/status"
    status = app.get_json(path, _admin(app), absent=404)
    errors = status.get("errors") if isinstance(status, dict) else None
    return [" ".join(str(error).split()).rstrip(".")[:_LONGEST] for error in errors or []]


def _admin(app: LiveApp) -> dict[str, str]:
    return {"x-functions-key": app.master_key()}


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _quoted(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"
