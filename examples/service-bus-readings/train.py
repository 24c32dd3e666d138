"""Learns how the quantities of a pump go together and writes it to model/pump.json. Only Python itself is needed.

python train.py

The readings are made up: a pump that runs faster gets warmer, shakes more and moves more water.
"""

from __future__ import annotations

import json
import random
import statistics
from pathlib import Path

QUANTITIES = ("temperature", "vibration", "flow")
"""Degrees Celsius, millimetres per second, litres per second."""
LIMIT = 4.0
"""Standard deviations. Three quantities exceed it once in about 900 usual readings."""


def readings(count: int, seed: int) -> list[dict[str, float]]:
    """Readings of a healthy pump at changing speeds."""
    dice = random.Random(seed)  # noqa: S311 - made-up measurements
    made = []
    for _ in range(count):
        speed = dice.uniform(0.4, 1.0)
        values = (30 + 40 * speed, 1 + 3 * speed, 20 * speed)
        noise = (1.0, 0.15, 0.4)
        made.append(
            {name: dice.gauss(value, spread) for name, value, spread in zip(QUANTITIES, values, noise, strict=True)}
        )
    return made


def inverse(matrix: list[list[float]]) -> list[list[float]]:
    """By Gauss and Jordan's elimination."""
    size = len(matrix)
    rows = [[*row, *(float(place == column) for column in range(size))] for place, row in enumerate(matrix)]
    for place in range(size):
        pivot = max(range(place, size), key=lambda row: abs(rows[row][place]))
        rows[place], rows[pivot] = rows[pivot], rows[place]
        rows[place] = [value / rows[place][place] for value in rows[place]]
        for other in range(size):
            if other != place:
                factor = rows[other][place]
                rows[other] = [value - factor * base for value, base in zip(rows[other], rows[place], strict=True)]
    return [row[size:] for row in rows]


def main() -> None:
    columns = {name: [reading[name] for reading in readings(5000, seed=0)] for name in QUANTITIES}
    covariance = [[statistics.covariance(one, other) for other in columns.values()] for one in columns.values()]
    model = {
        "mean": {name: round(statistics.fmean(values), 4) for name, values in columns.items()},
        "inverse_covariance": [[round(value, 5) for value in row] for row in inverse(covariance)],
        "limit": LIMIT,
    }
    path = Path(__file__).parent / "model" / "pump.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(model, indent=2) + "\n", encoding="utf-8")
    print(f"{path.name}: learned from {len(columns['flow'])} readings")


if __name__ == "__main__":
    main()
