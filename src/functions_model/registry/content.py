"""Reads manifests and blobs, and holds them to their digests: so also what a tag means."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
import urllib3

from functions_model.core.answers import whole
from functions_model.core.failures import RegistryFailed
from functions_model.core.references import Digest, digest_of, parse_digest
from functions_model.core.sending import AttemptFailed
from functions_model.image.assembly import LARGEST_MANIFEST
from functions_model.image.layers import PieceStream
from functions_model.image.manifests import INDEX_TYPES, MANIFEST_TYPES
from functions_model.registry.access import Access
from functions_model.registry.client import Call, RegistryClient
from functions_model.registry.errors import NO_REGISTRY, RegistryRefused, breakdown

BLOCK = 1 << 20
_ACCEPT = {"Accept": ", ".join((*INDEX_TYPES, *MANIFEST_TYPES))}
_REDIRECTS = frozenset({302, 307, 308})


@dataclass(frozen=True, slots=True)
class Fetched:
    """A manifest or an index as the registry has it.

    Attributes:
        content: Its bytes.
        media_type: As the registry says it.
        digest: Of the content.
    """

    content: bytes
    media_type: str
    digest: Digest


def head_manifest(client: RegistryClient, access: Access, name: str) -> Digest | None:
    """The digest of the manifest with that tag or digest; None when there is none.

    Raises:
        RegistryFailed: The registry refused, or broke off.
    """
    action = f"look for `{_named(client, access, name)}`"
    path = f"/v2/{access.repository}/manifests/{name}"
    response = client.call(Call("HEAD", path, access, action, frozenset({200, 404}), headers=_ACCEPT))
    if response.status_code == 404:
        return None
    digest = response.headers.get("Docker-Content-Digest")
    try:
        return parse_digest(digest) if digest else get_manifest(client, access, name).digest
    except ValueError as error:
        raise RegistryFailed(action, f"`{client.host}` answered, and {error}", NO_REGISTRY) from error


def get_manifest(client: RegistryClient, access: Access, name: str) -> Fetched:
    """The manifest or index with that tag or digest.

    Raises:
        RegistryFailed: There is none, the registry refused, or it gave other bytes than the digest names.
    """
    action = f"read the manifest of `{_named(client, access, name)}`"
    path = f"/v2/{access.repository}/manifests/{name}"

    def attempt() -> Fetched:
        call = Call("GET", path, access, action, headers=_ACCEPT, stream=True)
        with client.attempt(call) as response:
            content = _whole(client, response, LARGEST_MANIFEST, action)
        wanted = name if ":" in name else response.headers.get("Docker-Content-Digest", "")
        _hold(client, digest_of(content), wanted or digest_of(content), action)
        return Fetched(content, response.headers.get("Content-Type", ""), digest_of(content))

    return client.retries.persist(attempt, client.sleep)


def get_blob(client: RegistryClient, access: Access, digest: Digest, size: int) -> bytes:
    """A small blob, whole.

    Args:
        client: Where it is.
        access: The repository it is in.
        digest: Its name.
        size: Bytes; no more are read.

    Raises:
        RegistryFailed: There is none, the registry refused, or it gave other bytes than the digest names.
    """
    action = f"read `{_named(client, access, digest)}`"

    def attempt() -> bytes:
        with _opened(client, access, digest, action) as response:
            content = _whole(client, response, size, action)
        _hold(client, digest_of(content), digest, action)
        return content

    return client.retries.persist(attempt, client.sleep)


@contextmanager
def stream_blob(client: RegistryClient, access: Access, digest: Digest) -> Iterator[Iterator[bytes]]:
    """The blocks of a blob, as they come over the network; nothing is kept, and nothing is checked here.

    Raises:
        AttemptFailed: The stream did not begin, or broke; another attempt starts from the first byte.
        RegistryFailed: The registry refused.
    """
    action = f"read the layer `{_named(client, access, digest)}`"
    with _opened(client, access, digest, action) as response:
        yield _blocks(client, response, action)


class BlobStream(PieceStream):
    """A blob as a stream of bytes, held to its digest when it has been read to its end.

    Raises:
        RegistryFailed: On reading: the registry refused or broke off, or gave other bytes than the digest names.
    """

    def __init__(self, client: RegistryClient, access: Access, digest: Digest) -> None:
        self._held = _held_blocks(client, access, digest)
        super().__init__(self._held)

    def close(self) -> None:
        """Give the connection back."""
        self._held.close()
        super().close()


def _held_blocks(client: RegistryClient, access: Access, digest: Digest) -> Generator[bytes, None, None]:
    """A blob's blocks; a transfer that does not begin is begun again, one that breaks is a failure."""
    with ExitStack() as opened:
        try:
            begin = lambda: opened.enter_context(stream_blob(client, access, digest))  # noqa: E731
            blocks = client.retries.persist(begin, client.sleep)
            yield from _checked(client, access, digest, blocks)
        except AttemptFailed as failed:
            raise failed.failure from failed


