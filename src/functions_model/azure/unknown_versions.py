"""A version that a cloud does not know must not look like a resource that is not there."""

from __future__ import annotations

from typing import Any

from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.policies import SansIOHTTPPolicy

from functions_model.azure.errors import error_code

_CODES = {"InvalidResourceType", "InvalidResourceNamespace"}
_NOT_FOUND, _BAD_REQUEST = 404, 400


class UnknownVersionPolicy(SansIOHTTPPolicy[Any, Any]):
    """Raise for a 404 that means the version, or the type in this cloud.

    Below a resource group Azure says so with 400, elsewhere with 404
    (https://github.com/Azure/azure-cli/issues/31037): who asks whether something is there would take that for a no.
    """

    def on_response(self, request: Any, response: Any) -> None:  # noqa: ARG002 - the SDK's signature
        """Look at the answer.

        Raises:
            HttpResponseError: With the status 400.
        """
        answer = response.http_response
        if answer.status_code != _NOT_FOUND:
            return
        # The first answer of a long operation is streamed; clients of the SDK's older kind stream none.
        getattr(answer, "read", lambda: None)()
        error = HttpResponseError(response=answer)
        if error_code(error) in _CODES:
            error.status_code = _BAD_REQUEST
            raise error
