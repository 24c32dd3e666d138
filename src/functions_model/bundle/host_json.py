"""host.json: what a scoring app needs, and the user's own file over it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from json import JSONDecodeError
from pathlib import Path
from typing import Any

from functions_model.bundle.functions import function_definitions
from functions_model.bundle.host_rules import (
    ROUTE_PREFIX,
    Broken,
    KeyPath,
    Settings,
    broken_rules,
    seconds_of,
    setting_at,
    span_of,
)
from functions_model.core.failures import BundleFailed, Location, Problem, RuleBroken
from functions_model.core.routes import DEFAULT_PREFIX, NO_PREFIX, plain_prefix
from functions_model.core.spec import BlobTrigger, DeploymentSpec, HttpTrigger, ServiceBusQueueTrigger, Trigger
from functions_model.image.opened import TextRefused, read_text

_STRING = r'"(?:\\.|[^"\\\n])*"'
_COMMENT = re.compile(rf"({_STRING})|//[^\n]*|/\*.*?\*/", re.DOTALL)
_TRAILING_COMMA = re.compile(rf"({_STRING})|,(?=\s*[}}\]])")
_TOKEN = re.compile(rf"(?P<string>{_STRING})(?P<key>\s*:)?|(?P<open>[{{\[])|(?P<close>[}}\]])|(?P<next>,)")


_DEEPEST = 64
"""Levels of a document. The host's own have six; what merges and writes them here calls itself for each."""


@dataclass(frozen=True, slots=True)
class CommentedJson:
    """A document, read.

    Attributes:
        value: As `json.loads` gives it; of a key that stands twice the last counts.
        lines: For each key, by its path in lower case (`("extensions", "http")`), its line counted from 1.
    """

    value: Any
    lines: dict[KeyPath, int]


def read_commented_json(text: str) -> CommentedJson:
    """Read a document.

    Raises:
        json.JSONDecodeError: It is no JSON; line and column are those of the text.
        ValueError: It has a number that Python does not take.
        RecursionError: It is nested too deeply.
    """
    plain = _TRAILING_COMMA.sub(_blank, _COMMENT.sub(_blank, text))
    return CommentedJson(json.loads(plain), _key_lines(plain))


def _blank(match: re.Match[str]) -> str:
    """Spaces and line ends in place of what is no string, so that every place stays where it was."""
    return match[1] or re.sub(r"[^\n]", " ", match[0])


def _key_lines(text: str) -> dict[KeyPath, int]:
    """The lines of all keys of objects; what is inside a list has none."""
    lines: dict[KeyPath, int] = {}
    above: list[str] = []
    key = ""
    for token in _TOKEN.finditer(text):
        if token["key"]:
            key = json.loads(token["string"]).lower()
            lines[*above, key] = text.count("\n", 0, token.start()) + 1
        elif token["open"]:
            above.append(key if token["open"] == "{" else f"{key}[]")
            if len(above) > _DEEPEST:
                raise RecursionError
        elif token["close"]:
            above.pop()
    return {path[1:]: line for path, line in lines.items() if not any(part.endswith("[]") for part in path)}


TIMEOUT = "00:30:00"
"""The first call runs init(). It is the default on Premium and Dedicated plans, and far above Consumption's."""
RENEWAL_MARGIN = 300
"""Seconds that a message stays locked after the function's last moment, so that the host can settle it."""
LONG_RENEWAL = 7 * 86_400
"""Seconds of lock renewal when functions may run for ever. The client's timer ends at 24 days."""


def host_json(spec: DeploymentSpec) -> Settings:
    """The app's host.json: ours, with the user's over it, key by key.

    Raises:
        BundleFailed: The user's file does not fit; every problem is told.
    """
    merged, problems = _merge(spec)
    if problems:
        raise BundleFailed("use the host.json", problems)
    return merged


def route_prefix(spec: DeploymentSpec) -> str:
    """What stands before the routes of the app's functions; empty for nothing.

    Raises:
        BundleFailed: The user's file does not fit.
    """
    prefix = setting_at(host_json(spec), ROUTE_PREFIX)
    return DEFAULT_PREFIX if prefix is None else plain_prefix(prefix)


def check_host_json(spec: DeploymentSpec) -> tuple[Problem, ...]:
    """What is wrong with the user's host.json, each with its line; nothing when there is none. No network."""
    return _merge(spec)[1]


def merged_over(ours: Settings, theirs: Settings) -> Settings:
    """Objects are merged, anything else is replaced. Names are the same without regard to case, as .NET has it."""
    spelled = {name.lower(): name for name in ours}
    merged = dict(ours)
    for name, value in theirs.items():
        known = spelled.setdefault(name.lower(), name)
        before = merged.get(known)
        if isinstance(before, dict) and isinstance(value, dict):
            merged[known] = merged_over(before, value)
        else:
            merged[known] = value
    return merged


