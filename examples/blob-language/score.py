"""Tells the language of a text. An entry script as Azure ML online endpoints take it; only Python itself is needed."""

from __future__ import annotations

import json
import logging
import math
import os
from collections import Counter
from pathlib import Path
from typing import Any


def init() -> None:
    """Called once, when the first text comes."""
    global model  # noqa: PLW0603 - Azure ML's contract: init() loads, run() uses
    path = Path(os.environ["AZUREML_MODEL_DIR"]) / "model" / "languages.json"
    model = json.loads(path.read_text(encoding="utf-8"))
    logging.getLogger(__name__).info("knows %s", ", ".join(model["languages"]))


def run(data: str) -> dict[str, Any]:
    """Called for each text: the content of a blob, or the body of a request.

    Raises:
        ValueError: There is no letter in it. The host tries such a blob five times, then puts it on the poison queue.
    """
    grams = Counter(pieces(data, model["length"]))
    if not grams:
        message = "the text holds no letters"
        raise ValueError(message)
    likelihoods = {
        name: sum(count * known.get(gram, model["unseen"]) for gram, count in grams.items())
        for name, known in model["languages"].items()
    }
    best = max(likelihoods, key=likelihoods.__getitem__)
    weights = {name: math.exp(value - likelihoods[best]) for name, value in likelihoods.items()}
    return {"language": best, "certainty": round(1 / sum(weights.values()), 4), "characters": len(data)}


def pieces(text: str, length: int) -> list[str]:
    """The runs of up to that many letters in the text's words, with a blank for a word's start and end."""
    letters = "".join(letter if letter.isalpha() else " " for letter in text.lower())
    words = [f" {word} " for word in letters.split()]
    return [
        word[start : start + size]
        for word in words
        for size in range(1, length + 1)
        for start in range(len(word) - size + 1)
        if word[start : start + size] != " "
    ]
