"""What Resource Manager said, in one form: its two error shapes read by one parser, known causes explained."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from functions_model.azure.assignees import login_in
from functions_model.azure.causes import CAUSES, UNKNOWN_REMEDIES
from functions_model.azure.misread import MISREAD, Misread, said_of
from functions_model.azure.policies import facts_of, mappings, unwrapped, without_identifiers
from functions_model.core.answers import printable
from functions_model.core.failures import Cause, NamedCause
from functions_model.core.masking import in_one_line
from functions_model.core.sending import seconds_asked
from functions_model.core.strict_json import parse_json
from functions_model.core.unanswered import Unanswered, unanswered

NO_FACTS = {
    "policies": "a policy of the subscription or of its management group",
    "ways": "Ask its owner for an exemption, or for values that it allows.",
    "wait": "some minutes",
    **login_in(""),
}
"""What remedies say where the service does not tell."""


@dataclass(frozen=True, slots=True)
class ServiceWords:
    """What the service said, in one form for both error shapes.

    Attributes:
        status: The HTTP status; 0 when no answer came.
        code: `AuthorizationFailed` and the like.
        message: One line.
        extended: Microsoft.Web's own number, such as `54001`; empty elsewhere.
        facts: More that remedies name: `policies`, `ways`, `wait`, `object_id`, `principal_type`.
    """

    status: int
    code: str
    message: str
    extended: str = ""
    facts: Mapping[str, str] = field(default_factory=NO_FACTS.copy)


def recognised(cause: Cause, said: ServiceWords) -> NamedCause | None:
    """The cause in words when it is the one, else None. Where it has no meaning of its own, that is empty."""
    if cause.status and cause.status != said.status:
        return None
    if cause.code and not re.fullmatch(cause.code, said.code, re.IGNORECASE):
        return None
    if cause.extended and cause.extended != said.extended:
        return None
    found = re.search(cause.text, said.message, re.IGNORECASE | re.DOTALL)
    return cause.named(found, said.facts) if found else None


_LONGEST_OF_DATA = 400
_LONGEST = 800
_EMPTY_CODES = {"badrequest", "conflict", "unauthorized"}
"""Codes that repeat the status and say no more. Beside a quota, `Unauthorized` would look like a failed login."""


@dataclass(frozen=True, slots=True)
class ServiceError:
    """A refusal of the service, explained.

    Attributes:
        status: The HTTP status; 0 when no answer came.
        code: The service's own word, such as `AuthorizationFailed`; may be empty.
        message: What it said, one line without a full stop, cut to a readable length.
        remedy: What to do, whole sentences.
        cause: Name of the recognised cause; empty when it is none of those known.
        action: What was being done, as it follows "Could not".
        request_id: What support asks for; may be empty.
        passes: It ends by itself: the same request made a little later may succeed.
        named: What the error names, such as `namespace` or `scope`, with the facts of its words.
        subject: The input that it is about; empty where none is known.
    """

    status: int
    code: str
    message: str
    remedy: str
    cause: str = ""
    action: str = ""
    request_id: str = ""
    passes: bool = False
    named: Mapping[str, str] = field(default_factory=dict)
    subject: str = ""

    def __str__(self) -> str:
        """`Could not create the plan: AuthorizationFailed: ... . Ask ...`."""
        return f"Could not {self.action}: {self.reason}. {self.remedy}"

    @property
    def forbids(self) -> bool:
        """Whether Azure itself says that the login may not: a proxy has the same status."""
        return self.status == 403 and self.cause != MISREAD

    @property
    def reason(self) -> str:
        """Code and message, a clause without a full stop."""
        says_something = self.code and self.code.lower() not in _EMPTY_CODES and self.code not in self.message
        return f"{self.code}: {self.message}" if says_something else self.message


def explain(exc: Exception, action: str) -> ServiceError:
    """What an exception of the SDK means.

    Args:
        exc: Anything that a client raised; `HttpResponseError` and its children carry the most.
        action: What was being done, as it follows "Could not": "create the plan `p`".
    """
    request_id = _header(exc, "x-ms-correlation-request-id") or _header(exc, "x-ms-request-id")
    if isinstance(exc, Misread):
        return ServiceError(exc.status, "", str(exc), exc.remedy, MISREAD, action, request_id)
    if silent := _silence(exc):
        return ServiceError(0, "", silent.what, silent.remedy, "", action)
    return _explained(_said(exc), action, request_id)


def _silence(exc: Exception) -> Unanswered | None:
    """Why the service said nothing; None when it did, or when that is not the network's doing."""
    said = getattr(exc, "response", None) is not None or getattr(exc, "status_code", None)
    return None if said or isinstance(exc, Misread) else unanswered(exc)


