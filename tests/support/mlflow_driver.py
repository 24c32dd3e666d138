"""Runs in a Python with MLflow: makes models, and asks MLflow's own server and ours the same. Imports nothing of ours.

`python mlflow_driver.py SCRIPTS FOLDER` writes the models into the folder. Then it reads one JSON document per line,
`{"model": folder, "requests": [...]}`, and answers with `{"theirs": [...], "ours": [...]}`. Standard output of all else
goes to standard error.
"""

from __future__ import annotations

import base64
import importlib
import inspect
import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

ODD = """
import datetime
import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel


class Odd(PythonModel):
    def predict(self, context, model_input, params=None):
        wanted = str(model_input["wanted"].iloc[0])
        if wanted == "error":
            raise ZeroDivisionError("secret of the model")
        if wanted == "params":
            return params
        return {
            "table": pd.DataFrame({"number": [1.5, 2.5], "text": ["a", "b"]}),
            "series": pd.Series([1, 2, 3], name="numbers"),
            "array": np.array([[1.5, float("nan")], [float("inf"), 2.0]]),
            "dates": [datetime.date(2026, 11, 22), np.datetime64("2026-11-22T10:00:00"), pd.Timestamp("2026-11-22")],
            "bytes": [b"raw", np.int64(3), np.float32(0.5), np.bool_(True)],
            "text": "none",
        }[wanted]


set_model(Odd())
"""
"""A model of Python code, whose answers are everything that is hard to write as JSON."""

TYPED = """
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel


class Typed(PythonModel):
    def predict(self, context, model_input, params=None):
        return [[str(kind) for kind in model_input.dtypes], [repr(value) for value in model_input.iloc[0]]]


set_model(Typed())
"""
"""A model that answers with what it was given, after the cast by the signature."""

LOADER = """
import mlflow.pyfunc


class Words:
    def __init__(self, words):
        self.words = words

    def predict(self, data):
        return [self.words] * len(data)


class Artifact(mlflow.pyfunc.PythonModel):
    def load_context(self, context):
        with open(context.artifacts["words"]) as file:
            self.words = file.read()

    def predict(self, context, model_input):
        if "fail" in model_input:
            raise ZeroDivisionError("secret of the model")
        return [self.words] * len(model_input)


def _load_pyfunc(path):
    with open(path) as file:
        return Words(file.read())
"""
"""What lies in a model's folder `code`."""


def make(folder: Path) -> None:
    import mlflow
    import numpy as np
    from mlflow.models.signature import ModelSignature, infer_signature
    from mlflow.types import Schema, TensorSpec
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    iris = load_iris(as_frame=True)
    table, species = iris.data, iris.target
    model = LogisticRegression(max_iter=1000).fit(table.to_numpy(), species)
    tensor = ModelSignature(
        inputs=Schema([TensorSpec(np.dtype(np.float64), (-1, 4))]),
        outputs=Schema([TensorSpec(np.dtype(np.int64), (-1,))]),
    )
    named = {"pip_requirements": ["scikit-learn"], "serialization_format": "pickle"}
    make_words(folder)
    if hasattr(mlflow.models, "set_model"):
        make_from_code(folder)
    mlflow.sklearn.save_model(model, str(folder / "columns"), signature=infer_signature(table, species), **named)
    mlflow.sklearn.save_model(model, str(folder / "unsigned"), **named)
    mlflow.sklearn.save_model(model, str(folder / "tensor"), signature=tensor, **named)


