"""Names that follow from other inputs. They are stable: the same inputs give the same names, on every machine."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path

from functions_model.core.names import Names

_STORAGE_LONGEST = 24
_UNIQUE = 10
"""Letters of the hash in a name that must be unique in all of Azure: 50 bits."""
_PLAN_LONGEST = 60
_NAMESPACE_LONGEST = 50
_WORKSPACE_LONGEST = 63


def plan_name(names: Names) -> str:
    """`<app>-plan`. A name too long is cut, and gets a hash of the whole in the place of what was cut."""
    return _with_ending(names.app, "-plan", _PLAN_LONGEST)


def identity_name(names: Names) -> str:
    """`<app>-identity`; at most 69 of the 128 characters that Microsoft.ManagedIdentity takes."""
    return f"{names.app}-identity"


def log_analytics_workspace(names: Names) -> str:
    """`<app>-logs`, cut like a plan's name."""
    return _with_ending(names.app, "-logs", _WORKSPACE_LONGEST)


def storage_account(names: Names) -> str:
    """The app's letters and digits in lower case, up to 14 of them, and a hash of subscription, group and app."""
    return _letters(names, _STORAGE_LONGEST - _UNIQUE) + _global_hash(names)


def data_storage_account(names: Names) -> str:
    """Up to 10 of the app's letters and digits, `data`, and a hash: not the host storage account."""
    return f"{_letters(names, _STORAGE_LONGEST - _UNIQUE - len('data'))}data{_global_hash(names, 'data')}"


def service_bus_namespace(names: Names) -> str:
    """`<app>-bus-<hash>` in lower case. The app's name is cut to what fits, and may not start with a digit there."""
    end = f"-bus-{_global_hash(names, 'bus')}"
    start = re.sub(r"^[^a-z]+", "", names.app.lower()) or "app"
    return start[: _NAMESPACE_LONGEST - len(end)].rstrip("-") + end


def model_name(path: Path) -> str:
    """The file's name without its ending, or the folder's name; what a model's name may not hold becomes `-`."""
    name = path.name if path.is_dir() else path.stem
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-._")[:255] or "model"


def _with_ending(app: str, ending: str, longest: int) -> str:
    if len(app + ending) <= longest:
        return app + ending
    kept = app[: longest - len(f"-{ending}") - 6].rstrip("-")
    return f"{kept}-{_hash(app.lower(), length=6)}{ending}"


def _letters(names: Names, most: int) -> str:
    return re.sub(r"[^a-z0-9]", "", names.app.lower())[:most]


def _global_hash(names: Names, *kind: str) -> str:
    """For a name that must be unique in all of Azure."""
    return _hash(*kind, names.subscription.lower(), names.group.lower(), names.app.lower(), length=_UNIQUE)


def _hash(*parts: str, length: int) -> str:
    digest = hashlib.sha256("\n".join(parts).encode()).digest()
    return base64.b32encode(digest).decode().lower()[:length]
