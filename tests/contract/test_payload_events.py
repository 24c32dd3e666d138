"""Blobs and messages are scored through the planned app: in a worker like the old one, and in Microsoft's runtime."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.spec import BlobTrigger, ServiceBusQueueTrigger
from support.function_app import FunctionApp, function_app, started_apps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Start = Callable[[str], FunctionApp]

TEXT = """\
import json, logging, os, sys
import beside

def init():
    global weights
    weights = open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "weights.txt")).read()
    print("printed by init")

def run(raw_data, request_headers):
    print("printed by run")
    logging.getLogger("of.the.user").warning("logged by run")
    if raw_data == "raise":
        raise ValueError("the password is hunter2")
    if raw_data == "exit":
        sys.exit(9)
    headers = {name.lower(): value for name, value in request_headers.items()}
    seen = {"got": raw_data, "type": type(raw_data).__name__, "weights": weights, "beside": beside.NAME,
            "words": open("words.txt").read(), "headers": headers}
    open(os.path.join(os.environ["HOME"], "seen.json"), "w").write(json.dumps(seen))
    return seen
"""

RAW = """\
import json, os
from azureml.contrib.services.aml_request import AMLRequest, rawhttp
from azureml.contrib.services.aml_response import AMLResponse

def init():
    pass

@rawhttp
def run(request):
    body = request.get_data()
    if body == b"see":
        headers = {name.lower(): value for name, value in request.headers}
        seen = {"method": request.method, "url": request.url, "path": request.path, "headers": headers}
        return AMLResponse(seen, 200, json_str=True)
    if body == b"raise":
        raise ValueError("the password is hunter2")
    if body == b"teapot":
        return AMLResponse("short and stout", 418)
    if body == b"refuse":
        return AMLResponse({"message": "no " * 1000}, 422, json_str=True)
    open(os.path.join(os.environ["HOME"], "length"), "w").write(str(len(body)))
    return AMLResponse(body[::-1], 201, {"Content-Type": "image/png"})
"""

SCHEMA = """\
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema

def init():
    pass

@input_schema("numbers", StandardPythonParameterType([1.5, 2.5]))
def run(numbers):
    return sum(numbers)
"""

_TEXT: dict[str, Any] = {
    "files": {
        "src/score.py": TEXT,
        "src/beside.py": "NAME = 'beside'\n",
        "src/words.txt": "relative",
        "model/weights.txt": "3.14",
    },
    "models": (("iris", "7", "model/weights.txt"),),
}
_RAW: dict[str, Any] = {"files": {"src/score.py": RAW}}
APPS: dict[str, dict[str, Any]] = {
    "blob text": {**_TEXT, "trigger": BlobTrigger("input/{name}.json", None)},
    "blob raw": {**_RAW, "trigger": BlobTrigger("input/{name}.png", "output/{name}_out.png")},
    "queue text": {**_TEXT, "trigger": ServiceBusQueueTrigger("in", "out")},
    "queue raw": {**_RAW, "trigger": ServiceBusQueueTrigger("in", None)},
    "queue schema": {"files": {"src/score.py": SCHEMA}, "trigger": ServiceBusQueueTrigger("in", "out")},
}

BLOB: dict[str, Any] = {
    "BlobTrigger": "input/grüße 1%.json",
    "Uri": "https://contoso.blob.core.windows.net/input/gr%C3%BC%C3%9Fe%201%25.json",
    "Properties": {"ContentType": "application/octet-stream", "ContentLength": 3},
    "Metadata": {"tenant": "contoso", "line_no": "7"},
}
MESSAGE: dict[str, Any] = {
    "MessageId": "m-1",
    "UserProperties": {"tenant": "contoso"},
    "ApplicationProperties": {
        "tenant": "contoso",
        "attempt": 3,
        "urgent": True,
        "city": "Zürich\n",
        "Content-Length": "7",
        "connection": "close",
        "brokerproperties": "mine",
        "no header": "x",
    },
    "ContentType": "text/csv; charset=utf-8",
    "CorrelationId": "c-1",
    "Label": "scores",
    "To": "models",
    "ReplyTo": "answers",
    "DeliveryCount": 2,
    "SequenceNumber": 41,
    "EnqueuedTimeUtc": datetime(2026, 11, 22, 20, 15, 30, tzinfo=UTC).isoformat().replace("+00:00", "Z"),
    "ExpiresAtUtc": datetime(2026, 11, 22, 21, 15, 30, tzinfo=UTC).isoformat().replace("+00:00", "Z"),
}


@pytest.fixture(
    scope="module", params=["worker", pytest.param("runtime", marks=pytest.mark.needs("python3.13"))], ids=str
)
def apps(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Function apps by their name, each started once."""
    with started_apps(APPS, request.param, tmp_path_factory.mktemp) as start:
        yield start


