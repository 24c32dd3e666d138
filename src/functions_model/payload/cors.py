"""The function `cors`: OPTIONS on `/api/score`, which browsers ask before they send a request. For everybody.

A browser sends no key with this question, so the function `score` cannot answer it where it wants one.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import azure.functions as func  # noqa: TC002 - the worker evaluates the annotations

from .answering import answer
from .server import SERVER
from .starting import Started

if TYPE_CHECKING:
    from collections.abc import Mapping
    from wsgiref.types import WSGIApplication

    from flask import Flask


def main(req: func.HttpRequest) -> func.HttpResponse:
    """Answer as Azure ML's server does. Only who may call `score` gets an answer of the script's own."""
    anybody = os.environ.get("FUNCTIONS_MODEL_AUTH_LEVEL") == "anonymous"
    return answer(req, "/score", SERVER if anybody else ANSWERS)


def answers(environ: Mapping[str, str] = os.environ) -> WSGIApplication:
    """What the server answers to OPTIONS without the script: status 200, and the origins of `AML_CORS_ORIGINS`.

    azureml-inference-server-http 1.5.1, server/routes.py `handle_score` and server/aml_blueprint.py `setup`.

    Args:
        environ: The image's variables.
    """
    from flask import Flask, Response  # noqa: PLC0415 - other functions need none of it

    app = Flask("functions_model_cors")
    app.add_url_rule(
        "/score",
        methods=["OPTIONS"],
        provide_automatic_options=False,
        view_func=lambda: Response("", 200, {"x-ms-run-function-failed": "False"}),
    )
    if origins := [origin.strip() for origin in environ.get("AML_CORS_ORIGINS", "").split(",") if origin.strip()]:
        _allow(app, origins)
    application: WSGIApplication = app
    return application


def _allow(app: Flask, origins: list[str]) -> None:
    try:
        from flask_cors import CORS  # noqa: PLC0415 - older releases of the server do without
    except ModuleNotFoundError:
        return
    CORS(app, methods=["GET", "POST"], origins=origins)


ANSWERS: Started[WSGIApplication] = Started(answers)
"""The one of this process."""
