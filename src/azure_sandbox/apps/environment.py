"""The variables that App Service gives to an app's container."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from azure_sandbox.contract import SiteDefinition

_REGISTRY_LOGIN = "DOCKER_REGISTRY_SERVER_"
STORAGE_SETTING = "WEBSITES_ENABLE_APP_SERVICE_STORAGE"
CA_BUNDLE = "/azure-functions-host/Secrets/ca-bundle.pem"
TRUST = {"REQUESTS_CA_BUNDLE": CA_BUNDLE, "SSL_CERT_FILE": CA_BUNDLE}
"""Not Azure's: its certificates are those of public authorities, which every image trusts."""


def container_environment(site: SiteDefinition, host_name: str) -> dict[str, str]:
    """App settings, connection strings, and what the platform adds. Registry credentials stay outside.

    A Linux container has no dots in the names of its variables (MicrosoftDocs/azure-docs#69795; Azure-Functions#2178).
    """
    given = {name: value for name, value in site.app_settings.items() if not name.startswith(_REGISTRY_LOGIN)}
    settings = {name.replace(".", "_"): value for name, value in given.items()}
    copies = {f"APPSETTING_{name}": value for name, value in settings.items()}
    return {**settings, **copies, **site.connection_strings, **_platform(site, host_name), **_port_setting(site)}


def container_port(site: SiteDefinition) -> int:
    """Where the container is expected to listen: `WEBSITES_PORT`, else 80."""
    text = site.app_settings.get("WEBSITES_PORT", "")
    return int(text) if text.isdigit() else 80


def hides_home(site: SiteDefinition) -> bool:
    """Whether shared storage is mounted over `/home`, which hides what the image has there."""
    return site.app_settings.get(STORAGE_SETTING, "true").strip().lower() != "false"


def start_seconds(site: SiteDefinition) -> float:
    """How long a container may take until it answers: `WEBSITES_CONTAINER_START_TIME_LIMIT`, else 230 seconds."""
    text = site.app_settings.get("WEBSITES_CONTAINER_START_TIME_LIMIT", "")
    return min(float(text), 1800.0) if text.isdigit() else 230.0


def _platform(site: SiteDefinition, host_name: str) -> dict[str, str]:
    parts = site.resource_id.strip("/").split("/")
    named = dict(zip((part.lower() for part in parts[::2]), parts[1::2], strict=False))
    instance = hashlib.sha256(f"{site.resource_id.lower()} instance".encode()).hexdigest()
    return {
        "WEBSITE_SITE_NAME": named.get("sites", site.name),
        "WEBSITE_HOSTNAME": host_name,
        "WEBSITE_INSTANCE_ID": instance,
        "WEBSITE_ROLE_INSTANCE_ID": "0",
        "WEBSITE_RESOURCE_GROUP": named.get("resourcegroups", ""),
        "WEBSITE_OWNER_NAME": f"{named.get('subscriptions', '')}+{named.get('resourcegroups', '')}-Linux",
        "WEBSITE_SLOT_NAME": named.get("slots", "Production"),
        "WEBSITE_SKU": "ElasticPremium",
        **({"FUNCTIONS_ADMIN_ISOLATION_ENABLED": "1"} if site.isolated else {}),
    }


def _port_setting(site: SiteDefinition) -> dict[str, str]:
    port = site.app_settings.get("WEBSITES_PORT", "")
    return {"PORT": port} if port.isdigit() else {}
