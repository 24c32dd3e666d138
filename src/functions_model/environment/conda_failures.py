"""What py-rattler's errors mean to the user, and which line of the conda file they are about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from functions_model.core.failures import EnvironmentFailed, Problem
from functions_model.environment.uv_process import clean

if TYPE_CHECKING:
    from functions_model.core.failures import Location
    from functions_model.environment.request import CondaRequest

_TOKEN = re.compile(r"/t/[^/\s`\"')]+")
_NETWORK = re.compile(r"(?:HTTP status|status code|sending request|connect|timed out|dns|request error)", re.IGNORECASE)
_HASH = re.compile(r"(?:hash mismatch|sha-?256|did not match)", re.IGNORECASE)
_NONE_ANYWHERE = re.compile(r"Cannot solve the request because of: No candidates were found for ([^\n]+?)\.?")
"""The whole of what the solver says when it is not others that exclude a package."""
_CHANNEL = re.compile(r"\[channel=[^\]]*\]")
"""How the solver writes a package that is asked of one channel; its address says nothing to the user."""
_LONGEST = 300


def errors_of(rattler: Any) -> tuple[type[Exception], ...]:
    """Everything that py-rattler raises: errors of its own, and for some transfers those of Python."""
    own = [one for one in vars(rattler.exceptions).values() if isinstance(one, type) and issubclass(one, Exception)]
    return (OSError, RuntimeError, *own)


def explain_conda(action: str, error: Exception, request: CondaRequest) -> EnvironmentFailed:
    """The failure for an error of py-rattler: on the line of the package that it is about; its words are the detail."""
    words = _clean("\n".join(_chain(error)), request)
    where = _where(words, request)
    failure = EnvironmentFailed(action, [Problem(*_what(type(error).__name__, words), "environment-file", where)])
    failure.detail = words
    return failure


def _chain(error: BaseException) -> list[str]:
    """What each error in a chain says."""
    words = [str(error)]
    while (cause := error.__cause__ or error.__context__) is not None:
        words.append(str(cause))
        error = cause
    return words


def _clean(words: str, request: CondaRequest) -> str:
    return _TOKEN.sub("/t/***", clean(words, request.secrets))


def _what(kind: str, words: str) -> tuple[str, str]:
    said = " ".join(words.split())[:_LONGEST].rstrip(".")
    if missing := _NONE_ANYWHERE.fullmatch(words.strip()):
        what = f"none of the channels has `{_CHANNEL.sub('', missing[1])}` for Linux on x86-64"
        return what, "Ask for a version that is there, or add the channel that has it."
    if kind == "SolverError":
        return f"no conda packages fit together ({said})", "Loosen a version, or add the channel that has the package."
    if _HASH.search(words):
        return (
            f"a conda package is not what its channel says ({said})",
            "Ask the channel's owner before you install it.",
        )
    if kind == "GatewayError" or _NETWORK.search(words):
        return f"a conda channel could not be read ({said})", "Check its name or URL, its token, and the network."
    return f"py-rattler says: {said}", "The details hold all that it says."


def _where(words: str, request: CondaRequest) -> Location | None:
    """The line of the first package that the words name, else that of the first package."""
    named = [spec for spec in request.specs if re.search(rf"(?<![\w.-]){re.escape(spec.name)}(?![\w-])", words)]
    found = named or list(request.specs)
    return found[0].location if found else None
