"""Tags through Azure's SDK: what is asked for, and what a refusal becomes."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
import requests
import urllib3
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from requests.adapters import BaseAdapter

from functions_model.core.failures import RegistryFailed
from functions_model.core.references import digest_of
from functions_model.registry.tags import Acr, TagAttributes, find_tag, remove_tag

DIGEST = digest_of(b"manifest")


class Answers(BaseAdapter):
    """Answers every request alike, and keeps what was asked."""

    def __init__(self, status: int, document: object) -> None:
        super().__init__()
        self.status, self.document = status, document
        self.seen: list[tuple[str, str, Any]] = []

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        body = request.body.decode() if isinstance(request.body, bytes) else request.body
        self.seen.append((request.method or "", request.path_url.partition("?")[0], json.loads(body or "null")))
        response = requests.Response()
        response.status_code, response.url, response.request = self.status, request.url or "", request
        body_of_answer = io.BytesIO(json.dumps(self.document).encode())
        response.raw = urllib3.HTTPResponse(body_of_answer, preload_content=False)
        response.headers["Content-Type"] = "application/json"
        return response

    def close(self) -> None:
        pass


class Credential:
    def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken("t", 1 << 40)


def acr(answers: Answers) -> Acr:
    """The registry that answers so."""
    session = requests.Session()
    session.mount("https://", answers)
    transport = RequestsTransport(session=session, session_owner=False)
    audience = "https://containerregistry.azure.net"
    return Acr("contoso.azurecr.io", Credential(), audience, lambda: {"transport": transport, "retry_total": 0})


def find(answers: Answers) -> TagAttributes | None:
    return find_tag(acr(answers), "package", "v1")


def attributes(*, locked: bool) -> dict[str, object]:
    when = "2026-11-20T10:00:00Z"
    changeable = {"deleteEnabled": not locked, "writeEnabled": not locked, "listEnabled": True, "readEnabled": True}
    tag = {
        "name": "v1",
        "digest": DIGEST,
        "createdTime": when,
        "lastUpdateTime": when,
        "changeableAttributes": changeable,
    }
    return {"registry": "contoso.azurecr.io", "imageName": "package", "tag": tag}


class TestFind:
    @pytest.mark.parametrize("locked", [True, False])
    def test_says_what_a_tag_means_and_whether_it_is_locked(self, locked: bool) -> None:
        """One request to the registry's own interface."""
        answers = Answers(200, attributes(locked=locked))
        found = find(answers)

        assert found is not None
        assert (DIGEST, locked) == (found.digest, found.locked)
        assert [("GET", "/acr/v1/package/_tags/v1", None)] == answers.seen


class TestRefusal:
    def test_what_is_missing_is_no_failure(self) -> None:
        """No repository yet: no tag."""
        missing = {"errors": [{"code": "NAME_UNKNOWN", "message": "repository is not found"}]}

        assert None is find(Answers(404, missing))

    def test_a_refusal_is_told(self) -> None:
        """With the repository and the role to check."""
        denied = {"errors": [{"code": "DENIED", "message": "denied"}]}
        tell = r"Could not read the tag `v1` of `contoso.azurecr.io/package`: the registry answered 403\. .*AcrPull"

        with pytest.raises(RegistryFailed, match=tell):
            find(Answers(403, denied))


class TestRemoval:
    """A tag that is taken away."""

    def test_the_tag_alone_goes(self) -> None:
        """One request, which leaves the manifest."""
        answers = Answers(202, {})

        remove_tag(acr(answers), "package", "live-0123456789ab")

        assert [("DELETE", "/acr/v1/package/_tags/live-0123456789ab", None)] == answers.seen

    def test_what_is_gone_is_no_failure(self) -> None:
        """Somebody else was faster."""
        remove_tag(acr(Answers(404, {"errors": [{"code": "TAG_UNKNOWN"}]})), "package", "v1")

    @pytest.mark.parametrize("status", [401, 403])
    def test_without_the_right_the_command_is_told_and_the_role(self, status: int) -> None:
        """Somebody who may can do it; or the login gets the role."""
        command = "az acr repository untag --name contoso --image package:v1"
        tell = rf"Could not remove the tag `contoso.azurecr.io/package:v1`: .*{status}\. .*`{command}`.*AcrDelete"

        with pytest.raises(RegistryFailed, match=tell):
            remove_tag(acr(Answers(status, {"errors": [{"code": "DENIED"}]})), "package", "v1")

    def test_a_locked_one_is_told_with_the_command_that_unlocks_it(self) -> None:
        """A role would not help."""
        image = "--image package:v1 --write-enabled true --delete-enabled true"
        tell = rf"it is locked\. Unlock it: `az acr repository update --name contoso {image}`"

        with pytest.raises(RegistryFailed, match=tell):
            remove_tag(acr(Answers(405, {"errors": [{"code": "UNSUPPORTED"}]})), "package", "v1")
