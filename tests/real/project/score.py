"""Says which version answers, and which settings it sees. The version is the model."""

import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

model: str


def init() -> None:
    """Called once, when the first request comes."""
    global model  # noqa: PLW0603 - Azure ML's contract: init() loads, run() uses
    model = (Path(os.environ["AZUREML_MODEL_DIR"]) / "model" / "version.txt").read_text().strip()
    if model == "raises":
        raise ValueError("this version cannot load")


def run(data: str) -> dict[str, Any]:
    """Called for each request."""
    settings = sorted(name for name in os.environ if name.startswith("REAL"))
    got = json.loads(data)
    tokens = token_statuses() if got == "tokens" else []
    reference = os.environ.get("SECRET_REFERENCE", "")
    return {"version": model, "got": got, "settings": settings, "tokens": tokens, "reference": reference}


def token_statuses() -> list[int]:
    """Answers of the app's token endpoint: with the client id that the app was given, and with none."""
    asked = f"{os.environ['IDENTITY_ENDPOINT']}?api-version=2019-08-01&resource=https://storage.azure.com"
    return [status(asked + f"&client_id={os.environ['AZURE_CLIENT_ID']}"), status(asked)]


def status(url: str) -> int:
    """Of a GET, as the app's code sends it."""
    asked = urllib.request.Request(url, headers={"X-IDENTITY-HEADER": os.environ["IDENTITY_HEADER"]})
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code
