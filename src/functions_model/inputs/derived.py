"""Names that follow from other inputs. They are stable: the same inputs give the same names, on every machine."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_STORAGE_LONGEST = 24
_STORAGE_HASH = 10
"""Letters of the hash in a storage account's name: 50 bits, as the name must be unique in all of Azure."""
_PLAN_LONGEST = 60
_NAMESPACE_LONGEST = 50
_WORKSPACE_LONGEST = 63


def plan_name(app_name: str) -> str:
    """`<app>-plan`. A name too long is cut, and gets a hash of the whole in the place of what was cut."""
    name = f"{app_name}-plan"
    if len(name) <= _PLAN_LONGEST:
        return name
    kept = app_name[: _PLAN_LONGEST - len("--plan") - 6].rstrip("-")
    return f"{kept}-{_hash(app_name.lower(), length=6)}-plan"


def identity_name(app_name: str) -> str:
    """`<app>-identity`; at most 69 of the 128 characters that Microsoft.ManagedIdentity takes."""
    return f"{app_name}-identity"


def log_analytics_workspace(app_name: str) -> str:
    """`<app>-logs`, cut like a plan's name."""
    name = f"{app_name}-logs"
    if len(name) <= _WORKSPACE_LONGEST:
        return name
    kept = app_name[: _WORKSPACE_LONGEST - len("--logs") - 6].rstrip("-")
    return f"{kept}-{_hash(app_name.lower(), length=6)}-logs"


def storage_account(app_name: str, resource_group: str, subscription_id: str) -> str:
    """The app's letters and digits in lower case, up to 14 of them, and a hash of subscription, group and app."""
    letters = re.sub(r"[^a-z0-9]", "", app_name.lower())[: _STORAGE_LONGEST - _STORAGE_HASH]
    return letters + _hash(subscription_id.lower(), resource_group.lower(), app_name.lower(), length=_STORAGE_HASH)


def data_storage_account(app_name: str, resource_group: str, subscription_id: str) -> str:
    """Up to 10 of the app's letters and digits, `data`, and a hash: not the host storage account."""
    letters = re.sub(r"[^a-z0-9]", "", app_name.lower())[: _STORAGE_LONGEST - _STORAGE_HASH - len("data")]
    return f"{letters}data{_global_hash('data', app_name, resource_group, subscription_id)}"


def service_bus_namespace(app_name: str, resource_group: str, subscription_id: str) -> str:
    """`<app>-bus-<hash>` in lower case. The app's name is cut to what fits, and may not start with a digit there."""
    end = f"-bus-{_global_hash('bus', app_name, resource_group, subscription_id)}"
    start = re.sub(r"^[^a-z]+", "", app_name.lower()) or "app"
    return start[: _NAMESPACE_LONGEST - len(end)].rstrip("-") + end


def model_name(path: Path) -> str:
    """The file's name without its ending, or the folder's name; what a model's name may not hold becomes `-`."""
    name = path.name if path.is_dir() else path.stem
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[:255] or "model"


def _global_hash(kind: str, app_name: str, resource_group: str, subscription_id: str) -> str:
    """For a name that must be unique in all of Azure."""
    return _hash(kind, subscription_id.lower(), resource_group.lower(), app_name.lower(), length=_STORAGE_HASH)


def _hash(*parts: str, length: int) -> str:
    digest = hashlib.sha256("\n".join(parts).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:length]
