"""Runs as processes of their own, in a place of their own, so that what they say and leave behind can be looked at."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.console import console_environ
from support.deployment import read_outputs
from support.registry_server import RegistryServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from support.registry_server import Fault

SECONDS = 120
ACTION = ("action",)


@dataclass
class Place:
    """Where a run works: its workspace, its temporary folder, the files that the runner names.

    Attributes:
        folder: Holds all of it.
        inputs: Of the action.
        environ: More variables, on top of the runner's.
    """

    folder: Path
    inputs: Mapping[str, str] = field(default_factory=dict)
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def workspace(self) -> Path:
        """The checked-out repository."""
        return self._made("workspace")

    @property
    def temporary(self) -> Path:
        """What `TMPDIR` names."""
        return self._made("tmp")

    @property
    def outputs(self) -> dict[str, str]:
        """The step outputs."""
        return read_outputs((self.folder / "output").read_text())

    @property
    def summary(self) -> str:
        """The step's page."""
        return (self.folder / "summary").read_text()

    def left(self) -> list[str]:
        """What is in the temporary folder."""
        return sorted(path.name for path in self.temporary.iterdir())

    def variables(self) -> dict[str, str]:
        """What a runner of GitHub's sets, and where temporary files go."""
        for name in ("output", "summary"):
            (self.folder / name).touch()
        return {
            **console_environ(),
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(self.workspace),
            "GITHUB_OUTPUT": str(self.folder / "output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "TMPDIR": str(self.temporary),
            **{f"INPUT_{name.upper()}": value for name, value in self.inputs.items()},
            **self.environ,
        }

    def start(self, *words: str, **options: Any) -> subprocess.Popen[bytes]:
        """Start a command; the options are those of `Popen`."""
        given = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "cwd": self.workspace, **options}
        command = [sys.executable, "-m", "functions_model", *(words or ACTION)]
        return subprocess.Popen(command, env=self.variables(), **given)

    def _made(self, name: str) -> Path:
        (self.folder / name).mkdir(exist_ok=True, parents=True)
        return self.folder / name


def without_reader() -> int:
    """The end of a pipe that nobody reads."""
    reads, writes = os.pipe()
    os.close(reads)
    return writes


def full() -> int:
    """A file on a disk without space."""
    return os.open("/dev/full", os.O_WRONLY)


@dataclass
class HoldingRegistry(RegistryServer):
    """A registry that keeps requests waiting.

    Attributes:
        hold: Method and path of those, as a pattern; empty lets all through.
        held: Set when the first of them came.
        go: Lets them go on.
    """

    hold: str = ""
    held: threading.Event = field(default_factory=threading.Event)
    go: threading.Event = field(default_factory=threading.Event)

    def take_fault(self, method: str, path: str) -> Fault | None:
        if self.hold and re.search(self.hold, f"{method} {path}"):
            self.held.set()
            self.go.wait(SECONDS)
        return super().take_fault(method, path)


@contextmanager
def deaf_index() -> Iterator[str]:
    """The address of a package index that takes connections, and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}/simple/"
