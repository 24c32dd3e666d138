"""Inputs that are right, to be made wrong one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import InputsInvalid
from functions_model.inputs import read_inputs

if TYPE_CHECKING:
    from pathlib import Path

GUID = "0a1b2c3d-0000-4000-8000-00000000000a"
PACKAGE = {
    "mode": "package",
    "model-path": "model/iris.pkl",
    "entry-script": "src/score.py",
    "registry": "localhost:5000",
}
DEPLOY = {
    "model-path": "model/iris.pkl",
    "entry-script": "src/score.py",
    "registry": "contoso",
    "subscription-id": GUID,
    "tenant-id": GUID.upper(),
    "client-id": GUID,
    "resource-group": "rg-churn",
    "location": "West Europe",
    "app-name": "Churn-Scorer",
}


def problems(values: dict[str, str], workspace: Path) -> dict[str, str]:
    """What is wrong, by input."""
    with pytest.raises(InputsInvalid) as failure:
        read_inputs(values, workspace=workspace)
    return {problem.subject: f"{problem.what}. {problem.remedy}" for problem in failure.value.problems}
