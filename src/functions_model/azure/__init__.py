"""Microsoft Entra ID and Azure Resource Manager: cloud, login, clients, errors."""

import logging

from functions_model.azure.clients import AzureClients
from functions_model.azure.cloud import Cloud, resolve_cloud
from functions_model.azure.errors import ServiceError, error_code, explain
from functions_model.azure.login import credential_for, warm_up

# The SDK warns of each refused token by itself. A refusal is told once, explained, as our failure.
logging.getLogger("azure").addHandler(logging.NullHandler())

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
