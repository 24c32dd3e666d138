"""An organization of Azure DevOps: the repositories, a service connection to a sandbox, and agents for its jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from support.act import copy_action, write_project
from support.engine import CA_BUNDLE
from support.pipelines_job import PipelinesJob, connection_to

if TYPE_CHECKING:
    from azure_sandbox.sandbox import Sandbox

FEDERATED, SECRET, MANAGED = "WorkloadIdentityFederation", "ServicePrincipal", "ManagedServiceIdentity"
"""The schemes of service connections."""


@dataclass(frozen=True, slots=True)
class Organization:
    """Jobs are machines of their own, which share a cache of tools.

    Attributes:
        sandbox: What the service connection `azure` leads to.
        folder: Has `self`, the repository of a pipeline with a project in `project`, and `action`, this repository.
        variables: Of every pipeline.
        secret: The names of those that are secret.
    """

    sandbox: Sandbox
    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)
    secret: frozenset[str] = frozenset()

    def job(self, name: str, scheme: str = FEDERATED) -> PipelinesJob:
        """A new job, whose connection has that scheme."""
        ends, azure_devops = self.sandbox.endpoints, self.sandbox.azure_devops
        trust = {
            **{name: text for name, text in ends.environ().items() if not name.startswith("ACTIONS_")},
            **dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), str(self.folder / "certificates.pem")),
        }
        variables = {
            "Agent.ToolsDirectory": str(self.folder / "tools"),
            "System.AccessToken": azure_devops.access_token,
            "System.OidcRequestUri": f"{ends.resource_manager}{azure_devops.path}",
            **self.variables,
        }
        repositories = {"self": self.folder / "self", "functionsModel": self.folder / "action"}
        connections = {"azure": connection_to(self.sandbox, scheme)}
        return PipelinesJob(self.folder / name, connections, repositories, variables, set(self.secret), trust)


def new_organization(
    sandbox: Sandbox, folder: Path, variables: Mapping[str, str] | None = None, *secret: str
) -> Organization:
    """One in an empty folder."""
    (folder / "self").mkdir()
    (folder / "action").mkdir()
    copy_action(folder / "action")
    write_project(folder / "self")
    trusted = CA_BUNDLE.read_bytes() if CA_BUNDLE.exists() else b""
    (folder / "certificates.pem").write_bytes(trusted + b"\n" + sandbox.endpoints.ca_bundle.read_bytes())
    return Organization(sandbox, folder, variables or {}, frozenset(secret))
