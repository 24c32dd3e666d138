"""A blob or a message, scored by the inference server as one POST. What fails is raised, so that the host tries again.

After the last try the host puts a blob's name into the poison queue, and Service Bus a message into the dead-letter
queue. Nothing is lost in silence.
"""

from __future__ import annotations

import json
import logging
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult

from .answering import broke_out
from .exchange import environ_of
from .measured import MEASURES
from .noted import NOTES
from .starting import StartFailed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from wsgiref.types import WSGIApplication

    from .content import Content
    from .starting import Started

logger = logging.getLogger("functions_model")

LONGEST_MESSAGE = 500
"""Characters of a server's message that go into the text of a failure."""


class ScoringFailed(Exception):
    """The content was not scored. The text has the status and the server's own message."""


def score(content: Content, server: Started[WSGIApplication], environ: Mapping[str, str] = os.environ) -> bytes:
    """The bytes that the inference server answers.

    Raises:
        ScoringFailed: The server did not start, the script ended the process, or the status is 400 or above.
    """
    try:
        # Tries are counted. A start that has just failed must not use them up within a second.
        application = server.get(wait=True)
    except StartFailed as failed:
        raise ScoringFailed(f"Could not score {content.name}: {failed}") from None
    NOTES.take()
    try:
        answer = MEASURES.scored(application, post_environ(content, environ))
    except BaseException as problem:  # noqa: BLE001 - SystemExit of run() would end the worker process
        raise ScoringFailed(f"Could not score {content.name}: {broke_out(problem).brief}. Check the log.") from None
    if answer.status >= 400:
        failure = NOTES.take()
        where = f" ({failure.brief})" if failure else ""
        said = _message(answer.body)
        raise ScoringFailed(f"Could not score {content.name}: status {answer.status}. {said}{where}")
    return answer.body


def post_environ(content: Content, environ: Mapping[str, str]) -> dict[str, Any]:
    """The WSGI environment of a POST on `/api/score`, or below the app's own route prefix.

    Args:
        content: What is posted.
        environ: The image's variables: App Service names the app's host in `WEBSITE_HOSTNAME`.
    """
    prefix = environ.get("SERVICE_PATH_PREFIX", "api")  # which may be empty
    root = f"/{prefix}".rstrip("/")
    base = SplitResult("https", environ.get("WEBSITE_HOSTNAME") or "localhost", root, "", "")
    return environ_of("POST", base, "/score", [("Content-Type", content.content_type), *content.headers], content.body)


def _message(body: bytes) -> str:
    """The server's message, or the beginning of whatever it answered."""
    text = body[: 8 * LONGEST_MESSAGE].decode("utf-8", "replace")
    try:
        document = json.loads(text)
    except ValueError:
        document = None
    if isinstance(document, dict) and isinstance(document.get("message"), str):
        text = document["message"]
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_MESSAGE else line[:LONGEST_MESSAGE] + "..."
