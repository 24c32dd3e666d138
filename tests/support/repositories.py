"""Repositories as people have them before there is a deployment: fifteen and more shapes, in a few small files each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCORE = """\
import json
import os

import joblib


def init():
    global model
    model = joblib.load(os.path.join(os.environ["AZUREML_MODEL_DIR"], {path}))


def run(data):
    return model.predict(json.loads(data)["data"]).tolist()
"""
FOREST = (
    b"\x80\x04csklearn.linear_model._logistic\nLogisticRegression\n)\x81}("
    b"\x8c\x0en_features_in_K\x04\x8c\x10_sklearn_version\x8c\x051.7.2ub."
)
"""A pickle of scikit-learn 1.7.2 with four columns, as small as it gets."""
CHURN = b"\x80\x04cchurn.model\nChurn\n)\x81."
"""A pickle of a class of the project's own."""
LIGHTGBM = b"tree\nversion=v4\nnum_class=1\nmax_feature_idx=2\n"
XGBOOST = b'{"learner":{"learner_model_param":{"num_feature":"5"}}}'
MLMODEL = """\
flavors:
  python_function:
    env: {conda: conda.yaml}
    loader_module: mlflow.sklearn
    model_path: model.pkl
signature:
  inputs: '[{"name": "size", "type": "double"}, {"name": "city", "type": "string"}]'
"""
MLFLOW: Mapping[str, str | bytes] = {
    "MLmodel": MLMODEL,
    "conda.yaml": "dependencies: [python=3.12, pip, pip: [mlflow]]\n",
    "model.pkl": FOREST,
}
DEPLOYMENT = """\
$schema: https://azuremlschemas.azureedge.net/latest/managedOnlineDeployment.schema.json
name: blue
endpoint_name: churn
model:
  path: ../models/wine.joblib
code_configuration:
  code: ../serving
  scoring_script: score.py
environment:
  conda_file: ../conda.yml
  image: mcr.microsoft.com/azureml/minimal-ubuntu22.04-py39-cpu-inference
"""
GITHUB = '[core]\n\tbare = false\n[remote "origin"]\n\turl = git@github.com:contoso/Iris.git\n'
DEVOPS = '[remote "origin"]\n\turl = https://contoso@dev.azure.com/contoso/ml/_git/iris\n'
CONDA = "dependencies: [python=3.12, pip, pip: [joblib, scikit-learn==1.7.2]]\n"
DESCRIBED = """\
import numpy as np
import pandas as pd
from azure.identity import DefaultAzureCredential
from azure.storage.blob import BlobServiceClient
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType
from inference_schema.schema_decorators import input_schema

FLOWERS = [[5.1, 3.5, 1.4, 0.2]]


def init():
    try:
        import polars
    except ImportError:
        polars = None


@input_schema("data", NumpyParameterType(np.array(FLOWERS)))
@input_schema(param_name="method", param_type=StandardPythonParameterType("mean"))
def run(data, method):
    return []
"""
PLAIN = "def init():\n    pass\n\n\ndef run(data):\n    return data\n"
WORKFLOW = "name: test\non: push\njobs: {}\n"


@dataclass(frozen=True, slots=True)
class Shape:
    """One repository.

    Attributes:
        files: Contents by path.
        inputs: What `init` must write of the project, by name; not those of Azure.
        wrote: Files beside the inputs file.
        folder: Where in the repository the model is.
        installed: Versions by distribution, in `.venv`; with `name:module` for one that has a module of another name.
    """

    files: Mapping[str, str | bytes]
    inputs: Mapping[str, str]
    wrote: tuple[str, ...] = (".github/workflows/deploy.yml",)
    folder: str = ""
    installed: Mapping[str, str] = field(default_factory=dict)


