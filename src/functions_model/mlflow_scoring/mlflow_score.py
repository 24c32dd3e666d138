"""The entry script of an MLflow model that brings none: `init()` loads the model, `run()` scores one request.

It runs under Azure ML's inference server, like any entry script, and needs what the model's environment holds.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from azureml_inference_server_http.api.aml_request import AMLRequest, rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse
from mlflow_score_model import ServedModel, load_served_model
from mlflow_score_refusals import Refused
from mlflow_score_requests import read_request

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON = {"Content-Type": "application/json"}

served: ServedModel


def init() -> None:
    """Load the model below `AZUREML_MODEL_DIR`.

    Raises:
        RuntimeError: There is no MLflow model, or there are several.
    """
    global served  # noqa: PLW0603 - Azure ML's contract: init() loads, run() uses
    served = load_served_model(Path(os.environ["AZUREML_MODEL_DIR"]))


@rawhttp
def run(request: AMLRequest) -> AMLResponse:
    """Score one request; one that cannot be read, or does not fit the signature, is answered with what is wrong.

    What the model itself raises is left to the inference server, which logs it and answers with status 500.
    """
    if request.method != "POST":
        return _answer_without_body(request.method)
    try:
        asked = read_request(request.get_data(), request.headers.get("Content-Type", ""), served.input_names)
        return AMLResponse(served.answer(asked), 200, JSON)
    except Refused as refusal:
        return _json(refusal.body, refusal.status)


def _answer_without_body(method: str) -> AMLResponse:
    """As the inference server answers for scripts that take a body: OPTIONS is for browsers' preflight requests."""
    return AMLResponse("", 200) if method == "OPTIONS" else _json({"message": "Method not allowed"}, 405)


def _json(body: Mapping[str, str], status: int) -> AMLResponse:
    return AMLResponse(dict(body), status, json_str=True)
