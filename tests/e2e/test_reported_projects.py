"""Each project of `tests/preflight/reported.md` has its right outcome: told on this machine, in the plan, or live."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from support.console import command
from support.deployment import run_action
from support.preflight_cases import blocks_of, inputs_of
from support.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.exhaustive

_OUTCOMES = ("preflight", "plan", "package", "answers")
_WRITTEN = {
    "": lambda text: text.encode(),
    "bom": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
}


@dataclass(frozen=True)
class Project:
    """One section of the page.

    Attributes:
        name: Its heading.
        blocks: By what stands at their fence: a file's place and how it is written, `inputs`, `settings`, an outcome.
    """

    name: str
    blocks: dict[str, str] = field(repr=False)

    @property
    def inputs(self) -> dict[str, str]:
        """What the project says of itself."""
        environment = next((name for name in ("requirements.txt", "conda.yml") if self.has(name)), "")
        given = {"entry-script": "score.py", "model-path": "model", "sample-request": "sample-request.json"}
        environments = {"environment-file": environment} if environment else {}
        settings = {"app-settings": self.blocks["settings"]} if "settings" in self.blocks else {}
        return given | environments | settings | inputs_of(self.blocks.get("inputs", ""))

    def has(self, name: str) -> bool:
        """Whether there is such a file."""
        return any(info.split()[0] == name for info in self.blocks)

    def write(self, folder: Path) -> None:
        """Write its files into a folder."""
        usual = {"model/m.json": '{"factor": 3}', "sample-request.json": '{"data": [1, 2]}'}
        usual["score.py"] = PROJECTS["azure-namespace"].blocks["score.py"]
        files = {name: text for name, text in usual.items() if not self.has(name) and not self.has(f"{name}.dvc")}
        files |= {info: text for info, text in self.blocks.items() if info not in (*_OUTCOMES, "inputs", "settings")}
        for info, text in files.items():
            name, _, how = info.partition(" ")
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes(_WRITTEN[how](text))


def _projects() -> Iterator[Project]:
    for section in (ROOT / "tests/preflight/reported.md").read_text().split("\n## ")[1:]:
        name = section.partition("\n")[0].strip()
        yield Project(name, dict(blocks_of(section)))


PROJECTS = {project.name: project for project in _projects()}


def each(outcome: str) -> pytest.MarkDecorator:
    """Those with an outcome."""
    found = [project for project in PROJECTS.values() if outcome in project.blocks]
    return pytest.mark.parametrize("project", found, ids=lambda project: project.name)


def test_each_has_one_outcome() -> None:
    """Nothing on the page is there without being run."""
    assert {1} == {sum(outcome in project.blocks for outcome in _OUTCOMES) for project in PROJECTS.values()}


@each("preflight")
def test_it_is_told_without_azure(project: Project, tmp_path: Path) -> None:
    """With the file, the line and the way out."""
    project.write(tmp_path)
    lines = [f"{name}: {json.dumps(text)}" for name, text in project.inputs.items()]
    (tmp_path / "inputs.yml").write_text("\n".join(lines))

    run = subprocess.run(command("preflight", str(tmp_path)), capture_output=True, text=True, check=False)

    said = (run.stdout + run.stderr).replace(f"{tmp_path}/", "")
    assert run.returncode in {2, 3}, said
    assert [text for text in project.blocks["preflight"].splitlines() if text not in said] == [], said


@each("plan")
def test_it_is_told_with_the_plan(project: Project, sandbox: Sandbox, tmp_path: Path) -> None:
    """Refused, or said."""
    project.write(tmp_path)
    names = {"app-name": project.name, "resource-group": project.name, "mode": "plan"}

    run = run_action(tmp_path, {**sandbox.endpoints.inputs(), **names, **project.inputs}, sandbox.endpoints.environ())

    assert [text for text in project.blocks["plan"].splitlines() if text not in run.log] == [], run.log


@each("package")
@pytest.mark.needs("docker", "mmdebstrap")
def test_it_is_told_by_the_engine(project: Project, sandbox: Sandbox, tmp_path: Path) -> None:
    """When it compiles what has no wheel."""
    project.write(tmp_path)
    inputs = {**sandbox.endpoints.inputs(), "mode": "package", **project.inputs}

    run = run_action(tmp_path, inputs, sandbox.endpoints.environ())

    assert 3 == run.code, run.log
    assert [text for text in project.blocks["package"].splitlines() if text not in run.log] == [], run.log


@each("answers")
def test_it_is_live(project: Project, sandbox: Sandbox, tmp_path: Path) -> None:
    """And the sample has the answer that it has under Azure ML's own server."""
    project.write(tmp_path)
    names = {"app-name": project.name, "resource-group": project.name}

    run = run_action(tmp_path, {**sandbox.endpoints.inputs(), **names, **project.inputs}, sandbox.endpoints.environ())

    assert 0 == run.code, run.log
    assert json.dumps(json.loads(project.blocks["answers"])) in run.summary, run.summary
