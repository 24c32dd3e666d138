"""The container log's tail, without secrets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError

from functions_model.azure.errors import explain
from functions_model.azure.site import Site
from functions_model.core.masking import shapeless, without

if TYPE_CHECKING:
    from collections.abc import Iterable

    from functions_model.azure.clients import AzureClients
    from functions_model.verify.nouns import ExpectedApp

_LINES = 80
_CHARACTERS = 12_000
_ANSWER = 4_000
_OFF = "Logging is not enabled for this container."
_OFFS_END = "Please use https://aka.ms/linux-diagnostics"
"""What App Service writes in place of a container's lines: microsoft/vscode-azureappservice#103."""
_PLATFORMS = re.compile(r"\S+ (INFO|WARN|ERROR) +- ")
"""How its own lines begin, after the time."""


class NoLog(Exception):
    """There is no container log. The text says why, a clause without a full stop."""


def container_log(clients: AzureClients, expected: ExpectedApp) -> str:
    """The whole container log as App Service gives it, or a line that says why it cannot be had."""
    try:
        return read_log(clients, expected)
    except NoLog as exc:
        return f"({exc})"


def read_log(clients: AzureClients, expected: ExpectedApp) -> str:
    """The whole container log as App Service gives it.

    Raises:
        NoLog: It cannot be had, or is empty.
    """
    try:
        site = Site(clients, expected.names)
        content = site.get_web_site_container_logs()
    except AzureError as exc:
        message = f"the container log cannot be read: {explain(exc, 'read the container log').reason}"
        raise NoLog(message) from exc
    if not content:
        message = "the container log is empty"
        raise NoLog(message)
    return content.decode("utf-8", errors="replace")


def is_off(log: str) -> bool:
    """Whether App Service keeps nothing of what the container writes that runs now."""
    _, off, since = log.rpartition(_OFF)
    lines = since.strip().splitlines()
    return bool(off) and all(_PLATFORMS.match(line) or line.startswith(_OFFS_END) for line in lines)


def tail(log: str) -> str:
    """The last lines, few enough to read."""
    lines = log.rstrip().splitlines()[-_LINES:]
    return "\n".join(lines)[-_CHARACTERS:]


def shortened(text: str) -> str:
    """An answer, cut to a readable length."""
    return text if len(text) <= _ANSWER else f"{text[:_ANSWER]} ... ({len(text)} characters)"


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """The text with every known secret, in whatever form, and all that is shaped like one, as `***`.

    A value of up to three characters (`1`, `on`) stays: blotting it out would leave nothing to read, and hide nothing.
    """
    return shapeless(without(text, (secret for secret in secrets if len(secret) > 3)))
