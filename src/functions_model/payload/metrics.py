"""What Application Insights gets of this process: how long the start and `run()` take, and what fails.

Measured where the app's settings name a component, and nowhere else is this module imported. Names and dimensions
follow OpenTelemetry's conventions: https://opentelemetry.io/docs/specs/semconv/general/metrics/, and those of functions
(`faas.trigger`, `faas.coldstart`) and errors (`error.type`). The names of the metrics are our own: the Functions host
sends `faas.invoke_duration` itself where it speaks OpenTelemetry (Azure/azure-functions-host#10929).
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib.metadata
import json
import logging
import threading
import time
from bisect import bisect_left
from typing import TYPE_CHECKING, Any, Protocol

from .exchange import ROUTE
from .measured import INIT as INIT_STEP
from .measured import START as START_STEP
from .noted import NOTES, OURS, ScriptWarning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from .failures import ScriptFailure

logger = logging.getLogger("functions_model")

START, INIT, RUN = "functions_model.start.duration", "functions_model.init.duration", "functions_model.run.duration"
"""Histograms, in seconds."""
BUCKET, ERRORS = "functions_model.run.duration.bucket", "functions_model.errors"
"""Counters. Microsoft's exporter sends count, sum, least and most of a histogram and drops its buckets
(azure-monitor-opentelemetry-exporter 1.0.0b40, export/metrics/_exporter.py, `_convert_point_to_envelope`), of which no
percentile can be made. So the buckets of `RUN` are a counter of their own."""
MODEL_NAME, MODEL_VERSION = "functions_model.model.name", "functions_model.model.version"
OUTCOME, STEP, UP_TO = "functions_model.outcome", "functions_model.step", "le"
TRIGGER, COLD_START, ERROR_TYPE = "faas.trigger", "faas.coldstart", "error.type"
SUCCESS, REFUSED, FAILURE = "success", "refused", "failure"
REQUEST = "request"
"""The step of what was refused before it reached `run()`."""
BOUNDS = (*(digit * 10.0**power for power in range(-3, 3) for digit in (1, 1.5, 2.2, 3.3, 4.7, 6.8)), 1000.0)
"""Upper ends of the buckets in seconds: six for each power of ten, from 1 ms to 1000 s. The last one takes the rest."""
MOST_TYPES = 50
"""Kinds of errors of one process: each is a line in every sending. What comes then is `_OTHER`, as OpenTelemetry has it
(https://opentelemetry.io/docs/specs/semconv/registry/attributes/error/)."""
FLUSH = 4.0
"""Seconds for what is not sent yet when the process ends, as for collected data."""
PACKAGE = "azure-monitor-opentelemetry-exporter"

_TRIGGERS = {"http": "http", "blob": "datasource", "service-bus-queue": "pubsub"}
_OTHER_TRIGGER, _OTHER_TYPE = "other", "_OTHER"
_NOT_RUN = frozenset({"BadInput", "UnsupportedInput", "UnsupportedHTTPMethod"})
"""What the server raises in `invoke_run` before it calls `run()` (azureml-inference-server-http 1.5.1, routes.py)."""
_MISSING = (
    "Application Insights gets no metrics of the model: `%s` is not installed. azureml-inference-server-http 1.5 and "
    "later brings it; with an older one, add it to the environment file."
)


class Takes(Protocol):
    """Where measurements go."""

    def record(self, name: str, value: float, dimensions: Mapping[str, Any]) -> None:
        """Take one, without a wait."""

    def close(self, seconds: float) -> None:
        """Send what is there, for so many seconds at most."""


def wanted(environ: Mapping[str, str]) -> bool:
    """Whether OpenTelemetry's own switches leave metrics on."""
    off = environ.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    none = environ.get("OTEL_METRICS_EXPORTER", "").strip().lower() == "none"
    return not (off or none)


class Metrics:
    """The measurements of this process.

    Args:
        takes: Where they go.
        environ: The image's variables: models and trigger.
    """

    def __init__(self, takes: Takes, environ: Mapping[str, str]) -> None:
        self.takes = takes
        self._model = _model(environ.get("FUNCTIONS_MODEL_MODELS", ""))
        self._trigger = _TRIGGERS.get(environ.get("FUNCTIONS_MODEL_TRIGGER", ""), _OTHER_TRIGGER)
        self._own = threading.local()
        self._types: set[str] = set()
        self._cold = True

    def started(self, seconds: Mapping[str, float]) -> None:
        """The start has succeeded, and has taken so long in its steps."""
        for step, name in ((START_STEP, START), (INIT_STEP, INIT)):
            if step in seconds:
                self.takes.record(name, seconds[step], self._model)

    def not_started(self, failure: ScriptFailure | None) -> None:
        """The start has failed."""
        if failure is not None:
            self._error(failure.step, failure.type, _OTHER_TRIGGER)

    def timed(self, invoke_run: Callable[..., Any]) -> Callable[..., Any]:
        """The server's own method that calls `run()`, with its seconds kept for this thread's request."""

        @functools.wraps(invoke_run)
        def timed(*args: Any, **named: Any) -> Any:
            began, reached = time.perf_counter(), True
            try:
                return invoke_run(*args, **named)
            except BaseException as error:
                reached = type(error).__name__ not in _NOT_RUN
                raise
            finally:
                self._own.seconds = time.perf_counter() - began if reached else None

        return timed

    def metered(self, application: WSGIApplication) -> WSGIApplication:
        """The same application; what it scores is measured, and whatever is wrong with that changes no answer."""

        def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            if environ.get("PATH_INFO") != "/score" or environ.get("REQUEST_METHOD") == "OPTIONS":
                return application(environ, start_response)
            self._own.seconds, status, ended = None, [""], ""

            def start(told: str, headers: list[tuple[str, str]], *more: Any) -> Callable[[bytes], object]:
                status[0] = told
                return start_response(told, headers, *more)

            try:
                return application(environ, start)
            except BaseException as error:
                ended = type(error).__name__
                raise
            finally:
                with contextlib.suppress(Exception):
                    self._scored(environ, int(status[0].partition(" ")[0] or 500), ended)

        return answer

    def _scored(self, environ: WSGIEnvironment, status: int, ended: str) -> None:
        seconds, failure = self._own.seconds, NOTES.last()
        kind = ended or (failure.type if failure else "") or (str(status) if status >= 400 else "")
        outcome = SUCCESS if not kind else REFUSED if 400 <= status < 500 else FAILURE
        trigger = _OTHER_TRIGGER if ROUTE in environ else self._trigger
        if seconds is not None:
            self._ran(seconds, {**self._model, TRIGGER: trigger, OUTCOME: outcome}, kind)
        if kind:
            self._error(failure.step if failure else REQUEST if seconds is None else "run", kind, trigger)

    def _ran(self, seconds: float, dimensions: dict[str, Any], kind: str) -> None:
        cold, self._cold = self._cold, False
        up_to = BOUNDS[min(bisect_left(BOUNDS, seconds), len(BOUNDS) - 1)]
        named = {ERROR_TYPE: self._known(kind)} if kind else {}
        self.takes.record(RUN, seconds, {**dimensions, COLD_START: cold, **named})
        self.takes.record(BUCKET, 1, {**dimensions, UP_TO: f"{up_to:g}"})

    def _error(self, step: str, kind: str, trigger: str) -> None:
        self.takes.record(ERRORS, 1, {**self._model, TRIGGER: trigger, STEP: step, ERROR_TYPE: self._known(kind)})

    def _known(self, kind: str) -> str:
        if kind not in self._types and len(self._types) >= MOST_TYPES:
            return _OTHER_TYPE
        self._types.add(kind)
        return kind


def _model(models: str) -> dict[str, str]:
    """Name and version of the build's model, of several ones after commas; nothing where it has none."""
    try:
        found = [(str(model["name"]), str(model["version"])) for model in json.loads(models)]
    except (ValueError, TypeError, KeyError):
        found = []
    return dict(zip((MODEL_NAME, MODEL_VERSION), map(",".join, zip(*found, strict=True)), strict=True)) if found else {}


_BEGUN: list[Metrics] = []


def begin(environ: Mapping[str, str], package: str = PACKAGE) -> Metrics | None:
    """The metrics of this process, once; None where they can go nowhere, which the log tells.

    Args:
        environ: The image's variables.
        package: What sends them.
    """
    if not _BEGUN:
        try:
            importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            tell(_MISSING % package)
            return None
        from .metric_sender import Sender  # noqa: PLC0415 - nothing of it is needed without the package

        _BEGUN.append(Metrics(Sender(environ), environ))
        atexit.register(finish)
    return _BEGUN[0]


def finish() -> None:
    """Send what is there, within a bound."""
    while _BEGUN:
        _BEGUN.pop().takes.close(FLUSH)


def tell(text: str) -> None:
    """Tell of metrics that go nowhere: in the log, and to those who deploy."""
    NOTES.warned(ScriptWarning(OURS, text, None))
    logger.warning("%s", text)
