"""Takes the noise out of a picture: an image in, an image out. An entry script as Azure ML online endpoints take it."""

from __future__ import annotations

import io
import json
import logging
import os
from pathlib import Path

from azureml_inference_server_http.api.aml_request import AMLRequest, rawhttp
from azureml_inference_server_http.api.aml_response import AMLResponse
from PIL import Image, ImageFilter, UnidentifiedImageError

LARGEST = 25_000_000
"""Pixels. A picture of 100 kB may hold a billion of them."""


def init() -> None:
    """Called once, when the first picture comes."""
    global kernel  # noqa: PLW0603 - Azure ML's contract: init() loads, run() uses
    path = Path(os.environ["AZUREML_MODEL_DIR"]) / "model" / "kernel.json"
    weights = json.loads(path.read_text(encoding="utf-8"))["weights"]
    kernel = ImageFilter.Kernel((5, 5), [weight for row in weights for weight in row], scale=1)
    logging.getLogger(__name__).info("loaded %s", path.name)


@rawhttp
def run(request: AMLRequest) -> AMLResponse:
    """Called for each request; `@rawhttp` hands on the request itself, whatever bytes it brings."""
    try:
        picture = Image.open(io.BytesIO(request.get_data()))
        if picture.width * picture.height > LARGEST:
            return AMLResponse({"message": f"the picture has more than {LARGEST} pixels"}, 413, json_str=True)
        picture = picture.convert("L" if picture.mode in {"1", "L", "I;16"} else "RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError):
        return AMLResponse({"message": "this is no picture"}, 400, json_str=True)
    answer = io.BytesIO()
    picture.filter(kernel).save(answer, "PNG")
    return AMLResponse(answer.getvalue(), 200, {"Content-Type": "image/png"})
