"""A newcomer: a bare Debian container, the commands of README.md and the tutorial pasted in order, to an answer.

The newest commit stands in for the repository on GitHub. Prints what the terminal showed, with the time of each block;
fails where a block fails, where there is no answer, and after ten minutes. Needs Docker, mmdebstrap, and a network to
Debian and PyPI. Questions are answered with Enter.

    tests/newcomer/run [--suite trixie]
"""

from __future__ import annotations

import argparse
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from dataclasses import dataclass, field
from pathlib import Path

import docker

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from support.engine import Recipe, ensure_image  # noqa: E402 - the path is set above
from support.fenced import SHELLS, blocks  # noqa: E402
from support.owner import repository  # noqa: E402

README, TUTORIAL = ROOT / "README.md", ROOT / "docs" / "tutorials" / "first-model.md"
INSTALL, MODEL, TRY = "uv tool install ", "mkdir wine", "functions-model preflight"
"""What blocks begin with: README's that needs no Azure, the tutorial's that makes a model of one's own, and its last
that needs no Azure."""
_LONGEST = 600.0
"""Seconds, from the first command to the answer."""
_PATIENCE = 400
_PROMPT = "newcomer> "
_CONTAINER = "newcomer"
_BEFORE = (
    "apt-get update -qq",
    "DEBIAN_FRONTEND=noninteractive apt-get install -y -qq git python3-venv pipx >/dev/null",
    "pipx install -q uv",
    'export PATH="$HOME/.local/bin:$PATH"',
    "git config --global user.name Newcomer",
    "git config --global user.email newcomer@example.com",
)
"""What the pages take for granted: Python with its `venv`, git and uv."""
_INTERRUPTED = 130
_SERVES, _SILENCE = "Stop with Ctrl-C", 1.0
_PAINT = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_QUESTION = re.compile(r"\](: | )$")
_OF_THE_NETWORK = ("SSL_CERT_FILE", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY")
"""Variables that say how this machine reaches others, for a container without a network of its own."""
_ANSWER = re.compile(r"Answer\s+(\S.*)")


@dataclass(slots=True)
class Newcomer:
    """Somebody at the terminal of a container.

    Attributes:
        terminal: Of the shell.
        started: When the first command was pasted.
        times: Of each block, in seconds.
        shown: All that was shown, without colours.
    """

    terminal: int
    started: float = field(default_factory=time.monotonic)
    times: list[tuple[str, float]] = field(default_factory=list)
    shown: str = ""

    def paste(self, text: str) -> None:
        """Paste lines, answer each question with Enter, and stop what serves; until the shell waits again."""
        begun, first, new = time.monotonic(), text.strip().splitlines()[0], ""
        os.write(self.terminal, text.rstrip("\n").encode() + b"\n")
        while (piece := self._read()) or not new.endswith(_PROMPT):
            if time.monotonic() - begun > _PATIENCE:
                raise SystemExit(f"\n`{first}` did not end within {_PATIENCE} s")
            new += piece
            if _SERVES in piece:
                self.times.append(("until the answer", time.monotonic() - begun))
                os.write(self.terminal, b"\x03")
            elif not piece and _QUESTION.search(new):
                os.write(self.terminal, b"\n")
        self.shown += new
        self.times.append((first, time.monotonic() - begun))

    def check(self, text: str) -> None:
        """Ask the shell how the last command of a block ended; Ctrl-C is how one stops what serves."""
        before = len(self.shown)
        self.paste("echo status=$?")
        self.times.pop()
        found = re.search(r"^status=(\d+)", self.shown[before:].replace("\r", ""), re.MULTILINE)
        if found is None or int(found[1]) not in {0, _INTERRUPTED}:
            raise SystemExit(f"\nThis block ended with {found[1] if found else 'nothing'}:\n{text}")

    def _read(self) -> str:
        """What has been shown since; nothing after a second of silence."""
        if not select.select([self.terminal], [], [], _SILENCE)[0]:
            return ""
        text = os.read(self.terminal, 1 << 16).decode(errors="replace")
        sys.stdout.write(text)
        sys.stdout.flush()
        return _PAINT.sub("", text)


def main() -> int:
    """Be one; 0 when the answer came in time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--suite", default="trixie", help="the Debian release (default: %(default)s)")
    suite = parser.parse_args().suite
    image = Recipe(f"functions-model-test/bare-{suite}:1", suite, ("ca-certificates", "python3"))
    client = docker.from_env(timeout=600)
    ensure_image(image, client)
    with tempfile.TemporaryDirectory(prefix="newcomer-") as folder:
        clone = Path(folder) / "repository.git"
        subprocess.run(["git", "clone", "--quiet", "--bare", f"file://{ROOT}", str(clone)], check=True)
        return _be_one(image.tag, clone)


def _be_one(image: str, clone: Path) -> int:
    name = f"{_CONTAINER}-{os.getpid()}"
    stands_in = f"git config --global url.file:///repository.git.insteadOf https://github.com/{repository()}"
    words = ["run", "--rm", "-it", "--name", name, "--network", "host", "-v", f"{clone}:/repository.git:ro"]
    words += [word for name in _OF_THE_NETWORK if name in os.environ for word in ("-e", name)]
    words += ["-e", f"PS1={_PROMPT}", "-e", "TERM=xterm", image, "bash", "--norc", "--noprofile"]
    terminal, inside = pty.openpty()
    fcntl.ioctl(inside, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 110, 0, 0))
    with subprocess.Popen(
        ["docker", *words], stdin=inside, stdout=inside, stderr=inside, start_new_session=True
    ) as shell:
        try:
            prepared = Newcomer(terminal)
            for line in (*_BEFORE, "git config --global --add safe.directory '*'", stands_in, "cd"):
                prepared.paste(line)
            newcomer = Newcomer(terminal)
            seconds = _do_as_written(newcomer)
        finally:
            subprocess.run(["docker", "rm", "--force", name], check=False, capture_output=True)
            shell.kill()
    return _judge(newcomer, seconds)


def _do_as_written(newcomer: Newcomer) -> float:
    """Paste README's commands, with a model before the second one, and the tutorial's last; the seconds it took."""
    install, *rest = _block(README, INSTALL).splitlines()
    for text in (install, _block(TUTORIAL, MODEL), *rest, _block(TUTORIAL, TRY)):
        newcomer.paste(text)
        newcomer.check(text)
    return time.monotonic() - newcomer.started


def _block(page: Path, first: str) -> str:
    found = [one.text for one in blocks([page]) if one.language in SHELLS and one.text.startswith(first)]
    if len(found) != 1:
        raise SystemExit(f"\n{page} has {len(found)} blocks that begin with `{first}`")
    return found[0].rstrip("\n")


def _judge(newcomer: Newcomer, seconds: float) -> int:
    answer = _ANSWER.search(newcomer.shown)
    print("\n\nWhat was pasted:")
    for text, took in newcomer.times:
        print(f"  {took:6.1f} s  {text}")
    print(f"  {seconds:6.1f} s  in all; the answer: {answer[1].strip() if answer else 'none'}")
    return 0 if answer and seconds <= _LONGEST else 1


if __name__ == "__main__":
    sys.exit(main())
