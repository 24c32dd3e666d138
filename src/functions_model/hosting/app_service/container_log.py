"""The container log as App Service keeps it."""

from __future__ import annotations

import re

from azure.core.exceptions import AzureError

from functions_model.azure.errors import explain
from functions_model.azure.misread import understanding
from functions_model.hosting.app_service.commands import container_logging
from functions_model.hosting.app_service.site import Site
from functions_model.provision.endpoint import ContainerLog, NoLog

_OFF = "Logging is not enabled for this container."
_OFFS_END = "Please use https://aka.ms/linux-diagnostics"
"""What App Service writes in place of a container's lines: microsoft/vscode-azureappservice#103."""
_ELSEWHERE = "An app that is closed to public networks may keep it closed, too: Application Insights has what it wrote."
_PLATFORMS = re.compile(r"\S+ (INFO|WARN|ERROR) +- ")
"""How its own lines begin, after the time."""


def read_log(site: Site) -> ContainerLog:
    """The whole container log.

    Raises:
        NoLog: It cannot be had, or is empty.
    """
    try:
        content = understanding(site.get_web_site_container_logs)()
    except AzureError as exc:
        error = explain(exc, "read the app's log")
        raise NoLog(f"the app's log cannot be read: {error.reason}", f"{error.remedy} {_ELSEWHERE}") from exc
    if not content:
        raise NoLog("the app's log is empty", f"Call the app, and look again. {_ELSEWHERE}")
    text = content.decode("utf-8", errors="replace")
    return ContainerLog(text, container_logging(site.names) if is_off(text) else "")


def is_off(log: str) -> bool:
    """Whether App Service keeps nothing of what the container writes that runs now."""
    _, off, since = log.rpartition(_OFF)
    lines = since.strip().splitlines()
    return bool(off) and all(_PLATFORMS.match(line) or line.startswith(_OFFS_END) for line in lines)
