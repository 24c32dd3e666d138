"""A terminal as a picture that moves: what a program wrote, and when, as one SVG without scripts or fonts of its own.

Each row that was ever seen is drawn once; a frame is a list of rows. Frames stand side by side, and the picture moves
over them in steps, as GitHub shows an SVG within an image: with styles, and without scripts. What shows no animations
shows the last frame.
"""

from __future__ import annotations

import html
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyte

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from support.terminal import Shown

FASTEST = 0.12
"""Seconds between two frames, at least."""
LONGEST_WAIT = 1.2
"""Seconds for which nothing moves; longer waits are cut to that."""
LONGEST = 16.0
"""Seconds for all that the program writes: what takes longer is shown faster, all of it alike."""
END = 6.0
"""Seconds for the last frame, before it begins again."""
_TYPED = 0.05
"""Seconds for a key that is pressed."""
_WIDTH, _HEIGHT, _EDGE, _BAR = 8.0, 19, 16, 34
"""Of a character, of a row, of the border, and of the title's bar; pixels."""
_FONT = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
_COLOURS = {
    "light": {
        "back": "#ffffff",
        "edge": "#d1d9e0",
        "quiet": "#818b98",
        "default": "#1f2328",
        "green": "#1a7f37",
        "red": "#cf222e",
        "brown": "#9a6700",
        "cyan": "#1b7c83",
        "blue": "#0969da",
        "magenta": "#8250df",
    },
    "dark": {
        "back": "#0d1117",
        "edge": "#3d444d",
        "quiet": "#656c76",
        "default": "#e6edf3",
        "green": "#3fb950",
        "red": "#ff7b72",
        "brown": "#d29922",
        "cyan": "#56d4dd",
        "blue": "#58a6ff",
        "magenta": "#bc8cff",
    },
}
Cells = tuple[tuple[str, str, bool], ...]
"""Of a row: texts with their colour, and whether they are bold."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What the screen shows from a time on.

    Attributes:
        at: Seconds.
        rows: From top to bottom.
    """

    at: float
    rows: tuple[Cells, ...]


def frames_of(shown: Shown, command: str, *, rows: int) -> list[Frame]:
    """What a person sees who types a command, and then waits; long waits cut, and no frame shorter than eyes see.

    Args:
        shown: What the program wrote, and when.
        command: As it is typed.
        rows: Of the terminal, the line with the command among them.
    """
    screen = pyte.Screen(shown.screen.columns, rows)
    stream = pyte.ByteStream(screen)
    stream.feed(b"$ ")
    found, now = [Frame(0.0, _rows(screen))], 0.6
    for key in command:
        stream.feed(key.encode())
        found.append(Frame(now, _rows(screen)))
        now += _TYPED
    now += 0.4
    stream.feed(b"\r\n")
    ends = [at for at, _ in shown.pieces]
    waits = [min(then - at, LONGEST_WAIT) for at, then in itertools.pairwise([0.0, *ends])]
    pace = min(1.0, LONGEST / sum(waits))
    for wait, (_, piece) in zip(waits, shown.pieces, strict=True):
        now += wait * pace
        stream.feed(piece)
        found.append(Frame(now, _rows(screen)))
    return list(_seen(found))


def _seen(frames: Sequence[Frame]) -> Iterator[Frame]:
    """Of frames that follow one another too fast, the last; of equal ones, the first."""
    kept: Frame | None = None
    for frame, following in itertools.zip_longest(frames, frames[1:]):
        if kept and frame.rows == kept.rows:
            continue
        begins = max(frame.at, kept.at + FASTEST) if kept else frame.at
        if following and following.at < begins + FASTEST and following.rows != frame.rows:
            continue
        kept = Frame(begins, frame.rows)
        yield kept


def _rows(screen: pyte.Screen) -> tuple[Cells, ...]:
    return tuple(_cells(screen, number) for number in range(screen.lines))


