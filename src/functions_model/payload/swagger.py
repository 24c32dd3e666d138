"""The function `swagger`: GET on `/api/swagger.json`, with `?version=3` as the inference server has it."""

from __future__ import annotations

import azure.functions as func  # noqa: TC002 - the worker evaluates the annotations

from .answering import answer
from .server import SERVER


def main(req: func.HttpRequest) -> func.HttpResponse:
    """The description of the scoring interface. It needs the script, so the first call runs `init()`."""
    return answer(req, "/swagger.json", SERVER)
