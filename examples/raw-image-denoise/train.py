"""Learns the 5 by 5 kernel that best takes noise out of pictures, and writes it to model/kernel.json.

pip install numpy Pillow
python train.py

The pictures are drawn: rectangles and circles in shades of grey. Least squares find the weights with which 25 pixels
of the noisy picture come closest to the one in their middle of the clean picture.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

HERE = Path(__file__).parent
SIZE = 64
NOISE = 30.0
"""Standard deviation, of 255 shades."""


def drawn(seed: int) -> Image.Image:
    """A picture without noise."""
    dice = np.random.default_rng(seed)
    picture = Image.new("L", (SIZE, SIZE), int(dice.integers(40, 200)))
    pencil = ImageDraw.Draw(picture)
    for number in range(8):
        left, top = (int(value) for value in dice.integers(-10, SIZE - 10, 2))
        width, height = (int(value) for value in dice.integers(10, 40, 2))
        draw = pencil.rectangle if number % 2 else pencil.ellipse
        draw((left, top, left + width, top + height), fill=int(dice.integers(0, 256)))
    return picture


def with_noise(picture: Image.Image, seed: int) -> Image.Image:
    """The same picture, as a bad camera sees it."""
    dice = np.random.default_rng(seed)
    pixels = np.asarray(picture, dtype=float)
    noisy = pixels + dice.normal(0, NOISE, pixels.shape)
    return Image.fromarray(noisy.clip(0, 255).round().astype(np.uint8))


def learned(seeds: range) -> np.ndarray:
    """The kernel, 5 by 5, whose weights add up to 1."""
    around, wanted = [], []
    for seed in seeds:
        clean = drawn(seed)
        noisy = np.asarray(with_noise(clean, seed + 1), dtype=float)
        around.append(np.lib.stride_tricks.sliding_window_view(noisy, (5, 5)).reshape(-1, 25))
        wanted.append(np.asarray(clean, dtype=float)[2:-2, 2:-2].ravel())
    weights, *_ = np.linalg.lstsq(np.concatenate(around), np.concatenate(wanted), rcond=None)
    return (weights / weights.sum()).reshape(5, 5)


def main() -> None:
    kernel = learned(range(1000, 1200))
    path = HERE / "model" / "kernel.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"weights": kernel.round(5).tolist()}, indent=1) + "\n", encoding="utf-8")
    drawn(0).save(HERE / "clean.png")
    with_noise(drawn(0), 1).save(HERE / "sample-request.png")
    print(f"{path.name}: the middle pixel counts {kernel[2, 2]:.0%}")


if __name__ == "__main__":
    main()
