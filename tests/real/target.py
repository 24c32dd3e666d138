"""What is judged, and how to log in there: a file of endpoints, or the ready file of a sandbox."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SECRET = "REAL_CLIENT_SECRET"
"""The variable with the login's secret. Without it, GitHub's identity token is used (OIDC)."""
_REQUIRED = {
    "endpoints": ("authority", "resource-manager", "cloud"),
    "login": ("tenant-id", "client-id", "subscription-id"),
    "deployment": ("location",),
}

_KEPT = ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "REQUESTS_CA_BUNDLE")


class TargetUnusable(Exception):
    """There is nothing to judge. The text says what to do."""


@dataclass(frozen=True, slots=True)
class Target:
    """One Azure, and a login there.

    Attributes:
        authority: Microsoft Entra ID, without a trailing slash.
        resource_manager: Azure Resource Manager, without a trailing slash.
        cloud: What the input `cloud` and `az cloud set` take: a cloud's name, or the URL of a Resource Manager.
        tenant_id: A GUID.
        client_id: A GUID.
        subscription_id: A GUID.
        location: A region.
        client_secret: Empty: log in by OIDC.
        inputs: Further inputs for each run of the product, such as the base image.
        environ: Variables that each process needs, such as whom to trust.
    """

    authority: str
    resource_manager: str
    cloud: str
    tenant_id: str
    client_id: str
    subscription_id: str
    location: str
    client_secret: str = field(default="", repr=False)
    inputs: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def is_azure(self) -> bool:
        """Whether it is one of Microsoft's clouds, and not a sandbox, which is named by its URL."""
        return not self.cloud.startswith("https://")

    @property
    def trusted(self) -> str | bool:
        """What `requests` takes as `verify`."""
        return self.environ.get("REQUESTS_CA_BUNDLE") or True

    @property
    def login_inputs(self) -> dict[str, str]:
        """The inputs that say where, and as whom."""
        return {
            "cloud": self.cloud,
            "tenant-id": self.tenant_id,
            "client-id": self.client_id,
            "subscription-id": self.subscription_id,
            "location": self.location,
            **self.inputs,
        }


def read_target(path: Path, environ: Mapping[str, str]) -> Target:
    """The target that a TOML file describes; `target.example.toml` has every field.

    Args:
        path: The file.
        environ: Holds the secret, or what GitHub gives to a job that may ask for identity tokens.

    Raises:
        TargetUnusable: The file is not there, or lacks something. All of it is told at once.
    """
    if not path.is_file():
        message = f"{path} is not there. Copy tests/real/target.example.toml, fill it in, and pass it as TARGET=<file>."
        raise TargetUnusable(message)
    given = tomllib.loads(path.read_text(encoding="utf-8"))
    lacking = [
        f"[{part}] {name}" for part, names in _REQUIRED.items() for name in names if not _text(given, part, name)
    ]
    if not environ.get(SECRET) and not environ.get("ACTIONS_ID_TOKEN_REQUEST_URL"):
        lacking.append(f"the variable {SECRET}, or a GitHub job with `permissions: id-token: write`")
    if lacking:
        message = f"{path} lacks: {'; '.join(lacking)}."
        raise TargetUnusable(message)
    return Target(
        authority=_text(given, "endpoints", "authority").rstrip("/"),
        resource_manager=_text(given, "endpoints", "resource-manager").rstrip("/"),
        cloud=_text(given, "endpoints", "cloud"),
        tenant_id=_text(given, "login", "tenant-id"),
        client_id=_text(given, "login", "client-id"),
        subscription_id=_text(given, "login", "subscription-id"),
        location=_text(given, "deployment", "location"),
        client_secret=environ.get(SECRET, ""),
        inputs={str(name): str(value) for name, value in given.get("inputs", {}).items()},
        environ={name: environ[name] for name in _KEPT if name in environ},
    )


def from_ready_file(path: Path) -> Target:
    """The target that a running sandbox describes. The login is by OIDC, as in the workflow."""
    told = json.loads(path.read_text(encoding="utf-8"))
    ends, inputs = told["endpoints"], told["inputs"]
    return Target(
        authority=ends["authority"],
        resource_manager=ends["resource_manager"],
        cloud=inputs["cloud"],
        tenant_id=inputs["tenant-id"],
        client_id=inputs["client-id"],
        subscription_id=inputs["subscription-id"],
        location=inputs["location"],
        inputs={name: inputs[name] for name in ("base-image", "python-version")},
        environ=told["environ"],
    )


def _text(given: Mapping[str, Any], part: str, name: str) -> str:
    return str(given.get(part, {}).get(name, "")).strip()
