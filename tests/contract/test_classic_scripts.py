"""Scripts of Azure ML's first SDK and of its deployment files score as they do there, unchanged."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from functions_model.core.spec import AuthLevel
from support.function_app import FunctionApp, function_app, write_files

pytestmark = pytest.mark.exhaustive

URL = "https://contoso.azurewebsites.net/api/score"
JSON = {"Content-Type": "application/json"}
IMPORTS = """\
import json
from helper import scaled

def init():
    pass

def run(data):
    return [scaled(value) for value in json.loads(data)["data"]]
"""


def started(folder: Path, files: dict[str, str], **spec: Any) -> FunctionApp:
    """An app of these files, in a process of its own."""
    return function_app(folder, files, **spec)


class TestImportRoots:
    """Folders that PYTHONPATH names."""

    @pytest.mark.parametrize(("root", "helper"), [("lib", "src/lib/helper.py"), ("..", "")])
    def test_imports_are_found_there(self, root: str, helper: str, tmp_path: Path) -> None:
        """A module in a folder of the code; one beside the code's folder is a package under the folder's own name."""
        script = IMPORTS if helper else IMPORTS.replace("from helper", "from src.lib.helper")
        files = {"src/score.py": script, "src/lib/helper.py": "def scaled(value):\n    return value * 3\n"}

        with started(tmp_path, files, import_roots=(root,)) as app:
            answer = app.call("score", URL, b'{"data": [1, 2]}', headers=JSON)

        assert (200, [3, 6]) == (answer.status, answer.json)


CHURN = (("churn", "3", "model/churn.pkl"),)
CLASSIC = """\
import json
import os
from azureml.core.model import Model

def init():
    global model, labels
    model = open(Model.get_model_path("churn")).read()
    assert open(Model.get_model_path(model_name="churn", version=3)).read() == model
    labels = open("src/labels.txt").read()

def run(data):
    return [model, labels, os.getcwd(), os.environ["AML_APP_ROOT"], os.environ["AZUREML_ENTRY_SCRIPT"]]
"""
FILES = {"src/score.py": CLASSIC, "src/labels.txt": "yes", "model/churn.pkl": "the model"}
FAKE = {
    # Of the same shape as azureml-core 1.61, azureml/core/model.py:99 and :827-850.
    "azureml/core/model.py": """\
import os

MODELS_DIR = os.path.join(os.environ.get("AML_APP_ROOT", ""), "azureml-models")

class Model:
    @staticmethod
    def get_model_path(model_name, version=None):
        folder = os.path.join(MODELS_DIR, model_name)
        [entry] = os.listdir(os.path.join(folder, str(version or max(os.listdir(folder), key=int))))
        return os.path.join(folder, str(version or max(os.listdir(folder), key=int)), entry)
""",
    "azureml/core/__init__.py": "",
}


class TestFirstSdk:
    """`Model.get_model_path`, and the working folder that goes with it."""

    @pytest.mark.parametrize("packages", [{}, FAKE], ids=["without azureml-core", "with it"])
    def test_finds_its_model_and_files(self, packages: dict[str, str], tmp_path: Path) -> None:
        """As under the first SDK, in the folder above the script's, whether its package is installed or not."""
        write_files(tmp_path / "packages", packages)

        with started(tmp_path, FILES, models=CHURN, env={"PYTHONPATH": str(tmp_path / "packages")}) as app:
            answers = [app.call("score", URL, b"{}", headers=JSON) for _ in range(2)]
            root = app.root / "var/azureml-app"
            assert [["the model", "yes", str(root), str(root), "src/score.py"]] * 2 == [one.json for one in answers]

    def test_a_failed_start_is_tried_again_as_it_was(self, tmp_path: Path) -> None:
        """The second start finds the same folders."""
        once = "    os.environ['N'] = os.environ.get('N', '') + 'x'\n    assert os.environ['N'] != 'x', 'not yet'\n"
        files = {**FILES, "src/score.py": CLASSIC.replace("def init():\n", f"def init():\n{once}")}

        with started(tmp_path, files, models=CHURN) as app:
            assert app.call("score", URL, b"{}", headers=JSON).status == 500
            time.sleep(5.5)
            assert str(app.root / "var/azureml-app") == app.call("score", URL, b"{}", headers=JSON).json[2]

    def test_a_name_that_no_model_has(self, tmp_path: Path) -> None:
        """The log names the models that there are, and the input that names them."""
        files = {**FILES, "src/score.py": CLASSIC.replace('"churn"', '"other"')}

        with started(tmp_path, files, models=CHURN) as app:
            assert app.call("score", URL, b"{}", headers=JSON).status == 500
            assert "There is no model `other`. Models of this app: `churn:3`. `model-name` says" in app.channel_log

    def test_what_else_azureml_core_has_is_asked_for_by_name(self, tmp_path: Path) -> None:
        """The log says that the package is not installed."""
        files = {**FILES, "src/score.py": "from azureml.core import Workspace\n" + CLASSIC}

        with started(tmp_path, files, models=CHURN) as app:
            assert app.call("score", URL, b"{}", headers=JSON).status == 500
            assert "No `Workspace`: azureml-core is not installed in this app" in app.channel_log


