"""MLflow model folders, checked without MLflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from functions_model.bundle.mlflow_model import check_mlflow_model

if TYPE_CHECKING:
    from pathlib import Path

FLAVOR = {"loader_module": "mlflow.sklearn", "model_path": "model.pkl", "env": {"conda": "conda.yaml"}}
INPUTS = '[{"type": "double", "name": "x", "required": true}]'
GOOD = {"flavors": {"python_function": FLAVOR, "sklearn": {}}, "signature": {"inputs": INPUTS, "params": None}}


def model(workspace: Path, document: object, *files: str) -> Path:
    """A model folder with that MLmodel and these files."""
    folder = workspace / "model"
    folder.mkdir()
    (folder / "MLmodel").write_text(document if isinstance(document, str) else yaml.safe_dump(document))
    for name in files or ("model.pkl", "conda.yaml"):
        (folder / name).write_text("")
    return folder


def faults(folder: Path, workspace: Path) -> list[str]:
    """What is wrong, each as `file:line what`."""
    return [f"{one.location}: {one.what}" for one in check_mlflow_model(folder, root=workspace)]


class TestModelsThatCanBeServed:
    """Nothing is said."""

    def test_model_with_its_files_and_a_signature(self, tmp_path: Path) -> None:
        """What MLflow writes is taken."""
        assert () == check_mlflow_model(model(tmp_path, GOOD), root=tmp_path)

    @pytest.mark.parametrize("signature", [{}, {"signature": None}])
    def test_signature_may_be_missing(self, tmp_path: Path, signature: dict[str, None]) -> None:
        """A model without a signature is served without checks."""
        document = {"flavors": GOOD["flavors"], **signature}

        assert [] == faults(model(tmp_path, document), tmp_path)

    def test_environment_of_older_releases(self, tmp_path: Path) -> None:
        """`env` may be one file's name, as MLflow 1 wrote it."""
        flavor = FLAVOR | {"env": "conda.yaml", "data": None, "code": None}

        assert [] == faults(model(tmp_path, {"flavors": {"python_function": flavor}}), tmp_path)

    @pytest.mark.parametrize("there", ["conda.yaml", "python_env.yaml"])
    def test_one_environment_file_is_enough(self, tmp_path: Path, there: str) -> None:
        """MLflow and Azure ML read one of the two, and so do we."""
        flavor = FLAVOR | {"env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"}}

        assert [] == faults(model(tmp_path, {"flavors": {"python_function": flavor}}, "model.pkl", there), tmp_path)

    def test_paths_written_on_windows(self, tmp_path: Path) -> None:
        """A model that was logged on Windows names its files with backslashes, and the whole path of its code."""
        flavor = FLAVOR | {
            "artifacts": {"words": {"path": "artifacts\\words.txt", "uri": "C:\\words.txt"}},
            "model_path": None,
            "model_code_path": "C:\\Users\\someone\\project\\wrapper.py",
        }
        folder = model(tmp_path, {"flavors": {"python_function": flavor}}, "wrapper.py", "conda.yaml")
        (folder / "artifacts").mkdir()
        (folder / "artifacts" / "words.txt").write_text("")

        assert [] == faults(folder, tmp_path)

    @pytest.mark.parametrize("code", ["C:\\Users\\me\\wrapper.py", "/home/me/wrapper.py", "wrapper.py"])
    def test_code_of_the_model_that_is_not_there(self, tmp_path: Path, code: str) -> None:
        """Models from code have their file beside `MLmodel`, wherever it lay when they were logged."""
        flavor = {"loader_module": "mlflow.pyfunc.model", "model_code_path": code}
        folder = model(tmp_path, {"flavors": {"python_function": flavor}}, "other.py")

        assert ["model/MLmodel:4: `wrapper.py` is not in the model's folder"] == faults(folder, tmp_path)


class TestModelsThatCannotBeServed:
    """Each fault is told with the file and the line."""

    def test_folder_without_a_model(self, tmp_path: Path) -> None:
        """A folder above the model is told where the model is."""
        (tmp_path / "runs").mkdir()
        model(tmp_path / "runs", GOOD)
        [problem] = check_mlflow_model(tmp_path / "runs", root=tmp_path)

        assert "`runs` has no file `MLmodel`, so it is not an MLflow model" == problem.what
        assert "Did you mean `runs/model`?" == problem.remedy

    def test_other_flavors_need_a_script(self, tmp_path: Path) -> None:
        """A model that `mlflow.pyfunc` cannot load is told with the flavors that it has."""
        folder = model(tmp_path, "mlflow_version: 3.0.0\nflavors:\n  spark: {}\n  mleap: {}\n")
        what = "the model has no flavor `python_function`, which is the one that is served (it has `spark`, `mleap`)"

        assert [f"model/MLmodel:2: {what}"] == faults(folder, tmp_path)

    @pytest.mark.parametrize(
        ("text", "what"),
        [
            ("flavors:\n  - [", "model/MLmodel:2: it is not YAML: expected the node content, but found '<stream end>'"),
            ("just text", "model/MLmodel: it is not a mapping"),
            ("a: &a [*a]", "model/MLmodel:1: the alias `*a` stands inside of what it means"),
        ],
    )
    def test_file_that_cannot_be_read(self, tmp_path: Path, text: str, what: str) -> None:
        """A broken MLmodel is one fault."""
        assert [what] == faults(model(tmp_path, text), tmp_path)

    def test_files_that_are_not_there(self, tmp_path: Path) -> None:
        """Every missing file is told at once, and one outside of the folder counts as missing."""
        (tmp_path / "outside.pkl").write_text("")
        artifacts = {"words": {"path": "artifacts/words.txt", "uri": "file:///somewhere"}}
        flavor = FLAVOR | {"data": "../outside.pkl", "artifacts": artifacts}
        folder = model(tmp_path, {"flavors": {"python_function": flavor}}, "other.txt")
        missing = ["model.pkl", "../outside.pkl", "conda.yaml", "artifacts/words.txt"]

        assert [f"`{name}` is not in the model's folder" for name in missing] == [
            problem.what for problem in check_mlflow_model(folder, root=tmp_path)
        ]

    @pytest.mark.parametrize("inputs", ["[", '{"a": 1}', '[{"name": "x"}]', 3])
    def test_signature_that_cannot_be_read(self, tmp_path: Path, inputs: object) -> None:
        """A broken schema is told with its key's line."""
        document = {"flavors": GOOD["flavors"], "signature": {"inputs": inputs}}
        [fault] = faults(model(tmp_path, document), tmp_path)

        assert fault.endswith(": the signature's `inputs` is not a JSON list of typed fields")
        assert fault.startswith("model/MLmodel:9:")
