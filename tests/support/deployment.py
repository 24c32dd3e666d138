"""Running the product the way GitHub's runner does: as a process, with `INPUT_*` variables and command files."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from functions_model.inputs.sources import COMPILERS
from support.leaks import leaks
from support.tools import ROOT
from support.warm import start_warm

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

_KEPT = ("PATH", "HOME", "LANG", "SSL_CERT_FILE", "UV_CACHE_DIR", "XDG_CACHE_HOME", "TMPDIR", COMPILERS)
_TIMEOUT = 240
_RESOLVED: set[tuple[str, ...]] = set()
"""Environments that were resolved before in this process: uv has all it needs of them, and need not ask the index."""


@dataclass(frozen=True, slots=True)
class Run:
    """What a run left behind.

    Attributes:
        code: The exit code.
        log: Standard output, with standard error in it.
        outputs: Step outputs.
        summary: The step summary, Markdown.
    """

    code: int
    log: str
    outputs: dict[str, str]
    summary: str

    @property
    def shown(self) -> str:
        """Everything a person can see: the log without the mask commands, which the runner swallows; the rest."""
        log = "\n".join(line for line in self.log.splitlines() if not line.startswith("::add-mask::"))
        return "\n".join([log, *self.outputs.values(), self.summary])

    @property
    def masked(self) -> tuple[str, ...]:
        """Every value that the run asked the runner to mask."""
        return tuple(
            line.removeprefix("::add-mask::") for line in self.log.splitlines() if line.startswith("::add-mask::")
        )

    @property
    def errors(self) -> list[str]:
        """The error annotations, as the runner reads them."""
        return [line for line in self.log.splitlines() if line.startswith("::error")]


class JobHost(Protocol):
    """A CI host: what it gives a run, and what it makes of what the run left."""

    @property
    def word(self) -> str:
        """Behind the program's name."""

    @property
    def leaves_out(self) -> tuple[str, ...]:
        """How variables begin that only another host has."""

    def variables(self, workspace: Path, folder: Path) -> dict[str, str]:
        """What it sets by itself; `folder` takes what the run leaves behind."""

    def given(self, inputs: Mapping[str, str]) -> dict[str, str]:
        """The variables that inputs are."""

    def secrets(self, environ: Mapping[str, str]) -> tuple[str, ...]:
        """What it gave the run and must not be shown."""

    def read(self, code: int, log: str, folder: Path) -> Run:
        """What a run left behind."""


