"""The loaded model, and its answers: MLflow's own scoring functions, called in process."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

# MLflow runs parts of itself differently where a model is served, and asks for it when it is imported.
os.environ.setdefault("_MLFLOW_IS_IN_SERVING_ENVIRONMENT", "true")

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import scoring_server
from mlflow_score_paths import MODEL_FILE, readable_here
from mlflow_score_refusals import BAD_REQUEST, Refused
from mlflow_score_server import TELLS_FAULTS_APART, Scored, score

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from mlflow.pyfunc import PyFuncModel
    from mlflow_score_requests import Asked

logger = logging.getLogger("mlflow_score")

collect: Callable[[Any, Any], None] | None = None
"""Takes each table and what the model predicted for it. An app that collects sets it (`payload/tables.py`)."""


@dataclass(frozen=True)
class ServedModel:
    """A model that answers requests.

    Attributes:
        model: As `mlflow.pyfunc` loads it, whatever made it.
        schema: The inputs of its signature; None without one.
    """

    model: PyFuncModel
    schema: Any

    @property
    def input_names(self) -> list[str]:
        """The names of the inputs in its signature; empty where they have none."""
        return list(self.schema.input_names()) if self.schema and self.schema.has_input_names() else []

    def answer(self, asked: Asked) -> str:
        """The answer as JSON. What JSON has no word for (NaN, infinity) is null.

        Raises:
            Refused: The body cannot be read, or does not fit the signature.
            Exception: Whatever the model raises.
        """
        watched = Watched(self.model)
        try:
            scored = score(asked.body, asked.content_type, watched, self.schema)
        except MlflowException as error:
            raise (watched.failures[0] if watched.failures else _refusal(error)) from None
        if scored.status != 200:
            raise watched.failures[0] if watched.failures else _not_scored(scored)
        return _worded(scored.response, bare=asked.bare)


@dataclass
class Watched:
    """The model for one call: keeps what it raises, which MLflow would tell as the caller's fault (status 400).

    Attributes:
        model: The model itself.
        failures: What `predict` raised, unless MLflow raised it over the signature.
    """

    model: PyFuncModel
    failures: list[Exception] = field(default_factory=list)

    def predict(self, data: Any, params: dict[str, Any] | None = None) -> Any:
        """The model's predictions."""
        try:
            predicted = self.model.predict(data) if params is None else self.model.predict(data, params=params)
        except MlflowException as error:
            if error.get_http_status_code() >= 500 and TELLS_FAULTS_APART:
                self.failures.append(error)
            raise
        except Exception as error:
            self.failures.append(error)
            raise
        if collect is not None:
            collect(data, predicted)
        return predicted

    def __getattr__(self, name: str) -> Any:
        return getattr(self.model, name)


def load_served_model(root: Path) -> ServedModel:
    """Load the MLflow model at or below a folder.

    Raises:
        RuntimeError: There is none, or there are several.
    """
    folder = _model_folder(root)
    load = getattr(scoring_server, "load_model_with_mlflow_config", mlflow.pyfunc.load_model)
    model = load(str(readable_here(folder)))
    logger.info("MLflow %s loaded the model in %s", mlflow.__version__, folder.name)
    return ServedModel(model, model.metadata.get_input_schema())


def _model_folder(root: Path) -> Path:
    """The folder with `MLmodel`: the outermost, because a model may hold others."""
    found = sorted(root.rglob(MODEL_FILE), key=lambda file: len(file.parts))
    outermost = [file for file in found if len(file.parts) == len(found[0].parts)]
    if len(outermost) != 1:
        message = f"{len(outermost) or 'no'} MLflow models below AZUREML_MODEL_DIR, where one is needed"
        raise RuntimeError(message)
    return outermost[0].parent


def _refusal(error: MlflowException) -> Exception:
    """Only its words: the traceback that MLflow adds is nothing for callers."""
    status = error.get_http_status_code()
    return Refused(error.message, status=status, error_code=error.error_code) if status < 500 else error


def _not_scored(scored: Scored) -> Exception:
    """What a status says that MLflow raised no exception for: words alone, or JSON, which the older servers answer.

    Their code for a broken signature is that of an internal error. It is the caller's all the same.
    """
    try:
        told = json.loads(scored.response)
    except ValueError:
        told = {}
    if scored.status >= 500 and "error_code" not in told:
        return RuntimeError(scored.response)
    code = "UNSUPPORTED_MEDIA_TYPE" if scored.status == 415 else BAD_REQUEST
    return Refused(
        told.get("message", scored.response), status=scored.status if scored.status < 500 else 400, error_code=code
    )


def _worded(response: str, *, bare: bool) -> str:
    if not bare and "NaN" not in response and "Infinity" not in response:
        return response
    document = json.loads(response, parse_constant=lambda _: None)
    if bare and isinstance(document, dict) and document.keys() == {"predictions"}:
        document = document["predictions"]
    return json.dumps(document)
