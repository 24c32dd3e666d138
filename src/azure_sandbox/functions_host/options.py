"""What the host is told: environment variables, host.json, and what the platform hands over."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BODY = 104_857_600
"""Largest request body in bytes; `FUNCTIONS_REQUEST_BODY_SIZE_LIMIT` overrides it."""
DEFAULT_TIMEOUT = 1800.0
"""`functionTimeout` outside the Consumption plan: 30 minutes."""
_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})(?:\.\d+)?")
_OVERRIDE = "AzureFunctionsJobHost__"
_KNOWN = (
    "autoCompleteMessages", "blobs", "extensions", "functionTimeout", "isEnabled", "maxAutoLockRenewalDuration",
    "maxConcurrentCalls", "maxDegreeOfParallelism", "poisonBlobThreshold", "prefetchCount", "routePrefix", "serviceBus",
)  # fmt: skip
"""Names in host.json that overrides may write in any case."""


class HostJsonInvalid(Exception):
    """host.json cannot be used. The text says why."""


@dataclass(frozen=True, slots=True)
class BlobOptions:
    """`extensions.blobs` of host.json.

    Attributes:
        parallel: So many blobs at once, for each function.
        tries: So many calls for one blob, then a message in the poison queue.
    """

    parallel: int
    tries: int


@dataclass(frozen=True, slots=True)
class QueueOptions:
    """`extensions.serviceBus` of host.json.

    Attributes:
        parallel: So many messages at once, for each function.
        prefetch: So many messages more are fetched ahead.
        renewal: Seconds for which a message's lock is renewed.
        complete: Whether a message is completed for the function.
    """

    parallel: int
    prefetch: int
    renewal: float
    complete: bool


@dataclass(frozen=True, slots=True)
class HostOptions:
    """How the host runs.

    Attributes:
        script_root: The folder with host.json and the functions.
        port: Where it listens.
        route_prefix: `api`, or empty.
        timeout: Seconds that one invocation may take; None for no limit.
        max_body: Largest request body in bytes.
        console: Whether the host's own log goes to standard output.
        homepage: Whether `/` shows the landing page.
        bundle: `extensionBundle` of host.json.
        version: The version that the host reports.
        secrets: The file that the platform hands keys over in.
        blobs: How blobs are taken.
        queues: How messages are taken.
    """

    script_root: Path
    port: int
    route_prefix: str
    timeout: float | None
    max_body: int
    console: bool
    homepage: bool
    bundle: dict[str, str]
    version: str
    secrets: Path
    blobs: BlobOptions
    queues: QueueOptions


@dataclass(frozen=True, slots=True)
class Handover:
    """What the platform tells the host.

    Attributes:
        master: The master key; None when secrets are off, as without AzureWebJobsStorage.
        host_keys: Keys that open every function.
        function_keys: Function -> keys of that function alone.
        system_keys: Keys of extensions.
        storage_error: What the storage service said, when the host's storage does not work.
        platform: The platform's own token for `/admin`.
    """

    master: str | None = None
    host_keys: dict[str, str] = field(default_factory=dict)
    function_keys: dict[str, dict[str, str]] = field(default_factory=dict)
    system_keys: dict[str, str] = field(default_factory=dict)
    storage_error: str | None = None
    platform: str | None = None


def script_root(environ: Mapping[str, str]) -> Path:
    """Where the app lies: on App Service `$HOME/site/wwwroot`, elsewhere `AzureWebJobsScriptRoot`."""
    if environ.get("WEBSITE_INSTANCE_ID"):
        return Path(environ.get("HOME", "/home")) / "site" / "wwwroot"
    return Path(environ.get("AzureWebJobsScriptRoot") or Path.cwd())


def read_options(environ: Mapping[str, str]) -> HostOptions:
    """All options.

    Raises:
        HostJsonInvalid: host.json is not JSON, or a value in it cannot be used.
    """
    root = script_root(environ)
    host = _with_overrides(_read_host_json(root), environ)
    http = _part(_part(host, "extensions"), "http")
    return HostOptions(
        script_root=root,
        port=_port(environ),
        route_prefix=str(http.get("routePrefix", "api")).strip("/"),
        timeout=_timeout(host.get("functionTimeout")),
        max_body=int(environ.get("FUNCTIONS_REQUEST_BODY_SIZE_LIMIT") or MAX_BODY),
        console=_flag(_part(_part(host, "logging"), "console").get("isEnabled", False)),
        homepage=not _flag(environ.get("AzureWebJobsDisableHomepage", "false")),
        bundle={name: str(value) for name, value in _part(host, "extensionBundle").items()},
        version=environ.get("HOST_VERSION") or "4.0.0.0",
        secrets=secrets_file(environ),
        blobs=read_blob_options(_part(_part(host, "extensions"), "blobs")),
        queues=read_queue_options(_part(_part(host, "extensions"), "serviceBus")),
    )


def read_blob_options(part: Mapping[str, Any]) -> BlobOptions:
    """`extensions.blobs`; the defaults are 8 blobs per core, and 5 tries.

    Raises:
        HostJsonInvalid: A value is no number above 0.
    """
    cores = os.cpu_count() or 1
    return BlobOptions(_count(part, "maxDegreeOfParallelism", 8 * cores), _count(part, "poisonBlobThreshold", 5))


def read_queue_options(part: Mapping[str, Any]) -> QueueOptions:
    """`extensions.serviceBus`; the defaults are 16 messages per core, and 5 minutes of renewal.

    Raises:
        HostJsonInvalid: A value is no number, or no time span.
    """
    cores = os.cpu_count() or 1
    span = part.get("maxAutoLockRenewalDuration", "00:05:00")
    return QueueOptions(
        parallel=_count(part, "maxConcurrentCalls", 16 * cores),
        prefetch=_count(part, "prefetchCount", 0, least=0),
        renewal=_seconds("maxAutoLockRenewalDuration", span),
        complete=_flag(part.get("autoCompleteMessages", True)),
    )


def secrets_file(environ: Mapping[str, str]) -> Path:
    """Where the platform hands over keys: a file in the host's secrets folder."""
    folder = Path(environ.get("ASPNETCORE_CONTENTROOT") or "/azure-functions-host") / "Secrets"
    return folder / "platform.json"