def download_blob(client: RegistryClient, access: Access, digest: Digest, target: Path) -> None:
    """Fetch a blob into a file: whole, held to its digest, and again when a transfer breaks.

    Args:
        client: The registry.
        access: The repository it is in.
        digest: What it must have.
        target: The file to write; its folder is made.

    Raises:
        RegistryFailed: Refused, broken off too often, or the content is not what its digest says.
    """
    target.parent.mkdir(parents=True, exist_ok=True)

    def attempt() -> None:
        with stream_blob(client, access, digest) as blocks, target.open("wb") as file:
            file.writelines(_checked(client, access, digest, blocks))

    client.retries.persist(attempt, client.sleep)


def _checked(client: RegistryClient, access: Access, digest: Digest, blocks: Iterator[bytes]) -> Iterator[bytes]:
    """The same blocks; after the last one, AttemptFailed when they are not what the digest names."""
    found = hashlib.sha256()
    for block in blocks:
        found.update(block)
        yield block
    _hold(client, f"sha256:{found.hexdigest()}", digest, f"read the layer `{_named(client, access, digest)}`")


def has_blob(client: RegistryClient, access: Access, digest: Digest) -> bool:
    """Whether the repository has that blob.

    Raises:
        RegistryFailed: The registry refused, or broke off.
    """
    action = f"look for the layer `{_named(client, access, digest)}`"
    path = f"/v2/{access.repository}/blobs/{digest}"
    answers = frozenset({200, 404}) | _REDIRECTS
    # Azure answers with a redirection to the storage that holds the blob, which says as much as 200.
    return client.call(Call("HEAD", path, access, action, answers)).status_code != 404


def has_whole_blob(client: RegistryClient, access: Access, digest: Digest, size: int) -> bool:
    """Whether the repository has that blob in that size. A repository that may not be read has none.

    Raises:
        RegistryFailed: The registry broke off.
    """
    action = f"look for the layer `{_named(client, access, digest)}`"
    path = f"/v2/{access.repository}/blobs/{digest}"

    def length_where_it_lies() -> str:
        with _opened(client, access, digest, action) as response:
            return response.headers.get("Content-Length", "")

    try:
        response = client.call(Call("HEAD", path, access, action, frozenset({200}) | _REDIRECTS))
        told = response.headers.get("Content-Length", "")
        if response.status_code in _REDIRECTS:
            told = client.retries.persist(length_where_it_lies, client.sleep)
    except RegistryRefused as refused:
        if not refused.forbidden:
            raise
        return False
    return told in {str(size), ""}


def _opened(client: RegistryClient, access: Access, digest: Digest, action: str) -> requests.Response:
    path = f"/v2/{access.repository}/blobs/{digest}"
    return client.attempt(Call("GET", path, access, action, stream=True, redirects=True))


def _blocks(client: RegistryClient, response: requests.Response, action: str) -> Iterator[bytes]:
    try:
        yield from response.raw.stream(BLOCK, decode_content=False)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        failure, _ = breakdown(error, client.host, action)
        raise AttemptFailed(failure) from error


def _whole(client: RegistryClient, response: requests.Response, most: int, action: str) -> bytes:
    """A small body, unpacked: a proxy may pack what nobody asked it to."""
    try:
        return whole(response, most)
    except requests.RequestException as error:
        failure, passing = breakdown(error, client.host, action)
        raise (AttemptFailed(failure) if passing else failure) from error


def _hold(client: RegistryClient, given: str, wanted: str, action: str) -> None:
    if given != wanted:
        what = f"`{client.host}` sent other bytes than {wanted}"
        raise AttemptFailed(RegistryFailed(action, what, "Run again; if it stays, the registry or a proxy is broken."))


def _named(client: RegistryClient, access: Access, name: str) -> str:
    return f"{client.host}/{access.repository}{'@' if ':' in name else ':'}{name}"
