"""`make pictures`: the pictures of README.md, from real runs on the sandbox, light and dark.

Beside each picture lies a text with all its words. Tests hold the picture to that text, and the text to what the
product says today, but for what differs from run to run.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from platform import python_version
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt

from azure_sandbox.sandbox import Sandbox
from functions_model.inputs.sources import COMPILERS
from support.console import command
from support.desk import Desk
from support.driving import browser, page
from support.palette import chunk, reduced
from support.terminal import Shown, shown
from support.terminal_picture import frames_of, moving_picture
from support.tools import ROOT

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PICTURES = ROOT / "docs" / "images"
SCHEMES = ("light", "dark")
PAGES = ("summary", "plan")
COLUMNS, ROWS = 92, 26
TYPED = "functions-model demo"
WORDS = "words"
"""The keyword of the PNG's text that holds the digest of its words."""
_WIDTH, _HEIGHT, _SCALE = 860, 780, 2
_SECONDS = 240
_EXAMPLE = ROOT / "examples" / "iris-http"
_COLOURS = {
    "light": "--back: #fff; --text: #1f2328; --line: #d1d9e0; --quiet: #59636e; --code: #eff1f3; --link: #0969da;",
    "dark": "--back: #0d1117; --text: #f0f6fc; --line: #3d444d; --quiet: #9198a1; --code: #262c36; --link: #4493f8;",
}
_STYLE = """
body { margin: 0; padding: 24px 28px; width: fit-content; min-width: 760px; box-sizing: border-box; max-width: 860px;
  background: var(--back); color: var(--text);
  font: 16px/1.5 "Segoe UI", Inter, "Noto Sans", "DejaVu Sans", sans-serif; }
h2, h3 { margin: 24px 0 16px; line-height: 1.25; font-weight: 600; }
h2 { font-size: 1.5em; padding-bottom: .3em; border-bottom: 1px solid var(--line); margin-top: 0; }
h3 { font-size: 1.25em; }
p, table, ul, pre, details { margin: 0 0 16px; }
table { border-collapse: collapse; display: block; width: max-content; max-width: 100%; overflow: hidden; }
th, td { padding: 6px 13px; border: 1px solid var(--line); text-align: left; }
code, pre { font-family: "SFMono-Regular", "DejaVu Sans Mono", monospace; background: var(--code); border-radius: 6px; }
code { padding: .2em .4em; font-size: 85%; }
pre { padding: 16px; font-size: 85%; overflow: hidden; }
pre code { padding: 0; font-size: 100%; background: none; }
a { color: var(--link); text-decoration: none; }
blockquote { margin: 0 0 16px; padding: 0 1em; border-left: .25em solid var(--line); color: var(--quiet); }
"""
"""The rules of GitHub's stylesheet that one sees (github.com/sindresorhus/github-markdown-css), in its colours."""
_CHANGES = (
    (r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{22}", "<id>"),
    (r"localhost:\d+", "localhost"),
    (r"(?<![\w-])(sha256:)?(?=[0-9a-f]*\d)[0-9a-f]{7,64}\b", "<digest>"),
    (r"\b(contosoiris|irishttptry)[a-z0-9]{8,}", r"\1<suffix>"),
    (r"\s+\((\d+\s+min\s+)?[\d.]+\s+m?s\)", ""),
    (r"\b(\d+ min )?\d+(\.\d+)? (s|ms|min|B|kB|MB|GB|MiB|GiB|%|MB/s)(?!\w)", "<amount>"),
    (r"\b\d+ (packages|days|requests|months|files)", r"<count> \1"),
    (r"\d+(\.\d+)+(?!\w)", "<version>"),
    (r"\d{1,2} [A-Z][a-z]+ \d{4}|\d{4}-\d\d-\d\d(T[\d:]+Z)?", "<date>"),
    (r"\S*/(\.venv/bin/|functions_model)\S*|\S*/examples/iris-http", "<place>"),
)
"""What differs from run to run, or from machine to machine, and what is written in its place."""
_AT_TIMES = re.compile(
    r"(Note|Waiting for|normal while|request short|Time)\b|"
    r"(Writing|resolve|install|send|The largest|-? ?The largest)\b|.*(<amount>|so far)$|"
    r".*(byte code|pulled|built for|largest packages)"
)
"""How lines begin that a machine, or its network, has or has not."""


@dataclass(frozen=True, slots=True)
class Runs:
    """What was run for the pictures.

    Attributes:
        demo: The terminal of `functions-model demo`.
        pages: The summary page of a first deployment, and of a plan of the next one, as Markdown.
    """

    demo: Shown
    pages: dict[str, str]


def run(folder: Path) -> Runs:
    """Run it all on sandboxes; a minute or two."""
    compiled = {COMPILERS: python_version()}  # the base image's own Python can be fetched where there is a network
    program = Path(command()[0]).with_name("functions-model")
    demo = shown(
        [str(program), "demo", "--engine", "process"],
        columns=COLUMNS,
        rows=ROWS,
        cwd=ROOT,  # so the example's path is short
        environ={**compiled, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"},
    )
    assert demo.code == 0, demo.text
    return Runs(demo, _pages(folder, compiled))


def _pages(folder: Path, compiled: dict[str, str]) -> dict[str, str]:
    project = shutil.copytree(_EXAMPLE, folder / "iris")
    names = {"app-name": "contoso-iris", "resource-group": "iris", "model-path": "model", "entry-script": "score.py"}
    names |= {"environment-file": "conda.yml", "sample-request": "sample-request.json", "trigger": "http"}
    with Sandbox(folder / "sandbox", engine="process") as sandbox:
        desk = Desk(sandbox, project, **names)
        desk.environ |= compiled
        summary = _summary(desk, "deploy")
        script = project / "score.py"
        script.write_text(script.read_text() + "\n# rounds as the shop does\n")
        return {"summary": summary, "plan": _summary(desk, "plan", "--plan-sku", "EP2", "--auth-level", "anonymous")}


def _summary(desk: Desk, *words: str) -> str:
    file = desk.folder.parent / f"{words[0]}.md"
    desk.environ["FUNCTIONS_MODEL_SUMMARY_FILE"] = str(file)
    typed = command(words[0], "--inputs-file", "where.yml", *words[1:])
    done = subprocess.run(
        typed, cwd=desk.folder, env=desk.environ, capture_output=True, text=True, timeout=_SECONDS, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return file.read_text()


def displayed(opened: Browser, markdown: str, scheme: str) -> tuple[bytes, str]:
    """A page as GitHub shows it, as PNG, and the words that one sees on it."""
    body = MarkdownIt("commonmark", {"html": True}).enable("table").render(markdown)
    style = f":root {{ {_COLOURS[scheme]} color-scheme: {scheme} }} {_STYLE}"
    with page(opened, width=_WIDTH, height=_HEIGHT, dark=scheme == "dark", scale=_SCALE) as seen:
        seen.set_content(f"<!doctype html><style>{style}</style>{body}")
        return _shot(seen), _words(seen.locator("body").inner_text())


def _shot(seen: Page) -> bytes:
    """The top of the page, as a PNG of 256 colours at most: letters need no more, and it is a third as large."""
    return reduced(seen.screenshot())


def _words(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.replace("\t", "  ").splitlines() if line.strip()) + "\n"


def masked(text: str) -> list[str]:
    """The lines without what differs from run to run, sorted: some things happen in any order."""
    for pattern, instead in _CHANGES:
        text = re.sub(pattern, instead, text)
    lines = {" ".join(line.split()) for line in text.splitlines() if line.strip()}
    return sorted(line for line in lines if not _AT_TIMES.match(line))


def with_words(png: bytes, words: str) -> bytes:
    """The PNG with the digest of its words, as a chunk `tEXt`: https://www.w3.org/TR/png-3/#11tEXt."""
    text = chunk(b"tEXt", f"{WORDS}\0{digest_of(words)}".encode("latin-1"))
    return png[:33] + text + png[33:]  # behind the header, which is as long in each PNG


def digest_of(words: str) -> str:
    """By which a picture names its words."""
    return hashlib.sha256(words.encode()).hexdigest()


def write(runs: Runs) -> None:
    """Write all pictures, and their words."""
    PICTURES.mkdir(exist_ok=True)
    frames = frames_of(runs.demo, TYPED, rows=ROWS)
    (PICTURES / "demo.txt").write_text(f"$ {TYPED}\n{runs.demo.text}\n")
    for scheme in SCHEMES:
        picture = moving_picture(frames, columns=COLUMNS, scheme=scheme, title=TYPED)
        (PICTURES / f"demo-{scheme}.svg").write_text(picture)
    with browser() as opened:
        for name, markdown in runs.pages.items():
            for scheme in SCHEMES:
                png, words = displayed(opened, markdown, scheme)
                (PICTURES / f"{name}-{scheme}.png").write_bytes(with_words(png, words))
                (PICTURES / f"{name}.txt").write_text(words)


def main() -> None:
    """Make them."""
    with tempfile.TemporaryDirectory() as folder:
        write(run(Path(folder)))


if __name__ == "__main__":
    main()
