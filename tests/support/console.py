"""The command line as a person uses it: started, read line by line, stopped with Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from support.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LIVE = re.compile(r"^(demo|try): live (https://localhost:\d+/api/(?:score|check)) -> (.+) in (\d+\.\d) s$")
_SECONDS = 240


def console_environ() -> dict[str, str]:
    """A console's environment: not that of a CI job, even where the tests run in one. No browser is opened."""
    of_a_job = ("GITHUB_", "ACTIONS_", "TF_BUILD")
    kept = {name: value for name, value in os.environ.items() if name != "CI" and not name.startswith(of_a_job)}
    return {**kept, "PYTHONPATH": str(ROOT / "src"), "BROWSER": "none"}


def command(*words: str) -> list[str]:
    """The words of a shell."""
    return [sys.executable, "-m", "functions_model", *words]


@dataclass(slots=True)
class Trial:
    """A `try` that serves.

    Attributes:
        process: The command.
        lines: What it has printed so far.
    """

    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)

    def read_until(self, *texts: str) -> str:
        """Read on to the first line with one of the texts, and give it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip())
            if any(text in line for text in texts):
                return self.lines[-1]
        message = f"it ended without {' or '.join(texts)}:\n" + "\n".join(self.lines)
        raise AssertionError(message)

    def live(self) -> re.Match[str]:
        """The line that says where it is live, and what the sample was answered."""
        found = next((match for line in self.lines if (match := LIVE.match(line))), None)
        assert found, "\n".join(self.lines)
        return found

    def page(self) -> str:
        """The address of its page for a browser. From here on, what it prints is read beside."""
        threading.Thread(target=self._read_on, name="trial", daemon=True).start()
        found = (re.search(r"browser: (http://127\.0\.0\.1:\d+/\S+/)$", line) for line in self.lines)
        return next(match[1] for match in found if match)

    def _read_on(self) -> None:
        assert self.process.stdout is not None
        with suppress(ValueError):  # it is closed at the end
            self.lines.extend(map(str.rstrip, self.process.stdout))

    def stop(self) -> int:
        """Press Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(60)


@contextmanager
def tried(folder: Path, *options: str, inside: bool = False) -> Iterator[Trial]:
    """`functions-model try` on the folder, perhaps from inside it, from the moment in which it watches for changes."""
    with subprocess.Popen(
        command("try", "." if inside else str(folder), *options),
        cwd=folder if inside else None,
        env=console_environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        guard = threading.Timer(_SECONDS, process.kill)
        guard.start()
        trial = Trial(process)
        try:
            trial.read_until("Stop with Ctrl-C")
            yield trial
        finally:
            process.kill()
            guard.cancel()
