"""Where a running sandbox can be reached, and what a run against it needs."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from azure_sandbox.certificates import LOCAL

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LOCATION = "westeurope"
_HERE = (LOCAL, "127.0.0.1")
"""What every address here ends with. A proxy would look for it on its own machine."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Addresses, names and credentials. URLs have no trailing slash.

    Attributes:
        resource_manager: Azure Resource Manager.
        authority: Microsoft Entra ID.
        registry: Login server of a ready-made registry, `localhost:PORT`.
        registry_name: The registry's name in ARM, in the resource group `sandbox-shared`.
        workspace: A ready-made Azure ML workspace with a registered model.
        workspace_group: Its resource group.
        base_registry: The anonymous stand-in for Microsoft's registry of base images, `localhost:PORT`.
        base_image: A base image there, with its tag.
        python_version: Of that image.
        ca_file: The certificate authority of every address here.
        ca_bundle: The CAs that Python's requests trusts, and the sandbox's.
        subscription_id: A GUID.
        tenant_id: A GUID.
        client_id: A service principal that owns the subscription and trusts `oidc_subject`.
        client_secret: The same principal's secret.
        oidc_subject: Whose GitHub tokens are trusted.
        oidc_request_url: Where a job asks for its GitHub token.
        oidc_request_token: What it shows for that.
        imds: The metadata service of a machine of Azure, over http, as AZURE_POD_IDENTITY_AUTHORITY_HOST takes it.
        first_failure: Seconds in which a listener reports its first failure; empty: as long as on Azure.
    """

    resource_manager: str
    authority: str
    registry: str
    registry_name: str
    workspace: str
    workspace_group: str
    base_registry: str
    base_image: str
    python_version: str
    ca_file: Path
    ca_bundle: Path
    subscription_id: str
    tenant_id: str
    client_id: str
    client_secret: str
    oidc_subject: str
    oidc_request_url: str
    oidc_request_token: str
    imds: str
    first_failure: str = ""

    def environ(self) -> dict[str, str]:
        """Environment variables that a run needs: what GitHub gives a job, whom to trust, what needs no proxy."""
        pace = {"FUNCTIONS_MODEL_LISTENING_SECONDS": self.first_failure} if self.first_failure else {}
        return {
            "ACTIONS_ID_TOKEN_REQUEST_URL": self.oidc_request_url,
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": self.oidc_request_token,
            "REQUESTS_CA_BUNDLE": str(self.ca_bundle),
            **pace,
            **without_proxy(os.environ, urlsplit(self.resource_manager).hostname or LOCAL),
        }

    def inputs(self) -> dict[str, str]:
        """The action's inputs for a run against the sandbox."""
        return {
            "subscription-id": self.subscription_id,
            "tenant-id": self.tenant_id,
            "client-id": self.client_id,
            "registry": self.registry,
            "cloud": self.resource_manager,
            "base-image": self.base_image,
            "python-version": self.python_version,
            "location": LOCATION,
        }

    def as_json(self) -> dict[str, Any]:
        """Everything, for the ready file."""
        return {name: value if isinstance(value, str) else str(value) for name, value in asdict(self).items()}


def without_proxy(environ: Mapping[str, str], host: str = LOCAL) -> dict[str, str]:
    """The variables that say what no proxy is asked for: what they say already, and this machine.

    Args:
        environ: Of the two spellings the lower one counts, as for Python and curl.
        host: What clients call this machine.
    """
    named = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    exempt = [name.strip() for name in named.split(",") if name.strip()]
    text = ",".join(dict.fromkeys([*exempt, *_HERE, host]))
    return {"NO_PROXY": text, "no_proxy": text}
