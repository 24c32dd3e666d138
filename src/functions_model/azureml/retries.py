"""Asking again when a request to storage fails in a way that may pass."""

# ruff: noqa: PLC0415 - the SDK is imported where it is first used: a run that needs no Azure must start fast

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_model.azureml.transfer_settings import TransferSettings

T = TypeVar("T")

_PASSING = frozenset({0, 408, 429, 500, 502, 503, 504})
"""Statuses that another attempt may mend; 0 stands for no answer, or one that broke off."""


def persist(attempt: Callable[[], T], settings: TransferSettings) -> T:
    """The first answer.

    Raises:
        AzureError: Of the last attempt, or one that no other attempt would mend.
    """
    from azure.core.exceptions import AzureError

    number = 0
    while True:
        number += 1
        try:
            return attempt()
        except AzureError as exc:
            seconds = settings.wait(number, _asked(exc)) if status_of(exc) in _PASSING else None
            if seconds is None:
                raise
        settings.sleep(seconds)


def status_of(exc: Exception) -> int:
    """The HTTP status that an error came with; 0 when there was no whole answer."""
    return int(getattr(exc, "status_code", None) or 0)


def _asked(exc: Exception) -> float:
    headers = getattr(getattr(exc, "response", None), "headers", None) or {}
    seconds = str(headers.get("Retry-After", ""))
    return float(seconds) if seconds.isdigit() else 0.0
