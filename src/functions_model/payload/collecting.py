"""What becomes of collected data: of what a script gives to `azureml.ai.monitoring`, and of requests and answers.

An app that collects is told so by its settings. In any other, `Collector` of azureml-ai-monitoring drops what it gets.
Azure ML turns the collector on with variables, and runs a program beside the script that takes the data. Without them
`Collector(...)` raises in `init()` (azureml-ai-monitoring 1.0.0, collector_json.py, `_validate_mdc_config`). Turned on,
with a sample rate of 0, it takes the data and drops it, without a thread and without a queue that fills up
(config/config.py).
"""

from __future__ import annotations

import atexit
import json
import logging
import os
import random
import re
import socket
import sys
import uuid
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Container, Mapping, MutableMapping
    from wsgiref.types import WSGIApplication

    from .append_blobs import Sign
    from .sink import Sink

logger = logging.getLogger("functions_model")

SETTING = "FUNCTIONS_MODEL_COLLECT"
"""The app setting that says what is collected and where to, as JSON; the others have names that begin like it."""
URL, CLIENT_ID, CONNECTION = f"{SETTING}_URL", f"{SETTING}_CLIENT_ID", f"{SETTING}_CONNECTION"
FLUSH = 4.0
"""Seconds for what is not sent yet when the process ends.

The host kills a Python worker without a word (Azure/azure-functions-host, WorkerProcess.cs, `Dispose`: the worker says
nothing of `HandlesWorkerTerminateMessage`). So nothing waits for the end: what is there is sent every few seconds.
"""

_PREFIX = "AZUREML_MDC_"
_ENABLED, _CAPTURE = f"{_PREFIX}ENABLED", f"{_PREFIX}LOCAL_CAPTURE"
QUIET = {_ENABLED: "true", f"{_PREFIX}SAMPLE_RATE": "0", f"{_PREFIX}WORKER_DISABLED": "true"}
_PACKAGE = "azureml.ai.monitoring"
_DROPPED = (
    "What the script's `Collector` gets is dropped: nothing collects it in this function app. With the input "
    "`collect: script` it goes into blobs; with the app settings AZUREML_MDC_ENABLED=true and "
    "AZUREML_MDC_LOCAL_CAPTURE=true it goes into the app's log."
)


@dataclass(frozen=True)
class Collecting:
    """What this process collects.

    Attributes:
        sink: Takes it.
        rates: The part of each collection that is kept, from 0 to 1, by lower-case name.
        others: The same for those that have no name here.
    """

    sink: Sink
    rates: Mapping[str, float] = field(default_factory=dict)
    others: float = 0.0

    def wants(self, collection: str, correlation: str) -> bool:
        """Whether a record is one of those that are kept: all of a request, or none of it."""
        rate = self.rates.get(collection.lower(), self.others)
        if rate >= 1 or rate <= 0:
            return rate >= 1
        drawn = zlib.crc32(correlation.encode()) / 2**32 if correlation else random.random()  # noqa: S311 - a sample
        return drawn < rate


def be_quiet(environ: MutableMapping[str, str]) -> None:
    """Begin to collect, where the app's settings say so; else let collectors drop what they get.

    Variables of the user's own say what becomes of it in any case.
    """
    if environ.get(SETTING):
        begin(environ)
    elif not any(name.upper().startswith(_PREFIX) for name in environ):
        environ.update(QUIET)


def what_becomes_of_it(environ: MutableMapping[str, str], modules: Container[str] = sys.modules) -> str:
    """Where a script's collected data goes, in sentences; empty when it collects none, or somebody has decided."""
    dropped = all(environ.get(name) == value for name, value in QUIET.items())
    return _DROPPED if dropped and _PACKAGE in modules else ""


_BEGUN: list[Collecting] = []


def begun() -> Collecting | None:
    """What this process collects; None when nothing."""
    return next(iter(_BEGUN), None)


def begin(environ: MutableMapping[str, str]) -> None:
    """Collect what the settings say, once for a process. Whatever is wrong with them, the app scores without it."""
    if _BEGUN:
        return
    from .collector_package import take_over  # noqa: PLC0415 - nothing of it is imported by an app that collects nothing

    try:
        collecting = collecting_of(environ)
    except Exception:
        logger.exception("Nothing is collected: the app setting %s cannot be read", SETTING)
        environ.update(QUIET)
        return
    _BEGUN.append(collecting)
    atexit.register(finish)
    environ.setdefault(_ENABLED, "true")
    if environ.get(_CAPTURE, "").lower() != "true":
        take_over(collecting)


def collecting_of(environ: Mapping[str, str]) -> Collecting:
    """What the settings say.

    Raises:
        Exception: They do not say it.
    """
    from .append_blobs import AppendBlobs  # noqa: PLC0415
    from .sink import Sink  # noqa: PLC0415

    said = json.loads(environ[SETTING])
    store = AppendBlobs(environ[URL], said["container"], process_name(socket.gethostname()), _sign(environ))
    sink = Sink(store, source=said["source"], folder=said["folder"], rolling=said["rolling"])
    rates = {name.lower(): float(rate) for name, rate in said["collections"].items()}
    return Collecting(sink, rates, rates.pop("*", 0.0))


def observed(application: WSGIApplication) -> WSGIApplication:
    """The application, with what comes in and goes out collected where the settings say so. The script is loaded."""
    collecting = begun()
    if collecting is None:
        return application
    from .tables import lead_tables  # noqa: PLC0415
    from .wire import with_records  # noqa: PLC0415

    lead_tables(collecting)
    return with_records(application, collecting)


def process_name(machine: str) -> str:
    """What tells this process from all others, on this machine and elsewhere."""
    return f"{re.sub(r'[^0-9A-Za-z]', '', machine)[:12] or 'app'}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


def finish() -> None:
    """Send what is there, within a bound."""
    from .collector_package import drain  # noqa: PLC0415

    while _BEGUN:
        collecting = _BEGUN.pop()
        drain(1.0)
        collecting.sink.close(FLUSH)


def _sign(environ: Mapping[str, str]) -> Sign:
    from .append_blobs import by_identity, by_key  # noqa: PLC0415

    if connection := environ.get(CONNECTION):
        parts = (part.partition("=") for part in connection.split(";") if "=" in part)
        return by_key({name.strip().lower(): value.strip() for name, _, value in parts})
    return by_identity(environ["IDENTITY_ENDPOINT"], environ["IDENTITY_HEADER"], environ.get(CLIENT_ID, ""))
