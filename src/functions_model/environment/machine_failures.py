"""What uv says of the machine that it runs on: a full disk, too little memory. No environment file is to blame."""

from __future__ import annotations

import re

from functions_model.core.disk import refusal
from functions_model.core.failures import Problem
from functions_model.environment.uv_process import ENDED_BY

_REFUSED = re.compile(r"\(os error (?P<number>\d+)\)")
_PATH = re.compile(r"(?<![\w:/.])(/[^\s`\"':]+)")
_KILLED = re.compile(rf"^{ENDED_BY} (?P<signal>\w+)", re.MULTILINE)
_ALLOCATION = re.compile(r"memory allocation of \d+ bytes failed")


def machine_problem(words: str) -> Problem | None:
    """The problem; None when uv says nothing of the machine."""
    for match in _REFUSED.finditer(words):
        place = _PATH.findall(words[: match.start()]) or _PATH.findall(words)
        if told := refusal(int(match["number"]), place[-1] if place else "the temporary files"):
            return Problem(told.what, told.remedy)
    if killed := _KILLED.search(words):
        memory = killed["signal"] == "SIGKILL" or _ALLOCATION.search(words) is not None
        remedy = "Most often the machine has no more memory: run on one that has more." if memory else "Run again."
        return Problem(f"{ENDED_BY} {killed['signal']}", remedy)
    return None