class GitHub:
    """GitHub's runner, and the container action's door."""

    word = "action"
    leaves_out = ()

    def variables(self, workspace: Path, folder: Path) -> dict[str, str]:
        """Where command files are."""
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": str(workspace),
            "GITHUB_OUTPUT": str(folder / "output"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        }

    def given(self, inputs: Mapping[str, str]) -> dict[str, str]:
        """`INPUT_APP-NAME`."""
        return {f"INPUT_{name.upper()}": value for name, value in inputs.items()}

    def secrets(self, environ: Mapping[str, str]) -> tuple[str, ...]:
        """The token that identity tokens are asked for with."""
        return (environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", ""),)

    def read(self, code: int, log: str, folder: Path) -> Run:
        """Log and command files."""
        output, summary = (folder / name for name in ("output", "summary"))
        return Run(code, log, read_outputs(output.read_text()), summary.read_text())


GITHUB = GitHub()


def run_action(
    workspace: Path, inputs: Mapping[str, str], environ: Mapping[str, str], start: Start | None = None
) -> Run:
    """Run the container action's door on a workspace.

    Args:
        workspace: The checked-out repository.
        inputs: By their own names: `app-name`.
        environ: What the runner adds: the sandbox's variables.
        start: As for `start_action`.
    """
    with tempfile.TemporaryDirectory() as folder:
        return start_action(workspace, inputs, environ, Path(folder), start).run()


class Process(Protocol):
    """What tests ask of a process: as much of `Popen`."""

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def returncode(self) -> Any:
        """Its exit code; None until its end was seen."""

    def poll(self) -> int | None:
        """Its exit code, or None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, at its end."""

    def send_signal(self, number: int, /) -> None:
        """Send it a signal."""

    def terminate(self) -> None:
        """Send it SIGTERM."""

    def kill(self) -> None:
        """End it with SIGKILL."""


Start: TypeAlias = "Callable[[Sequence[str], Path, Mapping[str, str], Path], Process]"
"""Starts the product: words, folder, variables, log."""


@dataclass(frozen=True, slots=True)
class Started:
    """A run under way, which may also be killed.

    Attributes:
        process: The run. Its output goes to the file `log`.
        folder: What it leaves behind.
        workspace: Of the run.
        inputs: As they were given.
        environ: As it was given.
        host: Of the run.
    """

    process: Process
    folder: Path
    workspace: Path
    inputs: Mapping[str, str]
    environ: Mapping[str, str]
    host: JobHost = GITHUB

    @property
    def log(self) -> str:
        """What it has said so far."""
        return (self.folder / "log").read_text(errors="replace")

    def kill(self) -> None:
        """End it with SIGKILL: it has no chance to clean up."""
        self.process.kill()
        self.process.wait()

    def run(self) -> Run:
        """Wait for its end."""
        try:
            code = self.process.wait(_TIMEOUT)
        finally:
            self.kill()
        run = self.host.read(code, self.log, self.folder)
        if code == 0:
            _RESOLVED.add(_environment_of(self.workspace, self.inputs))
        given = (self.inputs.get("client-secret", ""), *self.host.secrets(self.environ))
        # Every run of every test is held to it: no secret is ever shown.
        assert leaks(run.shown.encode(), {*run.masked, *given}) == []
        return run


def start_action(
    workspace: Path,
    inputs: Mapping[str, str],
    environ: Mapping[str, str],
    folder: Path,
    start: Start | None = None,
    *,
    host: JobHost = GITHUB,
) -> Started:
    """Start the container action's door on a workspace, or that of another host.

    Args:
        workspace: The checked-out repository.
        inputs: By their own names: `app-name`.
        environ: What the runner adds: the sandbox's variables.
        folder: Takes what the run leaves behind.
        start: Starts the process; None forks it from one that has imported the product.
        host: What the run works for.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("output", "summary", "log"):
        (folder / name).write_text("")
    given = {
        **{name: os.environ[name] for name in _KEPT if name in os.environ},
        "PYTHONPATH": str(ROOT / "src"),
        **host.variables(workspace, folder),
        **_without_the_index(workspace, inputs),
        **{name: value for name, value in environ.items() if not name.startswith(host.leaves_out)},
        **host.given(inputs),
    }
    process = (start or start_warm)([host.word], workspace, given, folder / "log")
    return Started(process, folder, workspace, inputs, environ, host)


def start_anew(words: Sequence[str], folder: Path, environ: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    """Start `functions-model` with these words, as a process of its own.

    Args:
        words: Behind the program's name.
        folder: Where it is called.
        environ: All of its variables.
        log: Takes what it says.
    """
    with log.open("wb") as stream:
        return subprocess.Popen(
            [sys.executable, "-m", "functions_model", *words],
            cwd=folder,
            env=dict(environ),
            stdout=stream,
            stderr=subprocess.STDOUT,
        )


def _without_the_index(workspace: Path, inputs: Mapping[str, str]) -> dict[str, str]:
    return {"UV_OFFLINE": "1"} if _environment_of(workspace, inputs) in _RESOLVED else {}


def _environment_of(workspace: Path, inputs: Mapping[str, str]) -> tuple[str, ...]:
    """What decides which packages are installed. A deployment file or a registered name is its folder's own."""
    file = workspace / inputs.get("environment-file", "")
    text = file.read_text() if file.is_file() else str(file)
    return (inputs.get("python-version", ""), inputs.get("model-path", ""), text)


def read_outputs(text: str) -> dict[str, str]:
    """The step outputs in a `GITHUB_OUTPUT` file: `name<<delimiter`, lines, `delimiter`."""
    outputs: dict[str, str] = {}
    lines = iter(text.splitlines())
    for line in lines:
        name, _, delimiter = line.partition("<<")
        value = []
        for inner in lines:
            if inner == delimiter:
                break
            value.append(inner)
        outputs[name] = "\n".join(value)
    return outputs
