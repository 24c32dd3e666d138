"""What is measured of a process: its start, each `run()`, and what fails."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from functions_model.payload import metrics as measured
from functions_model.payload.exchange import ROUTE, answer_of
from functions_model.payload.failures import ScriptFailure
from functions_model.payload.metrics import BOUNDS, BUCKET, ERRORS, INIT, MOST_TYPES, RUN, START, Metrics, begin, wanted
from functions_model.payload.noted import NOTES
from support.metrics import Kept

ENVIRON = {
    "FUNCTIONS_MODEL_MODELS": '[{"name":"churn","version":"3"}]',
    "FUNCTIONS_MODEL_TRIGGER": "blob",
}
MODEL = {"functions_model.model.name": "churn", "functions_model.model.version": "3"}


class UserScriptException(Exception):
    """As the server has it."""


class BadInput(Exception):
    """As the server has it, raised before `run()`."""


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    NOTES.take()
    yield
    NOTES.take()
    measured._BEGUN.clear()


def failed(kind: str, step: str = "run") -> ScriptFailure:
    return ScriptFailure(step=step, type=kind, text="secret")


class App:
    """A server whose script does what a test says."""

    def __init__(self, environ: dict[str, str] = ENVIRON) -> None:
        self.kept = Kept()
        self.metrics = Metrics(self.kept, environ)
        self.does: Any = lambda: "200 OK"
        self.run = self.metrics.timed(self._run)
        self.application = self.metrics.metered(self._answer)

    def _run(self) -> str:
        status: str = self.does()
        return status

    def _answer(self, environ: Any, start_response: Any) -> list[bytes]:
        status = "200 OK"
        if environ["PATH_INFO"] == "/score":
            try:
                status = self.run()
            except UserScriptException:
                NOTES.failed(failed("ValueError"))
                status = "500 INTERNAL SERVER ERROR"
            except BadInput:
                status = "400 BAD REQUEST"
        start_response(status, [])
        return [b"well"]

    def score(self, does: Any = None, **environ: str) -> None:
        """One request."""
        NOTES.take()
        if does:
            self.does = does
        asked = {"PATH_INFO": "/score", "REQUEST_METHOD": "POST", **environ}
        assert answer_of(self.application, asked).body == b"well"


def raising(error: BaseException) -> Any:
    def does() -> str:
        raise error

    return does


class TestStart:
    """Starts."""

    def test_its_times_are_told_by_step(self) -> None:
        """What was not measured is not told; the import stands in the whole."""
        app = App()

        app.metrics.started({"start": 2.0, "import": 1.5, "init": 0.25})

        assert [(START, 2.0, MODEL), (INIT, 0.25, MODEL)] == app.kept.all

    def test_one_that_fails_is_an_error(self) -> None:
        """With its step, and never with its text."""
        app = App()

        app.metrics.not_started(failed("ModuleNotFoundError", "import"))
        app.metrics.not_started(None)

        told = {**MODEL, "faas.trigger": "other", "functions_model.step": "import", "error.type": "ModuleNotFoundError"}
        assert [(ERRORS, 1, told)] == app.kept.all

    @pytest.mark.parametrize(
        ("models", "told"),
        [
            ('[{"name":"a","version":"1"},{"name":"b","version":"12"}]', ["a,b", "1,12"]),
            ("[]", []),
            ("", []),
            ("nonsense", []),
        ],
    )
    def test_models_are_named(self, models: str, told: list[str]) -> None:
        """Several ones after commas; none, where the app has none."""
        app = App({"FUNCTIONS_MODEL_MODELS": models})

        app.metrics.started({"start": 2.0})

        assert told == list(app.kept.all[0][2].values())


class TestRun:
    """Requests."""

    def test_each_call_is_one_of_the_duration(self) -> None:
        """The first is cold; the trigger has OpenTelemetry's name."""
        app = App()

        app.score()
        app.score()

        alike = {**MODEL, "faas.trigger": "datasource", "functions_model.outcome": "success"}
        assert [{**alike, "faas.coldstart": cold} for cold in (True, False)] == app.kept.named(RUN)
        assert [{**alike, "le": "0.001"}] * 2 == app.kept.named(BUCKET)
        assert not app.kept.named(ERRORS)

    @pytest.mark.parametrize(
        ("does", "outcome", "step", "kind"),
        [
            (raising(UserScriptException()), "failure", "run", "ValueError"),
            (lambda: "503 SERVICE UNAVAILABLE", "failure", "run", "503"),
            (lambda: "404 NOT FOUND", "refused", "run", "404"),
        ],
    )
    def test_what_fails_has_its_kind(self, does: Any, outcome: str, step: str, kind: str) -> None:
        """The exception's name, or the status where the script gave one."""
        app = App()

        app.score(does)

        [run], [error] = app.kept.named(RUN), app.kept.named(ERRORS)
        assert (outcome, kind) == (run["functions_model.outcome"], run["error.type"])
        assert (step, kind) == (error["functions_model.step"], error["error.type"])
        assert "secret" not in str(app.kept.all)

    def test_what_is_refused_before_is_no_run(self) -> None:
        """It counts as an error of the request alone, and the next one is still the cold one."""
        app = App()

        app.score(raising(BadInput()))
        app.score(lambda: "200 OK")

        [error] = app.kept.named(ERRORS)
        assert ("request", "400") == (error["functions_model.step"], error["error.type"])
        assert [True] == [one["faas.coldstart"] for one in app.kept.named(RUN)]

    def test_what_breaks_out_is_measured(self) -> None:
        """And goes on its way."""
        app = App()

        with pytest.raises(SystemExit):
            app.score(raising(SystemExit(3)))

        assert ["SystemExit"] == [one["error.type"] for one in app.kept.named(RUN)]
        assert ["SystemExit"] == [one["error.type"] for one in app.kept.named(ERRORS)]

    def test_what_a_deployment_scores_is_no_trigger(self) -> None:
        """`check` has scored: its seconds would be those of callers."""
        app = App()

        app.score(**{ROUTE: "/check"})

        assert ["other"] == [one["faas.trigger"] for one in app.kept.named(RUN)]

    def test_other_questions_are_not_measured(self) -> None:
        """Not whether the model is there, and no browser's."""
        app = App()

        app.score(PATH_INFO="/")
        app.score(REQUEST_METHOD="OPTIONS")

        assert [] == app.kept.all

    def test_kinds_of_errors_are_bounded(self) -> None:
        """Whatever a script calls them: each is a line of every sending."""
        app = App()

        for number in range(3 * MOST_TYPES):
            app.metrics.not_started(failed(f"Error{number}"))

        kinds = {one["error.type"] for one in app.kept.named(ERRORS)}
        assert MOST_TYPES + 1 == len(kinds)
        assert "_OTHER" in kinds

    def test_a_broken_measurement_changes_no_answer(self) -> None:
        """The caller gets what the script has said."""
        app = App()
        app.kept.record = raising(OSError())  # type: ignore[method-assign]

        app.score()

    @pytest.mark.parametrize(
        ("seconds", "up_to"), [(0.0, "0.001"), (0.001, "0.001"), (0.0011, "0.0015"), (5e9, "1000")]
    )
    def test_buckets_end_where_their_name_says(self, seconds: float, up_to: str) -> None:
        """The last one takes all that is longer."""
        app = App()

        app.metrics._ran(seconds, {}, "")

        assert [up_to] == [one["le"] for one in app.kept.named(BUCKET)]
        assert sorted(BOUNDS) == list(BOUNDS)


class TestBegin:
    """Whether anything is measured."""

    @pytest.mark.parametrize(
        ("environ", "told"),
        [
            ({}, True),
            ({"OTEL_SDK_DISABLED": "True"}, False),
            ({"OTEL_METRICS_EXPORTER": "none"}, False),
            ({"OTEL_METRICS_EXPORTER": "otlp"}, True),
        ],
    )
    def test_opentelemetrys_switches_count(self, environ: dict[str, str], told: bool) -> None:
        """Those that Microsoft's distribution obeys, too."""
        assert told is wanted(environ)

    def test_a_process_begins_once(self) -> None:
        """A start that is tried again goes on with the same."""
        assert begin(ENVIRON) is begin(ENVIRON) is not None

    def test_a_package_that_is_not_there_is_told(self, caplog: pytest.LogCaptureFixture) -> None:
        """In the log and to those who deploy; the app scores."""
        with caplog.at_level(logging.WARNING):
            assert begin(ENVIRON, "no-such-exporter") is None

        assert "`no-such-exporter` is not installed" in caplog.text
        told = [one["text"] for one in NOTES.document("")["warnings"] if one["kind"] == "functions_model"]
        assert any("`no-such-exporter`" in text for text in told)
