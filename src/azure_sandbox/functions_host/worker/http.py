"""HTTP between the host's frames and `azure.functions`."""

from __future__ import annotations

import importlib
import json
from typing import Any


def make_request(head: dict[str, Any], body: bytes) -> Any:
    """The `azure.functions.HttpRequest` of an invocation."""
    functions = importlib.import_module("azure.functions")
    return functions.HttpRequest(
        method=head["method"],
        url=head["url"],
        headers=head["headers"],
        params=head["params"],
        route_params=head["routeParams"],
        body=body,
    )


def make_out() -> Any:
    """An `azure.functions.Out` that keeps what is set."""
    functions = importlib.import_module("azure.functions")

    class Kept(functions.Out):  # type: ignore[misc, name-defined, unused-ignore]
        value: object = None

        def set(self, val: object) -> None:
            self.value = val

        def get(self) -> object:
            return self.value

    return Kept()


def read_response(answer: object) -> tuple[dict[str, Any], bytes]:
    """Status and headers, and the body, of what a function gave back.

    Raises:
        TypeError: It gave back something that is no HTTP response.
    """
    if answer is None:
        return {"status": 204, "headers": []}, b""
    functions = importlib.import_module("azure.functions")
    if isinstance(answer, functions.HttpResponse):
        return _read_http_response(answer)
    if isinstance(answer, str):
        return {"status": 200, "headers": [["Content-Type", "text/plain; charset=utf-8"]]}, answer.encode()
    if isinstance(answer, (dict, list, int, float)):
        return {"status": 200, "headers": [["Content-Type", "application/json"]]}, json.dumps(answer).encode()
    message = f"unable to encode outgoing HTTP response: {type(answer).__name__} is no HttpResponse and no text"
    raise TypeError(message)


def _read_http_response(answer: Any) -> tuple[dict[str, Any], bytes]:
    headers = [[str(name), str(value)] for name, value in dict(answer.headers).items()]
    if not any(name.lower() == "content-type" for name, _ in headers):
        mimetype = answer.mimetype
        text = f"{mimetype}; charset={answer.charset}" if mimetype.startswith("text/") else mimetype
        headers.append(["Content-Type", text])
    body = answer.get_body()
    return {"status": answer.status_code, "headers": headers}, body if isinstance(body, bytes) else b""
