"""Metrics by Microsoft's own exporter, from a function app to Application Insights' ingestion."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from azure_sandbox.faults import Fault
from functions_model.payload.metrics import BUCKET, ERRORS, INIT, RUN, START
from support.function_app import FunctionApp, function_app
from support.ingestion import Metric, Service, ingestion_service
from support.triggers import eventually

SCRIPT = """\
import json
def init():
    pass

def run(data):
    asked = json.loads(data)
    if asked == "boom":
        raise ValueError("a secret text")
    return object() if asked == "odd" else asked
"""
FILES = {"src/score.py": SCRIPT, "model.pkl": "x"}
URL = "https://iris.azurewebsites.net/api/score"
QUIET = ("azure", "opentelemetry", "msal", "urllib3")
"""Loggers of the exporter and of what it uses."""


@pytest.fixture
def service() -> Iterator[Service]:
    with ingestion_service() as running:
        yield running


@contextmanager
def app_of(folder: Path, service: Service, **more: str) -> Iterator[FunctionApp]:
    """An app that writes to the service, with its own folder for temporary files."""
    models = (("churn", "3", "model.pkl"),)
    folder.mkdir(exist_ok=True)
    with function_app(folder, FILES, models=models, env=service.settings(TMPDIR=str(folder), **more)) as app:
        yield app


def score(app: FunctionApp, content: Any) -> int:
    return app.call("score", URL, json.dumps(content).encode()).status


def arrived(service: Service, name: str, count: int = 1) -> list[Metric]:
    """The first ones of a name, once there are so many."""

    def found() -> list[Metric] | None:
        known = service.metrics(name)
        return known if sum(int(one.sum) if name in {BUCKET, ERRORS} else one.count for one in known) >= count else None

    return eventually(found, seconds=30)


def test_starts_runs_and_errors_arrive(tmp_path: Path, service: Service) -> None:
    """Each with model, version, trigger and outcome, from the app's role and this build; the log stays as it was."""
    with app_of(tmp_path, service) as app:
        assert [200, 200, 500, 500] == [score(app, content) for content in (1, 2, "boom", "odd")]
        errors = arrived(service, ERRORS, 2)
        [start, init] = [*arrived(service, START), *arrived(service, INIT)]
        runs, buckets = arrived(service, RUN, 4), arrived(service, BUCKET, 4)
        log = app.channel_log + app.container_log

    model = {"functions_model.model.name": "churn", "functions_model.model.version": "3"}
    assert (model, model) == (start.dimensions, init.dimensions)
    assert 0 < init.sum < start.sum < 60
    alike = {**model, "faas.trigger": "http"}
    failed = {**alike, "functions_model.outcome": "failure", "faas.coldstart": "False"}
    assert [
        {**alike, "functions_model.outcome": "success", "faas.coldstart": "True"},
        {**alike, "functions_model.outcome": "success", "faas.coldstart": "False"},
        {**failed, "error.type": "ValueError"},
        {**failed, "error.type": "TypeError"},
    ] == [one.dimensions for one in runs]
    assert {"success", "failure"} == {one.dimensions["functions_model.outcome"] for one in buckets}
    assert [("run", "ValueError"), ("answer", "TypeError")] == [
        (one.dimensions["functions_model.step"], one.dimensions["error.type"]) for one in errors
    ]
    assert {("iris", "0123456789abcdef")} == {
        (one.tags["ai.cloud.role"], one.tags["ai.application.ver"]) for one in service.metrics()
    }
    assert not [line for line in log.splitlines() if line.partition(" ")[2].startswith(QUIET)]
    assert "secret" not in str(service.ingestion.taken())


def test_nothing_else_is_sent(tmp_path: Path, service: Service) -> None:
    """No statistics about the exporter, no requests (the host sends them), no logs, no live metrics."""
    with app_of(tmp_path, service) as app:
        score(app, 1)
        arrived(service, RUN)
        threads = app.python("[one.name for one in __import__('threading').enumerate()]")
        statistics = app.python("sys.modules['azure.monitor.opentelemetry.exporter.statsbeat._state']._REQUESTS_MAP")
        provider = "sys.modules['opentelemetry.metrics._internal']._METER_PROVIDER is None"
        own = app.python(provider)

    assert {START, INIT, RUN, BUCKET} == {one.name for one in service.metrics()}
    assert [] == [
        one for kind in ("RequestData", "MessageData", "ExceptionData") for one in service.ingestion.taken(kind)
    ]
    assert {} == statistics
    assert not [name for name in threads if "statsbeat" in name.lower() or "quickpulse" in name.lower()]
    assert own


