"""What a folder says about itself when it is tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from functions_model.cli.try_out import app_name_for, conventional_inputs, inputs_of, pinned_python
from functions_model.core.failures import InputsInvalid


class TestConventions:
    """`conventional_inputs` and `app_name_for`."""

    @pytest.mark.parametrize(
        ("folder", "name"), [("iris-http", "iris-http-try"), ("My model_2", "my-model-2-try"), ("ü", "try")]
    )
    def test_a_folder_may_have_any_name(self, folder: str, name: str) -> None:
        """The app's name is made of what Azure takes of it."""
        assert app_name_for(Path(folder)) == name

    def test_finds_what_the_folder_holds(self, tmp_path: Path) -> None:
        """Only what is there is given; a sample may be of any type."""
        for name in ("environment.yml", "score.py", "sample-request.png"):
            (tmp_path / name).touch()
        (tmp_path / "model").mkdir()

        assert conventional_inputs(tmp_path) == {
            "model-path": "model",
            "environment-file": "environment.yml",
            "entry-script": "score.py",
            "sample-request": "sample-request.png",
        }


class TestInputsFile:
    """`inputs.yml` in the folder."""

    def test_comes_over_the_conventions(self, tmp_path: Path) -> None:
        """Lists become lines, switches and numbers become text."""
        (tmp_path / "score.py").touch()
        (tmp_path / "inputs.yml").write_text(
            "trigger: blob\nentry-script: main.py\nconcurrency: 2\nmodel-path:\n  - a=one\n  - b=two\n"
        )

        assert inputs_of(tmp_path) == {
            "trigger": "blob",
            "entry-script": "main.py",
            "concurrency": "2",
            "model-path": "a=one\nb=two",
        }

    def test_an_empty_list_means_no_model(self, tmp_path: Path) -> None:
        """As the input `model-path` spells it."""
        (tmp_path / "score.py").touch()
        (tmp_path / "inputs.yml").write_text("model-path: []\n")

        assert inputs_of(tmp_path)["model-path"] == "[]"

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("a: b: c\n", "it is not YAML: mapping values are not allowed here (inputs.yml:1)"),
            ("- a\n", "it is not a mapping"),
        ],
    )
    def test_at_fault_is_refused(self, tmp_path: Path, text: str, said: str) -> None:
        """With the line where there is one."""
        (tmp_path / "inputs.yml").write_text(text)

        with pytest.raises(InputsInvalid) as refused:
            inputs_of(tmp_path)

        assert said in str(refused.value.problems[0]).replace(f"{tmp_path}/", "")

    def test_a_folder_that_says_nothing_of_scoring_is_refused(self, tmp_path: Path) -> None:
        """Unless it holds an MLflow model, or a deployment file says it."""
        with pytest.raises(InputsInvalid, match=r"there is no `score\.py`"):
            inputs_of(tmp_path)
        (tmp_path / "inputs.yml").write_text("deployment-file: blue.yml\n")

        assert inputs_of(tmp_path) == {"deployment-file": "blue.yml"}

        (tmp_path / "inputs.yml").unlink()
        (tmp_path / "model").mkdir()
        (tmp_path / "model" / "MLmodel").touch()

        assert inputs_of(tmp_path) == {"model-path": "model"}


class TestPinnedPython:
    """`pinned_python`."""

    def test_reads_the_environment_file(self, tmp_path: Path) -> None:
        """So that the sandbox can offer a base image with that Python."""
        (tmp_path / "conda.yml").write_text("dependencies: [python=3.11, pip]\n")

        assert pinned_python(tmp_path, {"environment-file": "conda.yml"}) == "3.11"

    def test_a_file_at_fault_pins_none(self, tmp_path: Path) -> None:
        """The deployment says what is wrong with it."""
        (tmp_path / "conda.yml").write_text("- no mapping\n")

        assert pinned_python(tmp_path, {"environment-file": "conda.yml"}) is None
        assert pinned_python(tmp_path, {"environment-file": "missing.yml"}) is None
        assert pinned_python(tmp_path, {}) is None
