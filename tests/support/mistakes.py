"""Mistakes that people make, as data: what was done, what is said about it, and the way out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from support.deployment import run_action
from support.project import write_echo_project

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run

REQUIREMENTS = "requirements.txt"
SCRIPT = "src/score.py"
NAMES = {"app-name": "mistakes", "resource-group": "mistakes", "plan-sku": "EP1", "python-version": ""}
"""Inputs of the project that works: its Python is that of the base image."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is different from a project that works.

    Attributes:
        inputs: By name; an empty value takes one away.
        files: Their texts, by their places in the workspace.
    """

    inputs: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def apply(self, folder: Path) -> dict[str, str]:
        """Write the project into a folder, changed; the inputs that describe it."""
        inputs = write_echo_project(folder)
        for name, text in self.files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        return {**inputs, **self.inputs}


NOTHING = Change()
"""The project that works."""


def script(text: str) -> Change:
    """Another entry script."""
    return Change(files={SCRIPT: text})


def requires(line: str) -> Change:
    """One more line in the requirements file, the second."""
    return Change(files={REQUIREMENTS: f"six==1.17.0\n{line}\n"})


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake.

    Attributes:
        name: Of the test.
        done: What somebody did.
        says: One for each error: the parts of its text, in their order.
        code: The exit code.
        out: The mended project: what an error offers is in it.
    """

    name: str
    done: Change
    says: tuple[tuple[str, ...], ...]
    code: int = 2
    out: Change = NOTHING

    def is_told_by(self, errors: list[str]) -> bool:
        """Whether these errors, no more and no fewer, say it."""
        return len(errors) == len(self.says) and all(map(holds, errors, self.says))


def holds(text: str, parts: tuple[str, ...]) -> bool:
    """Whether a text has all parts, in their order."""
    at = 0
    for part in parts:
        at = text.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return True


def plan_inputs(sandbox: Sandbox, folder: Path, change: Change) -> dict[str, str]:
    """The project in a folder, and the inputs of its plan."""
    return {**sandbox.endpoints.inputs(), **NAMES, "mode": "plan", **change.apply(folder)}


def plan(sandbox: Sandbox, folder: Path, change: Change, environ: Mapping[str, str] | None = None) -> Run:
    """A run of `mode: plan`; without an environment, in a job that can log in."""
    inputs = plan_inputs(sandbox, folder, change)
    return run_action(folder, inputs, sandbox.endpoints.environ() if environ is None else environ)
