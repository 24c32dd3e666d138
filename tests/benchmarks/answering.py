"""Answers 1 kB by the function `score` and by the inference server alone, in turn; prints the seconds of each as JSON.

Run as `python answering.py ROUNDS CALLS` with the variables of an app. The server takes `print` and the log for itself,
so this is a process of its own.
"""

from __future__ import annotations

import io
import json
import logging
import sys
import time
from typing import TYPE_CHECKING, Any

from azure.functions import http

from functions_model.payload.answering import answer
from functions_model.payload.exchange import wsgi_environ
from functions_model.payload.server import SERVER

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://contoso.azurewebsites.net/api/score"
BODY = b'"' + b"x" * 1022 + b'"'
HEADERS = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
    "Client-IP": "203.0.113.7:50312",
    "Content-Length": str(len(BODY)),
    "Content-Type": "application/json",
    "DISGUISED-HOST": "contoso.azurewebsites.net",
    "Host": "contoso.azurewebsites.net",
    "Max-Forwards": "10",
    "User-Agent": "python-requests/2.32.3",
    "WAS-DEFAULT-HOSTNAME": "contoso.azurewebsites.net",
    "X-AppService-Proto": "https",
    "X-ARR-LOG-ID": "6f1d7c1e-3f5c-4d43-a5a1-8f6e5d2c9b7a",
    "X-ARR-SSL": "2048|256|CN=Microsoft Azure RSA TLS Issuing CA 04|CN=*.azurewebsites.net",
    "X-Forwarded-For": "203.0.113.7:50312",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-TlsVersion": "1.3",
    "X-Functions-Key": "k" * 56,
    "X-Original-URL": "/api/score",
    "X-SITE-DEPLOYMENT-ID": "contoso",
    "X-WAWS-Unencoded-URL": "/api/score",
}
"""What App Service's front end adds to a request is among them."""


def main(rounds: int, calls: int) -> None:
    """Measure, and print."""
    logging.getLogger().addHandler(logging.NullHandler())  # the worker has a handler, which takes the server's place
    application = SERVER.get()
    request = http.HttpRequest("POST", URL, headers=HEADERS, params={}, route_params={}, body_type="bytes", body=BODY)
    environ = wsgi_environ(request, "/score")

    def ours() -> bytes:
        body: bytes = answer(request, "/score", SERVER).get_body()
        return body

    def bare() -> bytes:
        given = {**environ, "wsgi.input": io.BytesIO(BODY)}
        return b"".join(application(given, _start_response))

    assert ours() == bare() == BODY
    measured = [(_seconds(ours, calls), _seconds(bare, calls)) for _ in range(rounds)]
    print(json.dumps(measured), file=sys.stderr)


def _start_response(status: str, headers: Any, exc_info: Any = None) -> Any:
    assert status == "200 OK"


def _seconds(call: Callable[[], bytes], calls: int) -> float:
    """For one call, in time of the processor: what else the machine does is nothing of ours."""
    started = time.thread_time()
    for _ in range(calls):
        call()
    return (time.thread_time() - started) / calls


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
