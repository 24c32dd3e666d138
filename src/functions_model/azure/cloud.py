"""The clouds there are: where to log in, where Resource Manager is, what to ask tokens for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests

from functions_model.azure import api_versions
from functions_model.core.answers import MISREADING, AnswerUnreadable, Said, printable
from functions_model.core.failures import LoginFailed
from functions_model.core.masking import in_one_line, shapeless
from functions_model.core.sending import new_session
from functions_model.core.unanswered import unanswered

REGISTRY_SCOPE = "https://containerregistry.azure.net/.default"
"""Registries of every cloud take tokens for this audience; some refuse tokens that were made for Resource Manager."""

_METADATA = f"/metadata/endpoints?api-version={api_versions.METADATA}"

_LONGEST = 300
"""Characters of what a request ended with that are shown."""


_HOST = re.compile(r"[a-z0-9.-]+")


@dataclass(frozen=True, slots=True)
class Cloud:
    """One cloud.

    Attributes:
        name: `AzureCloud` and its like, or what a Resource Manager calls itself.
        resource_manager: https URL without a trailing slash.
        authority: https URL of Microsoft Entra ID, without a trailing slash.
        arm_scope: What Resource Manager's tokens are asked for.
        registry_suffix: What ends a registry's login server: `.azurecr.io`.
        storage_suffix: What ends a storage account's host names: `core.windows.net`.
        portal: https URL for people, without a trailing slash; empty when the cloud has none.
        is_custom: Not one of the public clouds; public services know nothing of its authority.
        registry_scope: What a registry's tokens are asked for.
    """

    name: str
    resource_manager: str
    authority: str
    arm_scope: str
    registry_suffix: str
    storage_suffix: str
    portal: str = ""
    is_custom: bool = False
    registry_scope: str = REGISTRY_SCOPE

    def has_registry(self, host: str) -> bool:
        """Whether a host, with or without a port, is a registry's of this cloud: no other is sent a token.

        Every login server ends in the cloud's suffix, with a domain name label too:
        https://learn.microsoft.com/azure/container-registry/container-registry-get-started-portal
        """
        name = host.lower().partition(":")[0]
        known = self.registry_suffix.strip(".") and _HOST.fullmatch(name)
        return bool(known) and f".{name}".endswith(self.registry_suffix)  # a cloud of one registry: `localhost`


AZURE_CLOUD = Cloud(
    name="AzureCloud",
    resource_manager="https://management.azure.com",
    authority="https://login.microsoftonline.com",
    arm_scope="https://management.azure.com/.default",
    registry_suffix=".azurecr.io",
    storage_suffix="core.windows.net",
    portal="https://portal.azure.com",
)
AZURE_US_GOVERNMENT = Cloud(
    name="AzureUSGovernment",
    resource_manager="https://management.usgovcloudapi.net",
    authority="https://login.microsoftonline.us",
    arm_scope="https://management.core.usgovcloudapi.net/.default",
    registry_suffix=".azurecr.us",
    storage_suffix="core.usgovcloudapi.net",
    portal="https://portal.azure.us",
)
AZURE_CHINA_CLOUD = Cloud(
    name="AzureChinaCloud",
    resource_manager="https://management.chinacloudapi.cn",
    authority="https://login.chinacloudapi.cn",
    arm_scope="https://management.core.chinacloudapi.cn/.default",
    registry_suffix=".azurecr.cn",
    storage_suffix="core.chinacloudapi.cn",
    portal="https://portal.azure.cn",
)
KNOWN_CLOUDS = {cloud.name: cloud for cloud in (AZURE_CLOUD, AZURE_US_GOVERNMENT, AZURE_CHINA_CLOUD)}


def resolve_cloud(name: str, *, fetch: Callable[[str], Any] | None = None) -> Cloud:
    """The cloud with that name, or the one that a Resource Manager describes.

    Args:
        name: `AzureCloud`, `AzureUSGovernment`, `AzureChinaCloud`, or the https URL of a Resource Manager.
        fetch: Reads the JSON at a URL, the description; by default with `requests`.

    Raises:
        LoginFailed: The name is unknown, or the URL does not describe a cloud.
    """
    if known := KNOWN_CLOUDS.get(name):
        return known
    if not _is_https(name):
        names = ", ".join(f"`{known}`" for known in KNOWN_CLOUDS)
        remedy = f"Set `cloud` to one of {names}, or to the https URL of a Resource Manager."
        raise LoginFailed(f"find the cloud `{name}`", "it is neither a known cloud nor an https URL", remedy)
    return _described(name.rstrip("/"), fetch or _fetch)


def _fetch(url: str) -> Any:
    with new_session() as session:
        answer = session.get(url, timeout=30)
    return description_in(Said.of(answer))


def description_in(said: Said) -> Any:
    """The document with which a Resource Manager describes its cloud.

    Raises:
        AnswerUnreadable: It is none, or comes with another status than 200.
    """
    if said.status != 200:
        raise AnswerUnreadable(said.reason, said.remedy)
    return said.document()


def _is_https(text: Any) -> bool:
    """Whether it is an address of https: tokens are asked for and sent there."""
    try:
        parts = urlsplit(text if isinstance(text, str) else "")
        return parts.scheme == "https" and bool(parts.hostname) and (parts.port or 1) > 0 and text.isprintable()
    except ValueError:
        return False


def _described(resource_manager: str, fetch: Callable[[str], Any]) -> Cloud:
    action = f"read the cloud's endpoints from `{resource_manager}`"
    try:
        document = fetch(resource_manager + _METADATA)
        return _cloud_of(resource_manager, _own_entry(resource_manager, document))
    except requests.RequestException as exc:
        if silent := unanswered(exc, urlsplit(resource_manager).netloc):
            raise LoginFailed(action, silent.what, silent.remedy) from exc
        reason = in_one_line(str(exc), _LONGEST)
        raise LoginFailed(action, reason, "Check the URL, and that no proxy answers in its place.") from exc
    except MISREADING as exc:
        reason = "the answer does not describe a cloud"
        remedy = "Set `cloud` to the URL of a Resource Manager that serves `/metadata/endpoints`."
        raise LoginFailed(action, reason, remedy) from exc


def _shown(value: Any) -> str:
    return printable(shapeless(str(value)))[:100]


def _own_entry(resource_manager: str, document: Any) -> Mapping[str, Any]:
    """Public Resource Managers list every cloud; others describe themselves alone."""
    entries = document if isinstance(document, list) else [document]
    own = [entry for entry in entries if str(entry.get("resourceManager", "")).rstrip("/") == resource_manager]
    found: Mapping[str, Any] = (own or entries)[0]
    return found


def _cloud_of(resource_manager: str, entry: Mapping[str, Any]) -> Cloud:
    authentication = entry["authentication"]
    if not _is_https(authority := authentication["loginEndpoint"]):
        reason = f"its `loginEndpoint`, `{_shown(authority)}`, is no https URL"
        raise LoginFailed(f"use the cloud of `{resource_manager}`", reason, "Have whoever runs it correct that.")
    suffixes = entry.get("suffixes") or {}
    return Cloud(
        name=str(entry.get("name") or resource_manager),
        resource_manager=resource_manager,
        authority=authority.rstrip("/"),
        arm_scope=str(authentication["audiences"][0]).rstrip("/") + "/.default",
        registry_suffix="." + str(suffixes.get("acrLoginServer", "")).lstrip("."),
        storage_suffix=str(suffixes.get("storage", "")).lstrip("."),
        portal=str(entry.get("portal", "")).rstrip("/"),
        is_custom=True,
    )
