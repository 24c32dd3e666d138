"""The payload scores as Azure ML's inference server does: in a worker like the old one, and in Microsoft's runtime."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.spec import AuthLevel
from support.function_app import FunctionApp, function_app, started_apps

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Apps = Callable[[str], FunctionApp]

URL = "https://contoso.azurewebsites.net/api/score"
JSON = {"Content-Type": "application/json"}

ECHO = """\
import json, logging, os, sys, time
import beside
from package.inner import INNER

print("printed while imported")
started = []

def init():
    global weights
    time.sleep(0.2)
    started.append(1)
    weights = open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "weights.txt")).read()
    print("printed by init")
    logging.getLogger("of.the.user").info("logged by init")

def run(raw_data):
    data = json.loads(raw_data)
    print("printed by run")
    logging.getLogger("of.the.user").warning("logged by run")
    if data.get("raise"):
        raise ValueError("the password is hunter2")
    if data.get("exit"):
        sys.exit(9)
    return {"got": data, "weights": weights, "starts": len(started), "cwd": os.getcwd(),
            "beside": beside.NAME + INNER, "text": open("data/words.txt").read()}
"""

RAW = """\
from azureml.contrib.services.aml_request import AMLRequest, rawhttp
from azureml.contrib.services.aml_response import AMLResponse
from flask import current_app

def init():
    pass

@rawhttp
def run(request):
    if request.args.get("see"):
        seen = {"method": request.method, "url": request.url, "args": request.args.to_dict(flat=False),
                "headers": {name.lower(): value for name, value in request.headers}}
        return AMLResponse(seen, 200, json_str=True)
    current_app.logger.warning("a warning of Flask's")
    body = request.get_data()
    if body == b"teapot":
        response = AMLResponse("short and stout", 418, {"X-Kind": "tea", "Content-Type": "text/plain"})
        response.headers.add("Set-Cookie", "a=1; Path=/")
        response.headers.add("Set-Cookie", "b=2; Path=/")
        response.headers.add("Vary", "Accept")
        response.headers.add("Vary", "Origin")
        response.headers["Connection"] = "close"
        return response
    return AMLResponse(body[::-1], 200, {"Content-Type": "application/octet-stream"})
"""

SCHEMA = """\
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema, output_schema

def init():
    pass

@input_schema("numbers", StandardPythonParameterType([1.5, 2.5]))
@input_schema("scale", StandardPythonParameterType(1))
@output_schema(StandardPythonParameterType({"total": 4.0}))
def run(numbers, scale=1):
    return {"total": sum(numbers) * scale}
