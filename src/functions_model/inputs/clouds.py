"""What the inputs must know of the clouds: their names, audiences, and how a registry's host ends. No network."""

from __future__ import annotations

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


def cloud_of_registry(host: str) -> KnownCloud | None:
    """The known cloud whose Azure Container Registry the host is; None when it is another registry."""
    return next((cloud for cloud in CLOUDS if host.partition(":")[0].endswith(cloud.registry_suffix)), None)
