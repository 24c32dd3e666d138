"""`azureml.ai.monitoring`, whose `Collector` a script uses: what it collects goes to a sink of this process.

The package posts each record to a program beside the script. Here its two ends are ours: what takes a record, which
answers that it was taken whatever becomes of it (of a full queue the package makes an error of the script's); and what
sends one, in the package's own thread. A request for each record would cost more than a small model does. All releases
are alike in these: 0.1.0b1 to 1.0.0, queue/queue.py and worker/sender.py.
"""

from __future__ import annotations

import importlib
import logging
import sys
import time
from typing import TYPE_CHECKING, Any

from .collected import JSON, Record, small_table
from .sink import BROKEN, FULL

if TYPE_CHECKING:
    from collections.abc import Callable

    from .collecting import Collecting

logger = logging.getLogger("functions_model")

PACKAGE = "azureml.ai.monitoring"


def take_over(collecting: Collecting, load: Callable[[str], Any] = importlib.import_module) -> None:
    """Let every `Collector` of this process bring its records here; nothing where the package is not installed.

    Args:
        collecting: What is wanted, and where it goes.
        load: Imports a module.
    """
    try:
        queue = load(f"{PACKAGE}.queue.queue").MdcQueue
        sender = load(f"{PACKAGE}.worker.sender").MdcSender
        real = queue.enqueue
    except ModuleNotFoundError as missing:
        if not f"{PACKAGE}.".startswith(f"{missing.name}."):
            logger.warning("`%s` does not work here, so nothing of it is collected: %s", PACKAGE, missing)
        return
    except Exception as problem:  # noqa: BLE001 - the script meets it too, and may do without
        logger.warning("`%s` does not work here, so nothing of it is collected: %s", PACKAGE, problem)
        return

    def enqueue(self: Any, payload: Any) -> tuple[bool, str]:
        if not collecting.wants(payload.designation(), payload.correlation_id() or ""):
            return True, "dropped_sampling"
        if (content := _at_once(payload)) is not None:
            collecting.sink.put(record_of(payload, content))
        elif not real(self, payload)[0]:
            collecting.sink.lose(FULL)
        return True, "accepted"

    def send(self: Any, payload: Any) -> tuple[bool, str]:  # noqa: ARG001 - a method of the package's
        try:
            collecting.sink.put(record_of(payload))
        except Exception:  # noqa: BLE001 - it would end the package's thread
            collecting.sink.lose(BROKEN)
        return True, "202: taken"

    queue.enqueue, sender.send = enqueue, send


def _at_once(payload: Any) -> bytes | None:
    """The JSON of a small table; None for what the package's thread shall write.

    To wake that thread takes longer, and it holds up the request: pandas takes a tenth of a millisecond for a row.
    """
    if payload.contenttype() != JSON:
        return None
    return small_table(getattr(getattr(payload, "_data", None), "_data", None))


def record_of(payload: Any, content: str | bytes | None = None) -> Record:
    """A payload of the package as a record; the fields are those that it sends as headers (worker/sender.py).

    Args:
        payload: The payload.
        content: Its data; None has the package write it.
    """
    if content is None:
        content = payload.content()
    more = {name: str(value) for name, value in payload.headers().items()}
    more |= {"collectdatatype": payload.type(), "agent": payload.agent()}
    if payload.model_version() is not None:
        more["modelversion"] = payload.model_version()
    return Record(
        payload.designation(),
        content.encode() if isinstance(content, str) else content,
        payload.contenttype(),
        payload.correlation_id() or "",
        payload.time(),
        payload.id(),
        more,
        is_line=payload.contenttype() == JSON,
    )


def drain(seconds: float) -> None:
    """Wait until the package's thread has given us what it has, for so many seconds at most."""
    module = sys.modules.get(f"{PACKAGE}.queue")
    queue = module.get_queue() if module is not None else None
    until = time.monotonic() + seconds
    while queue is not None and queue.length() and time.monotonic() < until:
        time.sleep(0.01)
