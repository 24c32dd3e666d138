"""Blob uploads under way: a file, a running digest, and a location that serves once."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from starlette.concurrency import run_in_threadpool

from azure_sandbox.registry import errors

if TYPE_CHECKING:
    from collections.abc import AsyncIterable
    from pathlib import Path

    from azure_sandbox.registry.content import ContentStore

_BLOCK = 1 << 20
"""Bytes that are hashed and written in one go, outside the event loop."""


@dataclass(slots=True)
class Upload:
    """One upload.

    Attributes:
        id: Its name in the location.
        repository: Where it goes.
        path: What has been received.
        state: What the next location must carry; a new one after each request.
        size: Bytes received.
    """

    id: str
    repository: str
    path: Path
    state: str
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    @property
    def location(self) -> str:
        """Where the next request goes, relative to the host: opaque, and good once."""
        return f"/v2/{self.repository}/blobs/uploads/{self.id}?_nouploadcache=false&_state={self.state}"


class Uploads:
    """The uploads of one registry."""

    def __init__(self, store: ContentStore) -> None:
        self._store = store
        self._open: dict[str, Upload] = {}
        self._lock = threading.Lock()

    def begin(self, repository: str) -> Upload:
        """A new, empty upload."""
        name = str(uuid.uuid4())
        upload = Upload(name, repository, self._store.uploads / name, secrets.token_urlsafe(24))
        upload.path.touch()
        with self._lock:
            self._open[name] = upload
        return upload

    def take(self, repository: str, name: str, state: str) -> Upload:
        """Claim the upload for one request. Until `give_back`, nobody else can have it.

        Raises:
            RegistryError: No such upload, or the location was used before.
        """
        with self._lock:
            upload = self._open.get(name)
            if upload is None or upload.repository != repository or upload.state != state:
                raise errors.upload_invalid()
            return self._open.pop(name)

    def look(self, repository: str, name: str) -> Upload:
        """The upload, without claiming it.

        Raises:
            RegistryError: No such upload, or a request is at work on it.
        """
        with self._lock:
            upload = self._open.get(name)
        if upload is None or upload.repository != repository:
            raise errors.upload_invalid()
        return upload

    def give_back(self, upload: Upload) -> None:
        """Let the next request have it, at a new location."""
        upload.state = secrets.token_urlsafe(24)
        with self._lock:
            self._open[upload.id] = upload

    def drop(self, upload: Upload) -> None:
        """Forget the upload and what it received."""
        with self._lock:
            self._open.pop(upload.id, None)
        upload.path.unlink(missing_ok=True)


async def receive(upload: Upload, stream: AsyncIterable[bytes]) -> None:
    """Append a request's body. A block is hashed and written while the next one comes; memory stays flat."""
    block, writing = bytearray(), None
    try:
        async for chunk in stream:
            block += chunk
            if len(block) >= _BLOCK:
                if writing is not None:
                    await writing
                writing = asyncio.ensure_future(run_in_threadpool(_append, upload, block))
                block = bytearray()
    finally:
        if writing is not None:
            await writing
    if block:
        await run_in_threadpool(_append, upload, block)


def _append(upload: Upload, block: bytearray) -> None:
    with upload.path.open("ab", buffering=0) as file:
        file.write(block)
    upload.digest.update(block)
    upload.size += len(block)
