"""What py-rattler's refusals, and its end, mean to the user, and which line of the environment file they are about."""

from __future__ import annotations

import re
from collections.abc import Sequence

from functions_model.core.failures import EnvironmentFailed, Location, Problem
from functions_model.core.masking import in_one_line
from functions_model.core.secrets import Secret
from functions_model.core.unanswered import unanswered_in
from functions_model.environment.machine_failures import machine_problem
from functions_model.environment.processes import Ended, OverTime
from functions_model.environment.request import CondaRequest
from functions_model.environment.uv_process import clean

_TOKEN = re.compile(r"/t/[^/\s`\"')]+")
_NETWORK = re.compile(r"(?:HTTP status|status code|sending request|connect|timed out|dns|request error)", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://(?:[^/@\s]*@)?([^/\s`\"')]+)")
_HASH = re.compile(r"(?:hash mismatch|sha-?256|did not match)", re.IGNORECASE)
_NONE_ANYWHERE = re.compile(r"Cannot solve the request because of: No candidates were found for ([^\n]+?)\.?")
"""The whole of what the solver says when it is not others that exclude a package."""
_CHANNEL = re.compile(r"\[channel=[^\]]*\]")
"""How the solver writes a package that is asked of one channel; its address says nothing to the user."""
_LONGEST = 300
_PANIC = "py-rattler broke off: a channel, or a package of it, is not as it must be"


def explain_conda(action: str, kind: str, words: str, request: CondaRequest) -> EnvironmentFailed:
    """The failure for an error of py-rattler: on the line of the package that it is about; its words are the detail.

    Args:
        action: What was being done.
        kind: The error's class; `Panic` where py-rattler met what it does not expect.
        words: All that it says.
        request: What was asked for.
    """
    words = without_tokens(words, request.secrets)
    told = _of_machine(kind, words) or _what(kind, words)
    problem = Problem(*told, "environment-file", _where(words, request))
    return EnvironmentFailed(action, [problem], detail=words)


def explain_end(action: str, ended: Ended, request: CondaRequest) -> EnvironmentFailed:
    """The failure for a py-rattler that came to an end without an answer."""
    words = without_tokens(ended.words, request.secrets)
    how = f"the signal {ended.ended_by}" if ended.ended_by else f"the exit code {ended.code}"
    remedy = "It holds what py-rattler cannot read, or leads it astray: ask its owner. The details have the last words."
    if ended.ended_by == "SIGKILL" or "memory allocation" in words:
        remedy = "Most often the machine has no more memory: run on one that has more."
    what = f"py-rattler ended with {how}, and no answer, at work with {_channels(request)}"
    return _of_channels(action, what, remedy, request, words)


def explain_late(action: str, late: OverTime, request: CondaRequest) -> EnvironmentFailed:
    """The failure for a py-rattler that did not come to an end."""
    what = f"py-rattler was ended, as it was still at work after {late.time} with {_channels(request)}"
    return _of_channels(action, what, "See whether it answers to the end, and the network is quick enough.", request)


def _of_channels(action: str, what: str, remedy: str, request: CondaRequest, detail: str = "") -> EnvironmentFailed:
    return EnvironmentFailed(action, [Problem(what, remedy, "environment-file", _where("", request))], detail=detail)


def _channels(request: CondaRequest) -> str:
    names = ", ".join(f"`{channel.name}`" for channel in request.channels)
    return f"the {'channel' if len(request.channels) == 1 else 'channels'} {names}"


def without_tokens(text: str, secrets: Sequence[Secret]) -> str:
    """The text without the logins and tokens of channels' addresses."""
    return _TOKEN.sub("/t/***", clean(text, secrets))


def _of_machine(kind: str, words: str) -> tuple[str, str] | None:
    if kind == "Panic":
        return _PANIC, "Ask the channel's owner. The details have what py-rattler says."
    machine = machine_problem(words)
    return (machine.what, machine.remedy) if machine else None


def _what(kind: str, words: str) -> tuple[str, str]:
    said = in_one_line(words, _LONGEST)
    if missing := _NONE_ANYWHERE.fullmatch(words.strip()):
        what = f"none of the channels has `{_CHANNEL.sub('', missing[1])}` for Linux on x86-64"
        return what, "Ask for a version that exists, or add the channel that has it."
    if kind == "SolverError":
        return f"no conda packages fit together ({said})", "Loosen a version, or add the channel that has the package."
    if _HASH.search(words):
        what = f"a conda package is not what its channel says ({said})"
        return what, "Ask the channel's owner before you install it."
    if (address := _ADDRESS.search(words)) and (silent := unanswered_in(words, address[1])):
        return silent.what, silent.remedy
    if kind == "GatewayError" or _NETWORK.search(words):
        return f"a conda channel could not be read ({said})", "Check its name or URL, its token, and the network."
    return f"py-rattler says: {said}", "The details have its full message."


def _where(words: str, request: CondaRequest) -> Location | None:
    """The line of the first package that the words name, or a file of it, else that of the first package."""
    named = [spec for spec in request.specs if re.search(rf"(?<![\w.-]){re.escape(spec.name)}(?!\w|-\D)", words)]
    found = named or list(request.specs)
    return found[0].location if found else None
