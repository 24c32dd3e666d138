"""What a host.json may say in a scoring app, checked on the merged settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from packaging.version import InvalidVersion, Version

from functions_model.core.failures import RuleBroken
from functions_model.core.routes import plain_prefix

_SPAN = re.compile(r"(?:(\d{1,7})\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d{1,7})?)?")
_LIMITS = (24, 60, 60)


def seconds_of(text: str) -> int | None:
    """Whole seconds of a duration as .NET writes it, `[d.]hh:mm:ss`; None when the text is none.

    https://learn.microsoft.com/dotnet/standard/base-types/standard-timespan-format-strings

    `24:00:00` is none: .NET takes hours from 0 to 23 and reads 24 as days.
    """
    match = _SPAN.fullmatch(text.strip())
    if not match:
        return None
    days, *parts = (int(part or 0) for part in match.groups())
    if any(part >= limit for part, limit in zip(parts, _LIMITS, strict=True)):
        return None
    hours, minutes, seconds = parts
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def span_of(seconds: int) -> str:
    """The text of a duration: `00:35:00`, `1.00:00:00`."""
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return (f"{days}." if days else "") + f"{hour:02}:{minute:02}:{second:02}"


Settings: TypeAlias = dict[str, Any]
KeyPath: TypeAlias = tuple[str, ...]

BUNDLE = "Microsoft.Azure.Functions.ExtensionBundle"
_HTTP, _BLOBS, _BUS = ("extensions", "http"), ("extensions", "blobs"), ("extensions", "serviceBus")


def _in(section: KeyPath, *names: str) -> tuple[KeyPath, ...]:
    return tuple((*section, name) for name in names)


ROUTE_PREFIX: KeyPath = (*_HTTP, "routePrefix")
SECTIONS = (
    *_in((), "extensionBundle", "logging", "concurrency", "extensions"),
    *(("logging", "console"), _HTTP, _BLOBS, _BUS),
)
NUMBERS = {
    **dict.fromkeys(_in(_BLOBS, "maxDegreeOfParallelism", "poisonBlobThreshold"), 1),
    **dict.fromkeys(_in(_BUS, "maxConcurrentCalls", "maxConcurrentSessions"), 1),
    **dict.fromkeys(_in(_BUS, "prefetchCount"), 0),
    **dict.fromkeys(_in(_HTTP, "maxConcurrentRequests", "maxOutstandingRequests"), -1),
}
"""The least that each may be; -1 means without a limit."""
SWITCHES = (
    *_in(("concurrency",), "dynamicConcurrencyEnabled", "snapshotPersistenceEnabled"),
    *((*_HTTP, "dynamicThrottlesEnabled"), (*_BUS, "autoCompleteMessages"), ("logging", "console", "isEnabled")),
)
TIMEOUT: KeyPath = ("functionTimeout",)
RENEWALS = (
    (*_BUS, "maxAutoLockRenewalDuration"),
    (*_BUS, "messageHandlerOptions", "maxAutoRenewDuration"),  # of host.json before bundle 3
)
LONGEST = 24 * 86_400
"""Seconds. .NET's timers, which renew locks, go no further than 24 days."""

DURATIONS = (
    *_in(("aggregator",), "flushTimeout"),
    *_in(("healthMonitor",), "healthCheckInterval", "healthCheckWindow"),
    *_in(("singleton",), "lockPeriod", "listenerLockPeriod", "listenerLockRecoveryPollingInterval"),
    *_in(("singleton",), "lockAcquisitionTimeout", "lockAcquisitionPollingInterval"),
    *_in(_BUS, "sessionIdleTimeout", "maxMessageBatchWaitTime"),
    *_in((*_BUS, "clientRetryOptions"), "delay", "maxDelay", "tryTimeout"),
    *RENEWALS,
)
"""The host does not start on one that is negative, or none:
https://learn.microsoft.com/azure/azure-functions/functions-host-json."""
UNLIMITED = frozenset({"-1", "-1.00:00:00"})
"""Minus a day, as .NET reads `-1`; no other negative span means "without end", and the host does not start on one:
Azure/azure-functions-host, src/WebJobs.Script/Config/ScriptJobHostOptionsSetup.cs:97-131."""
_RANGE = re.compile(r"(?P<open>[\[(])\s*(?P<low>[\d.*]*)\s*(?P<comma>,)?\s*(?P<high>[\d.*]*)\s*(?P<close>[\])])")
_SPAN_REMEDY = "Write `hh:mm:ss` with hours below 24, days as in `1.00:00:00`, or `-1` for no limit."


@dataclass(frozen=True, slots=True)
class Broken:
    """A setting that does not do.

    Attributes:
        path: Where it is: `("extensions", "http", "routePrefix")`.
        what: What is wrong with it: "is not a whole number".
        remedy: What to do, one or more whole sentences.
    """

    path: KeyPath
    what: str
    remedy: str


def setting_at(settings: Settings, path: KeyPath) -> Any:
    """The value at a path, names without regard to case; None when there is none."""
    value: Any = settings
    for part in path:
        if not isinstance(value, dict):
            return None
        value = {name.lower(): inner for name, inner in value.items()}.get(part.lower())
    return value


