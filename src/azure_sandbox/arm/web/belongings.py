"""Connection strings and mounted storage of a site, as a `siteConfig` holds them, and as its container sees them."""

from __future__ import annotations

from typing import Any

_PREFIXES = {
    "sqlserver": "SQLCONNSTR_",
    "sqlazure": "SQLAZURECONNSTR_",
    "mysql": "MYSQLCONNSTR_",
    "postgresql": "POSTGRESQLCONNSTR_",
    "custom": "CUSTOMCONNSTR_",
    "notificationhub": "NOTIFICATIONHUBCONNSTR_",
    "servicebus": "SERVICEBUSCONNSTR_",
    "eventhub": "EVENTHUBCONNSTR_",
    "docdb": "DOCDBCONNSTR_",
    "rediscache": "REDISCACHECONNSTR_",
}
"""https://learn.microsoft.com/azure/app-service/reference-app-settings#variable-prefixes."""


def strings_in(given: dict[str, Any]) -> dict[str, dict[str, Any]] | None:
    """The connection strings in a `siteConfig`; None when it has none, and the known ones stay."""
    entries = given.get("connectionStrings")
    if entries is None:
        return None
    return {str(one["name"]): {"value": one.get("connectionString"), "type": one.get("type")} for one in entries}


def mounts_in(given: dict[str, Any]) -> dict[str, dict[str, Any]] | None:
    """The mounts in a `siteConfig`; None when it has none, and the known ones stay."""
    mounts = given.get("azureStorageAccounts")
    return None if mounts is None else {name: dict(mount) for name, mount in mounts.items()}


def without_keys(mounts: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Mounts as `config/web` shows them: az looks the keys of those up that it clones.

    Azure/azure-cli 2.91.0, command_modules/appservice/custom.py:5160, `_set_site_config_storage_keys`.
    """
    return {name: {**mount, "accessKey": None} for name, mount in mounts.items()}


def variables(strings: dict[str, dict[str, Any]]) -> dict[str, str]:
    """The variables that a container finds its connection strings in."""
    return {
        f"{_PREFIXES.get(str(one.get('type')).lower(), 'CUSTOMCONNSTR_')}{name}": str(one.get("value") or "")
        for name, one in strings.items()
    }
