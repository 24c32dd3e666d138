"""Resources that are still being made, by another run or by one that was stopped: they are waited for, not refused."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from functions_model.azure.clients import AzureClients
from functions_model.provision.context import Patience

_Resource = TypeVar("_Resource")


def once_made(
    read: Callable[[], _Resource | None],
    is_made: Callable[[_Resource], bool],
    what: str,
    clients: AzureClients,
    sleep: Callable[[float], None] = time.sleep,
) -> _Resource | None:
    """A resource when it is no longer being made, or as it still is after five minutes; None when it is not there.

    Args:
        read: Looks at it.
        is_made: Whether it is made, by the states that its service has.
        what: For people: "the storage account `s`".
        clients: Told of when there is something to wait for.
        sleep: Waits; seconds.

    Raises:
        AzureError: It cannot be read.
    """
    found: list[_Resource | None] = []

    def is_over() -> bool:
        found[:] = [read()]
        return found[0] is None or is_made(found[0])

    with suppress(TimeoutError):  # the state that it then has is judged like any other
        Patience(what, sleep, clients.tell).until(is_over, f"{what}, which is still being made")
    return found[0]
