"""Run a command that must not outlive its starter: `python guard.py COMMAND...`.

The starter keeps the other end of standard input. When that end closes, for whatever reason (a kill -9 included), the
command and all its children are stopped. Standard library only: it runs under any Python.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

GRACE_SECONDS = 5.0


def start_guarded(
    command: Sequence[str], *, environ: Mapping[str, str] | None = None, folder: Path | None = None
) -> subprocess.Popen[bytes]:
    """Start a command under a guard. Output and errors come through one pipe, `stdout`."""
    return subprocess.Popen(
        [sys.executable, "-I", __file__, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environ,
        cwd=folder,
    )


def stop_guarded(process: subprocess.Popen[bytes]) -> int:
    """Let go of a guarded command and wait until it is gone; the exit code."""
    if process.stdin and not process.stdin.closed:
        process.stdin.close()
    try:
        code = process.wait(timeout=GRACE_SECONDS + 5)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    return code


def _stop_group(command: subprocess.Popen[bytes]) -> None:
    _signal_group(command, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        command.wait(timeout=GRACE_SECONDS)
    # Children of the command may be left even when it went by itself.
    _signal_group(command, signal.SIGKILL)


def _signal_group(command: subprocess.Popen[bytes], number: int) -> None:
    try:
        os.killpg(command.pid, number)
    except (ProcessLookupError, PermissionError):
        return


def main(argv: Sequence[str]) -> int:
    """Run the command until it ends or the starter lets go; its exit code."""
    try:
        command = subprocess.Popen(argv, stdin=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        print(f"Could not start {argv[0]}: {error.strerror}", flush=True)
        return 127
    released = threading.Event()

    def wait_for_release() -> None:
        while os.read(0, 4096):
            pass
        released.set()
        _stop_group(command)

    threading.Thread(target=wait_for_release, daemon=True).start()
    code = command.wait()
    _signal_group(command, signal.SIGKILL)
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    # The starter decides when to stop; Ctrl+C in its terminal must not overtake it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    raise SystemExit(main(sys.argv[1:]))
