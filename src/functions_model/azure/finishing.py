"""Long operations of Azure, waited for to their end, but not for ever."""

from __future__ import annotations

from typing import TypeVar

from azure.core.polling import LROPoller

from functions_model.azure.misread import Misread
from functions_model.core.work import LONGEST

_Answer = TypeVar("_Answer")


def finished(poller: LROPoller[_Answer], longest: float = LONGEST) -> _Answer:
    """What an operation gives at its end.

    Args:
        poller: The operation.
        longest: Seconds to wait for it.

    Raises:
        AzureError: It failed, or was at work all that time (`Misread`).
    """
    poller.wait(longest)
    if not poller.done():
        minutes = round(longest / 60)
        raise Misread(
            f"Azure still says after {minutes} minutes that it is at work",
            "It may still come to an end: look at the resource in the Azure portal, then run again.",
        )
    return poller.result()