def _cells(screen: pyte.Screen, number: int) -> Cells:
    row = [screen.buffer[number][column] for column in range(screen.columns)]
    runs = itertools.groupby(row, key=lambda cell: (cell.fg, cell.bold))
    parts = [("".join(cell.data for cell in cells), *style) for style, cells in runs]
    while parts and not parts[-1][0].strip():
        parts.pop()
    return tuple((text, colour, bold) for text, colour, bold in parts)


def last_text(frames: Sequence[Frame]) -> str:
    """All that the last frame says."""
    return "\n".join("".join(text for text, *_ in row).rstrip() for row in frames[-1].rows).rstrip() + "\n"


def moving_picture(frames: Sequence[Frame], *, columns: int, scheme: str, title: str) -> str:
    """The SVG.

    Args:
        frames: In order.
        columns: Of the terminal.
        scheme: `light` or `dark`.
        title: In the bar above, and for those who hear the picture.
    """
    colours, rows = _COLOURS[scheme], len(frames[0].rows)
    inner, height = round(columns * _WIDTH), rows * _HEIGHT
    width, seconds = inner + 2 * _EDGE, frames[-1].at + END
    lines = {row: f"r{number}" for number, row in enumerate(dict.fromkeys(itertools.chain(*(f.rows for f in frames))))}
    steps = "".join(
        f"{frame.at / seconds * 100:.2f}%{{transform:translateX({-number * width}px)}}"
        for number, frame in enumerate(frames)
    )
    still = f"transform:translateX({-(len(frames) - 1) * width}px)"
    classes = "".join(f".{name}{{fill:{value}}}" for name, value in colours.items() if name not in {"back", "edge"})
    style = (
        f"text{{font:13px {_FONT};white-space:pre;fill:{colours['default']}}}.b{{font-weight:700}}{classes}"
        f"#f{{{still};animation:m {seconds:.1f}s steps(1,end) infinite}}@keyframes m{{{steps}}}"
        "@media(prefers-reduced-motion:reduce){#f{animation:none}}"
    )
    drawn = "".join(f'<g id="{name}">{_drawn(row)}</g>' for row, name in lines.items() if row)
    shown = "".join(
        f'<g transform="translate({number * width})">'
        + "".join(f'<use href="#{lines[row]}" y="{at * _HEIGHT}"/>' for at, row in enumerate(frame.rows) if row)
        + "</g>"
        for number, frame in enumerate(frames)
    )
    dots = "".join(f'<circle cx="{_EDGE + 6 + at * 20}" cy="17" r="6" fill="{colours["edge"]}"/>' for at in range(3))
    whole = _BAR + height + _EDGE
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{whole}" viewBox="0 0 {width} {whole}"'
        f' role="img"><title>{html.escape(title)}</title><style>{style}</style><defs>{drawn}</defs>'
        f'<rect x=".5" y=".5" width="{width - 1}" height="{whole - 1}" rx="8" fill="{colours["back"]}"'
        f' stroke="{colours["edge"]}"/>{dots}'
        f'<text x="{width / 2}" y="22" text-anchor="middle" class="quiet">{html.escape(title)}</text>'
        f'<svg x="{_EDGE}" y="{_BAR}" width="{inner}" height="{height}"><g id="f">{shown}</g></svg></svg>\n'
    )


def _drawn(row: Cells) -> str:
    """The texts of a row, each as wide as its characters are in any font."""
    at, parts = 0, []
    for text, colour, bold in row:
        words = text.strip()
        begins = at + len(text) - len(text.lstrip())
        at += len(text)
        if words:
            kinds = " ".join([*([colour] if colour != "default" else []), *(["b"] if bold else [])])
            named = f' class="{kinds}"' if kinds else ""
            place = f'x="{begins * _WIDTH:g}" y="14" textLength="{len(words) * _WIDTH:g}"'
            parts.append(f"<text {place}{named}>{html.escape(words, quote=False)}</text>")
    return "".join(parts)
