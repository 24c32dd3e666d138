"""Programs of others as processes: with bounds, behind what else runs, and never longer than we live."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

from functions_model.core.cancel import CANCEL
from functions_model.core.work import LONGEST

LARGEST_FILE = 8 << 30
"""Bytes. The hosts of function apps take images of that size at most (Azure Container Apps says 8 GB), so none can hold
such a file; a wheel or a conda package of a few megabytes can."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a process may take.

    Attributes:
        seconds: Until its end.
        largest_file: Bytes of one file that it writes.
    """

    seconds: float = LONGEST
    largest_file: int = LARGEST_FILE


BOUNDS = Bounds()
_KEPT = frozenset(
    ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "XDG_CACHE_HOME", "NETRC", "SSL_CERT_FILE", "SSL_CERT_DIR",
     "SSL_CLIENT_CERT", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
)  # fmt: skip
_MINUTE = 60.0
_NICE = 10
"""Of 19. On two cores a resolution beside it made a layer of 1 GiB a twentieth slower."""
_KEEPER = "import os, sys; sys.stdin.read(); os.killpg(int(sys.argv[1]), 9)"
"""Ends a group of processes when nobody holds the other end of its standard input any more."""
_FOR_PYTHON = ("LD_LIBRARY_PATH", "TMPDIR")
"""An interpreter that was built with a shared library, as those of CI hosts, is found by the first."""


class Ended(NamedTuple):
    """What a process leaves.

    Attributes:
        code: Its exit code; negative for the signal that ended it.
        answer: Its standard output.
        words: Its standard error.
    """

    code: int
    answer: str
    words: str

    @property
    def ended_by(self) -> str:
        """The name of the signal that ended it; empty when none did."""
        return signal.Signals(-self.code).name if self.code < 0 else ""


class OverTime(Exception):
    """It was still at work after all its time, and was ended.

    Args:
        seconds: How long that was.
    """

    def __init__(self, seconds: float) -> None:
        self.time = f"{seconds:.0f} seconds" if seconds < 2 * _MINUTE else f"{seconds / _MINUTE:.0f} minutes"
        super().__init__(f"it was still at work after {self.time}")


def environ_for(environ: Mapping[str, str], beginnings: tuple[str, ...]) -> dict[str, str]:
    """What a program of others gets to see: paths, proxies, certificates. No tokens, inputs or settings of ours.

    Args:
        environ: The process environment.
        beginnings: Of the names of more variables.
    """
    return {
        name: value
        for name, value in environ.items()
        if value and (name.upper() in _KEPT or name.startswith(beginnings))
    }


def bare_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """What an interpreter needs to start, and nothing that makes it load more than it must."""
    return {name: environ[name] for name in _FOR_PYTHON if name in environ}


def run_process(
    command: Sequence[str],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    given: str = "",
    passed: Sequence[int] = (),
    bounds: Bounds = BOUNDS,
) -> Ended:
    """Run a program to its end. A cancel ends it with all that it has started, and so does our own end, of any kind.

    Args:
        command: The program and its arguments, which anybody can read.
        cwd: The folder to run in.
        environ: All of its environment.
        given: Its standard input.
        passed: File descriptors that it gets under the same numbers.
        bounds: What it may take.

    Raises:
        OverTime: It was at work for all its time.
    """
    start = partial(
        subprocess.Popen[str],
        command,
        cwd=cwd,
        env=environ,
        stdin=subprocess.PIPE if given else subprocess.DEVNULL,
        pass_fds=passed,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        # A group of its own, so that what uv starts to build a package goes with it.
        process_group=0,
        # As Python has it, SIGXFSZ is ignored: a file that grows too large is an error with words, and no signal.
        restore_signals=False,
    )
    with CANCEL.process(start, _end) as process, process, _ended_with_us(process.pid):
        _limit(process.pid, bounds)
        try:
            answer, words = process.communicate(given or None, timeout=bounds.seconds)
        except subprocess.TimeoutExpired:
            _end(process)
            raise OverTime(bounds.seconds) from None
    return Ended(process.returncode, answer, words)


def _end(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def _ended_with_us(group: int) -> Iterator[None]:
    """Have another process look after a group: were we killed, nobody else would end it.

    The kernel's own way (PR_SET_PDEATHSIG) asks for code of ours between fork and exec, and for each process of the
    group. This one starts beside the group, in a group of its own, so that who kills ours does not kill it.
    """
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _KEEPER, str(group)],
        env=bare_environment(os.environ),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    ) as keeper:
        try:
            yield
        finally:
            keeper.kill()


def _limit(pid: int, bounds: Bounds) -> None:
    """Let a process have what others leave of the processors: large layers are sent meanwhile.

    And of the memory: an index can answer with a page that unpacks to any size, and uv reads it whole. No file that it
    writes may have any size either, and if it crashes, none holds its memory.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 3 // 4
    with suppress(OSError):  # it may have ended already
        os.setpriority(os.PRIO_PROCESS, pid, _NICE)
        limits = {
            resource.RLIMIT_DATA: memory,
            resource.RLIMIT_FSIZE: bounds.largest_file,
            resource.RLIMIT_CORE: 0,
        }
        for kind, most in limits.items():
            least = min([most, *(limit for limit in resource.prlimit(pid, kind) if limit != resource.RLIM_INFINITY)])
            resource.prlimit(pid, kind, (least, least))
