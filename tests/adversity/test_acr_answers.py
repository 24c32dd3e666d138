"""What Azure Container Registry's own interface can answer, and what must come of it."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import requests
import urllib3
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import BaseAdapter

from functions_model.core.failures import RegistryFailed
from functions_model.core.references import digest_of
from functions_model.registry.client import RegistryClient
from functions_model.registry.contents import read_contents, remove_manifest
from functions_model.registry.tags import Acr, find_tag
from support.adversity import Row, each
from support.fuzzing import DEEP

if TYPE_CHECKING:
    from collections.abc import Callable

HOST, WHEN, DIGEST = "contoso.azurecr.io", "2026-11-20T10:00:00Z", digest_of(b"manifest")
TOLD = "one error that names the registry; no bug of ours"


class Always(BaseAdapter):
    """Gives one answer to everything."""

    def __init__(self, body: bytes, kind: str) -> None:
        super().__init__()
        self.body, self.kind = body, kind

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        response = requests.Response()
        response.status_code, response.url, response.request = 200, request.url or "", request
        response.raw = urllib3.HTTPResponse(io.BytesIO(self.body), preload_content=False)
        response.headers["Content-Type"] = self.kind
        return response

    def close(self) -> None:
        pass


class Credential:
    def get_token(self, *_: str, **__: Any) -> AccessToken:
        return AccessToken("t", 1 << 40)


@dataclass(frozen=True)
class Answer:
    """A body, and what asks for it."""

    ask: Callable[[Acr], object]
    body: object
    kind: str = "application/json"


def contents(acr: Acr) -> object:
    return read_contents(acr, RegistryClient(HOST), "package")


def tag(acr: Acr) -> object:
    return find_tag(acr, "package", "v1")


def remove(acr: Acr) -> object:
    return remove_manifest(acr, "package", DIGEST)


def listed(**changes: object) -> dict[str, Any]:
    return {"registry": HOST, "imageName": "package", "manifests": [{"digest": DIGEST, "createdTime": WHEN} | changes]}


ANSWERS = [
    Row("a tag of Azure's registry means `nonsense`", TOLD, Answer(tag, {"tag": {"digest": "nonsense"}}), "R2"),
    Row("a tag of Azure's registry means nothing", TOLD, Answer(tag, {"tag": {"name": "v1"}}), "R2"),
    Row("a tag of Azure's registry is a list", TOLD, Answer(tag, {"tag": [1]}), "R2"),
    Row("Azure's registry answers for a tag with `null`", TOLD, Answer(tag, None), "R2"),
    Row("Azure's registry answers for a tag with a page", TOLD, Answer(tag, b"<html>Sign in", "text/html"), "R2"),
    Row("Azure's registry answers for a tag with nested `[`", TOLD, Answer(tag, DEEP.encode()), "R2"),
    Row("a manifest in Azure's list was made on no day", TOLD, Answer(contents, listed(createdTime="soon")), "R2"),
    Row("a manifest in Azure's list was made at no time", TOLD, Answer(contents, listed(createdTime=None)), "R2"),
    Row("a manifest in Azure's list has a number for a digest", TOLD, Answer(contents, listed(digest=5)), "R2"),
    Row("a manifest in Azure's list has a number for tags", TOLD, Answer(contents, listed(tags=5)), "R2"),
    Row("Azure's list of manifests is a text", TOLD, Answer(contents, {"manifests": "abc"}), "R2"),
    Row("Azure's list of manifests has a list in it", TOLD, Answer(contents, {"manifests": [[1]]}), "R2"),
    Row("Azure's registry answers before a removal with a list", TOLD, Answer(remove, [1, 2]), "R2"),
]


@each(ANSWERS)
def test_an_answer_of_azures_registry(row: Row[Answer]) -> None:
    """It goes through Azure's SDK, which takes much for what it is not."""
    case = row.case
    body = case.body if isinstance(case.body, bytes) else json.dumps(case.body).encode()
    session = requests.Session()
    session.mount("https://", Always(body, case.kind))
    transport = RequestsTransport(session=session, session_owner=False)
    acr = Acr(HOST, Credential(), "https://x.example", lambda: {"transport": transport, "retry_total": 0})

    with pytest.raises(RegistryFailed) as failed:
        case.ask(acr)
    assert f"`{HOST}" in str(failed.value)
    assert failed.value.remedy
