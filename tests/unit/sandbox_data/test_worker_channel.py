"""The host's side of a worker process."""

from __future__ import annotations

import os
import shutil
import sys
import time
from typing import TYPE_CHECKING

import pytest

from azure_sandbox.functions_host.channel import Worker, WorkerGone
from azure_sandbox.functions_host.worker import frames
from azure_sandbox.functions_host.worker import worker as worker_script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SCRIPT = """\
import socket, sys
channel = socket.socket(fileno=int(sys.argv[1]))
channel.sendall({frame!r})
print("said it", flush=True)
channel.recv(1)
"""


def wait_until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not what() and time.monotonic() < deadline:
        time.sleep(0.01)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str], tuple[Worker, list[str]]]]:
    """Starts a worker from a script; with it comes what it printed."""
    workers: list[Worker] = []

    def start(script: str) -> tuple[Worker, list[str]]:
        (tmp_path / "worker.py").write_text(script)
        printed: list[str] = []
        command = [sys.executable, str(tmp_path / "worker.py")]
        workers.append(Worker(command, tmp_path, os.environ, lambda head: None, printed.append))
        return workers[-1], printed

    yield start
    for worker in workers:
        worker.stop()


class TestReady:
    """`wait_ready`."""

    def test_a_worker_may_be_ready_before_anybody_waits(self, start: Callable[[str], tuple[Worker, list[str]]]) -> None:
        """A slow host must not miss the first message."""
        worker, printed = start(SCRIPT.format(frame=frames.pack({"type": "ready"})))
        worker._ready.result(20)
        assert "ready" not in worker._replies

        worker.wait_ready()

        assert worker.process.poll() is None
        assert set(printed) <= {"said it"}

    def test_a_worker_that_ends_first_is_gone(self, start: Callable[[str], tuple[Worker, list[str]]]) -> None:
        """With its exit code."""
        worker, _ = start("raise SystemExit(3)")

        with pytest.raises(WorkerGone, match="3"):
            worker.wait_ready()

    def test_a_worker_runs_on_its_own_python_alone(self, tmp_path: Path) -> None:
        """The folder names the minor that it is made for; another interpreter ends it with the real one's error."""
        folder = tmp_path / "3.9" / "LINUX" / "X64"
        folder.mkdir(parents=True)
        copied = shutil.copy(worker_script.__file__, folder)
        printed: list[str] = []
        worker = Worker([sys.executable, str(copied)], tmp_path, os.environ, lambda head: None, printed.append)
        with pytest.raises(WorkerGone):
            worker.wait_ready()
        wait_until(lambda: bool(printed))
        worker.stop()

        assert "cannot import name 'cygrpc'" in printed[0]
        assert f"{sys.executable} is Python {sys.version_info[0]}.{sys.version_info[1]}" in printed[0]
