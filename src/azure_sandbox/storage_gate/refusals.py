"""What a storage service says when it lets somebody not in: status, code and words.

https://learn.microsoft.com/rest/api/storageservices/common-rest-api-error-codes,
https://learn.microsoft.com/troubleshoot/azure/azure-storage/blobs/authentication/storage-troubleshoot-403-errors and
https://learn.microsoft.com/azure/storage/blobs/anonymous-read-access-prevent#verify-that-anonymous-access-is-not-permitted
"""

from __future__ import annotations

import json
import time
import uuid
from dataclasses import dataclass
from xml.sax.saxutils import escape

AUTHENTICATE = (
    "Server failed to authenticate the request. Please refer to the information in the www-authenticate header."
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a request is not let in.

    Attributes:
        status: HTTP status.
        code: The storage service's code.
        message: For people.
        detail: `AuthenticationErrorDetail`; may be empty.
    """

    status: int
    code: str
    message: str
    detail: str = ""

    def answer(self, service: str, tenant: str) -> dict[str, object]:
        """Status, headers and body, as the service sends them.

        Args:
            service: Its errors are XML, but for `table`.
            tenant: Whose tokens it takes.
        """
        request_id = str(uuid.uuid4())
        told = (
            f"{self.message}\nRequestId:{request_id}\nTime:{time.strftime('%Y-%m-%dT%H:%M:%S.0000000Z', time.gmtime())}"
        )
        body, kind = (
            (self._json(told), "application/json") if service == "table" else (self._xml(told), "application/xml")
        )
        headers = {"content-type": kind, "x-ms-error-code": self.code, "x-ms-request-id": request_id}
        if self.status == 401:
            entra = f"https://login.microsoftonline.com/{tenant}/oauth2/authorize"
            headers["www-authenticate"] = f"Bearer authorization_uri={entra} resource_id=https://storage.azure.com"
        return {"status": self.status, "headers": {**headers, "content-length": str(len(body.encode()))}, "body": body}

    def _xml(self, told: str) -> str:
        detail = f"<AuthenticationErrorDetail>{escape(self.detail)}</AuthenticationErrorDetail>" if self.detail else ""
        error = f"<Code>{self.code}</Code><Message>{escape(told)}</Message>{detail}"
        return f'<?xml version="1.0" encoding="utf-8"?><Error>{error}</Error>'

    def _json(self, told: str) -> str:
        return json.dumps({"odata.error": {"code": self.code, "message": {"lang": "en-US", "value": told}}})


NETWORK = Refusal(403, "AuthorizationFailure", "This request is not authorized to perform this operation.")
PERMISSION = Refusal(
    403,
    "AuthorizationPermissionMismatch",
    "This request is not authorized to perform this operation using this permission.",
)
NO_KEYS = Refusal(
    403,
    "KeyBasedAuthenticationNotPermitted",
    "Key based authentication is not permitted on this storage account.",
)
NO_PUBLIC_ACCESS = Refusal(409, "PublicAccessNotPermitted", "Public access is not permitted on this storage account.")
NOBODY = Refusal(401, "NoAuthenticationInformation", AUTHENTICATE)


def bad_token(why: str) -> Refusal:
    """A token that does not hold."""
    return Refusal(401, "InvalidAuthenticationInfo", AUTHENTICATE, why)
