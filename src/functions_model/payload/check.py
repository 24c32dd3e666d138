"""The function `check`: GET and POST on `/api/check`, for those who hold the host's master key.

An app that scores blobs or messages has it, so that its model can be tried without touching storage or queues.
"""

from __future__ import annotations

import azure.functions as func  # noqa: TC002 - the worker evaluates the annotations

from .answering import answer
from .server import SERVER


def main(req: func.HttpRequest) -> func.HttpResponse:
    """POST scores the body as `/api/score` of an HTTP trigger does, errors included; GET runs `init()` and no more."""
    # What the server answers on `/` touches nothing of the script, but there is no server before `init()` has returned.
    return answer(req, "/" if req.method == "GET" else "/score", SERVER, route="/check")