def _merge(spec: DeploymentSpec) -> tuple[Settings, tuple[Problem, ...]]:
    file = spec.host_json
    if file is None:
        return _prefixed(_defaults(spec, TIMEOUT), spec.route_prefix), ()
    try:
        theirs = read_commented_json(read_text(file))
    except TextRefused as refused:
        return {}, (_problem(Broken((), refused.what, refused.remedy), file, refused.line),)
    except (ValueError, RecursionError) as problem:
        return {}, (_unreadable(problem, file),)
    if not isinstance(theirs.value, dict):
        return {}, (_problem(Broken((), "it is not an object", "Start it with `{`."), file, 1),)
    timeout = setting_at(theirs.value, ("functionTimeout",))
    ours = _defaults(spec, TIMEOUT if timeout is None else str(timeout))
    merged = merged_over(ours, theirs.value)
    broken = broken_rules(merged, tuple(function_definitions(spec.trigger)))
    prefix, contradictions = _prefix(spec.route_prefix, setting_at(theirs.value, ROUTE_PREFIX))
    problems = tuple(_problem(one, file, _line(theirs, one)) for one in (*broken, *contradictions))
    return (merged if problems else _prefixed(merged, prefix)), problems


def _prefix(ours: str | None, theirs: object) -> tuple[str | None, tuple[Broken, ...]]:
    """The route prefix of the input `route-prefix` and the user's file, and whether they contradict each other."""
    try:
        given = plain_prefix(theirs) if isinstance(theirs, str) else None
    except RuleBroken:
        return ours, ()  # told as a broken rule
    if ours is None or given is None or ours.lower() == given.lower():
        return given if ours is None else ours, ()
    what = f"is `{given or NO_PREFIX}`, and the input `route-prefix` is `{ours or NO_PREFIX}`"
    return ours, (Broken(ROUTE_PREFIX, what, "Leave one of them out: either is enough."),)


def _prefixed(settings: Settings, prefix: str | None) -> Settings:
    """The settings with the route prefix, where it is not the host's own.

    The host's list of functions finds it by this spelling alone: Azure/azure-functions-host, WebFunctionsManager.cs,
    GetRoutePrefix.
    """
    if prefix in {None, DEFAULT_PREFIX}:
        return settings
    rest = {name: value for name, value in settings.items() if name.lower() != "extensions"}
    extensions = setting_at(settings, ("extensions",)) or {}
    http = setting_at(settings, ROUTE_PREFIX[:-1]) or {}
    plain = {name: value for name, value in http.items() if name.lower() != "routeprefix"} | {"routePrefix": prefix}
    others = {name: value for name, value in extensions.items() if name.lower() != "http"}
    return rest | {"extensions": others | {"http": plain}}


def _defaults(spec: DeploymentSpec, timeout: str) -> Settings:
    settings: Settings = {
        "version": "2.0",
        # Any other range makes the host download a bundle at each cold start: the base images carry a v4 one only.
        "extensionBundle": {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"},
        "functionTimeout": timeout,
        "logging": {"logLevel": {"default": "Information"}, "console": {"isEnabled": True}},
    }
    extensions = _extensions(spec.trigger, spec.concurrency * spec.worker_processes, timeout)
    return settings | ({"extensions": extensions} if extensions else {})


def _extensions(trigger: Trigger, at_once: int, timeout: str) -> Settings:
    """As many at once as all workers have threads: what the host takes beyond that only waits, with its lock running.

    The limits hold for an instance, whatever the number of its workers:
    https://learn.microsoft.com/azure/azure-functions/functions-concurrency.
    """
    match trigger:
        case HttpTrigger():
            return {}
        case BlobTrigger():
            return {"blobs": {"maxDegreeOfParallelism": at_once, "poisonBlobThreshold": 5}}
        case ServiceBusQueueTrigger():
            limit = seconds_of(timeout)
            renewal = LONG_RENEWAL if limit is None else limit + RENEWAL_MARGIN
            calls = {"maxConcurrentCalls": at_once, "prefetchCount": 0}
            return {"serviceBus": calls | {"maxAutoLockRenewalDuration": span_of(renewal)}}


def _line(theirs: CommentedJson, broken: Broken) -> int | None:
    """Of the setting, or of the nearest one above it that the file has."""
    path = tuple(part.lower() for part in broken.path)
    lengths = range(len(path), 0, -1)
    return next((theirs.lines[path[:length]] for length in lengths if path[:length] in theirs.lines), None)


def _unreadable(problem: Exception, file: Path) -> Problem:
    if isinstance(problem, JSONDecodeError):
        what = f"it is not JSON: {problem.msg[:1].lower()}{problem.msg[1:]}, column {problem.colno}"
        return _problem(Broken((), what, "Fix this line."), file, problem.lineno)
    deep = isinstance(problem, RecursionError)
    what = "it is nested too deeply" if deep else "it has a number of more than 4,300 digits"
    return _problem(Broken((), what, "Check that the right file is named."), file, None)


def _problem(broken: Broken, file: Path, line: int | None) -> Problem:
    name = f"`{'.'.join(broken.path)}` " if broken.path else ""
    return Problem(name + broken.what, broken.remedy, "host-json", Location(file, line))
