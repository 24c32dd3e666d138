"""Answers of Azure that are not what they must be, raised as the SDK's errors are: who expects those expects these."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from pathlib import PurePath
from types import NoneType
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

import requests
from azure.core.exceptions import AzureError, DecodeError, HttpResponseError
from azure.core.pipeline.policies import HTTPPolicy

from functions_model.core.answers import MISREADING, NAMES, AnswerUnreadable, Said, host_of, whole
from functions_model.core.sending import Retries, seconds_asked

_Given = ParamSpec("_Given")
_Answer = TypeVar("_Answer")

MISREAD = "misread"
"""The name of the cause."""
_REPORT = (
    "Run again. If it happens again, and no proxy answers instead, please report it to functions-model-action with "
    "this line."
)
_HEARD = threading.local()
"""`last`: what this thread heard last, with its request. `response`: the SDK's, while it is not taken apart."""


def heard(response: Any) -> Any:
    """An answer that has just come, remembered for whoever cannot take it apart."""
    _HEARD.response = response
    return response


class Misread(HttpResponseError):
    """An answer is not what it must be.

    Args:
        reason: Who said what, a clause without a full stop. Never holds a secret.
        remedy: Whole sentences.
        response: The SDK's, if there is one. Its status is no `status_code`: a proxy's 404 says nothing of Azure.
    """

    def __init__(self, reason: str, remedy: str, response: Any = None) -> None:
        super().__init__(message=reason)
        self.remedy = remedy
        self.response = response
        self.status = int(getattr(response, "status_code", 0) or 0)

    def __str__(self) -> str:
        """The reason alone."""
        return str(self.message)


def said_of(response: Any) -> Said | None:
    """What an answer of the SDK says; None for no answer, and for one that cannot be read to its end.

    Raises:
        AnswerUnreadable: It has no end.
    """
    if response is None:
        return None
    try:
        streamed: Any = getattr(response, "_internal_response", None)
        if not getattr(streamed, "_content_consumed", True):
            whole(streamed)
        content = response.read() if hasattr(response, "read") else response.body()
        headers = {str(name).lower(): str(value) for name, value in (response.headers or {}).items()}
        return Said(host_of(response.request.url), int(response.status_code), bytes(content or b""), headers)
    except AnswerUnreadable:
        raise
    except (AzureError, requests.RequestException, AttributeError, TypeError, ValueError):
        return None


def mapping_of(response: Any) -> dict[str, Any]:
    """The mapping that an answer of `send_request` holds.

    Raises:
        HttpResponseError: It is a refusal, or no mapping (`Misread`).
    """
    response.raise_for_status()
    with understood():
        if (said := said_of(response)) is None:
            raise Misread(f"the answer of `{host_of(response.request.url)}` breaks off", "Run again.", response)
        return said.mapping()


@contextmanager
def understood() -> Iterator[None]:
    """Take an answer apart inside.

    Raises:
        Misread: It has another form than is known.
    """
    _HEARD.last = None
    try:
        yield
    except AnswerUnreadable as exc:
        raise Misread(exc.reason, exc.remedy) from exc
    except MISREADING as exc:
        last: tuple[Said, str] | None = getattr(_HEARD, "last", None)
        raise _misread(exc, *(last or (None, ""))) from exc


def understanding(read: Callable[_Given, _Answer]) -> Callable[_Given, _Answer]:
    """The same call, as inside of `understood`; for one that another thread makes."""

    @wraps(read)
    def in_place(*given: _Given.args, **named: _Given.kwargs) -> _Answer:
        with understood():
            return read(*given, **named)

    return in_place


def _misread(exc: Exception, said: Said | None, asked: str) -> Misread:
    if said is not None and not said.is_mapping:
        return Misread(said.reason, said.remedy)
    who = f"`{said.host}` answered `{asked}` with the status {said.status}" if said else "Azure answered"
    return Misread(f"{who} in a form that is not known ({_place(exc)})", _REPORT)


