"""What a script's `Collector` costs a request: Azure ML's own example of it, with it and without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.conftest import HERE
from benchmarks.results import against
from benchmarks.timing import RUNS, Command, run
from support.peers import http_peer
from support.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.results import Results

import pytest

ROUNDS, CALLS = 2 * RUNS, 100
SCRIPT = """\
import json
import numpy
import pandas
from azureml.ai.monitoring import Collector
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder

NAMES = [f"F{number}" for number in range(23)]

def init():
    global model, collectors
    collectors = [Collector(name=name) for name in ("model_inputs", "model_outputs", "model_inputs_outputs")]
    seed = numpy.random.default_rng(2024)
    table = pandas.DataFrame(seed.integers(0, 5, (500, len(NAMES))), columns=NAMES)
    kinds = Pipeline([("i", SimpleImputer(strategy="most_frequent")), ("o", OneHotEncoder(handle_unknown="ignore"))])
    amounts = Pipeline([("i", SimpleImputer(strategy="median"))])
    prepared = ColumnTransformer([("n", amounts, NAMES[3:]), ("c", kinds, NAMES[:3])])
    forest = RandomForestClassifier(n_estimators=200, max_depth=4, random_state=2024)
    model = Pipeline([("p", prepared), ("f", forest)]).fit(table, seed.integers(0, 2, 500))

def run(data):
    asked = json.loads(data)
    inputs = pandas.DataFrame(asked["data"])
    outputs = pandas.DataFrame(model.predict(inputs).tolist(), columns=["DEFAULT_NEXT_MONTH"])
    both = inputs.join(outputs)
    if asked["collect"]:
        context = collectors[0].collect(inputs)
        collectors[1].collect(outputs, context)
        collectors[2].collect(both, context)
    return outputs.to_dict()
"""
"""In the shape of Azure/azureml-examples, cli/monitoring/azureml-e2e-model-monitoring/code: score.py, and the model of
train.py on one processor."""


@pytest.fixture
def account() -> Iterator[str]:
    """Where blobs and tokens come from: every request is answered with 201, or with a token."""

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self._tell(201, b"")

        def do_GET(self) -> None:
            self._tell(200, json.dumps({"access_token": "t", "expires_on": "9999999999"}).encode())

        def _tell(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with http_peer(Handler) as address:
        yield f"{address}/"


def test_collecting(tmp_path: Path, results: Results, account: str) -> None:
    """One row of 23 features there, one prediction back; three records, written and sent within the time measured."""
    packages = tmp_path / "packages"
    asked = ["azureml-ai-monitoring==1.0.0", "scikit-learn"]
    uv, target = Path(sys.executable).with_name("uv"), ["--python", sys.executable, "--target", str(packages)]
    subprocess.run([uv, "pip", "install", "-q", *target, *asked], check=True)
    (tmp_path / "score.py").write_text(SCRIPT)
    said = {"collections": {"*": 1}, "container": "c", "folder": "f", "rolling": "hour", "source": "/sites/iris"}
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((os.environ.get("BENCH_SOURCE", str(ROOT / "src")), str(packages))),
        "AML_APP_ROOT": str(tmp_path),
        "AZUREML_ENTRY_SCRIPT": "score.py",
        "FUNCTIONS_MODEL_AUTH_LEVEL": "function",
        "FUNCTIONS_MODEL_COLLECT": json.dumps(said),
        "FUNCTIONS_MODEL_COLLECT_URL": account,
        "IDENTITY_ENDPOINT": f"{account}token",
        "IDENTITY_HEADER": "h",
    }
    words = (sys.executable, "-W", "ignore", str(HERE / "collected_answers.py"), str(ROUNDS), str(CALLS))
    measured = json.loads(run(Command(words, environ=environ)).splitlines()[-1])

    ours, theirs = zip(*measured, strict=True)
    results.add("collector_overhead", against(ours, theirs, aim=1.05, unit="ms"))