"""

_ECHO: dict[str, Any] = {
    "files": {
        "src/score.py": ECHO,
        "src/beside.py": "NAME = 'beside '\n",
        "src/package/__init__.py": "",
        "src/package/inner.py": "INNER = 'and within'\n",
        "src/data/words.txt": "relative",
        "src/identity.py": "raise RuntimeError('the function identity took the module of the user')\n",
        "model/weights.txt": "3.14",
    },
    "models": (("iris", "7", "model/weights.txt"),),
}
SCRIPTS: dict[str, dict[str, Any]] = {
    "echo": _ECHO,
    "measured": _ECHO,
    "untouched": _ECHO,
    "crowded": _ECHO,
    "raw": {"files": {"src/score.py": RAW}},
    "anonymous": {"files": {"src/score.py": RAW}, "auth_level": AuthLevel.ANONYMOUS},
    "schema": {"files": {"src/score.py": SCHEMA}},
}


@pytest.fixture(
    scope="module", params=["worker", pytest.param("runtime", marks=pytest.mark.needs("python3.13"))], ids=str
)
def apps(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Apps]:
    """Function apps by the name of their script, each started once."""
    with started_apps(SCRIPTS, request.param, tmp_path_factory.mktemp) as start:
        yield start


class TestStart:
    """When and how often the script starts. Each test has an app of its own, which nobody called before."""

    def test_check_tells_what_it_took(self, apps: Apps) -> None:
        """Import, `init()`, the first answer and the memory, once there is something to tell; `identity` does not."""
        app, url = apps("measured"), "https://contoso.azurewebsites.net/api/"
        before = app.call("check", f"{url}check?noted=").json["times"]
        assert 200 == app.call("score", URL, b"{}", headers=JSON).status
        times = app.call("check", f"{url}check?noted=").json["times"]

        assert before is None
        assert {"start", "import", "init", "first_answer"} == set(times["seconds"])
        assert times["seconds"]["start"] > times["seconds"]["init"] > 0.2
        assert 10 < times["peak_mib"] < 5000
        assert "seconds" not in app.call("identity", f"{url}identity").body.decode()
        assert "load_script" == app.python(
            "sys.modules['azureml_inference_server_http.server.user_script'].UserScript.load_script.__code__.co_name"
        )

    def test_identity_leaves_the_script_alone(self, apps: Apps) -> None:
        """The identity function answers with the build, and neither imports the script nor the inference server.

        What the host calls on an instance that it adds does both, and the first request finds it done.
        """
        app = apps("untouched")

        answer = app.call("identity", "https://contoso.azurewebsites.net/api/identity")

        assert 200 == answer.status
        assert {"build_id", "models", "trigger", "python", "tool_version"} == set(answer.json)
        assert "0123456789abcdef" == answer.json["build_id"]
        assert [{"name": "iris", "version": "7"}] == answer.json["models"]
        assert "http" == answer.json["trigger"]
        assert not app.python("[name for name in sys.modules if name.startswith('azureml') or name == 'beside']")
        assert "printed while imported" not in app.channel_log
        assert {"type": "WarmUpContext", "returned": None} == app.ask({"warm_up": True})
        assert app.python("'azureml_inference_server_http' in sys.modules")
        assert 1 == app.call("score", URL, b"{}", headers=JSON).json["starts"]

    def test_parallel_first_calls_start_once(self, apps: Apps) -> None:
        """Twenty calls at once run `init()` once, and all of them are answered."""
        answers = apps("crowded").call_together([("score", URL, b'{"n": 1}')] * 20, headers=JSON)

        assert [(200, 1)] * 20 == [(answer.status, answer.json["starts"]) for answer in answers]


class TestScript:
    """What the script finds around it."""

    def test_surroundings_are_azure_mls(self, apps: Apps) -> None:
        """The model, modules beside the script, packages and relative paths are where Azure ML has them."""
        app = apps("echo")

        answer = app.call("score", URL, b'{"x": [1, 2]}', headers=JSON)

        assert {
            "got": {"x": [1, 2]},
            "weights": "3.14",
            "starts": 1,
            "cwd": str(app.root / "var/azureml-app/src"),
            "beside": "beside and within",
            "text": "relative",
        } == answer.json

    def test_users_modules_are_not_hidden(self, apps: Apps) -> None:
        """A module of the user's with the name of a function of ours is the user's."""
        app = apps("echo")
        app.call("score", URL, b"{}", headers=JSON)

        found = app.python("__import__('importlib.util').util.find_spec('identity').origin")

        assert str(app.root / "var/azureml-app/src/identity.py") == found

    def test_get_passes_the_query_as_data(self, apps: Apps) -> None:
        """GET gives the query to `run()`, without the function key."""
        answer = apps("echo").call("score", f"{URL}?a=1&code=SECRETKEY&b=x&b=y")

        assert {"a": 1, "b": ["x", "y"]} == answer.json["got"]

    def test_text_that_is_not_utf8_is_refused(self, apps: Apps) -> None:
        """A script without `@rawhttp` gets text; other bytes are the inference server's own 400."""
        answer = apps("echo").call("score", URL, b"\xff\xfe\x00")

        assert 400 == answer.status
        assert "cannot be decoded as UTF-8" in answer.json["message"]


