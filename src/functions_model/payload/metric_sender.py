"""Measurements on their way to Application Insights: by Microsoft's exporter, in a thread, and never waited for.

The provider is our own and not the process's, which can be set once only: a script that calls
`configure_azure_monitor`, and the worker that does so for `PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY`, have theirs.
"""

from __future__ import annotations

import contextlib
import logging
import math
import socket
import tempfile
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .metrics import BUCKET, ERRORS, INIT, RUN, START, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from opentelemetry.sdk.metrics.export import MetricReader

logger = logging.getLogger("functions_model")

THREAD = "functions-model-metrics"
FIRST, INTERVAL, LONGEST = 15.0, 60.0, 300.0
"""Seconds until the exporter is imported and sends for the first time: by then the first request has its answer.
Seconds between two sendings, as OpenTelemetry has them, and at most where they fail."""
INTERVAL_SETTING = "OTEL_METRIC_EXPORT_INTERVAL"
"""In milliseconds: https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/."""
MOST_EARLY = 10_000
"""Measurements that wait for the exporter. Afterwards its SDK sums them up as they come."""
TELL = 600.0
"""Seconds between two lines of the log about metrics that do not arrive."""
SILENT = 10.0
"""Seconds that the service may be silent."""
FOLDER, MOST_STORED = "functions-model-metrics", 4 * 2**20
"""What the service did not take lies there, for the exporter to send it later: bytes at most, and 48 hours."""
_DESCRIBED = {
    START: "Seconds until the model was ready: the script's import, init() and the server",
    INIT: "Seconds of init()",
    RUN: "Seconds of run()",
}
_COUNTED = {BUCKET: "Calls of run() that took up to `le` seconds, and more than the bucket below", ERRORS: "Failures"}
_EXPORTER = "azure.monitor.opentelemetry.exporter.export._base"
_LIMITED = "the service takes no more for now (429, 439 or 5xx)"
"""What the exporter says nothing of."""
_TALKATIVE = (
    _EXPORTER,
    "azure.monitor.opentelemetry.exporter._storage",
    "azure.core.pipeline.policies.http_logging_policy",
    "azure.identity._credentials.managed_identity",
    "azure.identity._credentials.app_service",
    "azure.identity._internal.decorators",
    "azure.identity._internal.get_token_mixin",
    "azure.identity._internal.msal_managed_identity_client",
    "msal.managed_identity",
)
"""Loggers that tell each request; ours would stand in the app's log once a minute."""


class Pipeline(Protocol):
    """The way to the service."""

    def record(self, name: str, value: float, dimensions: Mapping[str, Any]) -> None:
        """Sum up a measurement."""

    def send(self) -> str:
        """Send what has come since the last time; why that failed, or nothing."""

    def close(self) -> None:
        """Send no more."""


class Sender:
    """Takes measurements; its thread starts with the first one.

    Args:
        environ: The image's variables.
        open_pipeline: Opens the way to the service; told whether the process ends, so that no thread may start.
    """

    def __init__(
        self, environ: Mapping[str, str], open_pipeline: Callable[[Mapping[str, str], bool], Pipeline] | None = None
    ) -> None:
        self._environ, self._open = environ, open_pipeline or ExporterPipeline
        self._interval = interval(environ)
        self._early: deque[tuple[str, float, Mapping[str, Any]]] = deque(maxlen=MOST_EARLY)
        self._pipeline: Pipeline | None = None
        self._lock, self._wake = threading.Lock(), threading.Event()
        self._thread: threading.Thread | None = None
        self._closing = self._gave_up = False
        self._told_at = -math.inf

    def record(self, name: str, value: float, dimensions: Mapping[str, Any]) -> None:
        """Take a measurement: at once, and without a word."""
        with contextlib.suppress(Exception):
            if not (self._closing or self._gave_up):
                self._take(name, value, dimensions)

    def _take(self, name: str, value: float, dimensions: Mapping[str, Any]) -> None:
        if self._pipeline is not None:
            self._pipeline.record(name, value, dimensions)
            return
        self._early.append((name, value, dimensions))
        if self._thread is None:
            self._begin()
        if len(self._early) > MOST_EARLY / 2:
            self._wake.set()

    def _begin(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=THREAD, daemon=True)
                self._thread.start()

    def close(self, seconds: float) -> None:
        """Send what is there, for so many seconds at most."""
        self._closing = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join(seconds)

    def _work(self) -> None:
        self._pause(min(FIRST, self._interval))
        try:
            pipeline = self._open(self._environ, self._closing)
        except BaseException as problem:  # noqa: BLE001 - the exporter and all that it imports may raise what they like
            self._gave_up = True
            self._early.clear()
            tell(f"Application Insights gets no metrics of the model: {_brief(type(problem).__name__, problem)}")
            return
        self._pipeline = pipeline
        pause = self._interval
        while True:
            last = self._closing
            failure = self._send(pipeline)
            if last:
                break
            pause = min(2 * pause, max(LONGEST, self._interval)) if failure else self._interval
            self._tell(failure)
            self._pause(pause)
        pipeline.close()

    def _send(self, pipeline: Pipeline) -> str:
        with contextlib.suppress(IndexError):
            while True:
                pipeline.record(*self._early.popleft())
        try:
            return pipeline.send()
        except Exception as problem:  # noqa: BLE001 - the next try may do better
            return _brief(type(problem).__name__, problem)

    def _pause(self, seconds: float) -> None:
        self._wake.wait(seconds)
        if not self._closing:
            self._wake.clear()

    def _tell(self, failure: str) -> None:
        if failure and time.monotonic() - self._told_at >= TELL:
            self._told_at = time.monotonic()
            logger.warning("Metrics do not reach Application Insights and wait: %s", failure)


