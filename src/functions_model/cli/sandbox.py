"""The built-in sandbox, as a process of its own. The product knows it only by what it writes into its ready file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from functions_model.cli.work_folder import work_folder
from functions_model.core.cancel import CANCEL

_START_SECONDS = 600
"""The first start makes the base image and installs Azurite; later ones take a second or two."""

_STOP_SECONDS = 60
"""It stops its containers and storage processes on the way out."""


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """Where a started sandbox can be reached.

    Attributes:
        environ: Environment variables that a run against it needs.
        inputs: Inputs for a run against it.
        engine: `docker` or `process`: how it runs function apps.
        notes: What it leaves out on this machine, and why; a line each.
        ca_file: The certificate authority its addresses are signed by.
        address: Of the sandbox itself, without a trailing slash.
        edit_token: Who shows it may exchange files of running apps.
    """

    environ: dict[str, str]
    inputs: dict[str, str]
    engine: str
    notes: tuple[str, ...]
    ca_file: str
    address: str = ""
    edit_token: str = ""


class SandboxStopped(RuntimeError):
    """The sandbox did not come up."""


@contextmanager
def running_sandbox(
    engine: str, folder: Path, python: str | None = None, *, hear: Callable[[str], None] | None = None
) -> Iterator[RunningSandbox]:
    """A sandbox for the length of a `with` block; everything it started is gone afterwards.

    Args:
        engine: `auto`, `docker` or `process`.
        folder: What is tried in it. No module of the user's may stand in for one of the sandbox's.
        python: The base image's Python minor; None leaves it to the sandbox.
        hear: Told each line that an app writes, when it does, from a thread of its own; None leaves that out.

    Raises:
        SandboxStopped: It did not come up; the message holds its last words.
    """
    with work_folder("sandbox-") as root, (root / "sandbox.log").open("wb") as output:
        ready = root / "ready.json"

        def start() -> subprocess.Popen[bytes]:
            state, pinned = str(root / "state"), ("--python", python) if python else ()
            command = [sys.executable, "-m", "azure_sandbox", "serve", "--root", state, "--engine", engine]
            command += ["--app-output"] if hear else []
            # A group of its own: Ctrl-C in the terminal must reach us alone, and we stop it in order.
            return subprocess.Popen(
                [*command, "--ready-file", str(ready), "--with-starter", *pinned],
                stdin=subprocess.PIPE,  # the sandbox ends with us, were we killed
                stdout=subprocess.PIPE if hear else output,
                stderr=output,
                env=environ_without((Path.cwd(), folder), os.environ),
                start_new_session=True,
            )

        with CANCEL.process(start, subprocess.Popen.terminate) as process, CANCEL.leaves(partial(_stop, process)):
            if hear and process.stdout:
                threading.Thread(target=_listen, args=(process.stdout, hear), name="hear", daemon=True).start()
            try:
                yield _wait(process, ready, Path(output.name))
            finally:
                _stop(process)


def _listen(stream: IO[bytes], hear: Callable[[str], None]) -> None:
    for line in stream:
        hear(line.decode(errors="replace").rstrip("\r\n"))


def environ_without(folders: Iterable[Path], environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for a Python that imports nothing of the user's: not from where it is started, nor by PYTHONPATH.

    A place where packages are installed is no code of the user's, wherever it lies; nor is the product's own.

    Args:
        folders: The user's.
        environ: The process environment.
    """
    theirs = {folder.resolve() for folder in folders}
    entries = [entry for entry in environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    kept = [entry for entry in entries if _holds_packages(Path(entry)) or theirs.isdisjoint(_with_parents(Path(entry)))]
    # https://docs.python.org/3/using/cmdline.html#envvar-PYTHONSAFEPATH, for those that it starts, too.
    return {**environ, "PYTHONPATH": os.pathsep.join(kept), "PYTHONSAFEPATH": "1"}


def _with_parents(place: Path) -> tuple[Path, ...]:
    return (place.resolve(), *place.resolve().parents)


def _holds_packages(place: Path) -> bool:
    return place.resolve() == Path(__file__).resolve().parents[2] or any(place.glob("*.dist-info"))


def _wait(process: subprocess.Popen[bytes], ready: Path, log: Path) -> RunningSandbox:
    deadline = time.monotonic() + _START_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            CANCEL.check()  # a cancel has stopped it: that is no failure
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
            if "ModuleNotFoundError" in tail:
                tail += "\nThe sandbox needs more libraries: install `functions-model-action[sandbox]`."
            raise SandboxStopped(f"the sandbox did not start (exit code {process.poll()}):\n{tail}")
        time.sleep(0.05)
    told = json.loads(ready.read_text())
    return RunningSandbox(
        environ=told["environ"],
        inputs=told["inputs"],
        engine=told["engine"],
        notes=tuple(told["notes"]),
        ca_file=told["endpoints"]["ca_file"],
        address=told["endpoints"]["resource_manager"],
        edit_token=told["edit_token"],
    )


def _stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
