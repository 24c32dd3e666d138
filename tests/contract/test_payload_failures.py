"""What the user's script raised or warned of is told to those who hold the master key, and to nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.function_app import FunctionApp, function_app

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://contoso.azurewebsites.net/api/"
FAILURE = "x-functions-model-failure"
SCRIPT = """\
import json
import logging
import sys
import warnings

def init():
    for _ in range(3):
        warnings.warn("pickled with 1.8.0")
    logging.getLogger("of.the.user").warning("the %s is small", "memory")

def run(raw_data):
    asked = json.loads(raw_data)
    if asked == "set":
        return {"set": {1}}
    if asked == "keys":
        return {(1, 2): 3}
    if asked == "exit":
        sys.exit(9)
    return deeper(asked)

def deeper(asked):
    return json.loads(asked)
"""


def told(app: FunctionApp, failure: str = "") -> dict[str, Any]:
    """What the app tells of a failure, and its warnings."""
    answer = app.call("check", f"{URL}check?noted={failure}")
    assert ("0123456789abcdef", "no-store") == (
        answer.headers["x-functions-model-build"],
        answer.headers["cache-control"],
    )
    found: dict[str, Any] = answer.json
    return found


def failed(app: FunctionApp, body: bytes) -> dict[str, Any]:
    """What the app tells of the failure that it answers a body with."""
    answer = app.call("score", f"{URL}score", body)
    assert 500 == answer.status
    found: dict[str, Any] = told(app, answer.headers[FAILURE])["failure"]
    return found


@pytest.mark.parametrize("mode", ["worker", pytest.param("runtime", marks=pytest.mark.needs("python3.13"))])
class TestARunningScript:
    """A script that has started."""

    def test_tells_what_run_raised(self, tmp_path: Path, mode: str) -> None:
        """The user's own last line, the exception, and a traceback without frames of others, which the log has once."""
        with function_app(tmp_path, {"src/score.py": SCRIPT}, mode=mode) as app:
            found = failed(app, b'"no json"')
            [set_, keys, exits] = [failed(app, body) for body in (b'"set"', b'"keys"', b'"exit"')]
            fine = app.call("score", f"{URL}score", b'"1"')
            document = told(app, "of nobody")

            assert ("run", "JSONDecodeError", "Expecting value: line 1 column 1 (char 0)") == (
                found["step"],
                found["type"],
                found["text"],
            )
            assert {"root": "code", "file": "score.py", "line": 22, "function": "deeper"} == found["place"]
            assert "in run" in found["traceback"]
            assert "azureml_inference_server_http" not in app.channel_log.replace("azmlinfsrv", "")
            assert 1 == app.channel_log.count("JSONDecodeError: ")
            assert ("answer", "set", None) == (set_["step"], set_["answer"], set_["place"])
            assert ("answer", "TypeError", "") == (keys["step"], keys["type"], keys["answer"])
            assert ("run", "SystemExit", 18) == (exits["step"], exits["type"], exits["place"]["line"])
            assert (200, False) == (fine.status, FAILURE in fine.headers)
            assert None is document["failure"]
            assert [
                ("UserWarning", "pickled with 1.8.0", 8),
                ("WARNING", "the memory is small", 9),
            ] == [(one["kind"], one["text"], one["place"]["line"]) for one in document["warnings"]]


ANSWERS = """\
import datetime
import decimal
import json
import warnings

import numpy
from sklearn.linear_model import LinearRegression

KINDS = {
    "ndarray": lambda: numpy.zeros(2),
    "float32": lambda: [numpy.float32(1)],
    "int64": lambda: {"class": numpy.int64(1)},
    "bytes": lambda: b"abc",
    "datetime": lambda: datetime.datetime(2026, 1, 2),
    "Decimal": lambda: decimal.Decimal(1),
    "NaN": lambda: [float("nan")],
    "None": lambda: None,
}

def init():
    made = LinearRegression().__getstate__() | {"_sklearn_version": "1.8.0"}
    LinearRegression().__setstate__(made)

def run(raw_data):
    return KINDS[json.loads(raw_data)]()
"""


@pytest.mark.needs("python3.13")
def test_answers_that_are_no_json_are_named(tmp_path: Path) -> None:
    """By their type, as scikit-learn and numpy give them; the server sends NaN, and what it makes of None."""
    with function_app(tmp_path, {"src/score.py": ANSWERS}, mode="runtime") as app:
        kinds = ("ndarray", "float32", "int64", "bytes", "datetime", "Decimal")
        found = [failed(app, f'"{kind}"'.encode())["answer"] for kind in kinds]
        sent = [app.call("score", f"{URL}score", body).body for body in (b'"NaN"', b'"None"')]
        [warned] = told(app)["warnings"]

        assert kinds == tuple(found)
        assert [b"[NaN]", b"{}"] == sent
        assert "InconsistentVersionWarning" == warned["kind"]
        assert "from version 1.8.0 when using version" in warned["text"]


FAILING: dict[str, tuple[str, tuple[Any, ...]]] = {
    "module": ("import os\nimport no_such_module.inner\n", ("import", "ModuleNotFoundError", 2, "no_such_module")),
    "key": ("import os\nNAME = os.environ['NO_SUCH']\n", ("import", "KeyError", 2, "")),
    "json": ("import json\n\nDATA = json.loads('')\n", ("import", "JSONDecodeError", 3, "")),
    "init": ("def init():\n    raise SystemExit('no')\n", ("init", "SystemExit", 2, "")),
    "library": ("import beside\n", ("import", "OSError", 2, "")),
    "syntax": ("import broken\n", ("import", "SyntaxError", 3, "")),
}


class TestAScriptThatDoesNotStart:
    """Whatever it raises, in whatever file."""

    @pytest.mark.parametrize("case", FAILING)
    def test_tells_where(self, tmp_path: Path, case: str) -> None:
        """The last line of the user's own, also in a module beside the script; the log has it once."""
        script, (step, kind, line, module) = FAILING[case]
        files = {
            "src/score.py": script + "def run(data):\n    return data\n",
            "src/beside.py": "import ctypes\nctypes.CDLL('libgomp-none.so.1')\n",
            "src/broken.py": "\n\nthis is no Python\n",
        }
        with function_app(tmp_path, files) as app:
            found = failed(app, b"{}")

            assert (step, kind, line, module) == (found["step"], found["type"], found["place"]["line"], found["module"])
            assert 1 == app.channel_log.count(f"{kind}: ") == found["traceback"].count(f"{kind}: ")

    def test_tells_what_is_beside_a_path_that_is_not_there(self, tmp_path: Path) -> None:
        """The path and the files are those below AZUREML_MODEL_DIR."""
        script = (
            "import os\ndef init():\n    open(os.environ['AZUREML_MODEL_DIR'] + '/m.json')\ndef run(data):\n    pass\n"
        )
        files = {"src/score.py": script, "model/model/m.json": "{}", "model/notes.txt": ""}
        with function_app(tmp_path, files, models=(("iris", "7", "model"),)) as app:
            found = failed(app, b"{}")

            assert ("m.json", ["model/notes.txt", "model/model/m.json"]) == (found["missing"], found["there"])