def explain_answer(code: str, message: str, action: str) -> ServiceError:
    """What a refusal means that is no exception, because it came as an answer with status 200.

    Args:
        code: The service's own word.
        message: What it said.
        action: What was being asked for, as it follows "Could not".
    """
    return _explained(ServiceWords(0, code, printable(in_one_line(message, _LONGEST))), action, "")


def _explained(said: ServiceWords, action: str, request_id: str) -> ServiceError:
    for cause in CAUSES:
        if (named := recognised(cause, said)) is not None:
            meaning, passes = named.meaning or said.message, cause.passes
            told = (said.status, said.code, meaning, named.remedy, cause.name, action, request_id)
            return ServiceError(*told, passes, named.named, cause.subject)
    remedy = next(remedy for low, high, remedy in UNKNOWN_REMEDIES if low <= said.status <= high)
    return ServiceError(said.status, said.code, said.message, remedy, "", action, request_id, named=said.facts)


def error_code(exc: Exception) -> str:
    """The service's own word for an error, whichever shape it came in; empty when there is none."""
    return _said(exc).code


def data_code(exc: Exception) -> str:
    """The word of storage or Service Bus for an error; the SDK gives it as an enumeration or as text."""
    code = getattr(exc, "error_code", None) or ""
    return str(getattr(code, "value", code))


def data_words(exc: Exception) -> str:
    """What storage, Service Bus or the network said: one line, without a full stop and without signatures.

    A code that the line does not have comes first.
    """
    lines = str(getattr(exc, "message", "") or exc).splitlines() or [type(exc).__name__]
    if silent := _silence(exc):
        # What may pass by itself has the way out of whoever asked: to run again.
        return silent.what if silent.passes else f"{silent.what}. {silent.remedy}".rstrip(".")
    code, text = data_code(exc), in_one_line(lines[0], _LONGEST_OF_DATA)
    return f"{code}: {text}" if code and code not in text else text


def retry_after(exc: Exception) -> float | None:
    """Seconds that the service asks to wait; None when it does not say."""
    return seconds_asked(_header(exc, "retry-after"))


def _said(exc: Exception) -> ServiceWords:
    status = getattr(exc, "status_code", None) or 0
    body = _body(_document(exc) or {})
    code, message, extended = _parts(body)
    if not code and (odata := getattr(exc, "error", None)) is not None:
        code = str(getattr(odata, "code", "") or "")
        message = message or str(getattr(odata, "message", "") or "")
    said = None if message else said_of(getattr(exc, "response", None))
    told = without_identifiers(message) or (said.reason if said and said.content.strip() else "")
    text = printable(in_one_line(told or str(exc) or type(exc).__name__, _LONGEST))
    return ServiceWords(int(status), code, text, extended, _facts(exc, body, message))


def _facts(exc: Exception, body: Mapping[str, Any], message: str) -> dict[str, str]:
    facts = NO_FACTS | facts_of(body) | login_in(message)
    if (seconds := retry_after(exc)) is not None:
        facts["wait"] = f"{seconds:.0f} s"
    return facts


def _document(exc: Exception) -> Mapping[str, Any] | None:
    response = getattr(exc, "response", None)
    if response is None:
        return None
    try:
        document = parse_json(response.text())
    except Exception:  # noqa: BLE001 - a body that cannot be read explains nothing, and must hide nothing
        return None
    return document if isinstance(document, dict) else None


def _body(document: Mapping[str, Any]) -> dict[str, Any]:
    """What is told, with names in lower case. ARM writes `error{code,message}`, Microsoft.Web `Code`, `Message`."""
    error = document.get("error")
    body: Mapping[str, Any] = error if isinstance(error, dict) else document
    return unwrapped({key.lower(): value for key, value in body.items()})


def _parts(body: Mapping[str, Any]) -> tuple[str, str, str]:
    """Code, message, extended code."""
    code = str(body.get("code") or "")
    details = mappings(body.get("details"))
    first, *more = (str(told.get("message") or "") for told in (body, *details))
    entities = mappings([detail.get("ErrorEntity") for detail in details])
    extended = next((str(entity["ExtendedCode"]) for entity in entities if entity.get("ExtendedCode")), "")
    return code, " ".join(filter(None, (first, *(text for text in more if text != first)))), extended


def _header(exc: Exception, name: str) -> str:
    headers = getattr(getattr(exc, "response", None), "headers", None) or {}
    return printable(str(headers.get(name, "")))[:_LONGEST]
