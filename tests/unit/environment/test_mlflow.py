"""What MLflow models ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import EnvironmentFailed
from functions_model.environment import read_environment, read_mlflow_environment, with_mlflow

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.environment import EnvironmentRequest

MODEL = """\
flavors:
  python_function:
    env: {conda: conda.yaml, virtualenv: python_env.yaml}
    loader_module: mlflow.sklearn
mlflow_version: 3.1.4
"""
PYTHON_ENV = "python: 3.11.9\nbuild_dependencies:\n- pip==24.0\n- setuptools\ndependencies:\n- -r requirements.txt\n"
REQUIREMENTS = "mlflow==3.1.4\nscikit-learn==1.7.0\n"
CONDA = """\
channels: [conda-forge]
dependencies:
- python=3.12.4
- pip<=24.0
- pip:
  - mlflow==2.22.0
  - xgboost==2.0.3
name: mlflow-env
"""
SERVER = "azureml-inference-server-http"


def read(workspace: Path, **files: str) -> EnvironmentRequest:
    """The request of a model folder with these files; a name's `__` stands for its dot."""
    folder = workspace / "model"
    folder.mkdir()
    for name, text in {"MLmodel": MODEL, **files}.items():
        (folder / name.replace("__", ".")).write_text(text)
    return read_mlflow_environment(folder, root=workspace, environ={})


def texts(request: EnvironmentRequest) -> list[str]:
    """The requirements as written."""
    return [requirement.text for requirement in request.requirements]


def problems(workspace: Path, **files: str) -> list[str]:
    """What is wrong, each as `file:line what`."""
    with pytest.raises(EnvironmentFailed) as failure:
        read(workspace, **files)
    return [
        f"{problem.location.file.name}:{problem.location.line} {problem.what}"
        for problem in failure.value.problems
        if problem.location
    ]


class TestWhichFile:
    """The file that `MLmodel` names, the conda file first: Azure ML's no-code deployment installs that one."""

    def test_conda_file_that_the_model_names(self, tmp_path: Path) -> None:
        """Nothing is read of the others, which lack conda packages and have the Python of the training."""
        conda = "dependencies: [python=3.12.4, scikit-learn=1.5.2, pip: [mlflow==2.22.0]]"
        request = read(tmp_path, python_env__yaml=PYTHON_ENV, requirements__txt="mlflow\n", conda__yaml=conda)

        assert ["scikit-learn==1.5.2.*", "mlflow==2.22.0", SERVER] == texts(request)
        assert "3.12" == request.python_version
        assert tmp_path / "model" / "conda.yaml" == request.source

    @pytest.mark.parametrize("name", ["conda.yaml", "mlflow_env.yml"])
    def test_one_name_as_of_mlflow_1(self, tmp_path: Path, name: str) -> None:
        """`env: conda.yaml` is that file; a `requirements.txt` beside it, which nothing names, is not read."""
        model = MODEL.replace("{conda: conda.yaml, virtualenv: python_env.yaml}", name)
        files = {"MLmodel": model, name.replace(".", "__"): CONDA, "requirements__txt": "psutil==5.8.0\n"}

        assert ["mlflow==2.22.0", "xgboost==2.0.3", SERVER] == texts(read(tmp_path, **files))

    def test_python_env_where_there_is_no_conda_file(self, tmp_path: Path) -> None:
        """`python_env.yaml` names the Python, and `requirements.txt` the packages; build tools are not installed."""
        request = read(tmp_path, python_env__yaml=PYTHON_ENV, requirements__txt=REQUIREMENTS)

        assert ["mlflow==3.1.4", "scikit-learn==1.7.0", SERVER] == texts(request)
        assert "3.11" == request.python_version
        assert "model/python_env.yaml:1" == str(request.python_location).removeprefix(f"{tmp_path}/")

    def test_requirements_alone(self, tmp_path: Path) -> None:
        """What is left when neither of the files is there that the model names."""
        assert ["mlflow==3.1.4", "scikit-learn==1.7.0", SERVER] == texts(read(tmp_path, requirements__txt=REQUIREMENTS))

    def test_conda_file_of_mlflow_needs_no_word(self, tmp_path: Path) -> None:
        """`conda.yaml` is read as every conda file is, and says nothing that would be left aside."""
        request = read(tmp_path, conda__yaml=CONDA)

        assert ("3.12", ()) == (request.python_version, request.warnings)

    def test_names_written_on_windows(self, tmp_path: Path) -> None:
        """Backslashes are what the system has that logged the model."""
        (tmp_path / "model" / "env").mkdir(parents=True)
        (tmp_path / "model" / "env" / "mine.yaml").write_text(CONDA)
        (tmp_path / "model" / "MLmodel").write_text(MODEL.replace("conda: conda.yaml", "conda: 'env\\mine.yaml'"))
        request = read_mlflow_environment(tmp_path / "model", root=tmp_path, environ={})

        assert ["mlflow==2.22.0", "xgboost==2.0.3", SERVER] == texts(request)

    def test_no_file_at_all(self, tmp_path: Path) -> None:
        """MLflow in the model's own version, and a warning."""
        request = read(tmp_path)

        assert ["mlflow-skinny==3.1.4", "pandas", SERVER] == texts(request)
        assert "names no packages" in request.warnings[0]