class TestFailures:
    """What goes wrong while scoring."""

    def test_error_in_run_is_answered_without_its_text(self, apps: Apps) -> None:
        """An error in `run()` is the inference server's 500; the traceback is in the log, not in the answer."""
        app = apps("echo")

        answer = app.call("score", URL, b'{"raise": true}', headers=JSON)

        assert 500 == answer.status
        assert "An unexpected error occurred in scoring script. Check the logs for more info." == answer.json["message"]
        assert "True" == answer.headers["x-ms-run-function-failed"]
        assert "ValueError: the password is hunter2" in app.channel_log

    def test_exit_in_run_does_not_end_the_worker(self, apps: Apps) -> None:
        """`sys.exit()` in `run()` is a 500, and the next call is answered."""
        app = apps("echo")

        answer = app.call("score", URL, b'{"exit": true}', headers=JSON)

        assert 500 == answer.status
        assert 200 == app.call("score", URL, b"{}", headers=JSON).status


class TestRaw:
    """Scripts with `@rawhttp`."""

    def test_bytes_pass_both_ways(self, apps: Apps) -> None:
        """Bytes that are not UTF-8 reach the script and come back as they are."""
        answer = apps("raw").call("score", URL, bytes(range(256)))

        assert bytes(range(255, -1, -1)) == answer.body
        assert "application/octet-stream" == answer.headers["content-type"]

    def test_fifty_megabytes_pass(self, apps: Apps) -> None:
        """A large body arrives whole."""
        body = b"\xff\x00" * (25 * 1024 * 1024)

        answer = apps("raw").call("score", URL, body)

        assert len(body) == len(answer.body)
        assert body[::-1] == answer.body

    def test_status_and_headers_come_back(self, apps: Apps) -> None:
        """Status and headers are the script's; repeated headers are joined, cookies stay apart, hop-by-hop ones go."""
        answer = apps("raw").call("score", URL, b"teapot")

        assert (418, b"short and stout") == (answer.status, answer.body)
        assert "tea" == answer.headers["x-kind"]
        assert "Accept, Origin" == answer.headers["vary"]
        assert "text/plain" == answer.headers["content-type"]
        assert ["a=1", "b=2"] == [cookie.partition(";")[0] for cookie in answer.cookies]
        assert not {"connection", "content-length", "set-cookie"} & set(answer.headers)

    def test_request_arrives_without_its_key(self, apps: Apps) -> None:
        """Method, address, query and headers are the caller's; the function key is nowhere in them."""
        sent = {
            "X-Mine": "yes",
            "Content-Type": "text/csv",
            "Content-Length": "999",
            "Transfer-Encoding": "chunked",
            "Host": "internal:80",
            "x-functions-key": "SECRETKEY",
            "X-Original-URL": "/api/score?see=1&code=SECRETKEY",
        }

        app = apps("raw")
        seen = app.call("score", f"{URL}?see=1&q=a%20b&q=c&code=SECRETKEY", b"12345", headers=sent).json

        assert "POST" == seen["method"]
        assert f"{URL}?see=1&q=a%20b&q=c" == seen["url"].replace("a b", "a%20b")
        assert {"see": ["1"], "q": ["a b", "c"]} == seen["args"]
        assert ("yes", "text/csv", "5") == tuple(
            seen["headers"][name] for name in ("x-mine", "content-type", "content-length")
        )
        assert "contoso.azurewebsites.net" == seen["headers"]["host"]
        assert "transfer-encoding" not in seen["headers"]
        assert "SECRETKEY" not in json.dumps(seen) + app.channel_log + app.container_log

    def test_warning_of_flask_does_not_poison_the_app(self, apps: Apps) -> None:
        """After a warning through Flask's logger later calls are answered, and the warning is in the log."""
        app = apps("raw")

        assert [b"cba"] * 3 == [app.call("score", URL, b"abc").body for _ in range(3)]
        assert "a warning of Flask's" in app.channel_log

    def test_anonymous_function_keeps_a_parameter_called_code(self, apps: Apps) -> None:
        """An anonymous function has no key, so `code` is data."""
        seen = apps("anonymous").call("score", f"{URL}?see=1&code=mine").json

        assert {"see": ["1"], "code": ["mine"]} == seen["args"]


