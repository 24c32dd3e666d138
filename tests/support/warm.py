"""Runs of the product out of one process that has imported it before: imports are half of what a short run costs.

`python -m support.warm NAME` listens at a socket of that name. Each connection is one run: a line says what to run, and
is answered with its process id, and at its end with its exit code and the most memory that it had.
"""

from __future__ import annotations

import json
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import tempfile
import uuid
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, TextIO

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
    _answers: TextIO = field(repr=False)
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
            self._answers.close()
            self.returncode, self.mib = ended["code"], ended["mib"]
        return self.returncode


def start_warm(words: Sequence[str], folder: Path, environ: Mapping[str, str], log: Path) -> WarmRun:
    """Start `functions-model` with these words.

    Args:
        words: Behind the program's name.
        folder: Where it is called.
        environ: All of its variables.
        log: Takes what it says.
    """
    asked = {"words": [*words], "folder": str(folder), "environ": {**environ}, "log": str(log)}
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(_server())
        connection.sendall(json.dumps(asked).encode() + b"\n")
        answers = connection.makefile("r", encoding="utf-8")
    return WarmRun(json.loads(answers.readline())["pid"], answers)


@cache
def _server() -> str:
    """The name of the socket. The process behind it ends with this one, as it then reads the end of its input."""
    name = f"\0functions-model-{uuid.uuid4()}"
    # Nobody waits for it: its end is that of the tests.
    process = subprocess.Popen(
        [sys.executable, "-m", "support.warm", name[1:]],
        env={**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    _KEPT.append(process)
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    return name


_KEPT: list[subprocess.Popen[bytes]] = []


def _serve(name: str) -> None:
    """Fork whoever has one run made, for each connection."""
    for module in _IMPORTED:
        __import__(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"\0{name}")
        listener.listen()
        print("ready", flush=True)
        while True:
            ready, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in ready:
                return
            connection, _ = listener.accept()
            if os.fork() == 0:
                listener.close()
                break
            connection.close()
    _have_made(connection)


def _have_made(connection: socket.socket) -> None:
    """Fork a run, and tell of it."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    stream = connection.makefile("rw", encoding="utf-8")
    asked = json.loads(stream.readline())
    pid = os.fork()
    if pid == 0:
        _be(asked)
        return
    _tell(stream, {"pid": pid})
    _, status, used = os.wait4(pid, 0)
    _tell(stream, {"code": os.waitstatus_to_exitcode(status), "mib": round(used.ru_maxrss / 1024, 1)})
    os._exit(0)


def _tell(stream: Any, told: dict[str, Any]) -> None:
    stream.write(json.dumps(told) + "\n")
    stream.flush()


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
    _serve(sys.argv[1])
