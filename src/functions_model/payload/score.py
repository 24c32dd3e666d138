"""The function `score`: GET and POST on `/api/score`."""

from __future__ import annotations

import azure.functions as func  # noqa: TC002 - the worker evaluates the annotations

from .answering import answer
from .server import SERVER


def main(req: func.HttpRequest) -> func.HttpResponse:
    """Score one request. Not `async`: scoring would hold up the worker's event loop."""
    return answer(req, "/score", SERVER)