def make_from_code(folder: Path) -> None:
    """Models of Python code: since MLflow 2.12."""
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, ParamSchema, ParamSpec, Schema

    (folder / "odd.py").write_text(ODD)
    (folder / "typed.py").write_text(TYPED)
    params = ParamSchema([ParamSpec("scale", "double", 1.0), ParamSpec("name", "string", "x")])
    signature = ModelSignature(inputs=Schema([ColSpec("string", "wanted")]), params=params)
    own = {"pip_requirements": ["pandas"]}
    mlflow.pyfunc.save_model(str(folder / "odd"), python_model=str(folder / "odd.py"), signature=signature, **own)
    kinds = ["integer", "long", "float", "double", "boolean", "string", "datetime", "binary"]
    typed = Schema([*(ColSpec(kind, kind) for kind in kinds), ColSpec("double", "optional", required=False)])
    mlflow.pyfunc.save_model(
        str(folder / "typed"), python_model=str(folder / "typed.py"), signature=ModelSignature(inputs=typed), **own
    )


def make_words(folder: Path) -> None:
    """Two models with code beside them: one with an artifact, and one with a loader of its own."""
    import mlflow

    (folder / "words.txt").write_text("some words")
    (folder / "code").mkdir()
    (folder / "code" / "my_loader.py").write_text(LOADER)
    sys.path.append(str(folder / "code"))
    my_loader = importlib.import_module("my_loader")
    code = "code_paths" if "code_paths" in inspect.signature(mlflow.pyfunc.save_model).parameters else "code_path"
    common = {code: [str(folder / "code" / "my_loader.py")], "pip_requirements": ["pandas"]}
    words = {"words": str(folder / "words.txt")}
    mlflow.pyfunc.save_model(str(folder / "artifact"), python_model=my_loader.Artifact(), artifacts=words, **common)
    mlflow.pyfunc.save_model(str(folder / "loader"), loader_module="my_loader", data_path=words["words"], **common)
    sys.path.pop()
    del sys.modules["my_loader"]


class Asker:
    """Both servers, on one model after the other."""

    def __init__(self, scripts: str, model: str) -> None:
        os.environ |= {"AML_APP_ROOT": scripts, "AZUREML_ENTRY_SCRIPT": "mlflow_score.py", "AZUREML_MODEL_DIR": model}
        sys.path.append(scripts)
        from azureml_inference_server_http.server import routes
        from azureml_inference_server_http.server.create_app import create

        self.ours = create().test_client()
        self.script = routes.main_blueprint.user_script
        self.model = model

    def ask(self, model: str, requests: list[dict[str, Any]]) -> dict[str, Any]:
        import mlflow.pyfunc.scoring_server

        if model != self.model:
            os.environ["AZUREML_MODEL_DIR"] = self.model = model
            self.script.invoke_init()
        ours = [self.one(self.ours, "/score", request) for request in requests]
        try:
            app = mlflow.pyfunc.scoring_server.init(mlflow.pyfunc.load_model(model))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the answer
            return {"ours": ours, "theirs": [{"status": 0, "type": "", "text": repr(error)} for _ in requests]}
        return {"ours": ours, "theirs": [self.one(client_of(app), "/invocations", request) for request in requests]}

    def one(self, client: Any, path: str, request: dict[str, Any]) -> dict[str, Any]:
        headers = {"Content-Type": request["type"]} if request["type"] is not None else {}
        body = base64.b64decode(request["body"])
        call = getattr(client, request["method"].lower())
        if hasattr(client, "application"):
            answer = call(path, data=body, headers=headers)
            return {"status": answer.status_code, "type": answer.content_type, "text": answer.get_data(as_text=True)}
        answer = call(path, headers=headers, **({"content": body} if request["method"] == "POST" else {}))
        return {"status": answer.status_code, "type": answer.headers.get("content-type"), "text": answer.text}


def client_of(app: Any) -> Any:
    """A test client: the server is a Flask app before MLflow 2.20 or so, and then one of FastAPI."""
    if hasattr(app, "test_client"):
        return app.test_client()
    from starlette.testclient import TestClient

    return TestClient(app, raise_server_exceptions=False)


def main() -> None:
    warnings.simplefilter("ignore")
    scripts, folder = map(Path, sys.argv[1:])
    make(folder)
    asker = Asker(str(scripts), str(folder / "columns"))
    for line in sys.stdin:
        print(json.dumps(asker.ask(**json.loads(line))), file=answers, flush=True)


main()