def metadata_of(name: str) -> dict[str, Any]:
    """What the host tells of the blob or the message."""
    return BLOB if name.startswith("blob") else MESSAGE


class TestText:
    """Scripts without a decorator."""

    def test_blob_without_output_is_scored(self, apps: Start) -> None:
        """The script gets text and finds what it finds on an online endpoint; no result is given to a binding."""
        app = apps("blob text")

        outcome = app.trigger("grüße".encode(), BLOB)

        seen = json.loads((app.root / "home/seen.json").read_text())
        assert (None, "") == (outcome.result, outcome.failure)
        assert {"got": "grüße", "type": "str", "weights": "3.14", "beside": "beside", "words": "relative"} == {
            name: value for name, value in seen.items() if name != "headers"
        }

    def test_answer_to_a_message_is_its_json(self, apps: Start) -> None:
        """What `run()` returns becomes JSON, as over HTTP."""
        outcome = apps("queue text").trigger(b"[1]", MESSAGE)

        assert outcome.result
        assert "[1]" == json.loads(outcome.result)["got"]

    def test_answer_to_a_probe_names_it(self, apps: Start) -> None:
        """In a line before the answer; any other correlation id changes nothing."""
        probe = {**MESSAGE, "CorrelationId": "functions-model-probe-1"}
        plain, named = (
            apps("queue schema").trigger(b'{"numbers": [1]}', {**one, "ContentType": ""}) for one in (MESSAGE, probe)
        )

        assert plain.result is not None
        assert b'{"probe": "functions-model-probe-1"}\n' + plain.result == named.result

    def test_schema_takes_a_message_as_json(self, apps: Start) -> None:
        """A message without a content type is JSON, and its fields are the arguments."""
        plain = {**MESSAGE, "ContentType": ""}

        assert b"3.5" == apps("queue schema").trigger(b'{"numbers": [1.5, 2]}', plain).result

    def test_prints_and_records_reach_the_log(self, apps: Start) -> None:
        """What is printed and logged is in the worker's log."""
        app = apps("queue text")
        app.trigger(b"{}", MESSAGE)

        assert {
            "INFO azmlinfsrv.print printed by init",
            "INFO azmlinfsrv.print printed by run",
            "WARNING of.the.user logged by run",
        } <= set(app.channel_log.splitlines())


