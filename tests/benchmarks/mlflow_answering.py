"""Answers a large body by the function `score` and by MLflow's own scoring server, in turn; prints seconds as JSON.

Run as `python mlflow_answering.py ROWS ROUNDS FOLDER` in a Python with MLflow, with `functions_model`, its scoring
script and azure-functions on the path. MLflow's server is the ASGI application that `mlflow models serve` runs, called
in this process: no side speaks HTTP.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
from azure.functions import http
from mlflow.models.signature import infer_signature
from mlflow.pyfunc import scoring_server

from functions_model.payload.answering import answer
from functions_model.payload.server import SERVER

if TYPE_CHECKING:
    from collections.abc import Callable

JSON = "application/json"


def main(rows: int, rounds: int, folder: Path) -> None:
    """Measure, and print."""
    logging.getLogger().addHandler(logging.NullHandler())  # the worker has a handler, which takes the server's place
    columns = save_model(folder / "model")
    os.environ["AZUREML_MODEL_DIR"] = str(folder / "model")
    SERVER.get()
    app = scoring_server.init(mlflow.pyfunc.load_model(str(folder / "model")))
    numbers = random.Random(0)  # noqa: S311 - these are no secrets
    data = [[round(numbers.uniform(0, 8), 14) for _ in columns] for _ in range(rows)]
    split = {"columns": columns, "index": list(range(rows)), "data": data}
    azures, mlflows = (json.dumps({name: split}).encode() for name in ("input_data", "dataframe_split"))

    def ours() -> bytes:
        request = http.HttpRequest(
            "POST",
            "https://contoso.azurewebsites.net/api/score",
            headers={"Content-Type": JSON},
            params={},
            route_params={},
            body_type="bytes",
            body=azures,
        )
        body: bytes = answer(request, "/score", SERVER).get_body()
        return body

    def theirs() -> bytes:
        return asyncio.run(invoked(app, mlflows))

    assert json.loads(ours()) == json.loads(theirs())["predictions"]
    print(json.dumps([(seconds(ours), seconds(theirs)) for _ in range(rounds)]), file=sys.stderr)


def save_model(folder: Path) -> list[str]:
    """A small model with a signature; the names of its columns."""
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    iris = load_iris(as_frame=True)
    model = LogisticRegression(max_iter=1000).fit(iris.data.to_numpy(), iris.target)
    signature = infer_signature(iris.data, iris.target)
    mlflow.sklearn.save_model(model, str(folder), signature=signature, pip_requirements=["scikit-learn"])
    return list(iris.data.columns)


async def invoked(app: Any, body: bytes) -> bytes:
    """What the application answers to a POST on `/invocations`."""
    parts: list[bytes] = []
    coming = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return coming.pop() if coming else await asyncio.Future()

    async def send(message: dict[str, Any]) -> None:
        assert message.get("status", 200) == 200
        parts.append(message.get("body", b""))

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": "/invocations",
        "raw_path": b"/invocations",
        "root_path": "",
        "query_string": b"",
        "headers": [(b"content-type", JSON.encode()), (b"content-length", str(len(body)).encode())],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 5000),
    }
    await app(scope, receive, send)
    return b"".join(parts)


def seconds(call: Callable[[], bytes]) -> float:
    """Of all processors."""
    started = time.process_time()
    call()
    return time.process_time() - started


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
