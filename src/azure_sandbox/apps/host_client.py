"""The platform's own view into a running host."""

from __future__ import annotations

from typing import Any

import httpx

TOKEN_HEADER = "x-ms-site-restricted-token"  # noqa: S105 - a header's name
_SECONDS = 10.0


class HostClient:
    """Asks one host, with the platform's token.

    Args:
        address: `http://127.0.0.1:PORT`.
        token: What was handed over to the host.
    """

    def __init__(self, address: str, token: str) -> None:
        self._client = httpx.Client(base_url=address, headers={TOKEN_HEADER: token}, timeout=_SECONDS)

    def answers(self) -> bool:
        """Whether anything answers at all; 404 counts, as for App Service's own probe."""
        try:
            self._client.get("/robots933456.txt")
        except httpx.HTTPError:
            return False
        return True

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

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _get(self, path: str) -> Any:
        try:
            answer = self._client.get(path)
            return answer.json() if answer.status_code == 200 else None
        except (httpx.HTTPError, ValueError):
            return None
