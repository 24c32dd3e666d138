"""What the inputs must know of the clouds: their names, audiences, and how a registry's host ends. No network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from functions_model.inputs.rules import RuleBroken


@dataclass(frozen=True, slots=True)
class KnownCloud:
    """A cloud as far as it can be known beforehand.

    Attributes:
        name: `AzureCloud`, or the URL of an Azure Resource Manager.
        audience: The audience that Entra recommends for federated credentials there:
            https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust
        registry_suffix: How the host of an Azure Container Registry ends; empty when only the cloud itself can say it.
    """

    name: str
    audience: str
    registry_suffix: str


CLOUDS = (
    KnownCloud("AzureCloud", "api://AzureADTokenExchange", ".azurecr.io"),
    KnownCloud("AzureUSGovernment", "api://AzureADTokenExchangeUSGov", ".azurecr.us"),
    KnownCloud("AzureChinaCloud", "api://AzureADTokenExchangeChina", ".azurecr.cn"),
)
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*(?::[0-9]{1,5})?")
_REGISTRY_NAME = re.compile(r"[a-z0-9]{5,50}")
"""Microsoft.ContainerRegistry/registries: 5-50 letters and digits. Its host is always in lower case."""


def known_cloud(text: str) -> KnownCloud:
    """A cloud by its name, in any case, or by its Resource Manager's https URL.

    Raises:
        RuleBroken: Neither.
    """
    for cloud in CLOUDS:
        if cloud.name.lower() == text.lower():
            return cloud
    if text.lower().startswith("https://") and _is_plain_url(text):
        return KnownCloud(text.rstrip("/"), CLOUDS[0].audience, "")
    names = ", ".join(f"`{cloud.name}`" for cloud in CLOUDS)
    raise RuleBroken(
        f"`{text}` is neither a cloud's name nor the https URL of an Azure Resource Manager",
        f"Use {names}, or a URL such as `https://management.local:8443`.",
    )


def _is_plain_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    return bool(parts.hostname) and port != 0 and not (parts.username or parts.query or parts.fragment)


def registry_host(text: str, cloud: KnownCloud) -> str:
    """The registry's host, in lower case: `contoso` -> `contoso.azurecr.io`; a whole host stays.

    Raises:
        RuleBroken: It is a URL or a path, no host's name, or a short name in a cloud whose suffix is not known.
    """
    host = text.lower()
    if "/" in host:
        bare = host.partition("://")[2] or host
        raise RuleBroken(
            f"`{text}` is not a host's name alone",
            f"Use `{bare.partition('/')[0]}`; the image's name has an input of its own, `image-name`.",
        )
    if not _HOST.fullmatch(host):
        raise RuleBroken(f"`{text}` is not a registry's host", "Use `contoso`, `contoso.azurecr.io` or `host:port`.")
    if "." in host or ":" in host or host == "localhost":
        return host
    return _azure_host(text, cloud)


def _azure_host(text: str, cloud: KnownCloud) -> str:
    if not _REGISTRY_NAME.fullmatch(text.lower()):
        raise RuleBroken(
            f"`{text}` is not an Azure Container Registry's name",
            "Such a name has 5 to 50 letters and digits. Use the whole host for another registry.",
        )
    if not cloud.registry_suffix:
        raise RuleBroken(
            f"`{text}` is a short name, and how registries' hosts end in `{cloud.name}` is not known here",
            "Use the whole host, as `az acr show` gives it in `loginServer`.",
        )
    return text.lower() + cloud.registry_suffix


def is_azure_registry(host: str) -> bool:
    """Whether the host is an Azure Container Registry's in any known cloud."""
    return any(host.endswith(cloud.registry_suffix) for cloud in CLOUDS)
