"""How an MLflow model is known: https://mlflow.org/docs/latest/ml/model/."""

from __future__ import annotations

from pathlib import Path

MODEL_FILE = "MLmodel"
"""The file that makes a folder an MLflow model."""


def is_mlflow_model(folder: Path) -> bool:
    """Whether it is an MLflow model folder, which needs no entry script."""
    return (folder / MODEL_FILE).is_file()
