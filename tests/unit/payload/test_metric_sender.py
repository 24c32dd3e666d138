"""Measurements on their way to Application Insights, whatever becomes of it there."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any

import pytest

from functions_model.payload.metric_sender import INTERVAL, MOST_EARLY, Sender, interval, resource
from functions_model.payload.metrics import RUN
from functions_model.payload.noted import NOTES
from support.metrics import ScriptedPipeline
from support.triggers import eventually

SOON = {"OTEL_METRIC_EXPORT_INTERVAL": "100"}


def sender(pipeline: Any = None, environ: dict[str, str] = SOON, opened: Any = None) -> Sender:
    def open_pipeline(_: Any, ending: bool) -> Any:
        if opened is not None:
            opened.append(ending)
        if isinstance(pipeline, BaseException):
            raise pipeline
        return pipeline

    return Sender(environ, open_pipeline)


def slowest(send: Sender, count: int = 2000) -> float:
    """Seconds of all but the slowest hundredth, which the machine's other work may have."""
    took = []
    for _ in range(count):
        began = time.perf_counter()
        send.record(RUN, 1.0, {})
        took.append(time.perf_counter() - began)
    return sorted(took)[int(0.99 * count)]


class TestSender:
    """`Sender`."""

    def test_what_comes_early_is_sent(self) -> None:
        """In its order, before what comes later."""
        pipeline = ScriptedPipeline()
        send = sender(pipeline)

        for number in range(3):
            send.record(RUN, number, {})
        eventually(lambda: pipeline.sent or None)
        send.record(RUN, 3, {})

        eventually(lambda: pipeline.sent[-1] == 4 or None)
        assert [(RUN, number) for number in range(4)] == pipeline.taken

    def test_an_end_sends_what_is_there(self) -> None:
        """Also where nothing was sent before; the exporter is told that no thread may start any more."""
        pipeline, opened = ScriptedPipeline(), list[bool]()
        send = sender(pipeline, {}, opened)
        send.record(RUN, 1.0, {})

        send.close(5)

        assert (True, [1], [True]) == (pipeline.closed.is_set(), pipeline.sent, opened)
        send.record(RUN, 2.0, {})
        assert [(RUN, 1.0)] == pipeline.taken

    def test_a_service_that_hangs_costs_no_request_a_millisecond(self) -> None:
        """Nor more at the end of the process than its bound."""
        held = threading.Event()
        pipeline = ScriptedPipeline(lambda: str(held.wait(30)))
        send = sender(pipeline)
        send.record(RUN, 1.0, {})
        eventually(lambda: pipeline.sent or None)

        try:
            assert slowest(send) < 0.001
            began = time.monotonic()
            send.close(0.2)
            assert time.monotonic() - began < 2
        finally:
            held.set()

    def test_what_waits_for_the_exporter_is_bounded(self) -> None:
        """The oldest go. Many make it come sooner than its time."""
        pipeline = ScriptedPipeline()
        send = sender(pipeline, {})

        assert slowest(send, 2 * MOST_EARLY) < 0.001
        assert len(send._early) <= MOST_EARLY
        eventually(lambda: pipeline.sent or None)

    @pytest.mark.parametrize("problem", [ImportError("no name `Metrics`"), ValueError("Invalid"), SystemExit(1)])
    def test_an_exporter_that_cannot_be_had_is_told_once(
        self, problem: BaseException, caplog: pytest.LogCaptureFixture
    ) -> None:
        """Nothing is kept for it, in the log and for those who deploy there is why."""
        send = sender(problem)
        with caplog.at_level(logging.WARNING):
            send.record(RUN, 1.0, {})
            eventually(lambda: "gets no metrics" in caplog.text or None)

        for _ in range(100):
            send.record(RUN, 1.0, {})

        assert (1, 0) == (caplog.text.count("gets no metrics"), len(send._early))
        assert f"{type(problem).__name__}: {problem}" in str(NOTES.document("")["warnings"])

    def test_failures_are_told_once_in_a_while(self, caplog: pytest.LogCaptureFixture) -> None:
        """And the pauses grow, whatever raises."""
        told = iter(["status 'Forbidden'"])

        def failing() -> str:
            return next(told, None) or 1 / 0  # type: ignore[return-value]

        pipeline = ScriptedPipeline(failing)
        send = sender(pipeline)
        with caplog.at_level(logging.WARNING):
            send.record(RUN, 1.0, {})
            eventually(lambda: len(pipeline.sent) >= 3 or None)

        assert 1 == caplog.text.count("Metrics do not reach Application Insights and wait: status 'Forbidden'")
        assert 1 == len([one for one in caplog.records if "Metrics do not reach" in one.message])


@pytest.mark.parametrize(
    ("said", "seconds"), [("500", 0.5), ("", INTERVAL), ("soon", INTERVAL), ("0", INTERVAL), ("inf", INTERVAL)]
)
def test_the_interval_is_opentelemetrys_setting(said: str, seconds: float) -> None:
    """In milliseconds; nonsense is left aside."""
    assert seconds == interval({"OTEL_METRIC_EXPORT_INTERVAL": said})


@pytest.mark.parametrize(
    ("environ", "role"),
    [
        ({"WEBSITE_SITE_NAME": "Iris", "WEBSITE_SLOT_NAME": "Production"}, "iris"),
        ({"WEBSITE_SITE_NAME": "Iris", "WEBSITE_SLOT_NAME": "Staging"}, "iris-staging"),
        ({"WEBSITE_SITE_NAME": "Iris", "WEBSITE_CLOUD_ROLENAME": "Flowers"}, "Flowers"),
        ({"WEBSITE_CLOUD_ROLENAME": "Flowers", "OTEL_SERVICE_NAME": "Mine"}, "Mine"),
        ({}, "app"),
    ],
)
def test_the_role_is_the_hosts(environ: dict[str, str], role: str) -> None:
    """So that metrics and requests are told of one app and slot."""
    told = resource({**environ, "FUNCTIONS_MODEL_BUILD_ID": "0123", "WEBSITE_INSTANCE_ID": "abc"})

    assert {"service.name": role, "service.instance.id": "abc", "service.version": "0123"} == told
