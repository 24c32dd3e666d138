"""Runs our own workflows on this machine: jobs in the order of their needs, steps as GitHub's runner runs them.

What is not on this machine is given by the caller: actions of others, and workflows that take too long. Container
actions are started as actions/runner 258d6c8 does (ContainerActionHandler.cs): on the job's network, with the
workspace alone, inputs as variables.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from support.expressions import filled

SUCCESS, FAILURE, SKIPPED = "success", "failure", "skipped"
_ARCHITECTURES = {"ubuntu-24.04": "X64", "ubuntu-24.04-arm": "ARM64"}


@dataclass(slots=True)
class Job:
    """One job, and what its steps have left.

    Attributes:
        folder: Of this job alone; `work` is the workspace.
        contexts: As expressions see them.
        environ: Of every step.
        network: Of its containers, where it has services.
        log: What its steps have printed.
    """

    folder: Path
    contexts: dict[str, Any]
    environ: dict[str, str]
    network: str = ""
    result: str = SUCCESS
    log: list[str] = field(default_factory=list)

    @property
    def workspace(self) -> Path:
        """Where its steps run."""
        return self.folder / "work"

    def fill(self, value: Any) -> Any:
        """A value of the workflow with its expressions filled in."""
        functions: dict[str, Callable[..., Any]] = {
            "format": lambda text, *given: text.format(*given),
            "failure": lambda: self.result == FAILURE,
            "always": lambda: True,
        }
        return filled(value, self.contexts, functions)


Action = Callable[[Job, Mapping[str, str]], Mapping[str, str]]
"""What stands for an action of others: gives its outputs, and raises `CalledProcessError` when it fails."""


@dataclass(slots=True)
class Runner:
    """A GitHub with machines.

    Attributes:
        folder: For the jobs.
        checkout: The source of the workflows.
        environ: What each machine has beside the runner's own variables.
        contexts: `github`, `vars`, and whatever is the same for all jobs.
        actions: What stands for actions of others, by `owner/name`.
        elsewhere: The results of workflows that are not run here, by file name.
        ran: Each job that has ended, by name, with its matrix: its result.
        logs: What each has printed.
    """

    folder: Path
    checkout: Path
    environ: Mapping[str, str]
    contexts: Mapping[str, Any]
    actions: Mapping[str, Action]
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    ran: dict[str, str] = field(default_factory=dict)
    logs: dict[str, str] = field(default_factory=dict)
    called: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def run(self, name: str, inputs: Mapping[str, Any]) -> str:
        """Run a workflow to its end; gives its result."""
        workflow = yaml.safe_load((self.checkout / ".github" / "workflows" / name).read_text())
        done: dict[str, dict[str, Any]] = {}
        for job, told in _in_order(workflow["jobs"]):
            needs = {one: done[one] for one in _needs(told)}
            contexts = {**self.contexts, "inputs": dict(inputs), "needs": needs}
            whole = Job(self.folder, contexts, {})
            wanted = whole.fill(f"${{{{ {told['if']} }}}}") if "if" in told else True
            if not wanted or any(one["result"] != SUCCESS for one in needs.values()):
                done[job] = {"result": SKIPPED, "outputs": {}}
            elif "uses" in told:
                given = {key: whole.fill(value) for key, value in told.get("with", {}).items()}
                done[job] = {"result": self._call(Path(told["uses"]).name, given), "outputs": {}}
            else:
                done[job] = self._matrix(job, told, contexts, workflow.get("env", {}))
            self.ran[job] = done[job]["result"]
        return FAILURE if FAILURE in {one["result"] for one in done.values()} else SUCCESS

    def _call(self, name: str, given: dict[str, Any]) -> str:
        self.called.append((name, given))
        return self.elsewhere[name] if name in self.elsewhere else self.run(name, given)

    def _matrix(self, name: str, told: dict[str, Any], contexts: dict[str, Any], env: dict[str, str]) -> dict[str, Any]:
        results = [
            self._job(f"{name} {number}", told, {**contexts, "matrix": one}, env)
            for number, one in enumerate(_combinations(told.get("strategy", {}).get("matrix", {})))
        ]
        worst = FAILURE if FAILURE in {one["result"] for one in results} else SUCCESS
        return {"result": worst, "outputs": results[-1]["outputs"]}

    def _job(self, name: str, told: dict[str, Any], contexts: dict[str, Any], env: dict[str, str]) -> dict[str, Any]:
        folder = self.folder / f"{len(self.logs)}-{name.replace(' ', '-')}"
        job = Job(folder, {**contexts, "steps": {}, "env": {}}, {})
        machine = job.fill(told["runs-on"])
        for inner in ("work", "temp", "home"):
            (folder / inner).mkdir(parents=True)
        job.contexts["runner"] = {"arch": _ARCHITECTURES[machine], "temp": str(folder / "temp")}
        job.contexts["github"] = {**contexts["github"], "workspace": str(job.workspace)}
        job.environ = {
            **self.environ,
            "GITHUB_WORKSPACE": str(job.workspace),
            "RUNNER_TEMP": str(folder / "temp"),
            "HOME": str(folder / "home"),
        }
        for variables in (env, told.get("env", {})):
            job.environ |= {key: str(job.fill(value) or "") for key, value in variables.items()}
        job.contexts["env"] = dict(job.environ)
        if "services" in told:
            job.network = f"functions-model-rehearsal-{os.getpid()}-{len(self.logs)}"
            subprocess.run(["docker", "network", "create", job.network], check=True, capture_output=True)
            job.contexts["job"] = {"services": {one: {"network": job.network} for one in told["services"]}}
        try:
            for step in told["steps"]:
                self._step(job, step)
        finally:
            self._end(job, name)
        return {
            "result": job.result,
            "outputs": {key: job.fill(value) for key, value in told.get("outputs", {}).items()},
        }

    def _end(self, job: Job, name: str) -> None:
        self.logs[name] = "\n".join(job.log)
        pid = job.folder / "temp" / "sandbox" / "pid"
        if pid.exists():  # a machine of GitHub goes away, with whatever a step has started
            subprocess.run(["kill", pid.read_text().strip()], check=False)
        if job.network:
            subprocess.run(["docker", "network", "rm", job.network], check=False, capture_output=True)

    def _step(self, job: Job, step: dict[str, Any]) -> None:
        wanted = job.fill(f"${{{{ {step['if']} }}}}") if "if" in step else True
        if not wanted or (job.result == FAILURE and "failure()" not in step.get("if", "")):
            return
        own = {key: str(job.fill(value)) for key, value in step.get("env", {}).items()}
        outputs, outcome = self._run(job, step, own)
        job.contexts["steps"][step.get("id", "")] = {"outputs": outputs, "outcome": outcome}
        if outcome == FAILURE and not step.get("continue-on-error"):
            job.result = FAILURE

    def _run(self, job: Job, step: dict[str, Any], own: dict[str, str]) -> tuple[dict[str, str], str]:
        told = job.folder / "temp" / "output"
        told.write_text("")
        given = {key: str(job.fill(value)) for key, value in step.get("with", {}).items()}
        try:
            if "run" in step:
                self._told(job, ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]], own, told)
            elif step["uses"].startswith("./"):
                self._container(job, job.workspace / step["uses"], given, own, told)
            else:
                return dict(self.actions[step["uses"].partition("@")[0]](job, given)), SUCCESS
        except subprocess.CalledProcessError as failed:
            job.log.append(f"{step.get('name', step.get('uses'))}: {failed} {failed.stderr or ''}")
            return _outputs(told), FAILURE
        return _outputs(told), SUCCESS

    def _told(self, job: Job, command: list[str], own: Mapping[str, str], output: Path) -> None:
        environ = {**job.environ, **own, "GITHUB_OUTPUT": str(output)}
        with (job.folder / "temp" / "log").open("w+") as log:
            # A file: what a step leaves running keeps a pipe open.
            done = subprocess.run(
                command,
                cwd=job.workspace,
                env=environ,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                timeout=600,
                check=False,
            )
            log.seek(0)
            job.log.append(log.read())
        done.check_returncode()

    def _container(
        self, job: Job, action: Path, given: Mapping[str, str], own: Mapping[str, str], output: Path
    ) -> None:
        runs = yaml.safe_load((action / "action.yml").read_text())["runs"]
        image = runs["image"].removeprefix("docker://")
        variables = {
            **own,
            **{f"INPUT_{name.upper()}": value for name, value in given.items()},
            "GITHUB_ACTIONS": "true",
            "GITHUB_WORKSPACE": "/github/workspace",
            "GITHUB_OUTPUT": "/github/file_commands/output",
            "HOME": "/github/home",
        }
        file = job.folder / "temp" / "container.env"
        file.write_text(
            "".join(
                f"{name}={value.replace(str(job.workspace), '/github/workspace')}\n"
                for name, value in variables.items()
            )
        )
        command = [
            *("docker", "run", "--rm", "--network", job.network or "bridge", "--env-file", str(file)),
            *("--workdir", "/github/workspace", "--entrypoint", runs["entrypoint"]),
            *("-v", f"{job.workspace}:/github/workspace", "-v", f"{job.folder / 'home'}:/github/home"),
            *("-v", f"{output.parent}:/github/file_commands", image),
        ]
        self._told(job, command, {}, output)


def _needs(told: dict[str, Any]) -> list[str]:
    needs = told.get("needs", [])
    return [needs] if isinstance(needs, str) else needs


def _in_order(jobs: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    left: dict[str, dict[str, Any]] = dict(jobs)
    done: dict[str, dict[str, Any]] = {}
    while left:
        ready = [name for name, told in left.items() if set(_needs(told)) <= done.keys()]
        assert ready, f"these jobs need one another: {sorted(left)}"
        done |= {name: left.pop(name) for name in ready}
    return list(done.items())


def _combinations(matrix: dict[str, Any]) -> list[dict[str, Any]]:
    if "include" in matrix:
        return list(matrix["include"])
    [(name, values)] = matrix.items() or [("", [""])]
    return [{name: value} for value in values]


def _outputs(file: Path) -> dict[str, str]:
    """`name=value` lines, and `name<<END` blocks."""
    found, lines = {}, iter(file.read_text().splitlines())
    for line in lines:
        name, _, value = line.partition("=")
        if "<<" in name:
            name, _, end = line.partition("<<")
            value = "\n".join(iter(lambda: next(lines), end))
        found[name] = value
    return found