class TestRaw:
    """Scripts with `@rawhttp`."""

    def test_bytes_become_the_output(self, apps: Start) -> None:
        """Bytes that are not UTF-8 reach the script, and its bytes are the output, whatever their type."""
        assert bytes(range(255, -1, -1)) == apps("blob raw").trigger(bytes(range(256)), BLOB).result

    def test_empty_content_is_scored(self, apps: Start) -> None:
        """No bytes are bytes too."""
        assert b"" == apps("blob raw").trigger(b"", BLOB).result

    @pytest.mark.parametrize("name", ["blob raw", "queue raw"])
    def test_fifty_megabytes_arrive_whole(self, apps: Start, name: str) -> None:
        """Large content is neither cut nor changed."""
        app = apps(name)
        body = b"\xff\x00" * (25 * 1024 * 1024)

        outcome = app.trigger(body, metadata_of(name))

        assert "" == outcome.failure
        assert str(len(body)) == (app.root / "home/length").read_text()
        assert (body[::-1] if name == "blob raw" else None) == outcome.result

    def test_request_is_a_post(self, apps: Start) -> None:
        """The script sees a POST on the scoring path, with the blob's own content type where it says something."""
        image = {**BLOB, "Properties": {"ContentType": "image/png"}}

        outcome = apps("blob raw").trigger(b"see", image)

        assert outcome.result
        seen = json.loads(outcome.result)
        assert ("POST", "/score", "https://localhost/api/score") == (seen["method"], seen["path"], seen["url"])
        assert ("image/png", "3") == (seen["headers"]["content-type"], seen["headers"]["content-length"])


class TestHeaders:
    """What is known of a blob or a message, as request headers."""

    def test_blob_is_told_in_storages_words(self, apps: Start) -> None:
        """Name, address and metadata; with a type that says nothing, what begins like JSON is JSON."""
        app = apps("blob text")
        app.trigger(b"{}", BLOB)

        headers = json.loads((app.root / "home/seen.json").read_text())["headers"]

        assert {
            "host": "localhost",
            "content-type": "application/json",
            "content-length": "2",
            "x-ms-blob-name": "input/gr%C3%BC%C3%9Fe 1%25.json",
            "x-ms-blob-uri": BLOB["Uri"],
            "x-ms-meta-tenant": "contoso",
            "x-ms-meta-line-no": "7",
        } == headers

    def test_message_is_told_in_service_buss_words(self, apps: Start) -> None:
        """The broker's properties as one header in JSON, the sender's own under their names."""
        outcome = apps("queue text").trigger(b"x", MESSAGE)

        assert outcome.result
        headers = json.loads(outcome.result)["headers"]
        assert {
            "MessageId": "m-1",
            "CorrelationId": "c-1",
            "Label": "scores",
            "DeliveryCount": 2,
            "SequenceNumber": 41,
            "EnqueuedTimeUtc": "Sun, 22 Nov 2026 20:15:30 GMT",
            "TimeToLive": 3600.0,
            "To": "models",
            "ReplyTo": "answers",
        } == json.loads(headers.pop("brokerproperties"))
        assert {
            "host": "localhost",
            "content-type": "text/csv; charset=utf-8",
            "content-length": "1",
            "tenant": "contoso",
            "attempt": "3",
            "urgent": "true",
            "city": '"Z\\u00fcrich\\n"',
        } == headers


