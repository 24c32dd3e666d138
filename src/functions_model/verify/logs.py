"""The container log's tail, without secrets."""

# ruff: noqa: PLC0415 - the SDK is imported where it is first used: a run that needs no Azure must start fast

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from functions_model.azure.errors import explain
from functions_model.azure.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterable

    from functions_model.azure.clients import AzureClients
    from functions_model.verify.nouns import ExpectedApp

_LINES = 80
_CHARACTERS = 12_000

_SECRET_SHAPES = (
    re.compile(
        r"(?i)((?:AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd)=|[?&](?:sig|code)=)[^;&\s\"']+"
    ),
    re.compile(r"(?i)\b(x-functions-key:\s*|bearer\s+)\S+"),
    re.compile(r"()\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
)
"""Connection strings, shared access signatures, keys in addresses and headers, JSON web tokens."""


def container_log(clients: AzureClients, expected: ExpectedApp) -> str:
    """The whole container log as App Service gives it, or a line that says why it cannot be had."""
    from azure.core.exceptions import AzureError

    try:
        site = Site(clients, expected.resource_group, expected.app_name, expected.slot)
        content: bytes = site.ask("get_web_site_container_logs", cls=_read)
    except AzureError as exc:
        return f"(the container log cannot be read: {explain(exc, 'read the container log').reason})"
    return content.decode("utf-8", errors="replace") or "(the container log is empty)"


def _read(answer: Any, *_: Any) -> bytes:
    """The SDK streams it, and gives nothing to read, and so to close, where there is no log (204)."""
    return bytes(answer.http_response.read())


def tail(log: str) -> str:
    """The last lines, few enough to read."""
    lines = log.rstrip().splitlines()[-_LINES:]
    return "\n".join(lines)[-_CHARACTERS:]


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """The text with every known secret, and all that is shaped like one, as `***`.

    A value of up to three characters (`1`, `on`) stays: blotting it out would leave nothing to read, and hide nothing.
    """
    for secret in sorted((secret for secret in secrets if len(secret) > 3), key=len, reverse=True):
        text = text.replace(secret, "***")
    for shape in _SECRET_SHAPES:
        text = shape.sub(r"\1***", text)
    return text
