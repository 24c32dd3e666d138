"""The service connection that a step of Azure Pipelines may use: where it leads, and who logs in there.

A task gets it in variables whose names hold its id (microsoft/azure-pipelines-agent 42bde98,
src/Agent.Worker/Handlers/Handler.cs, `AddEndpointsToEnvironment`). A script of the task `AzureCLI@2` sees its data and
address in the same variables, and its login in variables of that task (microsoft/azure-pipelines-tasks 008e04b,
Tasks/AzureCLIV2/azureclitask.ts): azure-pipelines-task-lib takes all that begins with `ENDPOINT_AUTH_` out of the
environment (internal.ts, `_loadData`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from functions_model.ci.host import Connection
from functions_model.core.secrets import Secret

_ENVIRONMENT = re.compile(r"ENDPOINT_DATA_([0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})_ENVIRONMENT")
"""Each connection to Azure has it; a step that names one gets the variables of that one alone (TaskRunner.cs)."""
_KNOWN_CLOUDS = ("AzureCloud", "AzureUSGovernment", "AzureChinaCloud")
"""Values of `environment` that mean one cloud. With others, such as `AzureStack`, the address says which."""
FEDERATED, MANAGED = "WorkloadIdentityFederation", "ManagedServiceIdentity"


@dataclass(frozen=True, slots=True)
class ServiceConnection:
    """A connection, and how the job may use it.

    Attributes:
        id: A GUID; empty where none is known.
        says: What it says of Azure; None where none is known.
        federated: Whether identity tokens are to be had with it.
        access: The job's own token; empty where the step has none.
    """

    id: str
    says: Connection | None
    federated: bool
    access: str

    @property
    def by_certificate(self) -> bool:
        """Whether it names a client, and neither a secret nor a token proves it: a certificate is left."""
        proven = self.federated or (self.says and (self.says.managed or self.says.client_secret))
        return bool(self.says and self.says.client_id and not proven)


def service_connection(environ: Mapping[str, str]) -> ServiceConnection:
    """The connection of this step."""
    found = {match[1] for name in environ if (match := _ENVIRONMENT.fullmatch(name))}
    named = environ.get("AZURESUBSCRIPTION_SERVICE_CONNECTION_ID", "")
    known = named or (found.pop() if len(found) == 1 else "")
    scheme = environ.get(f"ENDPOINT_AUTH_SCHEME_{known}", FEDERATED if named else "")
    access = environ.get("SYSTEM_ACCESSTOKEN") or environ.get("ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN")
    says = _says(environ, known, scheme) if known else None
    return ServiceConnection(known, says, scheme == FEDERATED, access or "")


def _says(environ: Mapping[str, str], known: str, scheme: str) -> Connection:
    """The first of the variables that has it: those of a task, and those of `AzureCLI@2`."""

    def login(parameter: str, *others: str) -> str:
        names = (f"ENDPOINT_AUTH_PARAMETER_{known}_{parameter}", *others)
        return next((text for name in names if (text := environ.get(name, ""))), "")

    key = login("SERVICEPRINCIPALKEY", "servicePrincipalKey")
    cloud = environ.get(f"ENDPOINT_DATA_{known}_ENVIRONMENT", "")
    return Connection(
        subscription_id=environ.get(f"ENDPOINT_DATA_{known}_SUBSCRIPTIONID", ""),
        tenant_id=login("TENANTID", "AZURESUBSCRIPTION_TENANT_ID", "tenantId"),
        client_id=login("SERVICEPRINCIPALID", "AZURESUBSCRIPTION_CLIENT_ID", "servicePrincipalId"),
        client_secret=Secret(key) if key else None,
        managed=scheme == MANAGED,
        cloud=cloud if cloud in _KNOWN_CLOUDS else environ.get(f"ENDPOINT_URL_{known}", "").rstrip("/"),
    )
