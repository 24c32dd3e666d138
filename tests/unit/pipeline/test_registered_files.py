"""Faults of files that were fetched: told by their registered name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.bundle import check_mlflow_model
from functions_model.core.failures import BundleFailed, EnvironmentFailed, Location, Problem
from functions_model.environment import read_environment, read_mlflow_environment
from functions_model.pipeline.registered_files import told_as_registered

if TYPE_CHECKING:
    from pathlib import Path


def test_environment_of_a_registered_model(tmp_path: Path) -> None:
    """No annotation points into the run's own folder; the way out is a file of the repository."""
    folder = tmp_path / "models" / "churn" / "4" / "model"
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors:\n  python_function: {env: conda.yaml, loader_module: mlflow.sklearn}\n")
    (folder / "conda.yaml").write_text("dependencies:\n- pip:\n  - mlflow\n  - six\n  - six==1.0\n")

    with pytest.raises(EnvironmentFailed) as failure, told_as_registered(tmp_path):
        read_mlflow_environment(folder, root=folder.parent, environ={})
    [problem] = failure.value.problems

    assert problem.location is None
    assert str(tmp_path) not in str(failure.value)
    assert problem.what.endswith("at churn/4/model/conda.yaml:4 (`azureml:churn:4`, `model/conda.yaml`, line 5)")
    assert problem.remedy.endswith("give a corrected copy of its environment file in `environment-file`.")


def test_registered_environment(tmp_path: Path) -> None:
    """The same for an environment's conda file."""
    file = tmp_path / "environments" / "churn-env" / "2" / "conda.yml"
    file.parent.mkdir(parents=True)
    file.write_text("dependencies:\n- nothing-like-it=\n")

    with pytest.raises(EnvironmentFailed) as failure, told_as_registered(tmp_path):
        read_environment(file, root=file.parent, environ={})

    assert "(`azureml:churn-env:2`, `conda.yml`, line 2)" in str(failure.value)
    assert str(tmp_path) not in str(failure.value)


def test_model_that_is_broken(tmp_path: Path) -> None:
    """Only the model can be mended, so its own remedy stands alone."""
    folder = tmp_path / "models" / "churn" / "4" / "model"
    folder.mkdir(parents=True)
    (folder / "MLmodel").write_text("flavors: {spark: {}}\n")

    with pytest.raises(BundleFailed) as failure, told_as_registered(tmp_path):
        raise BundleFailed("check it", check_mlflow_model(folder, root=tmp_path / "workspace"))

    assert "(`azureml:churn:4`, `model/MLmodel`, line 1)" in str(failure.value)
    assert "environment-file" not in str(failure.value)


def test_files_of_the_repository_stay(tmp_path: Path) -> None:
    """Their places are the user's own."""
    given = BundleFailed("check it", [Problem("it is wrong", "Correct it.", "", Location(tmp_path / "score.py", 3))])

    with pytest.raises(BundleFailed) as failure, told_as_registered(tmp_path / "work"):
        raise given

    assert given is failure.value
