"""Which changes are put into the app that runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.cli.editing import edit_of
from functions_model.cli.folder import check_inputs, inputs_of
from functions_model.core.spec import DeploymentSpec
from support.function_app import write_files

if TYPE_CHECKING:
    from pathlib import Path

_FILES = {
    "inputs.yml": "source-directory: .\n",
    "score.py": "def init(): ...\ndef run(data): ...\n",
    "helpers/a.py": "",
    "requirements.txt": "",
    "sample-request.json": "{}",
    "limits.yml": "",
    "model/m.json": "{}",
    "model/custom.py": "",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project whose source directory is all of it."""
    write_files(tmp_path, _FILES)
    return tmp_path


def _spec(folder: Path) -> DeploymentSpec:
    spec = check_inputs(folder, inputs_of(folder))
    assert isinstance(spec, DeploymentSpec)
    return spec


def _edit(folder: Path, *names: str, before: DeploymentSpec | None = None) -> dict[str, str]:
    spec = _spec(folder)
    found = edit_of(before or spec, spec, [folder / name for name in names])
    return {place: path.relative_to(folder).as_posix() for place, path in found.items()}


class TestEditOf:
    """`edit_of`."""

    def test_scripts_are_exchanged_where_they_lie_in_the_image(self, folder: Path) -> None:
        """New ones, too; a sample that lies beside them goes along."""
        (folder / "new.py").touch()

        assert {
            "/var/azureml-app/code/score.py": "score.py",
            "/var/azureml-app/code/helpers/a.py": "helpers/a.py",
            "/var/azureml-app/code/new.py": "new.py",
            "/var/azureml-app/code/sample-request.json": "sample-request.json",
        } == _edit(folder, "score.py", "helpers/a.py", "new.py", "sample-request.json")

    @pytest.mark.parametrize("name", ["requirements.txt", "limits.yml", "model/m.json", "model/custom.py", "gone.py"])
    def test_all_else_is_deployed(self, name: str, folder: Path) -> None:
        """What is no script, the model, and what is gone; with a script as well."""
        assert {} == _edit(folder, "score.py", name)

    def test_other_inputs_are_deployed(self, folder: Path) -> None:
        """Whatever has changed besides."""
        before = _spec(folder)
        (folder / "inputs.yml").write_text("source-directory: .\nconcurrency: 2\n")

        assert {} == _edit(folder, "score.py", before=before)

    def test_an_mlflow_model_is_deployed(self, tmp_path: Path) -> None:
        """It has no script of its own."""
        (tmp_path / "model").mkdir()
        (tmp_path / "model" / "MLmodel").write_text("flavors:\n  python_function:\n    loader_module: a\n")
        (tmp_path / "model" / "a.py").touch()

        assert {} == _edit(tmp_path, "model/a.py")
