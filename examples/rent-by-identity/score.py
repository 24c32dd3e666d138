"""Tells the rent of a flat in the currencies of a blob. An entry script as Azure ML online endpoints take it."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any


def init() -> None:
    """Called once, when the first request comes. It fails where the rates cannot be read."""
    global model, rates  # noqa: PLW0603 - Azure ML's contract: init() loads, run() uses
    model = json.loads((Path(os.environ["AZUREML_MODEL_DIR"]) / "model" / "rent.json").read_text(encoding="utf-8"))
    rates = read_rates(os.environ.get("RATES_URL", ""))
    logging.getLogger(__name__).info("rates of %s", ", ".join(rates))


def read_rates(url: str) -> dict[str, float]:
    """What a euro is in each currency; without a URL the euro alone.

    The app has AZURE_CLIENT_ID, which names its identity to the credential. There is no key and no secret.
    """
    if not url:
        return {"EUR": 1.0}
    # Only where there are rates to read.
    from azure.identity import DefaultAzureCredential  # noqa: PLC0415
    from azure.storage.blob import BlobClient  # noqa: PLC0415

    with DefaultAzureCredential() as credential, BlobClient.from_blob_url(url, credential=credential) as blob:
        found: dict[str, float] = json.loads(blob.download_blob().readall())
        return found


def run(raw_data: str) -> dict[str, Any]:
    """Called for each request."""
    asked = json.loads(raw_data)
    currency = asked["currency"]
    euros = model["base"] + model["per_square_metre"] * asked["area"]
    return {"rent": round(euros * rates[currency], 2), "currency": currency}
