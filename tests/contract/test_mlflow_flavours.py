"""Models of MLflow's flavours, which their own libraries load, answer as under `mlflow models serve`."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from contract.test_mlflow import COLUMNS, ROWS
from support.mlflow_servers import VERSIONS, Request, Servers, mlflow_python
from support.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.exhaustive

MAKER = ROOT / "tests" / "support" / "mlflow_flavours.py"
TABLE = {"dataframe_split": {"columns": COLUMNS, "data": ROWS}}
TEXTS = {"inputs": ["good flower", "bad"]}
_NAME, _PACKAGES = VERSIONS["mlflow-3"]
_TORCH = (f"{_NAME}-transformers", (*_PACKAGES, "transformers==5.24.0", "torch==2.15.0"))
ENVIRONMENTS: dict[str, tuple[tuple[str, tuple[str, ...]], dict[str, dict[str, Any]]]] = {
    "trees": (VERSIONS["mlflow-3"], {"lightgbm": TABLE, "xgboost": TABLE}),
    # PyTorch brings 5 GB of libraries for GPUs.
    **({"torch": (_TORCH, {"transformers": TEXTS})} if os.environ.get("SOAK") else {}),
}
"""By what they need: the environment, and by flavour what a model of it is sent."""


@pytest.mark.parametrize("kind", ENVIRONMENTS)
def test_they_answer_alike(kind: str, tmp_path: Path) -> None:
    """With the words and the type of MLflow's own server."""
    version, flavours = ENVIRONMENTS[kind]
    python = mlflow_python(*version)
    (tmp_path / "servers").mkdir()
    with Servers(python, tmp_path / "servers") as servers:
        for flavour, body in flavours.items():
            words = map(str, (python, "-P", MAKER, flavour, tmp_path / flavour))
            made = subprocess.run([*words], capture_output=True, text=True, check=False)
            assert made.returncode == 0, made.stderr
            [(ours, theirs)] = servers.ask(tmp_path / flavour, Request(body))

            assert theirs == ours
            assert (200, 2) == (ours.status, len(ours.json["predictions"])), servers.log.read_text()
