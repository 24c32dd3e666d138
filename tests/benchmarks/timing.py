"""Running one command after another, alternating sides, with the clock running only while a command does."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

RUNS = int(os.environ.get("BENCH_RUNS", "5"))
"""How often each side runs; the figures are medians. Less than 5 is for trying the benchmarks themselves."""

_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Command:
    """Something to run and to time.

    Attributes:
        words: As a shell has them.
        folder: Where it runs; None for here.
        environ: Its whole environment; None for this process's.
        stdin: What it reads.
    """

    words: tuple[str, ...]
    folder: Path | None = None
    environ: Mapping[str, str] | None = None
    stdin: str = ""


def seconds(*commands: Command) -> float:
    """Wall time of the commands, one after the other. What was written before is on the disk when the clock starts.

    Raises:
        AssertionError: One failed; its own words are in the message.
    """
    os.sync()
    started = time.perf_counter()
    for command in commands:
        run(command)
    return time.perf_counter() - started


def run(command: Command) -> str:
    """Run it, and give what it printed.

    Raises:
        AssertionError: It failed; its own words are in the message.
    """
    done = subprocess.run(
        command.words,
        cwd=command.folder,
        env=command.environ,
        input=command.stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    assert done.returncode == 0, f"{' '.join(command.words)} exited with {done.returncode}:\n{done.stdout[-6000:]}"
    return done.stdout


def alternate(*sides: Callable[[], float], runs: int = RUNS) -> list[list[float]]:
    """Each side in turn, again and again, so that a slow minute of the machine hits all of them.

    Args:
        sides: Each prepares, runs, and gives its seconds.
        runs: How often.

    Returns:
        The seconds by side.
    """
    rounds = [[side() for side in sides] for _ in range(runs)]
    return [list(times) for times in zip(*rounds, strict=True)]


_PEAK = "import resource, subprocess, sys; code = subprocess.run(sys.argv[1:], stdout=2).returncode; \
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss); sys.exit(code)"


def peak_mib(command: Command) -> float:
    """The most memory that one process of a command had at once, its children included, in MiB.

    A launcher stands between: the kernel begins a child's figure with its parent's, and this process is large.
    """
    launched = (sys.executable, "-I", "-S", "-c", _PEAK, *command.words)
    done = subprocess.run(
        launched,
        cwd=command.folder,
        env=command.environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )
    assert done.returncode == 0, done.stderr[-6000:]
    return int(done.stdout.split()[-1]) / 1024
