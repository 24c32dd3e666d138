"""PNGs of a page with letters, made small: 256 colours at most, as https://www.w3.org/TR/png-3/ has it."""

from __future__ import annotations

import struct
import zlib
from collections import Counter

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_COLOURS = 256


def reduced(png: bytes) -> bytes:
    """The same picture with a palette: its most frequent colours, and for others the nearest of them.

    Args:
        png: RGB or RGBA with 8 bits, not interlaced, as browsers write it.
    """
    chunks = list(_chunks(png))
    [header] = [body for kind, body in chunks if kind == b"IHDR"]
    width, height, depth, colour, *_, interlaced = struct.unpack(">IIBBBBB", header)
    assert (depth, interlaced) == (8, 0), "a browser writes 8 bits, one row after another"
    channels = {2: 3, 6: 4}[colour]
    rows = _unfiltered(zlib.decompress(b"".join(body for kind, body in chunks if kind == b"IDAT")), width, channels)
    pixels = [[row[at : at + 3] for at in range(0, len(row), channels)] for row in rows]
    palette, numbers = _palette(Counter(pixel for row in pixels for pixel in row))
    drawn = b"".join(b"\0" + bytes(numbers[pixel] for pixel in row) for row in pixels)
    parts = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0),
        b"PLTE": b"".join(palette),
        b"IDAT": zlib.compress(drawn, 9),
        b"IEND": b"",
    }
    return _SIGNATURE + b"".join(chunk(kind, body) for kind, body in parts.items())


def chunk(kind: bytes, body: bytes) -> bytes:
    """A part of a PNG."""
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _chunks(png: bytes) -> list[tuple[bytes, bytes]]:
    found, at = [], len(_SIGNATURE)
    while at < len(png):
        [length] = struct.unpack(">I", png[at : at + 4])
        found.append((png[at + 4 : at + 8], png[at + 8 : at + 8 + length]))
        at += 12 + length
    return found


def _palette(counted: Counter[bytes]) -> tuple[list[bytes], dict[bytes, int]]:
    palette = [colour for colour, _ in counted.most_common(_COLOURS)]
    numbers = {colour: number for number, colour in enumerate(palette)}
    for colour in counted.keys() - numbers.keys():
        numbers[colour] = min(range(len(palette)), key=lambda at: _distance(palette[at], colour))
    return palette, numbers


def _distance(one: bytes, other: bytes) -> int:
    return sum((a - b) ** 2 for a, b in zip(one, other, strict=True))


def _unfiltered(data: bytes, width: int, channels: int) -> list[bytes]:
    """The rows: each byte was written as the difference to its neighbours."""
    length, before, rows = width * channels, bytes(width * channels), []
    for start in range(0, len(data), length + 1):
        how, row = data[start], bytearray(data[start + 1 : start + 1 + length])
        for at in range(length if how else 0):
            left = row[at - channels] if at >= channels else 0
            corner = before[at - channels] if at >= channels else 0
            row[at] = (row[at] + _predicted(how, left, before[at], corner)) & 255
        before = bytes(row)
        rows.append(before)
    return rows


def _predicted(how: int, left: int, above: int, corner: int) -> int:
    if how < 4:
        return (0, left, above, (left + above) // 2)[how]
    guess = left + above - corner
    return min((left, above, corner), key=lambda one: abs(guess - one))
