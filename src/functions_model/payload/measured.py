"""What a start has taken, and the memory since. `check` tells it, to those alone who hold the host's master key."""

from __future__ import annotations

import contextlib
import functools
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .exchange import answer_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from wsgiref.types import WSGIApplication

    from .exchange import Answer

START, IMPORT, INIT, FIRST = "start", "import", "init", "first_answer"
_STEPS = {"load_script": IMPORT, "invoke_init": INIT}
"""The server's steps with the script: methods of its class `UserScript` (azureml-inference-server-http 0.8 to 1.5)."""
_KERNEL, _CONTAINER = Path("/proc"), Path("/sys/fs/cgroup")


class Measures:
    """The seconds of this process's last start, and of its first answer.

    Args:
        kernel: What the kernel tells of this process and the machine.
        container: Where it keeps account of this container: cgroup v2.
    """

    def __init__(self, kernel: Path = _KERNEL, container: Path = _CONTAINER) -> None:
        self.seconds: dict[str, float] = {}
        self._kernel, self._container = kernel, container

    @contextlib.contextmanager
    def taking(self, what: str) -> Iterator[None]:
        """Measure what is done meanwhile, unless it fails."""
        began = time.perf_counter()
        yield
        self.seconds[what] = time.perf_counter() - began

    @contextlib.contextmanager
    def steps_of(self, script: type[Any]) -> Iterator[None]:
        """Measure the server's steps with the script meanwhile. Afterwards its class is as it was.

        Args:
            script: That class; a step that it does not have is not measured.
        """
        own = {method: vars(script)[method] for method in _STEPS if method in vars(script)}
        for method, function in own.items():
            setattr(script, method, self._measured(function, _STEPS[method]))
        try:
            yield
        finally:
            for method, function in own.items():
                setattr(script, method, function)

    def _measured(self, function: Callable[..., Any], what: str) -> Callable[..., Any]:
        @functools.wraps(function)
        def measured(*args: Any, **named: Any) -> Any:
            with self.taking(what):
                return function(*args, **named)

        return measured

    def scored(self, application: WSGIApplication, environ: dict[str, Any]) -> Answer:
        """Call the server; the first time that it scores is measured."""
        if FIRST in self.seconds or environ["PATH_INFO"] != "/score" or environ["REQUEST_METHOD"] == "OPTIONS":
            return answer_of(application, environ)
        with self.taking(FIRST):
            return answer_of(application, environ)

    def document(self) -> dict[str, Any] | None:
        """What is told: seconds, and memory in MiB; None before a start has succeeded."""
        if START not in self.seconds:
            return None
        seconds = {name: round(value, 4) for name, value in self.seconds.items()}
        memory = {"peak_mib": self._peak(), "container_mib": self._in_container(), "there_mib": self._there()}
        return {"seconds": seconds, **memory}

    def _peak(self) -> int | None:
        """The most that this process has held at once: `VmHWM`. That of `getrusage` begins with the parent's."""
        return _mib(re.findall(r"VmHWM:\s+(\d+) kB", _text(self._kernel / "self" / "status")), 1024)

    def _in_container(self) -> int | None:
        """What all processes of the container hold now, without the files that the kernel keeps for them.

        The root of a machine has no `memory.current`, so that what is told is a container's own.
        """
        if not (self._container / "memory.current").exists():
            return None
        return _mib(re.findall(r"^(?:anon|shmem) (\d+)$", _text(self._container / "memory.stat"), re.MULTILINE))

    def _there(self) -> int | None:
        """What the container may have; the machine's memory where it has no limit of its own."""
        limit = _mib(re.findall(r"^(\d+)$", _text(self._container / "memory.max").strip()))
        machine = _mib(re.findall(r"MemTotal:\s+(\d+) kB", _text(self._kernel / "meminfo")), 1024)
        return min(filter(None, (limit, machine)), default=None)


def _mib(found: list[str], unit: int = 1) -> int | None:
    return sum(map(int, found)) * unit // 2**20 if found else None


def _text(file: Path) -> str:
    try:
        return file.read_text("ascii")
    except (OSError, ValueError):
        return ""


MEASURES = Measures()
"""Those of this process."""
