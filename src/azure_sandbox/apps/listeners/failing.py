"""How listeners fail: what they raise, and what the host's own clients, which are .NET's, say of an error."""

from __future__ import annotations

from azure.core.exceptions import HttpResponseError
from azure.servicebus.exceptions import (
    MessagingEntityDisabledError,
    MessagingEntityNotFoundError,
    ServiceBusAuthenticationError,
    ServiceBusAuthorizationError,
    ServiceBusError,
)

from azure_sandbox.apps.service_bus_access import NoSuchHost
from azure_sandbox.apps.storage_accounts import told_by

_LASTING: dict[type[ServiceBusError], str] = {
    MessagingEntityNotFoundError: "MessagingEntityNotFound",
    MessagingEntityDisabledError: "MessagingEntityDisabled",
}
_DENIED = ServiceBusAuthenticationError, ServiceBusAuthorizationError
_BUS = "Azure.Messaging.ServiceBus.ServiceBusException"


class CannotStart(Exception):
    """A listener cannot start. The text is for the log; the host goes on, and tries again."""


class Unhandled(Exception):
    """A listener failed on its own thread, which takes the host down. The text is for the log."""


def passes(error: Exception) -> bool:
    """Whether the Service Bus client takes an error for one that passes by itself."""
    return isinstance(error, NoSuchHost) or (
        isinstance(error, ServiceBusError) and not isinstance(error, (*_DENIED, *_LASTING))
    )


def said_by_service_bus(error: Exception) -> str:
    """What the log has below `Message processing error`."""
    said = str(getattr(error, "inner_exception", None) or getattr(error, "message", "") or error)
    text = (said.partition("Error Description: ")[2] or said).partition("\n")[0].strip()
    if isinstance(error, _DENIED):
        return f"System.UnauthorizedAccessException: {text}"
    if isinstance(error, NoSuchHost):
        return f"{_BUS}: {text} ErrorCode: HostNotFound (ServiceCommunicationProblem)"
    if isinstance(error, ServiceBusError):
        reason = next((name for kind, name in _LASTING.items() if isinstance(error, kind)), "GeneralError")
        return f"{_BUS}: {text} ({reason})"
    return f"Azure.Identity.AuthenticationFailedException: {text}"


def said_by_storage(error: Exception) -> str:
    """What the log has of an error of storage: message, status and code on lines of their own."""
    text = told_by(error) if isinstance(error, HttpResponseError) else str(error)
    if text.startswith("Azure.Storage."):
        text = text.partition(": ")[2].replace(" Status: ", "\nStatus: ").replace(". ErrorCode: ", "\nErrorCode: ")
    return f"Azure.RequestFailedException: {text}"
