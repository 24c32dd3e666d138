"""What Python raised, out of the log of an app: its last words, and the user's own line."""

from __future__ import annotations

import re

from functions_model.core.failures import Failure
from functions_model.core.masking import cut

_TRACEBACK = "Traceback (most recent call last):"
_CHAINED = ("The above exception was the direct cause", "During handling of the above exception")
_RAISED = re.compile(r"[A-Za-z_][\w.]*(: .+)?")
_FRAME = re.compile(r'File "(?:[^"]*/azureml-app/)?([^"]+)", line (\d+)')
_NOT_THEIRS = ("site-packages/", "functions_model_payload/", "<frozen ")
_LONGEST = 500


def cause_of(failure: Failure) -> str:
    """The cause that a failure's details show, unless the failure itself says it; see `cause_in`."""
    cause = cause_in(failure.detail)
    return "" if cause.partition(": ")[2] in " ".join(str(failure).split()) else cause


def cause_in(text: str) -> str:
    """`score.py, line 9: RuntimeError: weights are of the wrong shape`; empty where there is no traceback.

    Of several, the last counts; of exceptions that led to others, the first, which is the cause.

    Args:
        text: The end of an app's log.
    """
    tracebacks = _roots(text.splitlines())
    return cut(_told(tracebacks[-1]), _LONGEST) if tracebacks else ""


def _roots(lines: list[str]) -> list[list[str]]:
    """The tracebacks that no other one led to, each from its first line on."""
    found, before = [], ""
    for number, line in enumerate(lines):
        if _TRACEBACK in line:
            if not before.startswith(_CHAINED):
                found.append(lines[number:])
            before = ""
        before = line.strip() or before
    return found


def _told(lines: list[str]) -> str:
    """The last frame that is not a library's, and what was raised."""
    indent, place = len(lines[1]) - len(lines[1].lstrip()) if len(lines) > 1 else 0, ""
    for line in lines[1:]:
        frame = _FRAME.search(line)
        if frame and not any(part in line for part in _NOT_THEIRS):
            place = f"{frame[1]}, line {frame[2]}: "
        elif len(line) - len(line.lstrip()) < indent and _RAISED.fullmatch(line.strip()):
            return place + line.strip()
    return ""
