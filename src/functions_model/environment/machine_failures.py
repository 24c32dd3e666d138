"""What uv and py-rattler say of the machine, and of our bounds: no line of a file is to blame.

A full disk, too little memory; a file that is larger than any may be, an answer without an end.
"""

from __future__ import annotations

import errno
import re
import resource

from functions_model.core.disk import refusal
from functions_model.core.failures import Problem
from functions_model.environment.processes import LARGEST_FILE
from functions_model.environment.uv_process import ENDED_BY, OVER_TIME

_REFUSED = re.compile(r"\(os error (?P<number>\d+)\)")
_PATH = re.compile(r"(?<![\w:/.])(/[^\s`\"':]+)")
_KILLED = re.compile(rf"^{ENDED_BY} (?P<signal>\w+)", re.MULTILINE)
_LATE = re.compile(rf"^{OVER_TIME} \d+ (seconds|minutes)", re.MULTILINE)
_PACKAGE = re.compile(r"Failed to (?:download|install|extract|unpack)[^`\n]*`([^`\n]+)`|failed to fetch ([^\s`:]+)")
"""As uv and py-rattler name it."""
_ALLOCATION = re.compile(r"memory allocation of \d+ bytes failed")


def machine_problem(words: str) -> Problem | None:
    """The problem; None when nothing is said of the machine."""
    if late := _LATE.search(words):
        remedy = (
            "A package index that answers slowly, and never to the end, does that: see which ones the environment file"
            " and the variables `UV_*` name, and that the network is as quick as it should be."
        )
        return Problem(late[0], remedy)
    for match in _REFUSED.finditer(words):
        if int(match["number"]) == errno.EFBIG and not _is_small():
            return _too_large(words)
        place = _PATH.findall(words[: match.start()]) or _PATH.findall(words)
        if told := refusal(int(match["number"]), place[-1] if place else "the temporary files"):
            return Problem(told.what, told.remedy)
    if killed := _KILLED.search(words):
        memory = killed["signal"] == "SIGKILL" or _ALLOCATION.search(words) is not None
        remedy = "Most often the machine has no more memory: run on one that has more." if memory else "Run again."
        return Problem(f"{ENDED_BY} {killed['signal']}", remedy)
    return None


def _is_small() -> bool:
    """Whether this machine has a smaller limit than ours."""
    least = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    return resource.RLIM_INFINITY != least < LARGEST_FILE


def _too_large(words: str) -> Problem:
    package = _PACKAGE.search(words)
    named = f"`{package[1] or package[2]}`" if package else "a package"
    what = f"{named} holds a file of more than {LARGEST_FILE >> 30} GiB"
    return Problem(what, "No image of a function app can be so large: take another version, or leave the package out.")
