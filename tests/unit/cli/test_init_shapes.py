"""`functions-model init --yes` on repositories as people have them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from functions_model.cli import main
from functions_model.core.spec import DeploymentSpec
from functions_model.inputs import from_arguments, read_any
from support.repositories import SHAPES, as_json, write_shape
from support.tools import ACTIONLINT, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

_OF_AZURE = {"trigger", "app-name", "resource-group", "location", "registry"}
ZIZMOR = ROOT / "tests" / "repo" / "zizmor.yml"
_ID = "00000000-0000-0000-0000-000000000000"


_ACTIVE = ("VIRTUAL_ENV", "CONDA_PREFIX")


@pytest.fixture(scope="module", autouse=True)
def _alone() -> Iterator[None]:
    """No environment of the machine's is active."""
    kept = {name: os.environ.pop(name) for name in _ACTIVE if name in os.environ}
    yield
    os.environ.update(kept)


def _files(top: Path) -> set[str]:
    return {path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", SHAPES)
def test_it_writes_what_is_missing_and_plan_takes_it(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing else is touched; the inputs are those of the project, and a deployment reads them as they are."""
    shape, top = SHAPES[name], tmp_path / "my-model"
    folder = write_shape(shape, top)
    before = {path: (top / path).read_bytes() for path in _files(top)}

    assert 0 == main(["init", str(folder), "--yes"]), capsys.readouterr().out
    written = _texts(folder / "inputs.yml")
    assert shape.inputs == {name: value for name, value in written.items() if name not in _OF_AZURE}
    inside = f"{shape.folder}/" if shape.folder else ""
    assert {f"{inside}inputs.yml", *shape.wrote} == _files(top) - before.keys()
    assert before == {path: (top / path).read_bytes() for path in before}

    typed = ["--inputs-file", "inputs.yml", "--subscription-id", _ID, "--tenant-id", _ID, "--client-id", _ID]
    spec = read_any(from_arguments(typed, command="plan"), workspace=folder)
    assert isinstance(spec, DeploymentSpec)


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """All of them after `init`, by name."""
    tops = {}
    for number, (name, shape) in enumerate(SHAPES.items()):
        tops[name] = tmp_path_factory.mktemp("shapes") / f"my-model-{number}"
        assert 0 == main(["init", str(write_shape(shape, tops[name])), "--yes"])
    return tops


class TestWhatIsWritten:
    """The files themselves."""

    @pytest.mark.parametrize(
        ("kind", "pattern"), [("github-workflows", ".github/workflows/*"), ("azure-pipelines", "azure-*")]
    )
    def test_fits_its_schema(self, everything: dict[str, Path], kind: str, pattern: str) -> None:
        """As check-jsonschema has them."""
        own = [
            path for top in everything.values() for path in top.glob(pattern) if "functions-model" in path.read_text()
        ]
        how = ["--data-transform", "azure-pipelines", "--regex-variant", "python"] if kind == "azure-pipelines" else []
        check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{kind}", *how]
        done = subprocess.run([*check, *own], capture_output=True, text=True, check=False)

        assert own
        assert 0 == done.returncode, done.stdout + done.stderr

    @pytest.mark.exhaustive
    @pytest.mark.needs("actionlint")
    def test_actionlint_finds_nothing(self, everything: dict[str, Path], tmp_path: Path) -> None:
        """In no workflow; in one without the action's owner it does. It takes one pattern."""
        own = {str(number): path.read_text() for number, path in enumerate(_workflows(everything))}
        for name, text in {**own, "bad": own["0"].replace("OWNER/", "")}.items():
            (tmp_path / f"{name}.yml").write_text(text)
        _, said = _linted(ACTIONLINT, f"{tmp_path}/*.yml")

        assert f"Checking {len(own) + 1} workflow" in said
        [found] = re.findall(r"^(\S+\.yml):\d+:\d+ (.*)", said, re.MULTILINE)
        assert ("bad.yml", True) == (Path(found[0]).name, "owner is missing" in found[1])

    def test_zizmor_finds_nothing(self, everything: dict[str, Path]) -> None:
        """At its strictest, as in the examples."""
        strict = ("--offline", "--no-progress", "--quiet", "--persona=auditor", f"--config={ZIZMOR}", "--format=plain")
        files = _workflows(everything)

        assert (0, "") == _linted(Path(sys.executable).with_name("zizmor"), *strict, *files)

    def test_packages_are_pinned(self, everything: dict[str, Path]) -> None:
        """To what is installed or locked; scikit-learn to what wrote the model. What is absent is not made up."""
        lines = {name: _lines(top / "requirements.txt") for name, top in everything.items()}

        assert ["joblib==1.5.3", "scikit-learn==1.7.2"] == lines["a model and nothing else"]
        assert ["joblib==1.5.3", "pandas==2.3.3"] == lines["a src layout"]
        assert ["pandas==2.3.1", "PyYAML<7,>=6", "scikit-learn", "shap"] == lines["a project with a lock"]
        assert ["numpy", "onnxruntime"] == lines["an ONNX model"]
        assert [
            "azure-identity",
            "azure-storage-blob==12.27.1",
            "inference-schema==1.8",
            "numpy==2.3.4",
            "pandas",
        ] == lines["a script that describes its request"]

    def test_samples(self, everything: dict[str, Path]) -> None:
        """By the model's columns, its signature or example, or what the script describes."""
        made = {name: as_json(top / "sample-request.json") for name, top in everything.items() if _has_sample(top)}

        assert {"data": [[0.0] * 4]} == made["a model and nothing else"]
        assert {"data": [[0.0] * 3]} == made["a LightGBM model"]
        assert {"data": [[0.0] * 5]} == made["an XGBoost model"]
        assert {"data": [[5.1, 3.5, 1.4, 0.2]], "method": "mean"} == made["a script that describes its request"]
        assert {"dataframe_split": {"columns": ["size", "city"], "data": [[0.0, "text"]]}} == made["an MLflow model"]
        assert {"dataframe_split": {"data": [[1, "x"]]}} == made["MLflow's own store"]

    def test_the_workflow_is_read_from_the_top(self, everything: dict[str, Path]) -> None:
        """Its step finds the inputs file, and what that names, from the repository's own folder."""
        for top in everything.values():
            for workflow in (path for path in top.glob(".github/workflows/*") if _is_ours(path)):
                given = _texts(workflow)["jobs"]["deploy"]["steps"][1]["with"]
                values = {name: _ID if value.startswith("${{ vars.") else value for name, value in given.items()}

                assert isinstance(read_any(values, workspace=top), DeploymentSpec)

    def test_of_one_of_several(self, everything: dict[str, Path]) -> None:
        """It is deployed when its own files change, from its own folder, with the files that LFS keeps."""
        top = everything["one of several in a repository"]
        workflow = _texts(top / ".github/workflows/deploy-wine.yml")
        checkout, deploy = workflow["jobs"]["deploy"]["steps"]

        assert ["ml/wine/**", ".github/workflows/deploy-wine.yml"] == workflow["on"]["push"]["paths"]
        assert ("ml/wine", "ml/wine/inputs.yml") == (deploy["with"]["working-directory"], deploy["with"]["inputs-file"])
        assert "true" == checkout["with"]["lfs"]


def _is_ours(path: Path) -> bool:
    return "functions-model" in path.read_text()


def _workflows(everything: dict[str, Path]) -> list[Path]:
    return [path for top in everything.values() for path in top.glob(".github/workflows/*") if _is_ours(path)]


def _linted(*words: str | Path) -> tuple[int, str]:
    """The code of a linter, and what it found."""
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr if done.returncode else ""


def _texts(file: Path) -> dict[str, Any]:
    """A file of YAML as the program reads its own: every scalar is a text."""
    found: dict[str, Any] = yaml.load(file.read_text(), yaml.BaseLoader)  # noqa: S506 - it makes texts alone
    return found


def _lines(file: Path) -> list[str]:
    return [line for line in file.read_text().splitlines() if not line.startswith("#")] if file.exists() else []


def _has_sample(top: Path) -> bool:
    return (top / "sample-request.json").exists()
