"""Runs as processes of their own, in a place of their own, so that what they say and leave behind can be looked at."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.console import console_environ
from support.deployment import read_outputs

if TYPE_CHECKING:
    from collections.abc import Mapping

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
