"""Scores one row by the function `score`, with the script's `Collector` and without it, in turn; prints milliseconds.

Run as `python collected_answers.py ROUNDS CALLS` with the variables of an app. What is collected is sent at the end of
each round, and its time is that of the round. The server takes `print` for itself, so this is a process of its own.
"""

from __future__ import annotations

import json
import logging
import sys
import time
from typing import TYPE_CHECKING, Any

from azure.functions import http

from functions_model.payload.answering import answer
from functions_model.payload.collecting import begun
from functions_model.payload.server import SERVER

if TYPE_CHECKING:
    from collections.abc import Callable

URL = "https://contoso.azurewebsites.net/api/score"
HEADERS = {"Content-Type": "application/json", "X-Functions-Key": "k" * 56}


def main(rounds: int, calls: int) -> None:
    """Measure, and print."""
    logging.getLogger().addHandler(logging.NullHandler())  # the worker has a handler, which takes the server's place
    row = {f"F{number}": number * 7 % 5 for number in range(23)}
    asked = {collect: request({"data": [row], "collect": collect}) for collect in (True, False)}
    assert answer(asked[True], "/score", SERVER).get_body() == answer(asked[False], "/score", SERVER).get_body()
    collecting = begun()
    assert collecting is not None

    def scored(collect: bool) -> None:
        for _ in range(calls):
            answer(asked[collect], "/score", SERVER)
        collecting.sink.flush(30)

    measured = [[milliseconds(scored, collect, calls) for collect in (True, False)] for _ in range(rounds)]
    assert collecting.sink.lost == 0
    print(json.dumps(measured), file=sys.stderr)


def request(document: Any) -> http.HttpRequest:
    body = json.dumps(document).encode()
    return http.HttpRequest("POST", URL, headers=HEADERS, params={}, route_params={}, body_type="bytes", body=body)


def milliseconds(work: Callable[[bool], None], collect: bool, calls: int) -> float:
    """For one call, in time of the processor of all threads: what else the machine does is nothing of ours."""
    started = time.process_time()
    work(collect)
    return (time.process_time() - started) * 1000 / calls


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
