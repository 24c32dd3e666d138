"""The function `score` of an app with a blob trigger."""

from __future__ import annotations

from azure.functions.blob import InputStream  # noqa: TC002 - the worker evaluates the annotations

from .blobs import blob_content
from .scoring import score
from .server import SERVER


def main(blob: InputStream) -> bytes:
    """Score one blob; the bytes of the answer become the output blob."""
    return score(blob_content(blob), SERVER)


def without_output(blob: InputStream) -> None:
    """Score one blob and drop the answer: the worker refuses a result that no binding takes."""
    score(blob_content(blob), SERVER)
