"""What the script did wrong in this process, kept for those who hold the host's master key: failures and warnings.

The function `check` tells them. Callers of the script get no more than Azure ML's server tells them.
"""

from __future__ import annotations

import logging
import re
import sys
import threading
import warnings
from collections import OrderedDict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from .failures import LONGEST_TEXT, Place, ScriptFailure, failure_of, place_of

if TYPE_CHECKING:
    from collections.abc import Callable

FAILURE = "x-functions-model-failure"
"""The header that tells the id of a failure: who holds the master key can ask for it."""
OURS = "functions_model"
"""The kind of a warning that is the payload's own, and that is told as it stands."""
MOST_WARNINGS, MOST_FAILURES = 50, 20
_NOT_THE_SCRIPTS = re.compile(r"(azmlinfsrv|azure_functions_\w+|azure\.functions|functions_model|proxy_worker)(\.|$)")
"""Loggers of those who call the script."""
_OF_SERVERS = re.compile(
    r"[/\\](azureml_inference_server_http|flask|werkzeug|inference_schema|azure_functions_\w+)[/\\]"
)
_TRACEBACK = "Traceback (most recent call last)"


@dataclass(frozen=True)
class ScriptWarning:
    """A warning of the script, or of a library that it uses.

    Attributes:
        kind: The category, or the level of a log record: "InconsistentVersionWarning"; or `OURS`.
        text: What it says.
        place: The user's own line, where it is one.
    """

    kind: str
    text: str
    place: Place | None


class Notes:
    """The last failures, and each warning once. Safe to use from several threads."""

    def __init__(self) -> None:
        self._failures: OrderedDict[str, ScriptFailure] = OrderedDict()
        self._warnings: dict[tuple[str, str], ScriptWarning] = {}
        self._lock = threading.Lock()
        self._own = threading.local()

    def failed(self, failure: ScriptFailure) -> None:
        """Keep it, also as the last one of this thread."""
        self._own.last = failure
        with self._lock:
            self._failures[failure.id] = failure
            while len(self._failures) > MOST_FAILURES:
                self._failures.popitem(last=False)

    def last(self) -> ScriptFailure | None:
        """The last failure of this thread since it was taken."""
        last: ScriptFailure | None = getattr(self._own, "last", None)
        return last

    def take(self) -> ScriptFailure | None:
        """The same, which is then forgotten."""
        last = self.last()
        self._own.last = None
        return last

    def warned(self, warning: ScriptWarning) -> None:
        """Keep it, unless it is known or there are too many."""
        with self._lock:
            if len(self._warnings) < MOST_WARNINGS:
                self._warnings.setdefault((warning.kind, warning.text), warning)

    def document(self, failure: str) -> dict[str, Any]:
        """What is told: the failure of that id, and all warnings."""
        with self._lock:
            found, warned = self._failures.get(failure), list(self._warnings.values())
        return {"failure": asdict(found) if found else None, "warnings": [asdict(one) for one in warned]}


NOTES = Notes()
"""Those of this process."""


class FailureFilter(logging.Filter):
    """Notes what the inference server logs as an exception, and leaves the frames of others out of its text.

    The server logs each one while it handles it, as text (its server/routes.py and server/aml_blueprint.py).
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        error = sys.exc_info()[1]
        if error is not None and record.levelno >= logging.ERROR and _TRACEBACK in record.getMessage():
            failure = failure_of(error)
            NOTES.failed(failure)
            record.msg, record.args = failure.traceback or f"{failure.type}: {failure.text}", ()
        return True


def note_warnings(notes: Notes = NOTES) -> None:
    """From now on, keep what `warnings.warn` shows and what is logged as a warning or worse. Once per process."""
    if not getattr(warnings.showwarning, "_noted", False):
        warnings.showwarning = _noting_shown(warnings.showwarning, notes)
        logging.setLogRecordFactory(_noting_logged(logging.getLogRecordFactory(), notes))


def _noting_shown(shown: Callable[..., None], notes: Notes) -> Callable[..., None]:
    def showwarning(
        message: Any, category: type[Warning], filename: str, lineno: int, *more: Any, **named: Any
    ) -> None:
        if not _OF_SERVERS.search(filename):
            notes.warned(ScriptWarning(category.__name__, str(message)[:LONGEST_TEXT], place_of(filename, lineno)))
        shown(message, category, filename, lineno, *more, **named)

    showwarning._noted = True  # type: ignore[attr-defined]  # noqa: SLF001
    return showwarning


def _noting_logged(made: Callable[..., logging.LogRecord], notes: Notes) -> Callable[..., logging.LogRecord]:
    def factory(*args: Any, **named: Any) -> logging.LogRecord:
        record = made(*args, **named)
        if record.levelno >= logging.WARNING and not _NOT_THE_SCRIPTS.match(record.name):
            notes.warned(_of_record(record))
        return record

    return factory


def _of_record(record: logging.LogRecord) -> ScriptWarning:
    try:
        text = record.getMessage()
    except Exception:  # noqa: BLE001 - arguments that do not fit are the logging module's to tell
        text = str(record.msg)
    return ScriptWarning(record.levelname, text[:LONGEST_TEXT], place_of(record.pathname, record.lineno))
