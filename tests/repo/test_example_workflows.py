"""The workflows that people copy: what holds for each of them, without running it."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from functions_model.inputs.catalogue import CATALOGUE
from support.act import commit
from support.owner import repository
from support.tools import ACTIONLINT
from support.workflow_examples import EXAMPLES, STAND_INS, stand_in_inputs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILES = sorted(EXAMPLES.glob("*.yml"))
README = EXAMPLES / "README.md"
_INPUTS = {one.name for one in CATALOGUE}
_STAYS_AWAY = {"plan", "package", "destroy", "plan-destroy"}
"""Modes after which no app answers anew."""
_NOBODY = "0" * 40


def _read(path: Path) -> dict[Any, Any]:
    workflow: dict[Any, Any] = yaml.safe_load(path.read_text())
    return workflow


def _steps(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Steps with the names of their jobs."""
    for name, job in _read(path)["jobs"].items():
        for step in job.get("steps", ()):
            yield name, step


def _ours(step: dict[str, Any]) -> bool:
    return bool(re.fullmatch(rf"{re.escape(repository())}(/native)?@v\d+", step.get("uses", "")))


def _head(path: Path) -> str:
    """The comment that it begins with."""
    return path.read_text().partition("\nname:")[0]


def test_there_are_all() -> None:
    """Each is a row of the table, and each row is a file."""
    rows = [line for line in README.read_text().splitlines() if line.startswith("|")]
    listed = {name for row in rows for name in re.findall(r"\]\(([\w-]+\.yml)\)", row)}

    assert sorted(listed) == [path.name for path in FILES]


@pytest.mark.needs("actionlint")
def test_actionlint_finds_nothing(tmp_path: Path) -> None:
    """In no workflow; in one without the action's owner it does. It takes one pattern."""
    texts = {path.name: path.read_text() for path in FILES}
    for name, text in {**texts, "bad.yml": texts["swap.yml"].replace(f"{repository().partition('/')[0]}/", "")}.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run([ACTIONLINT, f"{tmp_path}/*.yml"], capture_output=True, text=True, check=False)
    found = re.findall(r"(\w+)\.yml:\d+:\d+ (.*)", done.stdout + done.stderr)

    assert f"Checking {len(FILES) + 1} workflow" in done.stdout + done.stderr
    assert {"bad"} == {name for name, _ in found}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
class TestWorkflow:
    """What holds for each of them."""

    def test_rights(self, path: Path) -> None:
        """It has none of its own; each job names those that it needs."""
        workflow = _read(path)

        assert {} == workflow["permissions"]
        assert [] == [name for name, job in workflow["jobs"].items() if "permissions" not in job]

    def test_nothing_is_cut_off(self, path: Path) -> None:
        """Runs wait for each other, and none cancels another."""
        workflow = _read(path)
        groups = [workflow["concurrency"], *(job.get("concurrency") for job in workflow["jobs"].values())]

        assert {False} == {one["cancel-in-progress"] for one in groups if one}

    def test_time_limit(self, path: Path) -> None:
        """Every job ends before the runner ends it (six hours); a called workflow has its own limits."""
        jobs = _read(path)["jobs"]
        limits = {name: job.get("timeout-minutes", 0) for name, job in jobs.items() if "uses" not in job}

        assert [] == [name for name, minutes in limits.items() if not 0 < minutes < 360]

    def test_what_is_live_can_be_seen(self, path: Path) -> None:
        """A job that deploys belongs to an environment, whose address is the app's."""
        jobs = _read(path)["jobs"]
        deploying = [
            (jobs[job].get("environment", {}), step["id"])
            for job, step in _steps(path)
            if _ours(step) and step["with"].get("mode") not in _STAYS_AWAY
        ]

        assert deploying or "uses" in jobs["deploy"]
        assert [] == [at for at, step in deploying if at.get("url") != f"${{{{ steps.{step}.outputs.app-url }}}}"]

    def test_others_are_pinned(self, path: Path) -> None:
        """By the commit whose inputs are known, with its version; ours by its major version."""
        for line in re.findall(r"uses: (.*)", path.read_text()):
            if line.startswith((f"{repository()}@", f"{repository()}/native@", "contoso/workflows/")):
                assert re.fullmatch(r"\S+@v\d+", line)
                continue
            used = re.fullmatch(r"([\w-]+/[\w-]+)@([0-9a-f]{40}) # (v\d+\.\d+\.\d+)", line)
            assert used, line
            known = (STAND_INS / used[1] / "action.yml").read_text()
            assert f"# Stands for {used[1]} {used[3]}:" in known
            assert f"/blob/{used[2]}/action.yml" in known

    def test_inputs_are_known(self, path: Path) -> None:
        """Those of others' actions, and ours."""
        for _, step in _steps(path):
            if "uses" in step:
                known = _INPUTS if _ours(step) else stand_in_inputs(step["uses"].partition("@")[0])
                assert set() == step["with"].keys() - known

    def test_its_head_says_what_to_set(self, path: Path) -> None:
        """Every variable and every environment, in lines that fit on a screen."""
        text, head = path.read_text(), _head(path)
        environments = [job.get("environment") for job in _read(path)["jobs"].values()]
        names = {one if isinstance(one, str) else one["name"] for one in environments if one}
        plain = {f"`{name}`" for name in names if "${{" not in name}

        assert [] == [name for name in {*re.findall(r"vars\.([A-Z_]+)", text), *plain} if name not in head]
        assert [] == [line for line in text.splitlines() if len(line) > 140]


class TestFind:
    """The script of the monorepo that finds the models which a push has changed."""

    @pytest.fixture
    def repository(self, tmp_path: Path) -> Path:
        """Two models, a folder without inputs, and something else; the second commit changes one model."""
        for model in ("churn", "fraud", "notes"):
            (tmp_path / "models" / model).mkdir(parents=True)
            (tmp_path / "models" / model / "weights.txt").write_text("first")
        for model in ("churn", "fraud"):
            (tmp_path / "models" / model / "inputs.yml").write_text("{}")
        commit(tmp_path)
        return tmp_path

    def _found(self, top: Path, before: str) -> str:
        [script] = [step["run"] for _, step in _steps(EXAMPLES / "monorepo.yml") if "run" in step]
        environ = {"PATH": "/usr/bin:/bin", "GITHUB_OUTPUT": str(top / "output"), "GITHUB_SHA": "HEAD"}
        subprocess.run(["bash", "-e", "-c", script], cwd=top, env={**environ, "BEFORE": before}, check=True)
        return (top / "output").read_text()

    @pytest.mark.parametrize("before", [_NOBODY, "1" * 40])
    def test_all(self, repository: Path, before: str) -> None:
        """On a new branch, and after a forced push: a folder without inputs is no model."""
        assert 'models=["churn","fraud"]\n' == self._found(repository, before)

    def test_what_has_changed(self, repository: Path) -> None:
        """One model, and one that is gone."""
        (repository / "models" / "fraud" / "weights.txt").write_text("second")
        (repository / "models" / "churn" / "inputs.yml").unlink()
        commit(repository)

        assert 'models=["fraud"]\n' == self._found(repository, "HEAD^")

    def test_nothing(self, repository: Path) -> None:
        """The job that deploys is left out then."""
        (repository / "models" / "notes" / "weights.txt").write_text("second")
        commit(repository)

        assert "models=[]\n" == self._found(repository, "HEAD^")
