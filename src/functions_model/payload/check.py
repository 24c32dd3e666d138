"""The function `check`: GET and POST on `/api/check`, for those who hold the host's master key.

By it the model can be tried without touching storage or queues, and what the script raised or warned of be asked for,
and what its start took.
"""

from __future__ import annotations

import json
import os
from urllib.parse import parse_qs, urlsplit

import azure.functions as func

from .answering import BUILD, answer
from .measured import MEASURES
from .noted import NOTES
from .server import SERVER

NOTED = "noted"
"""The parameter by which the failure of an id, the warnings and the times are asked for: nothing starts for it."""


def main(req: func.HttpRequest) -> func.HttpResponse:
    """POST scores the body as `/api/score` of an HTTP trigger does, errors included; GET runs `init()` and no more."""
    asked = parse_qs(urlsplit(req.url).query, keep_blank_values=True).get(NOTED)
    if asked and req.method == "GET":
        headers = {BUILD: os.environ.get("FUNCTIONS_MODEL_BUILD_ID", ""), "Cache-Control": "no-store"}
        body = json.dumps({**NOTES.document(asked[-1]), "times": MEASURES.document()})
        return func.HttpResponse(body, headers=headers, mimetype="application/json")
    # What the server answers on `/` touches nothing of the script, but there is no server before `init()` has returned.
    return answer(req, "/" if req.method == "GET" else "/score", SERVER, route="/check")
