"""Two owners of one log: the Functions worker, and the inference server inside it.

The inference server configures logging for a process of its own: it disables every logger that it does not know, it
closes all handlers, and its records stop at its own handler on standard output. In a Functions worker that silences
the worker, and keeps the user's prints from the channel through which the host writes them, with their invocation, to
the container log and to Application Insights.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from typing import TYPE_CHECKING

from .noted import FailureFilter

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER = "azmlinfsrv"
"""The inference server's logger. Its child `azmlinfsrv.print` gets what the user prints."""


@contextlib.contextmanager
def kept_log() -> Iterator[None]:
    """Let the code inside configure logging as it likes; the loggers and root handlers of before live on."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    enabled = [
        logger
        for logger in root.manager.loggerDict.values()
        if isinstance(logger, logging.Logger) and not logger.disabled
    ]
    try:
        yield
    finally:
        for logger in enabled:
            logger.disabled = False
        for handler in handlers:
            root.addHandler(handler)  # does nothing when it is still there
        if handlers:
            root.setLevel(min(level, root.level))


def share_server_log() -> None:
    """Send the inference server's records, the user's prints among them, through the worker's own handlers.

    Its handlers on standard output and standard error go, or each line would stand in the container log twice.
    Without a worker, that is without root handlers, they stay. Calling it again changes nothing.
    """
    server = logging.getLogger(SERVER)
    if not any(isinstance(one, FailureFilter) for one in server.filters):
        server.addFilter(FailureFilter())
    if not logging.getLogger().handlers:
        return
    for handler in list(server.handlers):
        if isinstance(handler, WorkerChannel) or _writes_to_console(handler):
            server.removeHandler(handler)
    server.propagate = False
    server.addHandler(WorkerChannel())


def _writes_to_console(handler: logging.Handler) -> bool:
    return type(handler) is logging.StreamHandler and handler.stream in (sys.stdout, sys.stderr)


class WorkerChannel(logging.Handler):
    """Hands records to the root logger's handlers.

    Not `propagate`, because the inference server turns `print` into a log record: a root handler that prints would
    call itself without end. A record that arises while another is handed over goes to standard output as it is.
    """

    def __init__(self) -> None:
        super().__init__()
        self._in_use = threading.local()

    def handle(self, record: logging.LogRecord) -> bool:
        """Hand over one record, without a lock: the root handlers have theirs, and two locks in two orders block."""
        if getattr(self._in_use, "now", False):
            sys.stdout.write(record.getMessage() + "\n")
            return False
        self._in_use.now = True
        try:
            logging.getLogger().callHandlers(record)
        finally:
            self._in_use.now = False
        return True
