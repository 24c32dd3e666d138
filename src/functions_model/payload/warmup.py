"""The function `warmup`: the host calls it once on an instance that is added, before that one gets requests."""

from __future__ import annotations

import logging

from .server import SERVER
from .starting import StartFailed

logger = logging.getLogger("functions_model")


# What the trigger gives has a type since azure-functions 1.13 alone; without one, each version takes the function.
def main(warmup) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001, ARG001
    """Run `init()`. Where that fails, the instance is no worse off: the first request tries again, and is told why."""
    try:
        SERVER.get()
    except StartFailed as failed:
        logger.error("This instance could not be warmed up. %s", failed)
