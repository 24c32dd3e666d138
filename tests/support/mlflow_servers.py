"""Pythons with MLflow, and a process that asks MLflow's own scoring server and ours the same."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from support.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Sequence

DRIVER = Path(__file__).with_name("mlflow_driver.py")
SCRIPTS = ROOT / "src" / "functions_model" / "mlflow_scoring"
JSON = "application/json"
SERVER = "azureml-inference-server-http"
_TREES = ("lightgbm==4.7.0", "xgboost-cpu==3.2.0")
_COMMON = (SERVER, "httpx==0.28.1", "scikit-learn==1.9.1", "skops==0.16.0")
VERSIONS = {
    "mlflow-3": (".venv-mlflow", ("mlflow-skinny==3.17.2", "pandas==3.1.1", *_TREES, *_COMMON)),
    "mlflow-2": (".venv-mlflow-2", ("mlflow-skinny==2.22.0", "pandas==2.3.3", "fastapi==0.115.14", *_COMMON)),
}
"""A recent release of both majors, in an environment of its own."""


def mlflow_python(name: str, packages: Sequence[str]) -> Path:
    """A Python with these packages; made once, in the folder of that name beside `.venv`."""
    venv = ROOT / name
    stamp = venv / "packages.txt"
    wanted = "\n".join(packages)
    if not stamp.exists() or stamp.read_text() != wanted:
        uv = Path(sys.executable).with_name("uv")
        python = venv / "bin" / "python"
        subprocess.run([uv, "venv", "-q", "--clear", "--python", sys.executable, venv], check=True)
        subprocess.run([uv, "pip", "install", "-q", "--python", python, *packages], check=True)
        stamp.write_text(wanted)
    return venv / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Request:
    """One request to score.

    Attributes:
        body: Bytes and texts as they are, all else as JSON.
        type: The content type; None sends no header.
        method: The HTTP method.
    """

    body: Any
    type: str | None = JSON
    method: str = "POST"

    @property
    def sent(self) -> dict[str, Any]:
        """As the driver takes it."""
        text = self.body if isinstance(self.body, str | bytes) else json.dumps(self.body)
        raw = text.encode() if isinstance(text, str) else text
        return {"body": base64.b64encode(raw).decode(), "type": self.type, "method": self.method}


@dataclass(frozen=True, slots=True)
class Answer:
    """One server's answer; status 0 with the error where MLflow itself could not load the model."""

    status: int
    type: str
    text: str

    @property
    def json(self) -> Any:
        """The body, read as JSON; what JSON has no word for is None."""
        return json.loads(self.text, parse_constant=lambda _: None)

    @property
    def refusal(self) -> tuple[str, str]:
        """MLflow's code and words, without the request's body, which it repeats."""
        return self.json["error_code"], self.json["message"].partition("\nInput:")[0]


class Servers:
    """Both servers in one process, with the driver's models. Use it in a `with` statement.

    Attributes:
        models: The folder that the models are written to.
        log: What the process prints.
    """

    def __init__(self, python: Path, models: Path) -> None:
        self.python, self.models, self.log = python, models, models / "log.txt"

    def __enter__(self) -> Self:
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.models)}
        with self.log.open("wb") as stream:
            self._process = subprocess.Popen(
                [self.python, DRIVER, SCRIPTS, self.models],
                cwd=self.models,
                env=environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
            )
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def ask(self, model: str | Path, *requests: Request) -> list[tuple[Answer, Answer]]:
        """Our answer and MLflow's to each request, about a model by name, or by its folder."""
        assert self._process.stdin
        assert self._process.stdout
        command = {"model": str(self.models / model), "requests": [request.sent for request in requests]}
        print(json.dumps(command), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        assert line, f"the process ended:\n{self.log.read_text(errors='replace')[-4000:]}"
        found = json.loads(line)
        return [(Answer(**ours), Answer(**theirs)) for ours, theirs in zip(found["ours"], found["theirs"], strict=True)]

    def ours(self, model: str | Path, *requests: Request) -> list[Answer]:
        """Our answers alone."""
        return [ours for ours, _ in self.ask(model, *requests)]
