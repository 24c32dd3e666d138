"""The platform's own view into a running host."""

from __future__ import annotations

import io
import json
from typing import Any

import httpx

from azure_sandbox.functions_host.triggered import PATH as LISTENERS
from azure_sandbox.functions_host.worker import frames

TOKEN_HEADER = "x-ms-site-restricted-token"  # noqa: S105 - a header's name
_SECONDS = 10.0


class HostGone(Exception):
    """The host does not answer, or not now."""


class HostClient:
    """Asks one host, with the platform's token.

    Args:
        address: `http://127.0.0.1:PORT`.
        token: What was handed over to the host.
    """

    def __init__(self, address: str, token: str) -> None:
        self.address = address
        # One connection for each call that runs: the listeners say how many.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
        self._client = httpx.Client(
            base_url=address, headers={TOKEN_HEADER: token}, timeout=_SECONDS, limits=limits, trust_env=False
        )

    def answers(self) -> bool:
        """Whether anything answers at all; 404 counts, as for App Service's own probe."""
        try:
            self._client.get("/robots933456.txt")
        except httpx.HTTPError:
            return False
        return True

    def ask(self, method: str, path: str) -> tuple[int, bytes]:
        """Status and body of any path.

        Raises:
            HostGone: The host does not answer.
        """
        try:
            answer = self._client.request(method, path)
        except httpx.HTTPError as error:
            raise HostGone(str(error)) from error
        return answer.status_code, answer.content

    def state(self) -> str:
        """`Running`, `Error` ...; empty when the container is no functions host or does not answer."""
        status = self._get("/admin/host/status")
        return str(status.get("state", "")) if isinstance(status, dict) else ""

    def functions(self) -> list[dict[str, object]] | None:
        """What the host indexed; None when it does not tell."""
        found = self._get("/admin/functions")
        return found if isinstance(found, list) else None

    def function_keys(self, name: str) -> dict[str, str]:
        """The keys of one function alone."""
        found = self._get(f"/admin/functions/{name}/keys")
        entries = found.get("keys", []) if isinstance(found, dict) else []
        return {entry["name"]: entry["value"] for entry in entries}

    def listeners(self) -> dict[str, Any] | None:
        """What there is to listen to: see `functions_host.triggered`; None when the host does not tell."""
        found = self._get(f"{LISTENERS}listeners")
        return found if isinstance(found, dict) else None

    def run(self) -> int | None:
        """How often the host was started again in its process; None when it does not tell."""
        found = self._get(f"{LISTENERS}run")
        return found if isinstance(found, int) else None

    def go_down(self, error: str) -> None:
        """A listener's failure takes the host down: it does not answer.

        Raises:
            HostGone: Always.
        """
        self._send("POST", f"{LISTENERS}down", json.dumps({"error": error}).encode())

    def tell_listener(self, function: str, error: str) -> None:
        """Why a function's listener cannot start; an empty text when it did.

        Raises:
            HostGone: The host does not answer.
        """
        self._send("PUT", f"{LISTENERS}listeners/{function}", json.dumps({"error": error}).encode())

    def write_log(self, level: str, category: str, text: str) -> None:
        """An entry of the host's log.

        Raises:
            HostGone: The host does not answer.
        """
        entry = {"level": level, "category": category, "text": text}
        self._send("POST", f"{LISTENERS}log", json.dumps(entry).encode())

    def invoke(self, function: str, head: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        """Call a function, for as long as it takes; the head and the body of the answer.

        Raises:
            HostGone: The host does not answer, or it is not running.
        """
        answer = self._send("POST", f"{LISTENERS}invoke/{function}", frames.pack(head, body), timeout=None)
        return frames.read(io.BytesIO(answer).read)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _send(self, method: str, path: str, content: bytes, timeout: float | None = _SECONDS) -> bytes:
        try:
            answer = self._client.request(method, path, content=content, timeout=timeout)
        except (httpx.HTTPError, RuntimeError) as error:  # RuntimeError: the client was closed meanwhile
            raise HostGone(str(error)) from error
        if not answer.is_success:
            message = f"HTTP {answer.status_code}"
            raise HostGone(message)
        return answer.content

    def _get(self, path: str) -> Any:
        try:
            answer = self._client.get(path)
            return answer.json() if answer.status_code == 200 else None
        except (httpx.HTTPError, ValueError):
            return None
