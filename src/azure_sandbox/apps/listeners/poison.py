"""Blobs that a function cannot have: a message for each in the queue `webjobs-blobtrigger-poison`."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from azure.core.exceptions import ResourceExistsError
from azure.storage.queue import TextBase64EncodePolicy

from azure_sandbox.apps.listeners.receipts import function_id, quoted

if TYPE_CHECKING:
    from azure_sandbox.apps.storage_accounts import OpenAccount

QUEUE = "webjobs-blobtrigger-poison"


def poison(account: OpenAccount, function: str, container: str, blob: str, etag: str) -> None:
    """Leave a message about a blob, base64 as the host's queues have it.

    Raises:
        AzureError: The queue service refused.
    """
    message = {
        "Type": "BlobTrigger",
        "FunctionId": function_id(function),
        "BlobType": "BlockBlob",
        "ContainerName": container,
        "BlobName": blob,
        "ETag": quoted(etag),
    }
    with account.queues() as service:
        queue = service.get_queue_client(QUEUE, message_encode_policy=TextBase64EncodePolicy())
        with queue:
            with contextlib.suppress(ResourceExistsError):
                queue.create_queue()
            queue.send_message(json.dumps(message))