class TestSchema:
    """Scripts with inference-schema decorators."""

    def test_json_becomes_arguments(self, apps: Apps) -> None:
        """The request's fields are the arguments of `run()`."""
        answer = apps("schema").call("score", URL, b'{"numbers": [1, 2], "scale": 3}', headers=JSON)

        assert {"total": 9} == answer.json

    def test_query_becomes_arguments(self, apps: Apps) -> None:
        """GET takes them from the query."""
        answer = apps("schema").call("score", f"{URL}?numbers=[1,2]&scale=2")

        assert {"total": 6} == answer.json

    @pytest.mark.parametrize(("version", "key"), [("2", "swagger"), ("3", "openapi")])
    def test_swagger_describes_the_arguments(self, apps: Apps, version: str, key: str) -> None:
        """The swagger has the arguments, and the paths at which the functions answer."""
        url = f"https://contoso.azurewebsites.net/api/swagger.json?version={version}&code=SECRETKEY"

        answer = apps("schema").call("swagger", url)

        assert 200 == answer.status
        assert version == answer.json[key][0]
        assert {"/api/score", "/api/swagger.json"} < set(answer.json["paths"])
        assert "numbers" in json.dumps(answer.json)


class TestLog:
    """Where prints and log records go."""

    def test_prints_and_records_reach_the_workers_channel(self, apps: Apps) -> None:
        """What the user prints or logs, at import, in `init()` and in `run()`, goes through the worker's handler."""
        app = apps("echo")
        app.call("score", URL, b"{}", headers=JSON)

        for line in (
            "INFO azmlinfsrv.print printed while imported",
            "INFO azmlinfsrv.print printed by init",
            "INFO of.the.user logged by init",
            "INFO azmlinfsrv.print printed by run",
            "WARNING of.the.user logged by run",
        ):
            assert line in app.channel_log.splitlines()

    def test_handler_that_prints_is_not_called_for_ever(self, apps: Apps) -> None:
        """A worker's handler that itself prints ends on standard output, once for each record."""
        app = apps("echo")
        before = app.container_log.count("host: printed by run")
        app.call("score", URL, b"{}", headers=JSON)

        assert before + 1 == app.container_log.count("host: printed by run")

    def test_workers_loggers_live_on(self, apps: Apps) -> None:
        """Loggers of before are not disabled by the inference server's own configuration."""
        app = apps("echo")
        app.call("score", URL, b"{}", headers=JSON)

        assert not app.python("logging.getLogger('worker.of.tests').disabled")
        assert ["ChannelHandler"] == app.python("[type(one).__name__ for one in logging.getLogger().handlers]")

    def test_no_web_server_is_started(self, apps: Apps) -> None:
        """The inference server's Flask application is used in process: gunicorn is not even imported."""
        app = apps("echo")
        app.call("score", URL, b"{}", headers=JSON)

        assert not app.python("'gunicorn' in sys.modules")


FAILING: dict[str, tuple[str, str, str]] = {
    "an import that is not there": ("import no_such_package\n", "could not be imported", "`no_such_package`"),
    "init that raises": (
        "def init():\n    raise OSError('secret-path')\n",
        "init() of the entry script failed",
        "OSError",
    ),
    "init that exits": (
        "def init():\n    raise SystemExit('secret')\n",
        "init() of the entry script failed",
        "SystemExit",
    ),
    "no run": ("def init():\n    pass\ndel run\n", "does not fit", ""),
}


