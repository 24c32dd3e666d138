"""The way of the SDK's requests to the network, which a cancel closes."""

from __future__ import annotations

from typing import Any

from azure.core.pipeline.transport import RequestsTransport

from functions_model.core.cancel import CANCEL, Cancel
from functions_model.core.sending import changes


class CancelledTransport(RequestsTransport):  # type: ignore[misc]
    """The SDK's transport, which begins nothing after a cancel. It is below retries and login: it sees each request.

    Args:
        cancel: The flag.
        options: As `RequestsTransport` takes them.
    """

    def __init__(self, cancel: Cancel = CANCEL, **options: Any) -> None:
        self._cancel = cancel
        super().__init__(**options)

    def send(self, request: Any, **options: Any) -> Any:
        """Send it, unless the run was cancelled."""
        with self._cancel.request(writes=changes(request.method, request.url)) as sent:
            response = super().send(request, **options)
            sent.status = response.status_code
            return response