def test_a_first_answer_does_not_wait_for_the_exporter(tmp_path: Path, service: Service) -> None:
    """It is imported a while after the start; nothing of it is where no component is named."""
    loaded = "[name for name in sys.modules if 'opentelemetry' in name or 'payload.metric' in name]"
    with app_of(tmp_path / "on", service, OTEL_METRIC_EXPORT_INTERVAL="60000") as app:
        assert 200 == score(app, 1)
        assert {"metrics", "metric_sender"} == {name.rpartition(".")[2] for name in app.python(loaded)}
    with app_of(tmp_path / "off", service, APPLICATIONINSIGHTS_CONNECTION_STRING="") as app:
        assert 200 == score(app, 1)
        assert [] == app.python(loaded)


def test_an_end_sends_what_is_there(tmp_path: Path, service: Service) -> None:
    """Also where the exporter was not even imported."""
    with app_of(tmp_path, service, OTEL_METRIC_EXPORT_INTERVAL="60000") as app:
        score(app, 1)
        assert [] == service.metrics()

    assert {START, INIT, RUN, BUCKET} == {one.name for one in service.metrics()}


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("status", "headers"), [(401, {}), (403, {}), (429, {"Retry-After": "3600"}), (503, {}), (439, {}), (404, {})]
)
def test_a_refusal_costs_no_answer(tmp_path: Path, service: Service, status: int, headers: dict[str, str]) -> None:
    """It is told once; what may pass is sent later, as a new role takes minutes to count."""
    service.faults.add(Fault("POST", "track", status, headers=headers))
    with app_of(tmp_path, service) as app:
        assert [200, 500] == [score(app, 1), score(app, "boom")]
        eventually(lambda: not service.faults.waiting() or None)
        if status in {401, 403, 429, 503}:
            assert 1 == arrived(service, START)[0].count
        score(app, 2)
        arrived(service, RUN)
        log = app.channel_log

    assert 1 == log.count("Metrics do not reach Application Insights and wait: ")
    assert not [line for line in log.splitlines() if line.partition(" ")[2].startswith(QUIET)]


@pytest.mark.exhaustive
def test_a_redirect_is_followed(tmp_path: Path, service: Service) -> None:
    """As the service has it for regions: the exporter goes on at the other address."""
    with ingestion_service() as other:
        service.faults.add(Fault("POST", "track", 308, headers={"Location": f"{other.url}/v2.1/track"}))
        with app_of(tmp_path, service) as app:
            score(app, 1)
            arrived(other, RUN)

    assert [] == service.metrics()


def test_a_service_that_hangs_holds_up_nothing(tmp_path: Path, service: Service) -> None:
    """Requests are answered, and the process ends within its bound."""
    service.faults.add(Fault("POST", "track", hold=True, times=None))
    with app_of(tmp_path, service) as app:
        score(app, 1)
        eventually(lambda: service.faults.held or None)
        took = [_seconds(lambda: score(app, 1)) for _ in range(50)]
        began = time.monotonic()
    ended = time.monotonic() - began
    service.faults.clear()

    assert sorted(took)[25] < 0.05
    assert ended < 8


def _seconds(do: Any) -> float:
    began = time.perf_counter()
    assert 200 == do()
    return time.perf_counter() - began


def test_a_start_that_fails_is_an_error(tmp_path: Path, service: Service) -> None:
    """Each try."""
    files = {**FILES, "src/score.py": "def init():\n    raise KeyError('x')\n\ndef run(data):\n    return data\n"}
    with function_app(tmp_path, files, env=service.settings(TMPDIR=str(tmp_path))) as app:
        assert 500 == score(app, 1)
        [error] = arrived(service, ERRORS)

    assert ("init", "KeyError") == (error.dimensions["functions_model.step"], error.dimensions["error.type"])
    assert [] == service.metrics(START)


def test_an_address_that_cannot_be_read_is_told(tmp_path: Path, service: Service) -> None:
    """To those who deploy, too; the app scores, and what is no UUID is not shown."""
    with app_of(tmp_path, service, APPLICATIONINSIGHTS_CONNECTION_STRING="InstrumentationKey=hunter2") as app:
        assert 200 == score(app, 1)
        eventually(lambda: "gets no metrics" in app.channel_log or None)
        noted = app.call("check", "https://iris.azurewebsites.net/api/check?noted=").json["warnings"]
        log = app.channel_log

    told = "Application Insights gets no metrics of the model: ValueError: Invalid instrumentation key"
    assert [told] == [one["text"][: len(told)] for one in noted]
    assert "hunter2" not in log


def test_many_threads_lose_nothing(tmp_path: Path, service: Service) -> None:
    """Requests that are scored at once are counted one by one."""
    with app_of(tmp_path, service, PYTHON_THREADPOOL_THREAD_COUNT="8") as app:
        score(app, 1)
        calls = [("score", URL, b"1")] * 200
        assert {200} == {one.status for one in app.call_together(calls)}
        arrived(service, RUN, 201)

    assert 201 == sum(one.count for one in service.metrics(RUN))
