"""Finds readings of a pump that do not fit together. An entry script as Azure ML online endpoints take it."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

logger = logging.getLogger(__name__)


def init() -> None:
    """Called once, when the first message comes."""
    global model  # noqa: PLW0603 - Azure ML's contract: init() loads, run() uses
    model = json.loads((Path(os.environ["AZUREML_MODEL_DIR"]) / "model" / "pump.json").read_text(encoding="utf-8"))


def run(data: str, request_headers: dict[str, str]) -> dict[str, Any]:
    """Called for each message; its properties are the request's headers.

    Raises:
        KeyError: A reading lacks a quantity. The message is given back and, after some tries, dead-lettered.
    """
    readings = json.loads(data)["readings"]
    headers = {name.lower(): value for name, value in request_headers.items()}
    properties = json.loads(headers.get("brokerproperties", "{}"))
    scored = [judge(reading) for reading in readings]
    unusual = sum(one["unusual"] for one in scored)
    logger.info("message %s: %d of %d readings are unusual", properties.get("MessageId"), unusual, len(scored))
    return {"answers": properties.get("MessageId"), "unusual": unusual, "readings": scored}


def judge(reading: dict[str, float]) -> dict[str, Any]:
    """How far a reading is from the usual ones, in standard deviations, and which quantity adds most to it.

    It is Mahalanobis' distance: quantities that always rise together are unusual when only one of them does.
    """
    names = list(model["mean"])
    away = [reading[name] - model["mean"][name] for name in names]
    shares = [
        off * sum(weight * other for weight, other in zip(weights, away, strict=True))
        for off, weights in zip(away, model["inverse_covariance"], strict=True)
    ]
    distance = max(sum(shares), 0.0) ** 0.5
    unusual = distance > model["limit"]
    cause = {"because_of": names[shares.index(max(shares))]} if unusual else {}
    return {"distance": round(distance, 2), "unusual": unusual, **cause}
