"""A small entry script for a model of a known kind, and a request for it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from functions_model.image.opened import opened
from functions_model.preflight.pickle_files import Pickled
from functions_model.scaffold.models import Kind

_HEAD = '"""Scores with the model. `init()` is called once, `run()` for each request."""\n'
_FRAME = """\
{doc}
{imports}


def init():
    global model
    path = os.path.join(os.environ["AZUREML_MODEL_DIR"], {parts})
    model = {load}


def run(data):
    rows = json.loads(data)["data"]
    return {{"predictions": {predict}}}
"""


@dataclass(frozen=True, slots=True)
class Scoring:
    """How a kind of model is loaded and asked.

    Attributes:
        modules: What the script imports, beside Python's own.
        imports: The lines for them.
        load: An expression with `path`.
        predict: An expression with `model` and `rows`.
    """

    modules: tuple[str, ...]
    imports: str
    load: str
    predict: str


_NUMPY = "import numpy as np"
_JOBLIB = Scoring(("joblib",), "import joblib", "joblib.load(path)", "model.predict(rows).tolist()")
_PICKLE = Scoring((), "", 'pickle.load(open(path, "rb"))', "model.predict(rows).tolist()")
_OF = {
    Kind.ONNX: Scoring(
        ("numpy", "onnxruntime"),
        f"{_NUMPY}\nimport onnxruntime",
        'onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])',
        "model.run(None, {model.get_inputs()[0].name: np.asarray(rows, dtype=np.float32)})[0].tolist()",
    ),
    Kind.LIGHTGBM: Scoring(
        ("lightgbm", "numpy"),
        f"import lightgbm\n{_NUMPY}",
        "lightgbm.Booster(model_file=path)",
        "model.predict(np.asarray(rows)).tolist()",
    ),
    Kind.XGBOOST: Scoring(
        ("numpy", "xgboost"),
        f"{_NUMPY}\nimport xgboost",
        "xgboost.Booster(model_file=path)",
        "model.predict(xgboost.DMatrix(np.asarray(rows, dtype=float))).tolist()",
    ),
    Kind.TORCHSCRIPT: Scoring(
        ("torch",),
        "import torch",
        'torch.jit.load(path, map_location="cpu").eval()',
        "model(torch.tensor(rows)).tolist()",
    ),
    Kind.KERAS: Scoring(
        ("keras", "numpy", "tensorflow"),
        f"import keras\n{_NUMPY}",
        "keras.models.load_model(path)",
        "model.predict(np.asarray(rows), verbose=0).tolist()",
    ),
}


def scoring_of(kind: Kind, pickled: Pickled | None, file: Path) -> Scoring | None:
    """How a file is loaded and asked; None where nobody can tell from here.

    Args:
        kind: What it is.
        pickled: What it names, where it is a pickle that could be followed.
        file: The model.
    """
    if kind is not Kind.PICKLE:
        return _OF.get(kind)
    modules = {one.module.partition(".")[0] for one in pickled.found} if pickled else set()
    if not modules & {"sklearn", "lightgbm", "xgboost", "catboost", "imblearn"}:
        return None
    return _JOBLIB if file.suffix in {".joblib", ".jl"} or modules & {"joblib", "sklearn"} else _PICKLE


def script_text(scoring: Scoring, path: str) -> str:
    """The entry script.

    Args:
        scoring: How the model is loaded and asked.
        path: The model's file, below `AZUREML_MODEL_DIR`, POSIX.
    """
    standard = ["import json", "import os", *(["import pickle"] if scoring is _PICKLE else [])]
    imports = "\n".join(standard) + (f"\n\n{scoring.imports}" if scoring.imports else "")
    parts = ", ".join(json.dumps(part) for part in path.split("/"))
    return _FRAME.format(doc=_HEAD, imports=imports, parts=parts, load=scoring.load, predict=scoring.predict)


_MOST = 64 << 20
"""Bytes of a model that are looked through for how many columns it takes."""
_COLUMNS = (
    re.compile(
        rb"n_features_in_(?:\x94|q[\x00-\xff]|r[\x00-\xff]{4})?(?:K(?P<one>[\x00-\xff])|M(?P<two>[\x00-\xff]{2}))"
    ),
    re.compile(rb"^max_feature_idx=(?P<last>\d{1,6})\s", re.MULTILINE),
    re.compile(rb'"num_feature"\s*:\s*"(?P<text>\d{1,6})"'),
)
"""scikit-learn's attribute in a pickle, with the number as one byte or two (`BININT1`, `BININT2`); LightGBM's head;
XGBoost's JSON."""
_BY_NAME = re.compile(rb"ColumnTransformer|feature_names_in_|TfidfVectorizer|CountVectorizer|OneHotEncoder")
"""What wants named columns or texts, which nobody can make up."""


def made_up_sample(file: Path) -> str:
    """A request with one row of zeros, as JSON; empty where nobody can tell how many there must be."""
    try:
        with opened(file) as stream:
            content = stream.read(_MOST)
    except OSError:
        return ""
    if _BY_NAME.search(content):
        return ""
    for found in (pattern.search(content) for pattern in _COLUMNS):
        if found and (count := _count(found)):
            return json.dumps({"data": [[0.0] * count]}) + "\n"
    return ""


def _count(found: re.Match[bytes]) -> int:
    named = found.groupdict()
    if little := named.get("one") or named.get("two"):
        return int.from_bytes(little, "little")
    return int(named["last"]) + 1 if "last" in named else int(named["text"])
