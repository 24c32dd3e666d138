"""What the host is told: environment variables and host.json."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_BODY = 104_857_600
"""Largest request body in bytes; `FUNCTIONS_REQUEST_BODY_SIZE_LIMIT` overrides it."""
DEFAULT_TIMEOUT = 1800.0
"""`functionTimeout` outside the Consumption plan: 30 minutes."""
MAX_WORKERS = 10
"""`WorkerProcessCountOptions.MaxProcessCount`."""
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
        workers: So many worker processes serve the app.
        isolated: Whether `/admin` is for the platform alone.
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
    workers: int = 1
    isolated: bool = False


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
        port=port_of(environ),
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
        workers=_workers(environ.get("FUNCTIONS_WORKER_PROCESS_COUNT", "")),
        isolated=environ.get("FUNCTIONS_ADMIN_ISOLATION_ENABLED") == "1",
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


def port_of(environ: Mapping[str, str]) -> int:
    """Where the host listens: `ASPNETCORE_URLS`, which the images set to `http://+:80`, port 80 on every address.

    It knows nothing of `PORT`; only the start script of the images `...-appservice` does:
    Azure/azure-functions-docker, host/4/bookworm/python/python312, start_nonappservice.sh and start.sh.
    """
    url = urlsplit(environ.get("ASPNETCORE_URLS", "http://+:80").split(";")[0].replace("+", "localhost"))
    return url.port or 80


def _timeout(value: object) -> float | None:
    """The span of minus a day, which `-1` is, means no limit; below a second the host does not start.

    Azure/azure-functions-host, src/WebJobs.Script/Config/ScriptJobHostOptionsSetup.cs:97-131.
    """
    if value is None:
        return DEFAULT_TIMEOUT
    if str(value).strip() in {"-1", "-1.00:00:00"}:
        return None
    if str(value).strip().startswith("-") or (seconds := _seconds("functionTimeout", value)) < 1:
        message = "FunctionTimeout must be greater than 00:00:01 and less than 10675199.02:48:05.4775807."
        raise HostJsonInvalid(message)
    return seconds


def _workers(text: str) -> int:
    """How many worker processes: Azure/azure-functions-host, RpcWorkerConfigFactory.cs:237-272.

    Raises:
        HostJsonInvalid: It is no number, or above 10.
    """
    try:
        count = max(int(text or 1), 1)
    except ValueError as error:
        message = f"Failed to initialize worker provider: the input string '{text}' was not in a correct format."
        raise HostJsonInvalid(message) from error
    if count > MAX_WORKERS:
        message = "Failed to initialize worker provider: ProcessCount must not be greater than MaxProcessCount"
        raise HostJsonInvalid(message)
    return count


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