def interval(environ: Mapping[str, str]) -> float:
    """Seconds between two sendings."""
    try:
        milliseconds = float(environ.get(INTERVAL_SETTING) or "nan")
    except ValueError:
        return INTERVAL
    return milliseconds / 1000 if 100 <= milliseconds < math.inf else INTERVAL


class ExporterPipeline:
    """Microsoft's exporter, behind a provider of our own.

    Args:
        environ: The image's variables. The exporter reads the connection string and the identity itself.
        ending: The process ends: no thread may start, and nothing that is stored would be sent.
    """

    def __init__(self, environ: Mapping[str, str], ending: bool = False) -> None:  # noqa: FBT001, FBT002 - as `Sender` calls it
        from azure.monitor.opentelemetry.exporter import AzureMonitorMetricExporter  # noqa: PLC0415 - slow
        from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY, attach, set_value  # noqa: PLC0415
        from opentelemetry.sdk.metrics import MeterProvider  # noqa: PLC0415
        from opentelemetry.sdk.metrics.export import MetricsData, PeriodicExportingMetricReader  # noqa: PLC0415
        from opentelemetry.sdk.resources import Resource  # noqa: PLC0415

        self._quiet, self._folder = _Quiet(), Path(tempfile.gettempdir(), FOLDER)
        # Whatever instruments requests in this process shall not tell of ours.
        attach(set_value(_SUPPRESS_INSTRUMENTATION_KEY, True))  # noqa: FBT003
        exporter = AzureMonitorMetricExporter(
            # No statistics about the exporter to Microsoft (`_should_collect_stats` of 1.0.0b40, export/_base.py).
            instrumentation_collection=True,
            disable_offline_storage=ending,
            storage_directory=str(self._folder),
            storage_max_size=MOST_STORED,
            storage_min_retry_interval=min(INTERVAL, interval(environ)),
            # The next sending is the next try: azure-core would wait as long as `Retry-After` says.
            retry_total=0,
            timeout=SILENT,
            read_timeout=SILENT,
        )
        self._exporting, self._failed = exporter.export, False
        exporter.export = self._export  # type: ignore[method-assign]
        # Without an interval it has no thread of its own, and without `shutdown_on_exit` no bound but ours at the end.
        reader: MetricReader = PeriodicExportingMetricReader(exporter, export_interval_millis=math.inf)
        self._reader, self._nothing = reader, MetricsData([])
        self._provider = MeterProvider([reader], Resource(resource(environ)), shutdown_on_exit=False)
        meter = self._provider.get_meter("functions_model")
        self._histograms = {name: meter.create_histogram(name, "s", text) for name, text in _DESCRIBED.items()}
        self._counters = {name: meter.create_counter(name, "1", text) for name, text in _COUNTED.items()}

    def record(self, name: str, value: float, dimensions: Mapping[str, Any]) -> None:
        """Sum up a measurement."""
        if name in self._histograms:
            self._histograms[name].record(value, dict(dimensions))
        else:
            self._counters[name].add(value, dict(dimensions))

    def send(self) -> str:
        """Send what has come since the last time; why that failed, or nothing."""
        self._quiet.failure, self._failed = "", False
        self._reader.collect()
        if not self._failed and self._folder.is_dir() and any(self._folder.iterdir()):
            # Where nothing has come, nothing is exported, and what is stored would wait for the next request.
            self._export(self._nothing)
        return (self._quiet.failure or _LIMITED) if self._failed else ""

    def _export(self, *args: Any, **named: Any) -> Any:
        """Microsoft's own, with its result kept: the reader drops it."""
        result = self._exporting(*args, **named)
        self._failed = result is not type(result).SUCCESS
        return result

    def close(self) -> None:
        """Send no more."""
        self._reader.shutdown(1000)


def resource(environ: Mapping[str, str]) -> dict[str, str]:
    """Who sends, as attributes of OpenTelemetry's `service`.

    The name is the role's that the host sends with, so that both are one `cloud_RoleName` (Azure/azure-webjobs-sdk,
    WebJobsRoleEnvironmentTelemetryInitializer.cs).
    """
    site, slot = environ.get("WEBSITE_SITE_NAME") or "app", environ.get("WEBSITE_SLOT_NAME", "")
    role = f"{site}-{slot}" if slot and slot.lower() != "production" else site
    named = environ.get("OTEL_SERVICE_NAME") or environ.get("WEBSITE_CLOUD_ROLENAME") or role.lower()
    return {
        "service.name": named,
        "service.instance.id": environ.get("WEBSITE_INSTANCE_ID") or socket.gethostname(),
        "service.version": environ.get("FUNCTIONS_MODEL_BUILD_ID", ""),
    }


class _Quiet(logging.Filter):
    """Drops what the exporter and its identity log in our thread, and keeps the last failure."""

    def __init__(self) -> None:
        super().__init__()
        self.failure = ""
        for name in _TALKATIVE:
            logging.getLogger(name).addFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """Let records of other threads pass."""
        if threading.current_thread().name != THREAD:
            return True
        if record.name == _EXPORTER and record.levelno >= logging.WARNING:
            self.failure = _brief("", record.getMessage())
        return False


def _brief(kind: str, problem: object) -> str:
    text = " ".join(str(problem).split())[:300]
    return f"{kind}: {text}" if kind and text else kind or text