def broken_rules(settings: Settings, functions: tuple[str, ...]) -> tuple[Broken, ...]:
    """Everything that would keep the app from starting or from scoring, in no order of lines.

    Args:
        settings: The merged host.json.
        functions: The names of the app's functions.
    """
    return (
        *_sections(settings),
        *_fixed(settings, functions),
        *_route_prefix(settings),
        *_bundle(settings),
        *_plain_values(settings),
        *_durations(settings),
    )


def _has(settings: Settings, path: KeyPath) -> bool:
    above = setting_at(settings, path[:-1]) if path[1:] else settings
    return isinstance(above, dict) and path[-1].lower() in {name.lower() for name in above}


def _sections(settings: Settings) -> Iterator[Broken]:
    for path in SECTIONS:
        if _has(settings, path) and not isinstance(setting_at(settings, path), dict):
            yield Broken(path, "is not an object", "Write its settings in braces, or leave it out.")


def _fixed(settings: Settings, functions: tuple[str, ...]) -> Iterator[Broken]:
    if setting_at(settings, ("version",)) != "2.0":
        yield Broken(("version",), 'is not "2.0"', 'Write `"version": "2.0"`, the only one of Functions 4.')
    console: KeyPath = ("logging", "console", "isEnabled")
    if setting_at(settings, console) is False:
        what = "is false, but only the console log says why an app does not start"
        yield Broken(console, what, "Leave it out; `logging.logLevel` makes the log shorter.")
    listed = setting_at(settings, ("functions",))
    missing = [f"`{name}`" for name in functions if name not in listed] if isinstance(listed, list) else []
    if missing:
        left_out = ", ".join(missing)
        yield Broken(("functions",), f"leaves out {left_out}", "Leave it out, so that all functions run.")
    complete: KeyPath = ("extensions", "serviceBus", "autoCompleteMessages")
    if setting_at(settings, complete) is False:
        what = "is off, so that no message is ever settled and each ends in the dead-letter queue"
        yield Broken(complete, what, "Leave it out.")


def _route_prefix(settings: Settings) -> Iterator[Broken]:
    value = setting_at(settings, ROUTE_PREFIX)
    if not _has(settings, ROUTE_PREFIX):
        return
    if not isinstance(value, str):
        yield Broken(ROUTE_PREFIX, "is not text", 'Write it in quotes: `"models/churn"`, or `""` for none.')
        return
    try:
        plain_prefix(value)
    except RuleBroken as broken:
        yield Broken(ROUTE_PREFIX, f"cannot be used: {broken.what}", broken.remedy)


def _bundle(settings: Settings) -> Iterator[Broken]:
    bundle = setting_at(settings, ("extensionBundle",))
    if not isinstance(bundle, dict):
        return
    remedy = "Leave it out: `[4.*, 5.0.0)` is the range of the base images."
    if str(setting_at(bundle, ("id",))).lower() != BUNDLE.lower():
        yield Broken(("extensionBundle", "id"), "is a bundle that the base images do not have", remedy)
    version = setting_at(bundle, ("version",))
    meets = _meets_four(version) if isinstance(version, str) else None
    if meets is None:
        yield Broken(("extensionBundle", "version"), "is not a range of versions", remedy)
    elif not meets:
        yield Broken(("extensionBundle", "version"), "has no version 4, the only one in the base images", remedy)


def _meets_four(version: str) -> bool | None:
    """Whether a range in NuGet's notation holds some version from 4.0.0 to before 5.0.0; None when it is no range."""
    match = _RANGE.fullmatch(version.strip())
    if match is None or not (match["low"] or match["high"]):
        return None
    try:
        low = Version((match["low"] or "0").removesuffix(".*"))
        high = Version((match["high"] or "99").removesuffix(".*")) if match["comma"] else low
    except InvalidVersion:
        return None
    if not match["comma"]:
        return low.major == 4
    four = Version("4")
    return low < Version("5") and (high > four if match["close"] == ")" else high >= four) and low <= high


def _plain_values(settings: Settings) -> Iterator[Broken]:
    for path, least in NUMBERS.items():
        value = setting_at(settings, path)
        if _has(settings, path) and (type(value) is not int or value < least):
            yield Broken(path, f"is not a whole number from {least} up", "Write the number without quotes.")
    for path in SWITCHES:
        if _has(settings, path) and not isinstance(setting_at(settings, path), bool):
            yield Broken(path, "is neither `true` nor `false`", "Write one of them, without quotes.")


def _durations(settings: Settings) -> Iterator[Broken]:
    timeout = setting_at(settings, TIMEOUT)
    limit = _seconds(timeout)
    if str(timeout).strip() not in UNLIMITED and not limit:
        yield Broken(TIMEOUT, "is not a duration above zero", _SPAN_REMEDY)
    elif limit and limit >= LONGEST - 3600:
        yield Broken(TIMEOUT, "is longer than .NET's timers go, 24 days", "Write `-1` for no limit.")
    for path in DURATIONS:
        if _has(settings, path) and _seconds(setting_at(settings, path)) is None:
            yield Broken(
                path, "is not a duration", "Write `hh:mm:ss` with hours below 24, and days as in `1.00:00:00`."
            )
    for path in RENEWALS:
        renewal = _seconds(setting_at(settings, path))
        if limit and renewal is not None and renewal <= limit:
            what = "is not above `functionTimeout`: a message would come again while it is still being scored"
            yield Broken(path, what, "Leave it out, or make it longer than `functionTimeout`.")


def _seconds(value: object) -> int | None:
    return seconds_of(value) if isinstance(value, str) else None