_GITHUB_WORKFLOW = ".github/workflows/deploy.yml"
_WRITTEN = ("requirements.txt", "sample-request.json", "score.py", _GITHUB_WORKFLOW)
_SKLEARN = {"scikit-learn:sklearn": "1.8.0", "joblib": "1.5.3"}
SHAPES: Mapping[str, Shape] = {
    "a model and nothing else": Shape(
        {"model/model.joblib": FOREST},
        {
            "model-path": "model",
            "entry-script": "score.py",
            "environment-file": "requirements.txt",
            "python-version": "3.13",
            "sample-request": "sample-request.json",
        },
        _WRITTEN,
        installed=_SKLEARN,
    ),
    "all by its usual name": Shape(
        {
            "score.py": SCORE.format(path='"model", "model.joblib"'),
            "conda.yml": CONDA,
            "model/model.joblib": FOREST,
            "sample-request.json": '{"data": [[1, 2, 3, 4]]}',
            ".git/config": GITHUB,
        },
        {
            "model-path": "model",
            "entry-script": "score.py",
            "environment-file": "conda.yml",
            "sample-request": "sample-request.json",
        },
    ),
    "a file at the top": Shape(
        {"score.py": SCORE.format(path='"wine.pkl"'), "wine.pkl": FOREST, "requirements.txt": "scikit-learn==1.7.2\n"},
        {"model-path": "wine.pkl", "entry-script": "score.py", "environment-file": "requirements.txt"},
    ),
    "a file in a folder": Shape(
        {
            "score.py": SCORE.format(path='"wine.pkl"'),
            "model/wine.pkl": FOREST,
            "model/notes.md": "",
            "conda.yml": CONDA,
        },
        {"model-path": "model/wine.pkl", "entry-script": "score.py", "environment-file": "conda.yml"},
    ),
    "an MLflow model": Shape(
        {f"model/{name}": content for name, content in MLFLOW.items()},
        {"model-path": "model", "sample-request": "sample-request.json"},
        ("sample-request.json", _GITHUB_WORKFLOW),
    ),
    "MLflow's own store": Shape(
        {f"mlruns/1/models/m-0f/artifacts/{name}": content for name, content in MLFLOW.items()}
        | {"mlruns/1/models/m-0f/artifacts/serving_input_example.json": '{"dataframe_split": {"data": [[1, "x"]]}}'},
        {"model-path": "mlruns/1/models/m-0f/artifacts", "sample-request": "sample-request.json"},
        ("sample-request.json", _GITHUB_WORKFLOW),
    ),
    "an Azure ML deployment": Shape(
        {
            "deploy/blue.yml": DEPLOYMENT,
            "deploy/endpoint.yml": "$schema: x/managedOnlineEndpoint.schema.json\nname: churn\n",
            "serving/score.py": SCORE.format(path='"wine.joblib"'),
            "models/wine.joblib": FOREST,
            "conda.yml": CONDA,
        },
        {"deployment-file": "deploy/blue.yml"},
    ),
    "a src layout": Shape(
        {
            "serving/score.py": "import churn.model\n" + SCORE.format(path='"wine.joblib"'),
            "src/churn/__init__.py": "",
            "src/churn/model.py": "import pandas\n",
            "models/wine.joblib": CHURN,
            "tests/test_score.py": "from serving.score import init, run\n",
            "pyproject.toml": "[project]\nname = 'churn'\n",
        },
        {
            "model-path": "models/wine.joblib",
            "entry-script": "serving/score.py",
            "import-roots": "src",
            "environment-file": "requirements.txt",
            "python-version": "3.13",
        },
        ("requirements.txt", _GITHUB_WORKFLOW),
        installed={"pandas": "2.3.3", "joblib": "1.5.3"},
    ),
    "an app folder": Shape(
        {
            "app/score.py": "import helpers\n" + SCORE.format(path='"wine.joblib"'),
            "app/helpers.py": "",
            "models/wine.joblib": FOREST,
            "requirements.txt": "scikit-learn\n",
        },
        {"model-path": "models/wine.joblib", "entry-script": "app/score.py", "environment-file": "requirements.txt"},
    ),
    "modules at the top": Shape(
        {
            "serving/score.py": "import features\n" + PLAIN,
            "features.py": "",
            "model/wine.joblib": FOREST,
            "requirements.txt": "scikit-learn\n",
        },
        {
            "model-path": "model",
            "entry-script": "serving/score.py",
            "source-directory": ".",
            "environment-file": "requirements.txt",
        },
    ),
    "an ONNX model": Shape(
        {"resnet.onnx": b"\x08\x08"},
        {"model-path": "resnet.onnx", "entry-script": "score.py", "environment-file": "requirements.txt"},
        ("requirements.txt", "score.py", _GITHUB_WORKFLOW),
    ),
    "a LightGBM model": Shape(
        {"models/rent.txt": LIGHTGBM, "README.txt": "tree\n"},
        {
            "model-path": "models/rent.txt",
            "entry-script": "score.py",
            "environment-file": "requirements.txt",
            "sample-request": "sample-request.json",
        },
        _WRITTEN,
    ),
    "an XGBoost model": Shape(
        {"rent.json": XGBOOST, "package.json": "{}"},
        {
            "model-path": "rent.json",
            "entry-script": "score.py",
            "environment-file": "requirements.txt",
            "sample-request": "sample-request.json",
        },
        _WRITTEN,
    ),
    "one of several in a repository": Shape(
        {
            "ml/wine/model/model.joblib": FOREST,
            "ml/wine/score.py": SCORE.format(path='"model", "model.joblib"'),
            "ml/wine/conda.yml": CONDA,
            "ml/rent/model/model.joblib": FOREST,
            ".git/config": GITHUB,
            ".gitattributes": "*.joblib filter=lfs\n",
        },
        {"model-path": "model", "entry-script": "score.py", "environment-file": "conda.yml"},
        (".github/workflows/deploy-wine.yml",),
        "ml/wine",
    ),
    "Azure Repos": Shape(
        {
            "score.py": SCORE.format(path='"model", "model.joblib"'),
            "conda.yml": CONDA,
            "model/model.joblib": FOREST,
            ".git/config": DEVOPS,
            "azure-pipelines.yml": "steps: []\n",
        },
        {"model-path": "model", "entry-script": "score.py", "environment-file": "conda.yml"},
        ("azure-pipelines-model.yml",),
    ),
    "a project with a lock": Shape(
        {
            "score.py": "import pandas\nimport yaml\nimport shap\nimport sklearn.base\n" + PLAIN,
            "model/a.bin": b"0",
            "pyproject.toml": "[project]\ndependencies = ['pandas>=2', 'PyYAML>=6,<7', 'scikit-learn', 'x @ file:///x']\n",
            "uv.lock": "[[package]]\nname = 'pandas'\nversion = '2.3.1'\n",
            "requirements-dev.txt": "pytest\n",
        },
        {"model-path": "model", "entry-script": "score.py", "environment-file": "requirements.txt"},
        ("requirements.txt", _GITHUB_WORKFLOW),
    ),
    "a script that describes its request": Shape(
        {"score.py": DESCRIBED, "model/weights.bin": b"0"},
        {
            "model-path": "model",
            "entry-script": "score.py",
            "environment-file": "requirements.txt",
            "python-version": "3.13",
            "sample-request": "sample-request.json",
        },
        ("requirements.txt", "sample-request.json", _GITHUB_WORKFLOW),
        installed={"numpy": "2.3.4", "azure-storage-blob:azure/storage/blob": "12.27.1", "inference-schema": "1.8"},
    ),
    "several models": Shape(
        {
            "score.py": "import onnxruntime\n" + PLAIN,
            "models/first.onnx": b"\x08",
            "models/second.onnx": b"\x08",
            "requirements.txt": "onnxruntime\n",
        },
        {"model-path": "models", "entry-script": "score.py", "environment-file": "requirements.txt"},
    ),
    "no model": Shape(
        {"score.py": "import six\n" + PLAIN, "README.md": ""}, {"model-path": "[]", "entry-script": "score.py"}
    ),
    "a workflow that is another's": Shape(
        {"score.py": PLAIN, "model/a.bin": b"0", _GITHUB_WORKFLOW: WORKFLOW},
        {"model-path": "model", "entry-script": "score.py"},
        (".github/workflows/deploy-model.yml",),
    ),
}


def write_shape(shape: Shape, top: Path) -> Path:
    """Write a repository; the folder with the model."""
    for name, content in shape.files.items():
        path = top / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    if shape.installed:
        install(top / ".venv", shape.installed)
    return top / shape.folder


def install(venv: Path, installed: Mapping[str, str]) -> None:
    """What a virtual environment has of these distributions that can be read without running anything."""
    for name, version in installed.items():
        distribution, _, module = name.partition(":")
        stem = distribution.replace("-", "_")
        folder = venv / "lib" / "python3.13" / "site-packages" / f"{stem}-{version}.dist-info"
        folder.mkdir(parents=True)
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
        (folder / "RECORD").write_text(f"{module or stem}/__init__.py,,\n")
    (venv / "pyvenv.cfg").touch()


def as_json(path: Path) -> object:
    """A file of JSON."""
    found: object = json.loads(path.read_text())
    return found