class TestFailures:
    """What goes wrong is raised, so that the host tries again."""

    @pytest.mark.parametrize("name", ["blob raw", "queue raw", "blob text", "queue text"])
    def test_error_in_run_is_raised(self, apps: Start, name: str) -> None:
        """Status, line and exception are raised; the traceback is in the log, and the next one is scored."""
        app = apps(name)

        outcome = app.trigger(b"raise", metadata_of(name))

        assert "status 500. An unexpected error occurred in scoring script." in outcome.failure
        assert "(the entry script raised ValueError (score.py:" in outcome.failure
        assert ("blob `input/gr%C3%BC%C3%9Fe 1%25.json`" if "blob" in name else "message `m-1`") in outcome.failure
        assert "hunter2" not in outcome.failure
        assert "ValueError: the password is hunter2" in app.channel_log
        assert "" == app.trigger(b"{}", metadata_of(name)).failure

    @pytest.mark.parametrize("name", ["blob text", "queue text"])
    def test_text_that_is_not_utf8_is_raised(self, apps: Start, name: str) -> None:
        """A script that takes text cannot take other bytes."""
        outcome = apps(name).trigger(b"\xff\xfe\x00", metadata_of(name))

        assert "status 400. Input cannot be decoded as UTF-8" in outcome.failure

    def test_scripts_own_status_is_raised(self, apps: Start) -> None:
        """An answer from 400 up is no output, and its text is kept short."""
        app = apps("blob raw")

        assert "status 418. short and stout" in app.trigger(b"teapot", BLOB).failure
        assert len(app.trigger(b"refuse", BLOB).failure) < 700

    def test_exit_in_run_does_not_end_the_worker(self, apps: Start) -> None:
        """`sys.exit()` in `run()` is a failure, and the next message is scored."""
        app = apps("queue text")

        assert "the entry script raised SystemExit" in app.trigger(b"exit", MESSAGE).failure
        assert "" == app.trigger(b"{}", MESSAGE).failure

    @pytest.mark.parametrize("mode", ["worker", pytest.param("runtime", marks=pytest.mark.needs("python3.13"))])
    def test_failed_start_is_raised_at_each_try(self, tmp_path: Path, mode: str) -> None:
        """Each try starts the script anew, after the pause, so that a cause that is gone does no harm."""
        script = "import os\ndef init():\n    os.stat('arrives-later')\ndef run(data):\n    return 'well'\n"
        trigger = ServiceBusQueueTrigger("in", "out")
        with function_app(tmp_path, {"src/score.py": script}, mode=mode, trigger=trigger) as app:
            app.python("setattr(sys.modules['__app__.functions_model_payload.server'].SERVER, '_pause', 0.05)")

            failure = app.trigger(b"{}", MESSAGE).failure

            assert "init() of the entry script failed (FileNotFoundError)" in failure
            assert failure == app.trigger(b"{}", MESSAGE).failure
            (app.root / "var/azureml-app/src/arrives-later").touch()
            assert b'"well"' == app.trigger(b"{}", MESSAGE).result


class TestCheck:
    """The function `check`."""

    URL = "https://contoso.azurewebsites.net/api/check?code=SECRETKEY"

    def test_sample_is_scored_over_http(self, apps: Start) -> None:
        """It scores as `/api/score` would, and the script sees neither the key nor the function's own path."""
        answer = apps("blob raw").call("check", self.URL, b"see", headers={"x-functions-key": "SECRETKEY"})

        assert 200 == answer.status
        assert "https://contoso.azurewebsites.net/api/score" == answer.json["url"]
        assert "SECRETKEY" not in answer.body.decode()

    def test_init_alone_is_run_by_get(self, apps: Start) -> None:
        """Nothing is scored, and the answer tells the build."""
        answer = apps("queue text").call("check", self.URL)

        assert (200, b"Healthy") == (answer.status, answer.body)
        assert "x-functions-model-build" in answer.headers

    def test_init_that_fails_is_told_to_get(self, tmp_path: Path) -> None:
        """By the server's own status and body."""
        script = "def init():\n    raise ValueError('torn')\ndef run(data):\n    return 'well'\n"
        with function_app(tmp_path, {"src/score.py": script}, trigger=ServiceBusQueueTrigger("in", "out")) as app:
            answer = app.call("check", self.URL)

        assert 500 == answer.status
        assert "init() of the entry script failed (ValueError)" in answer.json["message"]
        assert "x-functions-model-build" in answer.headers

    def test_errors_are_the_inference_servers(self, apps: Start) -> None:
        """A failure is an answer with the server's own status and body, not an exception."""
        answer = apps("queue text").call("check", self.URL, b"raise")

        assert 500 == answer.status
        assert "An unexpected error occurred in scoring script" in answer.json["message"]
        assert "True" == answer.headers["x-ms-run-function-failed"]

    def test_identity_tells_the_trigger(self, apps: Start) -> None:
        """The identity function is in every app."""
        assert "blob" == apps("blob raw").call("identity", "https://h/api/identity").json["trigger"]
        assert "service-bus-queue" == apps("queue text").call("identity", "https://h/api/identity").json["trigger"]
