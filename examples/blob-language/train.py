"""Learns which runs of letters are frequent in each language of texts/ and writes them to model/languages.json.

python train.py

A naive Bayes classifier: for each language, the logarithm of the share that each run of one to three letters has.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from pathlib import Path

from score import pieces

HERE = Path(__file__).parent
LENGTH = 3
KEPT = 600
"""Runs of letters that are kept for each language: the most frequent ones."""


def learn(text: str) -> dict[str, float]:
    counts = Counter(pieces(text, LENGTH))
    total = sum(counts.values())
    kept = sorted(counts.items(), key=lambda one: (-one[1], one[0]))[:KEPT]
    return {gram: round(math.log(count / total), 3) for gram, count in sorted(kept)}


def main() -> None:
    texts = {file.stem.title(): file.read_text(encoding="utf-8") for file in sorted(HERE.glob("texts/*.txt"))}
    languages = {name: learn(text) for name, text in texts.items()}
    model = {"length": LENGTH, "unseen": -10.0, "languages": languages}
    path = HERE / "model" / "languages.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(model, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    print(f"{path.name}: {len(languages)} languages, {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
