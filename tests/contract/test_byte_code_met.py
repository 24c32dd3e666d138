"""What an app imports until its first answer has byte code: a module without is compiled at each start."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from functions_model.environment.byte_code import compile_modules
from functions_model.environment.modules import find_modules, with_loaded
from functions_model.image.tree import read_tree
from support.function_app import FunctionApp, function_app
from support.mlflow_servers import VERSIONS, mlflow_python
from support.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.exhaustive

EXAMPLES, MAKER = ROOT / "examples", ROOT / "tests" / "support" / "mlflow_flavours.py"
FUNCTIONS = ("azure-functions", "inference-schema==1.8", "joblib")
PLACE, MINOR = "site-packages", "3.11"
TABLE = {"dataframe_split": {"columns": ["a", "b", "c", "d"], "data": [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]}}
LIGHTGBM = """
import joblib, os, pandas
def init():
    global model
    model = joblib.load(os.environ["AZUREML_MODEL_DIR"] + "/model/model.joblib")
def run(data):
    return model.predict(pandas.DataFrame([[1.0, 2.0, 3.0, 4.0]])).tolist()
"""
MAKE = """
import joblib, lightgbm, sys
rows = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]] * 20
joblib.dump(lightgbm.LGBMClassifier(n_estimators=2, min_child_samples=1).fit(rows, [0, 1] * 20), sys.argv[1])
"""
LATER = {
    "cachetools": "another imports it inside a function",
    "databricks": "MLflow asks whether it is there",
    "dateutil": "pandas imports it inside functions",
    "idna": "another imports it inside a function",
    "importlib_metadata": "it imports its own parts inside functions",
    "mlflow": "it names its parts as texts",
    "narwhals": "it imports what a table asks for inside functions",
    "opentelemetry": "an entry point names it",
    "numpy": "what is no Python imports it",
    "pandas": "what is no Python imports it",
    "pydantic": "it names its parts as texts",
    "scipy": "what is no Python imports it, or its name is put together",
    "sklearn": "its name is put together, or MLflow walks through its folders",
    "zipp": "another imports it inside a function",
}
"""By package: why some of its modules are imported and have none."""
MOST = 0.015
"""Of the source that is imported: what may be without."""


@pytest.fixture(scope="module")
def python() -> Path:
    """A Python with the libraries of all models."""
    _, packages = VERSIONS["mlflow-3"]
    return mlflow_python(".venv-mlflow-functions", (*packages, *FUNCTIONS))


def files_of(folder: Path, place: str) -> dict[str, str | bytes]:
    """A folder's files, by their path in a workspace."""
    return {f"{place}/{path.relative_to(folder)}": path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def iris(python: Path, folder: Path) -> tuple[FunctionApp, bytes]:
    """A pickle of scikit-learn."""
    example = EXAMPLES / "iris-http"
    files = files_of(example / "model", "model") | {"src/score.py": (example / "score.py").read_bytes()}
    return with_model(folder, files, "score.py"), (example / "sample-request.json").read_bytes()


def lightgbm(python: Path, folder: Path) -> tuple[FunctionApp, bytes]:
    """A pickle of LightGBM, and a script that makes tables."""
    subprocess.run([python, "-c", MAKE, folder / "model.joblib"], check=True, capture_output=True)
    files = {"src/score.py": LIGHTGBM.encode(), "model/model.joblib": (folder / "model.joblib").read_bytes()}
    return with_model(folder, files, "score.py"), b'{"data": 1}'


def mlflow_iris(python: Path, folder: Path) -> tuple[FunctionApp, bytes]:
    """An MLflow model of scikit-learn."""
    example = EXAMPLES / "mlflow-iris"
    return with_model(folder, files_of(example / "model", "model")), (example / "sample-request.json").read_bytes()


def mlflow_lightgbm(python: Path, folder: Path) -> tuple[FunctionApp, bytes]:
    """One of LightGBM."""
    return flavour("lightgbm", python, folder)


def mlflow_xgboost(python: Path, folder: Path) -> tuple[FunctionApp, bytes]:
    """One of XGBoost."""
    return flavour("xgboost", python, folder)


def flavour(name: str, python: Path, folder: Path) -> tuple[FunctionApp, bytes]:
    """An MLflow model of a flavour."""
    subprocess.run([python, "-P", MAKER, name, folder / "made"], check=True, capture_output=True)
    return with_model(folder, files_of(folder / "made", "model")), json.dumps(TABLE).encode()


def with_model(folder: Path, files: Mapping[str, str | bytes], script: str | None = None) -> FunctionApp:
    """A function app with one model."""
    return function_app(folder, files, script=script, models=(("model", "1", "model"),))


MODELS = {
    "iris": (iris, ("scikit-learn", "numpy", "joblib", "inference-schema")),
    "lightgbm": (lightgbm, ("lightgbm", "pandas", "scikit-learn", "joblib")),
    "mlflow-iris": (mlflow_iris, ()),
    "mlflow-lightgbm": (mlflow_lightgbm, ()),
    "mlflow-xgboost": (mlflow_xgboost, ()),
}
"""How each is made, and what its environment file asks for; an MLflow model brings one."""


def asked_by(folder: Path) -> list[str]:
    """The packages that an MLflow model's own requirements name; MLflow has been installed without its web server."""
    lines = (folder / "workspace" / "model" / "requirements.txt").read_text().splitlines()
    names = [re.split(r"[=<>;\[ ]", line)[0] for line in lines if line.strip()]
    return [{"mlflow": "mlflow-skinny", "xgboost": "xgboost-cpu"}.get(name, name) for name in names]


@pytest.mark.parametrize("name", MODELS)
def test_nearly_all_has_byte_code(name: str, python: Path, tmp_path: Path) -> None:
    """The few others are named, with why no import leads to them, and are a hundredth of what is imported."""
    make, asked = MODELS[name]
    packages = python.parent.parent / "lib" / f"python{MINOR}" / PLACE
    app, body = make(python, tmp_path)
    app.program = python
    with app:
        answer = app.call("score", "https://contoso.azurewebsites.net/api/score", body, headers=JSON)
        found = app.python("[getattr(one, '__file__', None) for one in [*sys.modules.values()]]")
    assert 200 == answer.status, app.container_log
    imported = {path for path in found if path and path.startswith(f"{packages}/") and path.endswith(".py")}

    tree = read_tree(packages, PLACE, root=packages)
    modules = find_modules(tree.files, with_loaded(asked or asked_by(tmp_path)), (PLACE,))
    made = compile_modules(modules, MINOR, python, work=tmp_path / "byte-code", environ={"PATH": os.environ["PATH"]})
    have = {str(packages / file.path.removeprefix(f"{PLACE}/")) for file in made.files}
    without = {path for path in imported if cached(path) not in have}

    assert set() == {path for path in without if Path(path).relative_to(packages).parts[0] not in LATER}
    assert sum(map(os.path.getsize, without)) < MOST * sum(map(os.path.getsize, imported)), sorted(without)


JSON = {"content-type": "application/json"}


def cached(path: str) -> str:
    """Where a module's byte code lies."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/__pycache__/{name.removesuffix('.py')}.cpython-{MINOR.replace('.', '')}.pyc"