def _place(exc: Exception) -> str:
    """Where it was found, without the words of the error: they may hold what was answered."""
    own = [one for one in traceback.extract_tb(exc.__traceback__) if "functions_model" in PurePath(one.filename).parts]
    at = f" in {PurePath(own[-1].filename).name}, line {own[-1].lineno}" if own else ""
    return f"{type(exc).__name__}{at}"


class ReadingPolicy(HTTPPolicy[Any, Any]):
    """Raise for each answer that is not Resource Manager's own, and for headers that the SDK cannot read.

    It is outside of the SDK's retries. A page with the status 404 would else mean that something is not there.
    """

    def send(self, request: Any) -> Any:
        """Send it on, and look at the answer.

        Raises:
            Misread: It is a page, or said to be JSON and is none.
        """
        _HEARD.response = None
        with understood():
            try:
                answer = self.next.send(request)
            except (DecodeError, *MISREADING) as exc:
                if (said := said_of(_HEARD.response)) and not said.is_mapping:
                    raise Misread(said.reason, said.remedy, _HEARD.response) from exc
                raise
            response = answer.http_response
            set_wait(response)
            said = said_of(response)
        if said is None:
            reason = f"the answer of `{host_of(request.http_request.url)}` breaks off, or cannot be unpacked"
            raise Misread(reason, "Run again.", response)
        _HEARD.last = said, f"{request.http_request.method} {urlsplit(request.http_request.url).path}"
        if said.content.strip() and _is_document(request.http_request, response):
            _check(request.http_request, said, _own_document(response, said))
        return answer


_ENVELOPE: Mapping[str, type] = {
    **dict.fromkeys(("id", "name", "type", "location", "kind", "nextLink"), str),
    **dict.fromkeys(("properties", "tags", "identity", "sku"), dict),
    "value": list,
}
"""What each resource and each list of Resource Manager has, where it has it."""


def _check(request: Any, said: Said, document: Any) -> None:
    """See that an answer has the form of Resource Manager, and that the next page of a list is another one of its own.

    The token is sent there. What a host answers through Resource Manager has a form of its own.
    """
    if said.status >= 400 or not isinstance(document, dict) or "/hostruntime/" in request.url:
        return
    entries = document["value"] if isinstance(document.get("value"), list) else []
    for one in (document, *(entry for entry in entries if isinstance(entry, dict))):
        for name, kind in _ENVELOPE.items():
            if not isinstance(one.get(name), (kind, NoneType)):
                what = f"`{said.host}` answered with {NAMES[type(one[name])]} as `{name}`, which must be {NAMES[kind]}"
                raise Misread(what, _REPORT)
    link = document.get("nextLink")
    if link and (link == request.url or not f".{host_of(link)}".endswith(f".{said.host}")):
        what = f"`{said.host}` answered with a list whose next page is at `{host_of(link)}`, or is the same again"
        raise Misread(what, _REPORT)


def set_wait(response: Any) -> None:
    """Leave of the header what can be waited: the SDK would take a word for a date, and a week for a wait."""
    asked = response.headers.get("Retry-After")
    if asked is None:
        return
    seconds = seconds_asked(asked)
    if seconds is None:
        del response.headers["Retry-After"]
    elif response.status_code < 400:  # between two looks at a long operation
        response.headers["Retry-After"] = str(int(min(seconds, Retries().most_asked)))


def _is_document(request: Any, response: Any) -> bool:
    """Whether it says so, and is no log."""
    if urlsplit(request.url).path.endswith("/containerlogs"):
        return False
    kind = str(response.headers.get("Content-Type") or "json").lower()
    return "json" in kind or "html" in kind


def _own_document(response: Any, said: Said) -> Any:
    """What Resource Manager has answered.

    Raises:
        Misread: It is a page, whatever its status, or nothing that the SDK can take apart.
    """
    try:
        if not said.is_page:
            response.text()
            return said.document()
    except (ValueError, LookupError):  # of its text, and of the charset that its header names
        pass
    raise Misread(said.reason, said.remedy, response)