MONITORED = """\
import json
from azureml.ai.monitoring import Collector

def init():
    global collector
    collector = Collector(name="inputs")

def run(data):
    collector.collect(json.loads(data))
    return "scored"
"""
MONITORING = {
    # Of the same shape as azureml-ai-monitoring 1.0.0, config/config.py and collector_json.py.
    "azureml/ai/monitoring/__init__.py": """\
import os
import random

class Collector:
    def __init__(self, *, name, on_error=None):
        if os.environ.get("AZUREML_MDC_ENABLED", "false") != "true":
            raise Exception("custom logging is not enabled, drop the data")
        self.name = name

    def collect(self, data, correlation_context=None):
        if int(os.environ.get("AZUREML_MDC_SAMPLE_RATE", "100")) <= random.random() * 100:
            return correlation_context
        print("collected", self.name, data)
""",
    "azureml/ai/__init__.py": "",
    "azureml/__init__.py": "",
}
DROPPED = "What the script's `Collector` gets is dropped"


class TestCollector:
    """`azureml.ai.monitoring`, where nothing collects."""

    def test_drops_what_it_gets_and_says_so_once(self, tmp_path: Path) -> None:
        """`init()` and `run()` go on, and one line of the log says how to see the data."""
        write_files(tmp_path / "packages", MONITORING)

        env = {"PYTHONPATH": str(tmp_path / "packages")}
        with started(tmp_path, {"src/score.py": MONITORED}, env=env) as app:
            assert ["scored"] * 3 == [app.call("score", URL, b"{}", headers=JSON).json for _ in range(3)]
            assert app.channel_log.count(DROPPED) == 1
            assert "collected" not in app.channel_log

    def test_the_users_own_settings_hold(self, tmp_path: Path) -> None:
        """Those that the line names write the data into the log."""
        write_files(tmp_path / "packages", MONITORING)
        named = {"AZUREML_MDC_ENABLED": "true", "AZUREML_MDC_LOCAL_CAPTURE": "true"}

        env = {"PYTHONPATH": str(tmp_path / "packages"), **named}
        with started(tmp_path, {"src/score.py": MONITORED}, env=env) as app:
            assert "scored" == app.call("score", URL, b'{"a": 1}', headers=JSON).json
            assert DROPPED not in app.channel_log
            assert "collected inputs {'a': 1}" in app.channel_log


