"""The function `score` of an app with a Service Bus queue trigger."""

from __future__ import annotations

import azure.functions as func  # noqa: TC002 - the worker evaluates the annotations

from .messages import message_content
from .probes import answer_to
from .scoring import score
from .server import SERVER


def main(message: func.ServiceBusMessage) -> bytes:
    """Score one message; the bytes of the answer become the body of a new one."""
    return answer_to(message, score(message_content(message), SERVER))


def without_output(message: func.ServiceBusMessage) -> None:
    """Score one message and drop the answer: the worker refuses a result that no binding takes."""
    score(message_content(message), SERVER)