class TestMlflowItself:
    """What loads the model."""

    def test_added_in_the_version_of_the_model(self, tmp_path: Path) -> None:
        """A model that does not name MLflow gets the small package of it, with pandas, which that lacks."""
        request = read(tmp_path, requirements__txt="numpy\n")

        assert ["numpy", "mlflow-skinny==3.1.4", "pandas", SERVER] == texts(request)
        location = request.requirements[1].location
        assert location is not None
        assert "MLmodel" == location.file.name

    @pytest.mark.parametrize("version", ["1.30.0", "2.6.0", "3.0.0rc1", "3.2.1.dev0", "none"])
    def test_added_without_a_version(self, tmp_path: Path, version: str) -> None:
        """A version that does not go with the inference server, or was never released, is not asked for."""
        model = MODEL.replace("3.1.4", version)

        assert "mlflow-skinny>=2.7" in texts(read(tmp_path, MLmodel=model, requirements__txt="pandas==2.2.3\n"))

    @pytest.mark.parametrize("named", ["mlflow-skinny==3.1.4", "mlflow_skinny>=2"])
    def test_small_package_brings_no_pandas(self, tmp_path: Path, named: str) -> None:
        """`mlflow-skinny` is kept, and pandas, which serving needs, is added once."""
        request = read(tmp_path, requirements__txt=f"{named}\n")

        assert ["pandas", SERVER] == texts(request)[1:]

    @pytest.mark.parametrize("named", ["mlflow==1.30.0", "mlflow<2", "mlflow-skinny==2.9.*", "mlflow~=2.3.0"])
    def test_releases_that_need_setuptools(self, tmp_path: Path, named: str) -> None:
        """Releases before 2.16 import `pkg_resources` without requiring what has it."""
        assert "setuptools<82" in texts(read(tmp_path, requirements__txt=f"pandas\n{named}\n"))

    def test_setuptools_of_the_users_own(self, tmp_path: Path) -> None:
        """What the environment names is kept as it is; a model that names no MLflow gets both."""
        assert ["mlflow==2.9.2", "setuptools==68.0.0", SERVER] == texts(
            read(tmp_path, requirements__txt="mlflow==2.9.2\nsetuptools==68.0.0\n")
        )

    def test_setuptools_for_the_models_own_version(self, tmp_path: Path) -> None:
        """A model that names no MLflow gets the one that made it, and setuptools for that one."""
        model = MODEL.replace("3.1.4", "2.9.2")

        assert ["pandas==2.2.3", "mlflow-skinny==2.9.2", "setuptools<82", SERVER] == texts(
            read(tmp_path, MLmodel=model, requirements__txt="pandas==2.2.3\n")
        )

    @pytest.mark.parametrize("named", ["mlflow", "mlflow<3", "mlflow<4,>=2", "mlflow==3.*", "mlflow[extras]==2.16.0"])
    def test_releases_that_need_none(self, tmp_path: Path, named: str) -> None:
        """Whatever allows a recent release is left to the resolver."""
        assert [named, SERVER] == texts(read(tmp_path, requirements__txt=f"{named}\n"))

    def test_added_to_an_environment_of_the_users_own(self, tmp_path: Path) -> None:
        """An environment file beside an MLflow model is completed; one that names MLflow stays as it is."""
        (tmp_path / "MLmodel").write_text(MODEL)
        found = []
        for text in ("numpy\n", "mlflow==2.22.0\n"):
            (tmp_path / "requirements.txt").write_text(text)
            own = read_environment(tmp_path / "requirements.txt", root=tmp_path, environ={})
            found.append(texts(with_mlflow(own, tmp_path)))

        assert [["numpy", SERVER, "mlflow-skinny==3.1.4", "pandas"], ["mlflow==2.22.0", SERVER]] == found


class TestFaults:
    """Every fault is told, with its file and line."""

    def test_all_of_them_at_once(self, tmp_path: Path) -> None:
        """Faults of `python_env.yaml` and of the files that it includes come together."""
        python_env = "python: three\nother: 1\ndependencies:\n- -r requirements.txt\n- -r ../../outside.txt\n- {a: b}\n"

        assert [
            "python_env.yaml:2 there is no key `other`",
            "python_env.yaml:1 `three` is not a Python version",
            "requirements.txt:1 there is no option `--bad`",
            "python_env.yaml:6 a dependency is not text",
        ] == [
            one
            for one in problems(tmp_path, python_env__yaml=python_env, requirements__txt="--bad\n")
            if "leads to" not in one
        ]

    def test_file_outside_of_the_workspace(self, tmp_path: Path) -> None:
        """No file is read from outside the root."""
        model = MODEL.replace("conda.yaml", "../../conda.yaml")
        [problem] = problems(tmp_path, MLmodel=model)

        assert problem.startswith("MLmodel:None `../../conda.yaml` leads to")

    def test_model_that_cannot_be_read_is_told_elsewhere(self, tmp_path: Path) -> None:
        """The check of the model tells it; here the files with their usual names are read."""
        assert ["mlflow==3.1.4", "scikit-learn==1.7.0", SERVER] == texts(
            read(tmp_path, MLmodel="flavors: [", requirements__txt=REQUIREMENTS)
        )
