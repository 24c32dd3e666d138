"""What a folder says about itself when it is tried."""

from __future__ import annotations

from pathlib import Path

import pytest

from functions_model.cli.folder import app_name_for, check_inputs, conventional_inputs, inputs_of, pinned_python
from functions_model.core.failures import InputsInvalid
from functions_model.core.spec import DeploymentSpec


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

    def test_an_image_of_a_stage_is_not_tried(self, tmp_path: Path) -> None:
        """The folder is: one file may serve all commands."""
        (tmp_path / "inputs.yml").write_text(
            "image: contoso.azurecr.io/x@sha256:0\nmodel-path: '[]'\nentry-script: s.py\n"
        )

        assert inputs_of(tmp_path) == {"model-path": "[]", "entry-script": "s.py"}

    def test_says_it_where_names_say_nothing(self, tmp_path: Path) -> None:
        """A deployment file names model and script; an MLflow model needs no script."""
        (tmp_path / "inputs.yml").write_text("deployment-file: blue.yml\n")

        assert inputs_of(tmp_path) == {"deployment-file": "blue.yml"}

        (tmp_path / "inputs.yml").unlink()
        (tmp_path / "model").mkdir()
        (tmp_path / "model" / "MLmodel").touch()

        assert inputs_of(tmp_path) == {"model-path": "model"}


class TestFolder:
    """A folder that cannot be tried: what is wrong, and the way out that holds."""

    @pytest.fixture
    def wine(self, tmp_path: Path) -> Path:
        """A repository as people have them: the script in one folder, the model in another."""
        for name in ("serving/score.py", "models/wine.joblib"):
            (tmp_path / name).parent.mkdir()
            (tmp_path / name).write_text("def init():\n    pass\n\n\ndef run(data):\n    return data\n")
        return tmp_path

    @pytest.mark.parametrize(
        ("name", "said"),
        [
            ("nothing", "there is no folder `{}/nothing`. Check the path."),
            ("examples/iris-http", "run it in a clone, or name your own folder, with a `score.py`"),
            (
                "models/wine.joblib",
                "is a file, not a folder. Name the folder that holds your `score.py`: `{}/serving`.",
            ),
            (".", "Write `entry-script: serving/score.py` into that folder's `inputs.yml`"),
            ("serving", "model-path: there is no `model` in `{}/serving`. Put the model into `model/`"),
        ],
    )
    def test_is_told_from_another(self, wine: Path, name: str, said: str) -> None:
        """No folder, a file, a folder above the script, a folder without the model."""
        with pytest.raises(InputsInvalid) as refused:
            inputs_of(wine / name)

        assert said.format(wine) in str(refused.value)

    def test_can_be_tried_once_it_says_what_the_messages_ask_for(self, wine: Path) -> None:
        """All that is missing is told at once."""
        with pytest.raises(InputsInvalid) as refused:
            inputs_of(wine)
        (wine / "inputs.yml").write_text("entry-script: serving/score.py\nmodel-path: models/wine.joblib\n")

        assert ["entry-script", "model-path"] == [problem.subject for problem in refused.value.problems]
        check_inputs(wine, inputs_of(wine))

    def test_is_checked_as_a_run_would(self, wine: Path) -> None:
        """Every problem of the inputs, without a sandbox; what leads to Azure is not asked for."""
        (wine / "inputs.yml").write_text(
            "entry-script: score.py\nmodel-path: models\ntrigger: timer\nregistry: contoso\nsubscription-id: mine\n"
        )

        with pytest.raises(InputsInvalid) as refused:
            check_inputs(wine, inputs_of(wine))

        assert ["entry-script", "trigger"] == [problem.subject for problem in refused.value.problems]


class TestPinnedPython:
    """`pinned_python`."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        """A project without an environment."""
        (tmp_path / "model").mkdir()
        (tmp_path / "model" / "m.json").touch()
        (tmp_path / "score.py").write_text("def init(): ...\ndef run(data): ...\n")
        return tmp_path

    def _pinned(self, folder: Path) -> str | None:
        spec = check_inputs(folder, inputs_of(folder))
        return pinned_python(spec) if isinstance(spec, DeploymentSpec) else "no deployment"

    @pytest.mark.parametrize(
        ("asked", "minor"), [("=3.11", "3.11"), (">=3.13,<3.14", "3.13"), ("=3.6", None), ("", None), (": [", None)]
    )
    def test_reads_the_environment_file(self, asked: str, minor: str | None, folder: Path) -> None:
        """So that the sandbox can offer a base image with that Python. One at fault pins none: the deployment tells."""
        (folder / "conda.yml").write_text(f"dependencies: ['python{asked}', pip]\n")

        assert minor == self._pinned(folder)

    def test_an_input_comes_first(self, folder: Path) -> None:
        """As in a run."""
        (folder / "conda.yml").write_text("dependencies: [pip]\n")
        (folder / "inputs.yml").write_text("python-version: '3.14'\n")

        assert "3.14" == self._pinned(folder)

    def test_reads_what_a_deployment_file_names(self, folder: Path) -> None:
        """The pin there counts like any other."""
        (folder / "env.yml").write_text("dependencies: [python=3.13, pip]\n")
        (folder / "blue.yml").write_text(
            "name: blue\nendpoint_name: churn\nmodel: {path: model}\n"
            "code_configuration: {code: ., scoring_script: score.py}\n"
            "environment: {conda_file: env.yml, image: mcr.microsoft.com/azureml/minimal-ubuntu22.04-py39}\n"
        )
        (folder / "inputs.yml").write_text("deployment-file: blue.yml\nentry-script: ''\nmodel-path: ''\n")

        assert "3.13" == self._pinned(folder)

    def test_reads_an_mlflow_model(self, tmp_path: Path) -> None:
        """Of a Python that no base image has, nothing is pinned."""
        (tmp_path / "model").mkdir()
        (tmp_path / "model" / "MLmodel").write_text(
            "flavors:\n  python_function:\n    loader_module: a\n    env: conda.yaml\n"
        )
        for asked, minor in (("3.10.4", "3.10"), ("3.6.2", None)):
            (tmp_path / "model" / "conda.yaml").write_text(f"dependencies: [python={asked}, pip]\n")
            assert minor == self._pinned(tmp_path)
