"""`/acr/v1`: repositories, tags and manifests with the attributes that Azure Container Registry adds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from azure_sandbox.registry import errors
from azure_sandbox.registry.content import DIGEST
from azure_sandbox.registry.images import page
from azure_sandbox.registry.manifests import image_size
from azure_sandbox.registry.session import METADATA, Registry, authorize, authorize_catalog

if TYPE_CHECKING:
    import datetime as dt

    from starlette.requests import Request

    from azure_sandbox.registry.content import ContentStore, StoredManifest

_CHANGEABLE = {"deleteEnabled": True, "writeEnabled": True, "readEnabled": True, "listEnabled": True}


async def _catalog(request: Request) -> Response:
    names, headers = page(request, authorize_catalog(request).store.repositories())
    return JSONResponse({"repositories": names}, headers=headers)


async def _repository(request: Request) -> Response:
    name = request.path_params["name"]
    store = authorize(request, name, METADATA).store
    found = store.manifests(name)
    times = [manifest.created for manifest in found] + [store.tag_time(name, tag) for tag in store.tags(name)]
    body = {
        **_names(request, name),
        "createdTime": _text(min(times)) if times else None,
        "lastUpdateTime": _text(max(times)) if times else None,
        "manifestCount": len(found),
        "tagCount": len(store.tags(name)),
        "changeableAttributes": {**_CHANGEABLE, "teleportEnabled": False},
    }
    return JSONResponse(body)


async def _delete_repository(request: Request) -> Response:
    name = request.path_params["name"]
    store = authorize(request, name, "delete").store
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
    tags, headers = page(request, store.tags_of(name, digest) if digest else store.tags(name))
    body = {**_names(request, name), "tags": [_tag_attributes(store, name, tag) for tag in tags]}
    return JSONResponse(body, headers=headers)


async def _tag(request: Request) -> Response:
    name, tag = request.path_params["name"], request.path_params["tag"]
    store = authorize(request, name, METADATA).store
    if tag not in store.tags(name):
        raise errors.RegistryError(404, "TAG_UNKNOWN", "the specified tag does not exist", {"name": tag})
    return JSONResponse({**_names(request, name), "tag": _tag_attributes(store, name, tag)})


async def _delete_tag(request: Request) -> Response:
    name = request.path_params["name"]
    authorize(request, name, "delete").store.drop_tag(name, request.path_params["tag"])
    return Response(status_code=202)


async def _manifests(request: Request) -> Response:
    name = request.path_params["name"]
    store = authorize(request, name, METADATA).store
    digests, headers = page(request, [manifest.digest for manifest in store.manifests(name)])
    shown = [_manifest_attributes(store, name, store.manifest(name, digest)) for digest in digests]
    return JSONResponse({**_names(request, name), "manifests": shown}, headers=headers)


async def _manifest(request: Request) -> Response:
    name, digest = request.path_params["name"], request.path_params["digest"]
    store = authorize(request, name, METADATA).store
    if not DIGEST.fullmatch(digest):
        raise errors.manifest_unknown(digest)
    found = store.manifest(name, digest)
    return JSONResponse({**_names(request, name), "manifest": _manifest_attributes(store, name, found)})


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
        "changeableAttributes": _CHANGEABLE,
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
        "changeableAttributes": _CHANGEABLE,
    }


def _text(time: dt.datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


ROUTES = [
    Route("/acr/v1/_catalog", _catalog, methods=["GET"]),
    Route("/acr/v1/{name:path}/_tags", _tags, methods=["GET"]),
    Route("/acr/v1/{name:path}/_tags/{tag}", _tag, methods=["GET"]),
    Route("/acr/v1/{name:path}/_tags/{tag}", _delete_tag, methods=["DELETE"]),
    Route("/acr/v1/{name:path}/_manifests", _manifests, methods=["GET"]),
    Route("/acr/v1/{name:path}/_manifests/{digest}", _manifest, methods=["GET"]),
    Route("/acr/v1/{name:path}", _repository, methods=["GET"]),
    Route("/acr/v1/{name:path}", _delete_repository, methods=["DELETE"]),
]
