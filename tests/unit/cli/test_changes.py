"""Which changes in a folder that is tried are deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.cli.changes import Change, Concerns
from functions_model.cli.folder import check_inputs, inputs_of
from functions_model.core.spec import DeploymentSpec
from support.function_app import write_files

if TYPE_CHECKING:
    from pathlib import Path

_FILES = {
    "inputs.yml": "source-directory: .\nreport-directory: ''\n",
    ".gitignore": "scratch/\n*.json\n",
    "score.py": "def init(): ...\ndef run(data): ...\n",
    "conda.yml": "dependencies: [python=3.11]\n",
    "base.txt": "",
    "sample-request.json": "{}",
    "model/m.json": "{}",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project whose source directory is all of it."""
    write_files(tmp_path, _FILES)
    return tmp_path


def _changed(folder: Path, *names: str, added: bool = False) -> list[str]:
    """What matters of files that are written; of those that end with `?`, when they are gone again."""
    spec = check_inputs(folder, inputs_of(folder))
    assert isinstance(spec, DeploymentSpec)
    for name in names:
        if not name.endswith("?"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).touch()
    changes = [Change(folder / name.rstrip("?"), added) for name in names]
    return [path.relative_to(folder).as_posix() for path in Concerns(spec).of(changes)]


class TestConcerns:
    """`Concerns`."""

    def test_what_goes_in_or_says_how_matters(self, folder: Path) -> None:
        """Also where an ignore file names it: a sample, a model, and the ignore file itself."""
        names = [".gitignore", "conda.yml", "helpers/a.py", "inputs.yml", "model/m.json", "sample-request.json"]

        assert [*names, "score.py"] == _changed(folder, *reversed([*names, "score.py"]))

    @pytest.mark.parametrize(
        "name",
        [
            *("score.py~", "#score.py#", ".#score.py", ".score.py.swp", "4913", "inputs.yml~", ".goutputstream-X1Y2Z3"),
            *("notebook.ipynb", ".ipynb_checkpoints/notebook-checkpoint.ipynb", "README.md", "docs/README.rst"),
            *("__pycache__/score.cpython-311.pyc", ".git/index", ".venv/lib/x.py", "scratch/note.txt", "metrics.json"),
            *("model/.m.json.swp", "model/m.json~", ".idea___jb_tmp___"),
        ],
    )
    def test_what_no_image_needs_does_not(self, name: str, folder: Path) -> None:
        """Editors, notebooks, pages, tools, and what an ignore file leaves out."""
        assert [] == _changed(folder, name)

    def test_a_file_that_came_and_went_does_not(self, folder: Path) -> None:
        """As `sed -i` makes one, of whatever name; one that was there and is gone does matter."""
        assert [] == _changed(folder, "sedoS6gpX?", added=True)
        assert ["helpers.py"] == _changed(folder, "helpers.py?")

    def test_outside_of_the_source_directory_little_does(self, folder: Path) -> None:
        """The environment file, what may be named in it, and what inputs name."""
        (folder / "src").mkdir()
        (folder / "score.py").rename(folder / "src" / "score.py")
        (folder / "inputs.yml").write_text("entry-script: src/score.py\n")

        assert ["base.txt", "src/score.py", "wheels/a-1-py3-none-any.whl"] == _changed(
            folder, "src/score.py", "base.txt", "wheels/a-1-py3-none-any.whl", "tests/test_score.py"
        )

    def test_an_mlflow_model_matters_whole(self, tmp_path: Path) -> None:
        """There is no source directory."""
        (tmp_path / "model").mkdir()
        (tmp_path / "model" / "MLmodel").write_text("flavors:\n  python_function:\n    loader_module: a\n")

        assert ["model/README.md"] == _changed(tmp_path, "model/README.md", "notes.txt")
