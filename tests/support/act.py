"""Workflows run for real on this machine, by `act`: it reads action.yml, builds the Dockerfile, and runs containers."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import yaml

from functions_model.inputs.sources import COMPILERS
from support.engine import RUNNER
from support.project import write_echo_project
from support.tools import ACT, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_ACTION_FILES = (
    "action.yml",
    "Dockerfile",
    "native",
    ".dockerignore",
    "pyproject.toml",
    "README.md",
    "LICENSE",
    "requirements",
    "src",
)
_SECONDS = 280
SELF_HOSTED = "-self-hosted"
"""In place of an image: the job runs on this machine itself."""


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """What a run of a workflow left behind; of one with several jobs, see `job`.

    Attributes:
        code: The exit code of act: 0 when the job succeeded.
        records: What act logged, in order: a mapping each.
    """

    code: int
    records: tuple[dict[str, Any], ...]

    @property
    def log(self) -> str:
        """Everything that a person sees, secrets starred out as act does it."""
        return "".join(record.get("msg", "").rstrip("\n") + "\n" for record in self.records)

    def job(self, name: str, **matrix: str) -> WorkflowRun:
        """What one job has logged, or one leg of it."""
        ours = (one for one in self.records if one.get("jobID") == name)
        return WorkflowRun(self.code, tuple(one for one in ours if matrix.items() <= (one.get("matrix") or {}).items()))

    @property
    def outcomes(self) -> list[tuple[str, str]]:
        """Jobs that ran, by their ids, with their results; legs of a matrix have the same id."""
        return sorted((str(one["jobID"]), str(one["jobResult"])) for one in self.records if "jobResult" in one)

    def result(self, step: str) -> str:
        """`success` or `failure` of the step with that id."""
        return next(str(record["stepResult"]) for record in self._of(step) if "stepResult" in record)

    def exit_code(self, step: str) -> int:
        """The exit code of the step's container, as act tells it: `exit with `FAILURE`: 2`."""
        told = [record["msg"] for record in self._of(step) if "exit with `FAILURE`" in record.get("msg", "")]
        return int(told[0].rpartition(":")[2]) if told else 0

    def printed(self, step: str) -> list[str]:
        """The lines that the step printed and that are no workflow commands."""
        return [record["msg"].rstrip("\n") for record in self._of(step) if record.get("raw_output")]

    def annotations(self, step: str, level: str = "error") -> list[dict[str, str]]:
        """The step's annotations: `message`, and `file` and `line` where it names them."""
        return [
            {"message": record["arg"], **(record.get("kvPairs") or {})}
            for record in self._of(step)
            if record.get("command") == level
        ]

    def outputs(self, step: str) -> dict[str, str]:
        """The step's outputs."""
        return {record["name"]: record["arg"] for record in self._of(step) if record.get("command") == "set-output"}

    def summary(self, step: str) -> str:
        """The step's page, in Markdown."""
        return "".join(record["content"] for record in self._of(step) if record.get("command") == "summary")

    def _of(self, step: str) -> Iterable[dict[str, Any]]:
        return (record for record in self.records if record.get("stepID") == [step])


def write_project(repository: Path, **choices: str) -> dict[str, str]:
    """Write a project into the repository's folder `project`.

    Args:
        repository: Exists.
        choices: As `write_echo_project` takes them.

    Returns:
        The inputs that describe it, with paths from the repository's root.
    """
    inputs = write_echo_project(repository / "project", **choices)
    return {name: value if name == "trigger" else f"project/{value}" for name, value in inputs.items()}


def write_repository(folder: Path, steps: list[dict[str, Any]]) -> None:
    """Make a repository with the action itself and one workflow, so that its steps can say `uses: ./`.

    Args:
        folder: Exists; may hold the project to deploy.
        steps: As a workflow has them, after the checkout.
    """
    copy_action(folder)
    write_workflow(folder, steps)


