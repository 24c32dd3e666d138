"""Asking again when a request to storage fails in a way that may pass."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from azure.core.exceptions import AzureError

from functions_model.azure.errors import retry_after
from functions_model.core.retries import PASSING, AttemptFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_model.azureml.transfer_settings import TransferSettings

T = TypeVar("T")


def persist(attempt: Callable[[], T], settings: TransferSettings) -> T:
    """The first answer. A wait that storage asks for is held to the longest of our own.

    Raises:
        AzureError: Of the last attempt, or one that no other attempt would mend.
    """
    retries = settings.retries

    def once() -> T:
        try:
            return attempt()
        except AzureError as exc:
            if (status := status_of(exc)) and status not in PASSING:
                raise
            raise AttemptFailed(exc, min(retries.longest, retry_after(exc) or 0.0)) from exc

    return retries.persist(once, settings.sleep)


def status_of(exc: Exception) -> int:
    """The HTTP status that an error came with; 0 when there was no whole answer."""
    return int(getattr(exc, "status_code", None) or 0)
