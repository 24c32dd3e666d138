"""The probe by which a deployment proves a queue trigger: its answer names it.

The host gives a message that a Python function returns no properties of the function's choice: it makes the message of
the bytes alone (Azure/azure-functions-python-library, azure/functions/servicebus.py, `ServiceBusMessageOutConverter`;
Azure/azure-sdk-for-net, Microsoft.Azure.WebJobs.Extensions.ServiceBus/src/Bindings/ByteArrayToMessageConverter.cs). So
the id of a probe stands in the body, in a line before the answer.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import azure.functions as func

PREFIX = "functions-model-probe-"
"""How the correlation id of a probe begins."""


def answer_to(message: func.ServiceBusMessage, answer: bytes) -> bytes:
    """The answer as it is; to a probe, with a line before it that names the probe."""
    probe = message.correlation_id or ""
    if not probe.startswith(PREFIX):
        return answer
    return json.dumps({"probe": probe}).encode() + b"\n" + answer
