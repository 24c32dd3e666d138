"""Blob routes of the OCI distribution API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from azure_sandbox.registry import errors
from azure_sandbox.registry.content import DIGEST, REPOSITORY
from azure_sandbox.registry.session import authorize, may_pull
from azure_sandbox.registry.uploads import receive

if TYPE_CHECKING:
    from starlette.requests import Request

    from azure_sandbox.registry.uploads import Upload


async def _read(request: Request) -> Response:
    """HEAD and GET, whole or a range."""
    name, digest = request.path_params["name"], request.path_params["digest"]
    path = authorize(request, name).store.blob(name, digest)
    headers = {"Docker-Content-Digest": digest, "Accept-Ranges": "bytes"}
    return FileResponse(path, media_type="application/octet-stream", headers=headers)


async def _delete(request: Request) -> Response:
    name, digest = request.path_params["name"], request.path_params["digest"]
    authorize(request, name, "delete").store.unlink_blob(name, digest)
    return Response(status_code=202)


async def _begin(request: Request) -> Response:
    """Begin an upload, or mount a blob that another repository has: 201, else 202 and the upload's location."""
    name = request.path_params["name"]
    registry = authorize(request, name, "push")
    if not REPOSITORY.fullmatch(name):
        raise errors.RegistryError(400, "NAME_INVALID", "invalid repository name", {"name": name})
    digest, source = request.query_params.get("mount"), request.query_params.get("from")
    if digest and source and may_pull(request, source) and _has(request, source, digest):
        registry.store.link_blob(name, digest)
        return _created(name, digest)
    return _accepted(registry.uploads.begin(name), 202)


async def _status(request: Request) -> Response:
    name = request.path_params["name"]
    registry = authorize(request, name, "push")
    return _accepted(registry.uploads.look(name, request.path_params["upload"]), 204)


async def _append(request: Request) -> Response:
    """One PATCH of any size. Its location is spent, whether it succeeds or breaks off."""
    name = request.path_params["name"]
    registry = authorize(request, name, "push")
    upload = _take(request)
    _check_range(request, upload)
    try:
        await receive(upload, request.stream())
    except BaseException:
        registry.uploads.drop(upload)
        raise
    registry.uploads.give_back(upload)
    return _accepted(upload, 202)


async def _finish(request: Request) -> Response:
    """The closing PUT, with the last bytes or without, and the digest of the whole."""
    name = request.path_params["name"]
    registry = authorize(request, name, "push")
    digest = request.query_params.get("digest", "")
    if not DIGEST.fullmatch(digest):
        raise errors.digest_invalid(f"`{digest}` is not a sha256 digest")
    upload = _take(request)
    try:
        await receive(upload, request.stream())
        if (received := f"sha256:{upload.digest.hexdigest()}") != digest:
            raise errors.digest_invalid(f"provided digest did not match uploaded content, which is {received}")
        await run_in_threadpool(registry.store.keep_blob, name, digest, upload.path)
    finally:
        registry.uploads.drop(upload)
    return _created(name, digest)


async def _cancel(request: Request) -> Response:
    registry = authorize(request, request.path_params["name"], "push")
    registry.uploads.drop(_take(request))
    return Response(status_code=204)


def _take(request: Request) -> Upload:
    uploads = authorize(request, request.path_params["name"], "push").uploads
    state = request.query_params.get("_state", "")
    return uploads.take(request.path_params["name"], request.path_params["upload"], state)


def _check_range(request: Request, upload: Upload) -> None:
    """A Content-Range must go on where the last request ended."""
    given = request.headers.get("content-range")
    if given and given.removeprefix("bytes ").partition("-")[0] != str(upload.size):
        raise errors.RegistryError(416, "BLOB_UPLOAD_INVALID", "the range does not go on where the upload stands")


def _has(request: Request, repository: str, digest: str) -> bool:
    return bool(REPOSITORY.fullmatch(repository)) and authorize(request, None).store.has_blob(repository, digest)


def _created(name: str, digest: str) -> Response:
    headers = {"Location": f"/v2/{name}/blobs/{digest}", "Docker-Content-Digest": digest}
    return Response(status_code=201, headers=headers)


def _accepted(upload: Upload, status: int) -> Response:
    headers = {
        "Location": upload.location,
        "Range": f"0-{max(upload.size - 1, 0)}",
        "Docker-Upload-Uuid": upload.id,
    }
    return Response(status_code=status, headers=headers)


READING = [Route("/v2/{name:path}/blobs/{digest}", _read, methods=["GET", "HEAD"])]
WRITING = [
    Route("/v2/{name:path}/blobs/uploads/", _begin, methods=["POST"]),
    Route("/v2/{name:path}/blobs/uploads", _begin, methods=["POST"]),
    Route("/v2/{name:path}/blobs/uploads/{upload}", _status, methods=["GET"]),
    Route("/v2/{name:path}/blobs/uploads/{upload}", _append, methods=["PATCH"]),
    Route("/v2/{name:path}/blobs/uploads/{upload}", _finish, methods=["PUT"]),
    Route("/v2/{name:path}/blobs/uploads/{upload}", _cancel, methods=["DELETE"]),
    Route("/v2/{name:path}/blobs/{digest}", _delete, methods=["DELETE"]),
]
