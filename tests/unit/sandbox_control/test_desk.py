"""Files of a running app, exchanged by whoever has the token."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from starlette.applications import Starlette

from azure_sandbox.desk import desk

if TYPE_CHECKING:
    from collections.abc import Mapping

_PATH = "/sandbox/apps/churn/files"
_OURS = {"authorization": "Bearer right"}


class _Apps:
    """Takes what is exchanged."""

    def __init__(self, problem: str = "") -> None:
        self.problem = problem
        self.taken: list[tuple[str, Mapping[str, bytes]]] = []

    def edit(self, name: str, files: Mapping[str, bytes]) -> str:
        self.taken.append((name, files))
        return self.problem


def _ask(apps: _Apps, method: str, **what: Any) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=desk(apps.edit, "right")))
        async with httpx.AsyncClient(transport=transport, base_url="http://sandbox") as client:
            return await client.request(method, _PATH, **what)

    return asyncio.run(ask())


class TestDesk:
    """`desk`."""

    def test_hands_files_on(self) -> None:
        """Their bytes, whatever they are; without any, the app is to start from its image."""
        apps = _Apps()

        put = _ask(apps, "PUT", json={"/a": base64.b64encode(b"\xff").decode()}, headers=_OURS)
        deleted = _ask(apps, "DELETE", headers=_OURS)

        assert (204, 204) == (put.status_code, deleted.status_code)
        assert [("churn", {"/a": b"\xff"}), ("churn", {})] == apps.taken

    def test_tells_why_not(self) -> None:
        """What the app's platform says."""
        answer = _ask(_Apps("it does not run"), "PUT", json={}, headers=_OURS)

        assert (409, {"problem": "it does not run"}) == (answer.status_code, answer.json())

    @pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wrong"}])
    def test_wants_the_token(self, headers: dict[str, str]) -> None:
        """What is put there runs with the rights of whoever runs the sandbox."""
        apps = _Apps()

        assert 401 == _ask(apps, "PUT", json={}, headers=headers).status_code
        assert [] == apps.taken

    @pytest.mark.parametrize("body", ["[]", "{", '{"/a": "!"}', '{"/a": 1}'])
    def test_refuses_what_it_cannot_read(self, body: str) -> None:
        """Before anything is written."""
        apps = _Apps()

        assert 400 == _ask(apps, "PUT", content=body, headers=_OURS).status_code
        assert [] == apps.taken