def test_the_real_packages(tmp_path: Path) -> None:
    """azureml-core finds the model and its files, and azureml-ai-monitoring drops what it gets, and does not raise."""
    packages = tmp_path / "packages"
    uv, target = Path(sys.executable).with_name("uv"), ["--python", sys.executable, "--target", str(packages)]
    for names in (["azureml-core==1.61.0.post4"], ["--no-deps", "azureml-ai-monitoring==1.0.0"]):
        subprocess.run([uv, "pip", "install", "-q", *target, *names], check=True)
    script = f"from azureml.ai.monitoring import Collector\n{CLASSIC}\n".replace(
        "def run(data):\n", "    Collector(name='inputs').collect({})\n\ndef run(data):\n    import azureml.core\n"
    )
    files = {**FILES, "src/score.py": script.replace("return [", "return [azureml.core.VERSION, ")}

    with started(tmp_path, files, models=CHURN, env={"PYTHONPATH": str(packages)}) as app:
        answer = app.call("score", URL, b"{}", headers=JSON)
        assert ["1.61.0", "the model", "yes"] == answer.json[:3], app.channel_log
        assert app.channel_log.count(DROPPED) == 1


ASKED = {"Origin": "https://shop.example.com", "Access-Control-Request-Method": "POST"}
OPEN = {"AML_CORS_ORIGINS": "https://shop.example.com, https://other.example.com"}
SCRIPT = """\
def init():
    print("it was started")

def run(data):
    return "scored"
"""
RAW = f"""\
from azureml.contrib.services.aml_request import rawhttp
from azureml.contrib.services.aml_response import AMLResponse
{SCRIPT.replace("def run", "@rawhttp" + chr(10) + "def run")}
"""
RAW = RAW.replace('return "scored"', 'return AMLResponse(data.method, 200, {"Access-Control-Allow-Origin": "*"})')
OF_THE_SERVER = "date,server,connection,content-length,x-request-id,x-ms-request-id,x-ms-client-request-id"


def answered(app: FunctionApp, method: str, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    """Status, headers that are no request's own, and body."""
    function = "cors" if method == "OPTIONS" else "score"
    answer = app.call(function, URL, b"", method=method, headers=headers)
    own = {*OF_THE_SERVER.split(","), "x-functions-model-build", "x-ms-run-fn-exec-ms", "x-ms-server-version"}
    kept = {name.lower(): value for name, value in answer.headers.items() if name.lower() not in own}
    return answer.status, kept, answer.body


class TestOrigins:
    """`AML_CORS_ORIGINS`, against the inference server itself."""

    def test_a_browsers_question_is_answered_as_by_azure_ml(self, tmp_path: Path) -> None:
        """The same status, headers and body with a key on the app as without one, and without `init()` in the first."""
        origins = ["https://shop.example.com", "https://evil.example.com"]

        with started(tmp_path / "a", {"src/score.py": SCRIPT}, env=OPEN) as app:
            ours = [answered(app, "OPTIONS", {**ASKED, "Origin": origin}) for origin in origins]
            assert "it was started" not in app.channel_log
            scored = [answered(app, "GET", {"Origin": origin}) for origin in origins]
        with started(tmp_path / "b", {"src/score.py": SCRIPT}, env=OPEN, auth_level=AuthLevel.ANONYMOUS) as app:
            servers = [answered(app, "OPTIONS", {**ASKED, "Origin": origin}) for origin in origins]
            assert "it was started" in app.channel_log

        assert ours == servers
        assert [200, 200] == [status for status, _, _ in ours]
        for answers in (ours, scored):
            assert [origins[0], None] == [headers.get("access-control-allow-origin") for _, headers, _ in answers]

    def test_without_origins(self, tmp_path: Path) -> None:
        """It is answered, and allows nothing."""
        with started(tmp_path, {"src/score.py": SCRIPT}) as app:
            status, headers, body = answered(app, "OPTIONS", ASKED)

        assert (200, b"") == (status, body)
        assert not [name for name in headers if name.startswith("access-control")]

    def test_a_raw_script_answers_itself_where_everybody_may_call_it(self, tmp_path: Path) -> None:
        """And is left alone where a key is needed."""
        with started(tmp_path / "a", {"src/score.py": RAW}, auth_level=AuthLevel.ANONYMOUS) as app:
            assert "*" == answered(app, "OPTIONS", ASKED)[1]["access-control-allow-origin"]
        with started(tmp_path / "b", {"src/score.py": RAW}) as app:
            assert b"" == answered(app, "OPTIONS", ASKED)[2]
            assert "it was started" not in app.channel_log