@pytest.mark.parametrize("mode", ["worker", pytest.param("runtime", marks=pytest.mark.needs("python3.13"))])
class TestFailingStart:
    """A script that does not start."""

    @pytest.mark.parametrize("case", FAILING)
    def test_cause_is_named_and_the_worker_lives(self, tmp_path: Path, mode: str, case: str) -> None:
        """The answer names the cause without text or traceback, the log has it, and the identity answers on."""
        script, step, name = FAILING[case]
        whole = "def run(data):\n    return data\n" + script
        with function_app(tmp_path, {"src/score.py": whole}, mode=mode) as app:
            answer = app.call("score", URL, b"{}")
            again = app.call("score", URL, b"{}")

            assert 500 == answer.status
            assert step in answer.json["message"]
            assert name in answer.json["message"]
            assert "Traceback" not in answer.json["message"]
            assert "secret" not in answer.json["message"]
            assert answer.json == again.json
            assert 200 == app.call("identity", "https://h/api/identity").status
            assert ("Traceback" if name else "does not have a run() function") in app.channel_log

    def test_start_is_tried_again(self, tmp_path: Path, mode: str) -> None:
        """After the pause the next call starts the script again, and a cause that is gone does no harm.

        Neither does an instance that could not be warmed up: the host sees no failure, and the log has it.
        """
        script = "import os\ndef init():\n    os.stat('arrives-later')\ndef run(data):\n    return 'well'\n"
        with function_app(tmp_path, {"src/score.py": script}, mode=mode) as app:
            assert app.ask({"warm_up": True})["returned"] is None
            assert "This instance could not be warmed up. Could not start the model" in app.channel_log
            assert 500 == app.call("score", URL, b"{}").status
            (app.root / "var/azureml-app/src/arrives-later").touch()
            app.python("setattr(sys.modules['__app__.functions_model_payload.server'].SERVER, '_pause', 0)")

            assert "well" == app.call("score", URL, b"{}").json

    @pytest.mark.parametrize("name", ["AML_APP_ROOT", "AZUREML_ENTRY_SCRIPT"])
    def test_missing_variable_is_named(self, tmp_path: Path, mode: str, name: str) -> None:
        """An image without our variables says which one is missing."""
        with function_app(tmp_path, {"src/score.py": "run = init = print\n"}, mode=mode, env={name: ""}) as app:
            assert f"{name} is not set" in app.call("score", URL, b"{}").json["message"]

    def test_programs_of_conda_packages_are_found(self, tmp_path: Path, mode: str) -> None:
        """A script calls `dot` or `ffmpeg` by name, as in an activated conda environment; once is enough."""
        script = "import os\ndef init(): pass\ndef run(data):\n    return os.environ['PATH'].split(':')\n"
        env = {"CONDA_PREFIX": "/opt/conda"}
        with function_app(tmp_path, {"src/score.py": script}, mode=mode, env=env) as app:
            found = app.call("score", URL, b"{}").json

            assert ("/opt/conda/bin", 1) == (found[0], found.count("/opt/conda/bin"))

    def test_users_own_log_configuration_is_kept(self, tmp_path: Path, mode: str) -> None:
        """A `logging.json` beside the script counts, and the worker's handler still gets the records."""
        config = {
            "version": 1,
            "handlers": {"own": {"class": "logging.FileHandler", "filename": "own.log"}},
            "root": {"level": "WARNING", "handlers": ["own"]},
        }
        script = "import logging\ndef init():\n    logging.warning('said by init')\ndef run(data):\n    return 1\n"
        files = {"src/score.py": script, "src/logging.json": json.dumps(config)}
        with function_app(tmp_path, files, mode=mode) as app:
            assert 200 == app.call("score", URL, b"{}").status
            assert "said by init" in (app.root / "var/azureml-app/src/own.log").read_text()
            assert ["ChannelHandler", "FileHandler"] == app.python(
                "sorted(type(one).__name__ for one in logging.getLogger().handlers)"
            )
