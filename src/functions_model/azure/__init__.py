"""Floor 3: Microsoft Entra ID and Azure Resource Manager: cloud, login, clients, errors."""

from functions_model.azure.clients import AzureClients
from functions_model.azure.cloud import Cloud, resolve_cloud
from functions_model.azure.errors import ServiceError, error_code, explain
from functions_model.azure.login import credential_for, warm_up

__all__ = [
    "AzureClients",
    "Cloud",
    "ServiceError",
    "credential_for",
    "error_code",
    "explain",
    "resolve_cloud",
    "warm_up",
]