def read_handover(path: Path) -> Handover | None:
    """What the platform handed over; None when that is nothing, or still being written.

    Docker removes a file before it puts another one in its place, so a reader may find none, or a part of it.
    """
    try:
        given = json.loads(path.read_text())
    except (FileNotFoundError, ValueError):
        return None
    return Handover(**given)


def _read_host_json(root: Path) -> dict[str, Any]:
    path = root / "host.json"
    try:
        host = json.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        return {"version": "2.0"}
    except ValueError as error:
        message = f"Unable to parse host configuration file '{path}': {error}"
        raise HostJsonInvalid(message) from error
    if not isinstance(host, dict) or host.get("version") != "2.0":
        message = f"The {path} file is missing the required 'version' property, or it is not '2.0'."
        raise HostJsonInvalid(message)
    return host


def _with_overrides(host: dict[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """host.json with each `AzureFunctionsJobHost__path__to__key` in its place, whatever its case."""
    for name, value in environ.items():
        if not name.lower().startswith(_OVERRIDE.lower()):
            continue
        *parents, last = name[len(_OVERRIDE) :].split("__")
        place = host
        for parent in parents:
            place = place.setdefault(_same_name(place, parent), {})
            if not isinstance(place, dict):
                break
        else:
            place[_same_name(place, last)] = value
    return host


def _same_name(place: dict[str, Any], name: str) -> str:
    known = {key.lower(): key for key in _KNOWN}
    known |= {key.lower(): key for key in place}
    return known.get(name.lower(), name[:1].lower() + name[1:])


def _part(host: dict[str, Any], name: str) -> dict[str, Any]:
    part = host.get(name)
    return part if isinstance(part, dict) else {}


def _flag(value: object) -> bool:
    return str(value).strip().lower() in {"true", "1"}


def _port(environ: Mapping[str, str]) -> int:
    if environ.get("PORT", "").isdigit():
        return int(environ["PORT"])
    # `http://+:80` is how the images say: port 80 on every address.
    url = urlsplit(environ.get("ASPNETCORE_URLS", "http://+:80").split(";")[0].replace("+", "localhost"))
    return url.port or 80


def _timeout(value: object) -> float | None:
    if value is None:
        return DEFAULT_TIMEOUT
    if str(value) in {"-1", "-00:00:00.0010000"}:
        return None
    return _seconds("functionTimeout", value)


def _seconds(name: str, value: object) -> float:
    match = _SPAN.fullmatch(str(value))
    if match is None:
        message = f"{name} '{value}' is not a time span such as 00:10:00."
        raise HostJsonInvalid(message)
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)


def _count(part: Mapping[str, Any], name: str, default: int, *, least: int = 1) -> int:
    text = str(part.get(name, default))
    if not text.isdigit() or int(text) < least:
        message = f"{name} '{text}' is not a number from {least} on."
        raise HostJsonInvalid(message)
    return int(text)
