"""`/acr/v1`: repositories, tags and manifests with the attributes that Azure Container Registry adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from azure_sandbox.registry import errors, locks
from azure_sandbox.registry.content import DIGEST
from azure_sandbox.registry.images import page
from azure_sandbox.registry.manifests import image_size
from azure_sandbox.registry.session import CHANGE_METADATA, METADATA, Registry, authorize, authorize_catalog

if TYPE_CHECKING:
    import datetime as dt

    from starlette.requests import Request

    from azure_sandbox.registry.content import ContentStore, StoredManifest

_PAGE = 100
"""Entries of a list at most, unless fewer are asked for."""


async def _catalog(request: Request) -> Response:
    names, headers = page(request, authorize_catalog(request).store.repositories(), _PAGE)
    return JSONResponse({"repositories": names}, headers=headers)


async def _repository(request: Request) -> Response:
    return _shown_repository(request, authorize(request, request.path_params["name"], METADATA).store)


def _shown_repository(request: Request, store: ContentStore) -> Response:
    name = request.path_params["name"]
    found = store.manifests(name)
    times = [manifest.created for manifest in found] + [store.tag_time(name, tag) for tag in store.tags(name)]
    body = {
        **_names(request, name),
        "createdTime": _text(min(times)) if times else None,
        "lastUpdateTime": _text(max(times)) if times else None,
        "manifestCount": len(found),
        "tagCount": len(store.tags(name)),
        "changeableAttributes": {**locks.attributes(store, name, locks.REPOSITORY), "teleportEnabled": False},
    }
    return JSONResponse(body)


async def _delete_repository(request: Request) -> Response:
    name = request.path_params["name"]
    store = authorize(request, name, "delete").store
    locks.refuse_deleting(store, name)
    body = {
        "manifestsDeleted": [manifest.digest for manifest in store.manifests(name)],
        "tagsDeleted": store.tags(name),
    }
    store.drop_repository(name)
    return JSONResponse(body, 202)


async def _tags(request: Request) -> Response:
    name = request.path_params["name"]
    store = authorize(request, name, METADATA).store
    digest = request.query_params.get("digest")
    tags, headers = page(request, store.tags_of(name, digest) if digest else store.tags(name), _PAGE)
    body = {**_names(request, name), "tags": [_tag_attributes(store, name, tag) for tag in tags]}
    return JSONResponse(body, headers=headers)


async def _tag(request: Request) -> Response:
    return _shown_tag(request, authorize(request, request.path_params["name"], METADATA).store)


def _shown_tag(request: Request, store: ContentStore) -> Response:
    name, tag = request.path_params["name"], request.path_params["tag"]
    if tag not in store.tags(name):
        raise errors.RegistryError(404, "TAG_UNKNOWN", "the specified tag does not exist", {"name": tag})
    return JSONResponse({**_names(request, name), "tag": _tag_attributes(store, name, tag)})


async def _delete_tag(request: Request) -> Response:
    name = request.path_params["name"]
    locks.drop_tag(authorize(request, name, "delete").store, name, request.path_params["tag"])
    return Response(status_code=202)


async def _manifests(request: Request) -> Response:
    name = request.path_params["name"]
    store = authorize(request, name, METADATA).store
    digests, headers = page(request, [manifest.digest for manifest in store.manifests(name)], _PAGE)
    shown = [_manifest_attributes(store, name, store.manifest(name, digest)) for digest in digests]
    return JSONResponse({**_names(request, name), "manifests": shown}, headers=headers)


async def _manifest(request: Request) -> Response:
    return _shown_manifest(request, authorize(request, request.path_params["name"], METADATA).store)


def _shown_manifest(request: Request, store: ContentStore) -> Response:
    name, digest = request.path_params["name"], request.path_params["digest"]
    if not DIGEST.fullmatch(digest):
        raise errors.manifest_unknown(digest)
    found = store.manifest(name, digest)
    return JSONResponse({**_names(request, name), "manifest": _manifest_attributes(store, name, found)})


async def _change(request: Request) -> Response:
    """Lock or unlock a repository, a tag or a manifest; the answer is what a GET would give."""
    name, tag, digest = (request.path_params.get(part) for part in ("name", "tag", "digest"))
    store = authorize(request, str(name), CHANGE_METADATA).store
    if tag or digest:
        store.manifest(str(name), str(tag or digest))
    part = locks.tag_part(tag) if tag else locks.manifest_part(digest) if digest else locks.REPOSITORY
    locks.change(store, str(name), part, await request.json())
    return (_shown_tag if tag else _shown_manifest if digest else _shown_repository)(request, store)


def _names(request: Request, repository: str) -> dict[str, Any]:
    access = Registry.of(request).access
    return {"registry": access.service if access else request.url.netloc, "imageName": repository}


def _tag_attributes(store: ContentStore, repository: str, tag: str) -> dict[str, Any]:
    time = _text(store.tag_time(repository, tag))
    return {
        "name": tag,
        "digest": store.manifest(repository, tag).digest,
        "createdTime": time,
        "lastUpdateTime": time,
        "signed": False,
        "changeableAttributes": locks.attributes(store, repository, locks.tag_part(tag)),
    }


def _manifest_attributes(store: ContentStore, repository: str, manifest: StoredManifest) -> dict[str, Any]:
    time = _text(manifest.created)
    return {
        "digest": manifest.digest,
        "imageSize": image_size(manifest),
        "createdTime": time,
        "lastUpdateTime": time,
        "mediaType": manifest.media_type,
        "tags": store.tags_of(repository, manifest.digest),
        "changeableAttributes": locks.attributes(store, repository, locks.manifest_part(manifest.digest)),
    }


def _text(time: dt.datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


ROUTES = [
    Route("/acr/v1/_catalog", _catalog, methods=["GET"]),
    Route("/acr/v1/{name:path}/_tags", _tags, methods=["GET"]),
    Route("/acr/v1/{name:path}/_tags/{tag}", _tag, methods=["GET"]),
    Route("/acr/v1/{name:path}/_tags/{tag}", _delete_tag, methods=["DELETE"]),
    Route("/acr/v1/{name:path}/_tags/{tag}", _change, methods=["PATCH"]),
    Route("/acr/v1/{name:path}/_manifests", _manifests, methods=["GET"]),
    Route("/acr/v1/{name:path}/_manifests/{digest}", _manifest, methods=["GET"]),
    Route("/acr/v1/{name:path}/_manifests/{digest}", _change, methods=["PATCH"]),
    Route("/acr/v1/{name:path}", _repository, methods=["GET"]),
    Route("/acr/v1/{name:path}", _delete_repository, methods=["DELETE"]),
    Route("/acr/v1/{name:path}", _change, methods=["PATCH"]),
]
