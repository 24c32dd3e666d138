"""The site in a real browser: several pages in frames of several widths, in one start of it."""

from __future__ import annotations

import json
import subprocess
import threading
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Literal

from support.peers import http_peer
from support.tools import chromium

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Scheme = Literal["dark", "light"]
_SCHEMES: dict[Scheme, int] = {"dark": 0, "light": 1}
"""As Chromium's setting `preferredColorScheme` has them."""
_FRAMES = "/frames.html"
"""The page that holds the others. It has loaded when its image has, and that comes after the measurements."""
_MEASURED = "/measured"
_PATIENCE = 180
"""Seconds until a measurement is given up."""
_SCRIPT = """
const sleep = milliseconds => new Promise(done => setTimeout(done, milliseconds));
const until = async look => {
  for (let tries = 0; tries < 600 && !look(); tries++) await sleep(100);
  return look();
};
const opened = (path, width) => new Promise(done => {
  const frame = document.createElement("iframe");
  frame.style = `width: ${width}px; height: 1200px; border: 0`;
  frame.onload = () => done(frame);
  frame.src = path;
  document.body.append(frame);
});
const pixel = colour => {
  const canvas = document.createElement("canvas").getContext("2d");
  canvas.fillStyle = colour;
  canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const over = (top, below) => top.slice(0, 3).map((one, at) => one * top[3] / 255 + below[at] * (1 - top[3] / 255));
const behind = element => {
  const own = pixel(getComputedStyle(element).backgroundColor);
  return own[3] === 255 ? own : over(own, element.parentElement ? behind(element.parentElement) : [255, 255, 255]);
};
const luminance = colour => colour.slice(0, 3)
  .map(one => one / 255 <= 0.03928 ? one / 255 / 12.92 : ((one / 255 + 0.055) / 1.055) ** 2.4)
  .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
const contrast = element => {
  const back = behind(element);
  const both = [luminance(over(pixel(getComputedStyle(element).color), back)), luminance(back)].sort();
  return (Math.max(...both) + 0.05) / (Math.min(...both) + 0.05);
};
const pale = (page, least) => [...page.querySelectorAll("article :is(h1, h2, p, li, td, th, a, code), nav a")]
  .filter(one => !one.classList.contains("headerlink") && one.checkVisibility() && one.innerText.trim())
  .filter(one => contrast(one) < least)
  .map(one => `${contrast(one).toFixed(2)} ${one.tagName} ${one.innerText.slice(0, 40)}`);
const seen = async (path, width) => {
  const frame = await opened(path, width), page = frame.contentDocument;
  const diagrams = () => [...page.querySelectorAll("article .mermaid")];
  const drawn = one => one.matches("div") && one.offsetHeight > 50;
  await until(() => page.body.dataset.mdColorScheme && diagrams().every(drawn));
  await sleep(300);
  const loaded = frame.contentWindow.performance.getEntriesByType("resource").map(one => new URL(one.name).host);
  const root = page.documentElement;
  const told = { path, width, scheme: page.body.dataset.mdColorScheme, wide: root.scrollWidth > root.clientWidth,
    hosts: [...new Set(loaded)], diagrams: diagrams().filter(drawn).length, pale: pale(page, LEAST) };
  frame.remove();
  return told;
};
const found = async words => {
  const page = (await opened("/", 1280)).contentDocument;
  const box = () => [...page.querySelectorAll("*")].find(one => one.shadowRoot?.querySelector("input"))?.shadowRoot;
  await until(() => box() || page.querySelector(".md-search__button").click());
  const links = () => [...box().querySelectorAll("a[href]")].map(one => new URL(one.href).pathname);
  const input = box().querySelector("input");
  await until(() => {
    input.value = words;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    return links().length;
  });
  return links();
};
(async () => {
  const views = [];
  for (const path of PATHS) for (const width of WIDTHS) views.push(await seen(path, width));
  await fetch("MEASURED", { method: "POST", body: JSON.stringify({ views, found: await found(WORDS) }) });
})();
"""


@dataclass(frozen=True, slots=True)
class Look:
    """What a browser makes of the site.

    Attributes:
        views: For each page and width: `path`, `width`, `scheme`, `wide` (the page scrolls sideways), `hosts` that were
            asked, `diagrams` drawn, and `pale` (texts with too little contrast).
        found: The paths that the site's search finds.
        console: What the browser's console says.
    """

    views: tuple[dict[str, Any], ...]
    found: tuple[str, ...]
    console: tuple[str, ...]


def looked_at(
    site: Path, folder: Path, scheme: Scheme, *, paths: Sequence[str], widths: Sequence[int], words: str
) -> Look:
    """Serve the site on this machine and look at it; every other host is unknown.

    Args:
        site: Its folder.
        folder: For the browser's files.
        scheme: What the reader's system prefers.
        paths: Of the pages.
        widths: CSS pixels.
        words: To be searched for.
    """
    # 4.5 is what WCAG 2.2 asks of a text of common size (1.4.3)
    given = {"PATHS": paths, "WIDTHS": widths, "WORDS": words, "LEAST": 4.5}
    script = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in given.items()) + _SCRIPT
    page = f'<!doctype html><meta charset=utf-8><body><img src="{_MEASURED}"><script>{script}</script>'
    told: list[dict[str, Any]] = []
    measured = threading.Event()

    class Served(SimpleHTTPRequestHandler):
        def __init__(self, *args: Any, **settings: Any) -> None:
            super().__init__(*args, directory=str(site), **settings)

        def do_GET(self) -> None:
            if self.path == _MEASURED:
                measured.wait(_PATIENCE)
            if self.path in {_FRAMES, _MEASURED}:
                self._answer(page.replace("MEASURED", _MEASURED).encode())
            else:
                super().do_GET()

        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            measured.set()
            self._answer(b"")

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(body)

    with http_peer(Served) as address:
        said = _browse(f"{address}{_FRAMES}", folder, scheme)
    assert told, said[-2000:]
    console = [line for line in said.splitlines() if "CONSOLE" in line]
    return Look(tuple(told[0]["views"]), tuple(told[0]["found"]), tuple(console))


def _browse(address: str, folder: Path, scheme: Scheme) -> str:
    """Open a page until it has loaded; what the browser says on standard error."""
    quiet = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--window-size=1400,2400")
    asked = (
        f"--user-data-dir={folder / 'browser'}",
        f"--blink-settings=preferredColorScheme={_SCHEMES[scheme]}",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
        "--enable-logging=stderr",
        "--dump-dom",
    )
    command = [str(chromium()), *quiet, *asked, address]
    return subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE + 60, check=True).stderr
