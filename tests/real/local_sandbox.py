"""A sandbox for the tests of these tests: its process is started, its code is not imported."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from target import Target, TargetUnusable, from_ready_file

if TYPE_CHECKING:
    from collections.abc import Iterator

_SECONDS = 300


@contextmanager
def sandbox() -> Iterator[Target]:
    """One that runs until the end of the block.

    Raises:
        TargetUnusable: It did not start.
    """
    with tempfile.TemporaryDirectory(prefix="real-") as folder:
        ready = Path(folder, "ready.json")
        words = ["serve", "--engine", "docker", "--root", f"{folder}/sandbox", "--ready-file", str(ready)]
        process = subprocess.Popen([sys.executable, "-m", "azure_sandbox", *words], start_new_session=True)
        try:
            _wait(process, ready)
            yield from_ready_file(ready)
        finally:
            process.terminate()
            process.wait()


def _wait(process: subprocess.Popen[bytes], ready: Path) -> None:
    deadline = time.monotonic() + _SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            message = "The sandbox did not start. It has said why, above."
            raise TargetUnusable(message)
        time.sleep(0.1)