def copy_action(folder: Path) -> None:
    """Copy what a checkout of the action needs into a folder that exists."""
    for name in _ACTION_FILES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)


def write_workflow(folder: Path, steps: list[dict[str, Any]]) -> None:
    """Write the one workflow of a repository that holds the action, and commit everything."""
    workflow = {
        # act names its containers after it: two runs at a time must not take each other's away.
        "name": f"test {uuid4().hex[:12]}",
        "on": "push",
        "permissions": {"contents": "read", "id-token": "write"},
        "jobs": {"job": {"runs-on": "ubuntu-latest", "steps": [{"uses": "actions/checkout@v4"}, *steps]}},
    }
    (folder / ".github" / "workflows").mkdir(parents=True, exist_ok=True)
    (folder / ".github" / "workflows" / "workflow.yml").write_text(yaml.safe_dump(workflow, sort_keys=False))
    commit(folder)


def run_workflow(
    folder: Path,
    environ: Mapping[str, str],
    secrets: Mapping[str, str] | None = None,
    *,
    platform: str = RUNNER.tag,
    variables: Mapping[str, str] | None = None,
    local: Mapping[str, Path] | None = None,
    event: tuple[str, Mapping[str, Any]] = ("push", {}),
    mounts: Mapping[Path, str] | None = None,
) -> WorkflowRun:
    """Run the repository's workflow, or its workflows.

    The containers share this machine's network, so that a sandbox on localhost is in reach; nothing is pulled.

    Args:
        folder: Made by `write_repository`.
        environ: What the runner would set for every step: the OIDC endpoint, say.
        secrets: The repository's secrets, by name.
        platform: The image of the runner; `-self-hosted` runs the job on this machine itself.
        variables: The repository's variables, by name.
        local: Folders that stand for other repositories: `contoso/action@v1`.
        event: What happened: its name, and what GitHub tells of it.
        mounts: Places in the job's containers, by what of this machine is seen there.
    """
    name, told = event
    (folder / ".event").write_text(json.dumps(told))
    volumes = " ".join(f"--volume={here}:{there}" for here, there in (mounts or {}).items())
    others = [word for name, place in (local or {}).items() for word in ("--local-repository", f"{name}={place}")]
    command = [
        *(str(ACT) if ACT.exists() else "act", name, "--json", "--pull=false", "--network", "host"),
        *(
            "--no-cache-server",
            "--rm",
            "--platform",
            f"ubuntu-latest={platform}",
            "--platform",
            f"self-hosted={SELF_HOSTED}",
        ),
        *("--eventpath", str(folder / ".event"), f"--container-options={volumes}"),
        *(
            "--env-file",
            _dotenv(folder / ".env", {COMPILERS: "", **environ}),
            "--secret-file",
            _dotenv(folder / ".secrets", secrets or {}),
        ),
        *("--var-file", _dotenv(folder / ".vars", variables or {}), *others),
    ]
    done = subprocess.run(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=_SECONDS
    )
    return WorkflowRun(done.returncode, tuple(_records(done.stdout)))


def _records(text: str) -> Iterable[dict[str, Any]]:
    """The log of act: a JSON mapping on each line, but for some lines of its own before the job starts."""
    for line in text.splitlines():
        try:
            yield json.loads(line)
        except json.JSONDecodeError:
            yield {"msg": line}


def _dotenv(path: Path, values: Mapping[str, str]) -> str:
    """Write the values in a file that act reads; in an argument they would be in the list of processes."""
    path.write_text("".join(f"{name}={json.dumps(value)}\n" for name, value in values.items()))
    return str(path)


def commit(folder: Path) -> None:
    """Branch and commit: act takes them from git."""
    who = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    for arguments in (
        ("init", "--quiet", "--initial-branch", "main"),
        ("add", "."),
        ("commit", "--quiet", "--allow-empty", "-m", "Test"),
    ):
        subprocess.run(["git", *who, *arguments], cwd=folder, check=True)
