"""Append blobs of one storage account, written with an identity of the app or with the account's key.

By the standard library alone: the image gets nothing for it. Each process writes blobs of its own, so that none waits
for another and no line is torn.
https://learn.microsoft.com/rest/api/storageservices/append-block, and put-blob for the blob itself.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from email.utils import formatdate
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urlsplit

from .sink import Refused, TryLater

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Sign = Callable[[urllib.request.Request], None]

TIMEOUT = 10.0
"""Seconds that the store may be silent."""
MOST_BLOCKS = 50_000
"""Of one blob, says the service."""
_KEPT, _EARLY = 64, 300
"""Blobs that are remembered, and seconds before its end at which a token is asked for anew."""
_VERSION = "2020-10-02"
_PASSES = frozenset({401, 403, 404, 408, 429})
"""Statuses that may pass: a role counts after minutes, a container comes back. So do those from 500 up."""


@dataclass
class _Blob:
    """A blob of this process.

    Attributes:
        name: Its name in the container.
        length: Bytes that it has.
        blocks: Blocks that it has.
        unsure: A block was sent, and no answer came: it may be there.
    """

    name: str
    length: int = 0
    blocks: int = 0
    unsure: bool = False
    made: bool = False


class AppendBlobs:
    """The blobs of a container that this process appends to.

    Args:
        url: Of the account's blobs: `https://x.blob.core.windows.net/`.
        container: Its name.
        process: What tells the blobs of this process from those of others.
        sign: Adds to a request what opens the account.
        most: Blocks of one blob. What comes then goes into a new one.
        trust: Whose certificates count; None: those that the system knows.
    """

    def __init__(
        self,
        url: str,
        container: str,
        process: str,
        sign: Sign,
        *,
        most: int = MOST_BLOCKS,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self._url, self._process, self._sign = f"{url.rstrip('/')}/{container}", process, sign
        self._open, self._most = _opener(url, trust), most
        self._blobs: dict[str, _Blob] = {}
        self._made = 0

    def append(self, folder: str, block: bytes) -> None:
        """Append a block to the blob in a folder, which is made when it is not there.

        A block whose answer was lost is sent again on the condition that it is not there yet.

        Raises:
            TryLater: The same block may be taken later.
            Refused: It never will.
        """
        blob = self._blob(folder)
        try:
            if not blob.made:
                self._make(blob)
            self._request(f"{blob.name}?comp=appendblock", block, {"x-ms-blob-condition-appendpos": str(blob.length)})
        except _Status as status:
            self._refused(folder, blob, status)
        except (OSError, HTTPException, ValueError) as problem:
            blob.unsure = blob.made
            raise TryLater(_brief(problem)) from None
        blob.length, blob.blocks, blob.unsure = blob.length + len(block), blob.blocks + 1, False

    def _blob(self, folder: str) -> _Blob:
        blob = self._blobs.get(folder)
        if blob is None or blob.blocks >= self._most:
            self._made += 1
            blob = self._blobs[folder] = _Blob(f"{folder}/{self._process}-{self._made}.jsonl")
            for old in list(self._blobs)[:-_KEPT]:
                del self._blobs[old]
        return blob

    def _make(self, blob: _Blob) -> None:
        """Make the blob. One that is there is ours, as no other has its name: the answer to its making was lost."""
        try:
            self._request(blob.name, b"", {"x-ms-blob-type": "AppendBlob", "If-None-Match": "*"})
        except _Status as status:
            if status.name != "BlobAlreadyExists":
                raise
        blob.made = True

    def _refused(self, folder: str, blob: _Blob, status: _Status) -> None:
        """Raise what the status means; return when the block is there in spite of it."""
        if status.code == 412 and blob.unsure:
            return
        if status.code in {404, 409, 412}:
            # Somebody has removed or changed it, or it is full: the next try makes another.
            del self._blobs[folder]
            raise TryLater(str(status))
        if status.code in _PASSES or status.code >= 500:
            blob.unsure = blob.made and status.code >= 500
            raise TryLater(str(status))
        raise Refused(str(status))

    def _request(self, name: str, body: bytes, headers: Mapping[str, str]) -> None:
        path, _, query = name.partition("?")
        url = f"{self._url}/{quote(path)}{'?' if query else ''}{query}"
        request = urllib.request.Request(url, body, dict(headers), method="PUT")  # noqa: S310 - the product's own setting
        request.add_header("Content-Type", "application/octet-stream")
        request.add_header("x-ms-version", _VERSION)
        request.add_header("x-ms-date", formatdate(usegmt=True))
        self._sign(request)
        try:
            with self._open(request) as answer:
                answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                refused.read()
            raise _Status(refused.code, refused.headers.get("x-ms-error-code", "")) from None


class _Status(Exception):
    """An answer other than success."""

    def __init__(self, code: int, name: str) -> None:
        self.code, self.name = code, name
        super().__init__(f"{code} {name}".strip())


def _opener(
    url: str, trust: ssl.SSLContext | None = None
) -> Callable[[urllib.request.Request], urllib.response.addinfourl]:
    """With one TLS context for all requests: reading the certificates takes longer than a request.

    What answers without TLS is on this machine, and not behind a proxy.
    """
    if url.startswith("https:"):
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=trust or ssl.create_default_context()))
    else:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return lambda request: opener.open(request, timeout=TIMEOUT)


def _brief(problem: Exception) -> str:
    reason = problem.reason if isinstance(problem, urllib.error.URLError) else problem
    return f"{type(reason).__name__}: {reason}" if str(reason) else type(reason).__name__


def by_identity(endpoint: str, header: str, client_id: str) -> Sign:
    """Sign with tokens of an identity, from where App Service gives them out.

    https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference.
    """
    open_, lock = _opener(endpoint), threading.Lock()
    query = {"resource": "https://storage.azure.com/", "api-version": "2019-08-01", "client_id": client_id}
    if not client_id:
        del query["client_id"]
    known = {"token": "", "until": "0"}

    def sign(request: urllib.request.Request) -> None:
        with lock:
            if time.time() > float(known["until"]) - _EARLY:
                asked = urllib.request.Request(f"{endpoint}?{urlencode(query)}", headers={"X-IDENTITY-HEADER": header})  # noqa: S310
                with open_(asked) as answer:
                    told = json.loads(answer.read())
                known.update(token=told["access_token"], until=str(told["expires_on"]))
        request.add_header("Authorization", f"Bearer {known['token']}")

    return sign


def by_key(connection: Mapping[str, str]) -> Sign:
    """Sign with an account's key.

    https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key.

    Args:
        connection: Parts of a connection string, by lower-case name.
    """
    account, key = connection["accountname"], base64.b64decode(connection["accountkey"])

    def sign(request: urllib.request.Request) -> None:
        headers = {name.lower(): value for name, value in request.header_items()}
        where, body = urlsplit(request.full_url), request.data or b""
        length = str(len(body)) if isinstance(body, bytes) and body else ""
        ours = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers) if name.startswith("x-ms-"))
        standard = ("", "", length, "", headers["content-type"], "", "", "", headers.get("if-none-match", ""), "", "")
        resource = f"/{account}{where.path}" + (f"\n{where.query.replace('=', ':')}" if where.query else "")
        text = "\n".join(("PUT", *standard, ours + resource))
        signature = base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()
        request.add_header("Authorization", f"SharedKey {account}:{signature}")

    return sign
