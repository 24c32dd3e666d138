"""Manifest, tag and referrer routes of the OCI distribution API."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from azure_sandbox.registry import errors, locks
from azure_sandbox.registry.content import DIGEST, INDEX_TYPES, TAG
from azure_sandbox.registry.manifests import MAX_BYTES, check_manifest, referrers
from azure_sandbox.registry.session import METADATA, authorize, authorize_catalog

if TYPE_CHECKING:
    from starlette.requests import Request


async def _read(request: Request) -> Response:
    name, reference = request.path_params["name"], request.path_params["reference"]
    found = authorize(request, name).store.manifest(name, reference)
    headers = {
        "Docker-Content-Digest": found.digest,
        "ETag": f'"{found.digest}"',
        "Content-Length": str(len(found.content)),
    }
    content = b"" if request.method == "HEAD" else found.content
    return Response(content, media_type=found.media_type, headers=headers)


async def _put(request: Request) -> Response:
    name, reference = request.path_params["name"], request.path_params["reference"]
    store = authorize(request, name, "push").store
    content = await _limited_body(request)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip()
    manifest = check_manifest(store, name, media_type, content)
    by_digest = bool(DIGEST.fullmatch(reference))
    if not by_digest and not TAG.fullmatch(reference):
        raise errors.RegistryError(400, "TAG_INVALID", f"`{reference}` is not a tag")
    if by_digest:
        _check_digest(content, reference)
    locks.refuse_writing(store, name, None if by_digest else reference)
    digest = store.keep_manifest(name, media_type, content, None if by_digest else reference)
    headers = {"Location": f"/v2/{name}/manifests/{digest}", "Docker-Content-Digest": digest}
    subject = (manifest.get("subject") or {}).get("digest")
    return Response(status_code=201, headers=headers | ({"OCI-Subject": subject} if subject else {}))


async def _delete(request: Request) -> Response:
    """By digest the manifest with its tags, by tag the tag alone."""
    name, reference = request.path_params["name"], request.path_params["reference"]
    store = authorize(request, name, "delete").store
    if DIGEST.fullmatch(reference):
        locks.drop_manifest(store, name, reference)
    else:
        locks.drop_tag(store, name, reference)
    return Response(status_code=202)


async def _tags(request: Request) -> Response:
    name = request.path_params["name"]
    store = authorize(request, name, METADATA).store
    names, headers = page(request, store.tags(name))
    return JSONResponse({"name": name, "tags": names}, headers=headers)


async def _referrers(request: Request) -> Response:
    name, digest = request.path_params["name"], request.path_params["digest"]
    store = authorize(request, name).store
    known = store.has_manifest(name, digest) or bool(store.tags(name))
    found = list(referrers(store, name, digest)) if known else []
    wanted = request.query_params.get("artifactType")
    headers = {}
    if wanted:
        found = [entry for entry in found if entry.get("artifactType") == wanted]
        headers["OCI-Filters-Applied"] = "artifactType"
    index = {"schemaVersion": 2, "mediaType": INDEX_TYPES[0], "manifests": found}
    return JSONResponse(index, media_type=INDEX_TYPES[0], headers=headers)


async def _catalog(request: Request) -> Response:
    store = authorize_catalog(request).store
    names, headers = page(request, store.repositories())
    return JSONResponse({"repositories": names}, headers=headers)


async def _version(request: Request) -> Response:
    authorize(request, None)
    return JSONResponse({}, headers={"Docker-Distribution-Api-Version": "registry/2.0"})


def page(request: Request, names: list[str], most: int = 0) -> tuple[list[str], dict[str, str]]:
    """One page of sorted names (`n`, `last`), and the Link header to the next one where there is one.

    Args:
        request: Asks for a page.
        names: All of them.
        most: Of a page that nobody has asked a number for; 0 is all.

    Raises:
        RegistryError: `n` is not a whole number.
    """
    query = request.query_params
    count = query.get("n") or str(most or "")
    if count and not count.isdigit():
        raise errors.RegistryError(400, "PAGINATION_NUMBER_INVALID", f"`{count}` is not a number of entries")
    rest = [name for name in names if name > query["last"]] if "last" in query else names
    if not count or len(rest) <= int(count):
        return rest, {}
    shown = rest[: int(count)]
    last = quote(shown[-1]) if shown else ""
    return shown, {"Link": f'<{request.url.path}?last={last}&n={count}>; rel="next"'}


async def _limited_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise errors.RegistryError(413, "MANIFEST_INVALID", "manifest is larger than 4 MiB")
    return bytes(body)


def _check_digest(content: bytes, digest: str) -> None:
    if f"sha256:{hashlib.sha256(content).hexdigest()}" != digest:
        raise errors.digest_invalid("provided digest did not match uploaded content")


READING = [
    Route("/v2/", _version, methods=["GET", "HEAD"]),
    Route("/v2/_catalog", _catalog, methods=["GET"]),
    Route("/v2/{name:path}/manifests/{reference}", _read, methods=["GET", "HEAD"]),
    Route("/v2/{name:path}/tags/list", _tags, methods=["GET"]),
    Route("/v2/{name:path}/referrers/{digest}", _referrers, methods=["GET"]),
]
WRITING = [
    Route("/v2/{name:path}/manifests/{reference}", _put, methods=["PUT"]),
    Route("/v2/{name:path}/manifests/{reference}", _delete, methods=["DELETE"]),
]
