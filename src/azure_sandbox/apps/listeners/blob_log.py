"""The log of a blob service: the host switches it on at the account that it watches, and reads there what is new.

Azure/azure-sdk-for-net, Microsoft.Azure.WebJobs.Extensions.Storage.Blobs, docs/BlobTriggerPolling.md, "Storage
Analytics log discovery"; src/Listeners/BlobLogListener.cs, `EnableLoggingAsync`; PollLogsStrategy.cs, `RegisterAsync`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure.core.exceptions import HttpResponseError
from azure.storage.blob import BlobAnalyticsLogging, RetentionPolicy

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient

CATEGORY = "Microsoft.Azure.WebJobs.Extensions.Storage.Blobs.Listeners.BlobListener"
_DAYS = 7
_REFUSALS = {"AuthorizationPermissionMismatch", "InsufficientAccountPermissions", "AuthorizationFailure"}


def switch_on(blobs: BlobServiceClient) -> bool:
    """Have writes logged, and kept for a week, unless they are; False when the app may not do that.

    It takes the permissions to read and to write the service's properties, which no role on data has: Storage Account
    Contributor has them.

    Raises:
        AzureError: The storage refused for another reason.
    """
    try:
        known = blobs.get_service_properties()["analytics_logging"]
        if not known.write:
            kept = RetentionPolicy(enabled=True, days=_DAYS)
            logging = BlobAnalyticsLogging(read=known.read, write=True, delete=known.delete, retention_policy=kept)
            blobs.set_service_properties(analytics_logging=logging)
    except HttpResponseError as error:
        code = getattr(error, "error_code", "")
        if str(getattr(code, "value", code)) not in _REFUSALS:
            raise
        return False
    return True


def warning(url: str) -> str:
    """What the host says where it may not."""
    return f"Storage Analytics Logs are not enabled on the target blob storage account: '{url}'. See aka.ms/AAywxhb"
