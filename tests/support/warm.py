"""Runs of the product out of one process that has imported it before: imports are half of what a short run costs.

`python -m support.warm` reads one run a line from its standard input, forks it, and answers with its process id, and at
its end with its exit code and the most memory that it had.
"""

from __future__ import annotations

import json
import os
import runpy
import select
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from support.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_IMPORTED = (
    *("functions_model.cli.once", "functions_model.pipeline.run", "functions_model.pipeline.deployment"),
    *("azure.identity", "azure.mgmt.authorization", "azure.mgmt.containerregistry", "azure.mgmt.msi"),
    *("azure.mgmt.resource", "azure.mgmt.storage", "azure.mgmt.web"),
)


@dataclass(slots=True)
class WarmRun:
    """A run that was forked; what a `Popen` can do, as far as tests ask for it.

    Attributes:
        pid: Its process.
        returncode: None until its end was seen.
        mib: The most memory that it had; 0 until its end was seen.
    """

    pid: int
    _answers: Any = field(repr=False)
    returncode: int | None = None
    mib: float = 0.0

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, at its end.

        Raises:
            subprocess.TimeoutExpired: It still runs.
        """
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(["functions-model"], timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send it a signal, if it is not gone."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def _look(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._answers], [], [], timeout)[0]:
            ended = json.loads(self._answers.readline())
            self.returncode, self.mib = ended["code"], ended["mib"]
        return self.returncode


class Warm:
    """The process that forks runs, one at a time. A context manager."""

    def __enter__(self) -> Self:
        self._server = subprocess.Popen(
            [sys.executable, "-m", "support.warm"],
            env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate(timeout=30)

    def start(self, words: Sequence[str], folder: Path, environ: Mapping[str, str], log: Path) -> WarmRun:
        """Start `functions-model` with these words.

        Args:
            words: Behind the program's name.
            folder: Where it is called.
            environ: All of its variables.
            log: Takes what it says.
        """
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        asked = {"words": [*words], "folder": str(folder), "environ": {**environ}, "log": str(log)}
        self._server.stdin.write(json.dumps(asked).encode() + b"\n")
        self._server.stdin.flush()
        return WarmRun(json.loads(self._server.stdout.readline())["pid"], self._server.stdout)


def _serve() -> None:
    """Fork a run for each line."""
    for name in _IMPORTED:
        __import__(name)
    for line in sys.stdin:
        if pid := os.fork():
            _answer({"pid": pid})
            _, status, used = os.wait4(pid, 0)
            _answer({"code": os.waitstatus_to_exitcode(status), "mib": round(used.ru_maxrss / 1024, 1)})
        else:
            _be(json.loads(line))
            return


def _answer(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def _be(asked: dict[str, Any]) -> None:
    """Be that run: nothing of this process but what was imported."""
    nothing, log = os.open(os.devnull, os.O_RDONLY), os.open(asked["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for old, new in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(old, new)
    os.closerange(3, 64)
    os.environ.clear()
    os.environ.update(asked["environ"])
    os.chdir(asked["folder"])
    tempfile.tempdir = None
    sys.argv = ["functions-model", *asked["words"]]
    runpy.run_module("functions_model", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    _serve()
