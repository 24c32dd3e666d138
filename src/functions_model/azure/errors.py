"""What Resource Manager said, in one form: its two error shapes read by one parser, known causes explained."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions_model.azure.causes import CAUSES, UNKNOWN_REMEDIES, Said

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LONGEST = 800


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
    """

    status: int
    code: str
    message: str
    remedy: str
    cause: str = ""
    action: str = ""
    request_id: str = ""

    def __str__(self) -> str:
        """`Could not create the plan: AuthorizationFailed: ... . Ask ...`."""
        return f"Could not {self.action}: {self.reason}. {self.remedy}"

    @property
    def reason(self) -> str:
        """Code and message, a clause without a full stop."""
        return f"{self.code}: {self.message}" if self.code and self.code not in self.message else self.message


def explain(exc: Exception, action: str) -> ServiceError:
    """What an exception of the SDK means.

    Args:
        exc: Anything that a client raised; `HttpResponseError` and its children carry the most.
        action: What was being done, as it follows "Could not": "create the plan `p`".
    """
    request_id = _header(exc, "x-ms-correlation-request-id") or _header(exc, "x-ms-request-id")
    return _explained(_said(exc), action, request_id)


def explain_answer(code: str, message: str, action: str) -> ServiceError:
    """What a refusal means that is no exception, because it came as an answer with status 200.

    Args:
        code: The service's own word.
        message: What it said.
        action: What was being asked for, as it follows "Could not".
    """
    return _explained(Said(0, code, _one_line(message)), action, "")


def _explained(said: Said, action: str, request_id: str) -> ServiceError:
    for cause in CAUSES:
        if (words := cause.words(said)) is not None:
            message, remedy = words
            return ServiceError(said.status, said.code, message, remedy, cause.name, action, request_id)
    return ServiceError(said.status, said.code, said.message, _unknown_remedy(said.status), "", action, request_id)


def error_code(exc: Exception) -> str:
    """The service's own word for an error, whichever shape it came in; empty when there is none."""
    return _said(exc).code


def _said(exc: Exception) -> Said:
    status = getattr(exc, "status_code", None) or 0
    document = _document(exc)
    code, message, extended = _parts(document) if document else ("", "", "")
    if not code and (odata := getattr(exc, "error", None)) is not None:
        code = str(getattr(odata, "code", "") or "")
        message = message or str(getattr(odata, "message", "") or "")
    return Said(int(status), code, _one_line(message or str(exc) or type(exc).__name__), extended)


def _document(exc: Exception) -> Mapping[str, Any] | None:
    response = getattr(exc, "response", None)
    if response is None:
        return None
    try:
        document = json.loads(response.text())
    except Exception:  # noqa: BLE001 - a body that cannot be read explains nothing, and must hide nothing
        return None
    return document if isinstance(document, dict) else None


def _parts(document: Mapping[str, Any]) -> tuple[str, str, str]:
    """Code, message, extended code. ARM writes `error{code,message}`, Microsoft.Web `Code`, `Message`, `Details`."""
    error = document.get("error")
    body: Mapping[str, Any] = error if isinstance(error, dict) else document
    lower = {key.lower(): value for key, value in body.items()}
    code = str(lower.get("code") or "")
    messages = [str(lower.get("message") or "")]
    messages += [text for text in _detail_messages(lower.get("details")) if text not in messages]
    extended = next(_extended_codes(lower.get("details")), "")
    return code, " ".join(filter(None, messages)), extended


def _detail_messages(details: Any) -> Iterator[str]:
    for detail in details if isinstance(details, list) else []:
        if isinstance(detail, dict) and (message := detail.get("message")):
            yield str(message)


def _extended_codes(details: Any) -> Iterator[str]:
    for detail in details if isinstance(details, list) else []:
        entity = detail.get("ErrorEntity") if isinstance(detail, dict) else None
        if isinstance(entity, dict) and entity.get("ExtendedCode"):
            yield str(entity["ExtendedCode"])


def _header(exc: Exception, name: str) -> str:
    headers = getattr(getattr(exc, "response", None), "headers", None) or {}
    return str(headers.get(name, ""))


def _one_line(text: str) -> str:
    line = " ".join(text.split()).rstrip(".")
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} ..."


def _unknown_remedy(status: int) -> str:
    for low, high, remedy in UNKNOWN_REMEDIES:
        if low <= status <= high:
            return remedy
    return "Check the connection to Azure and run again."
