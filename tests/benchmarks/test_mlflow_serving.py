"""An MLflow model without a script, asked by a large body, beside MLflow's own server."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.conftest import HERE
from benchmarks.results import against
from benchmarks.timing import RUNS, Command, run
from support.mlflow_servers import VERSIONS, mlflow_python
from support.tools import ROOT

if TYPE_CHECKING:
    from benchmarks.results import Results

ROWS = 124_000
"""Of four numbers each: 10 MB as JSON."""


def test_ten_megabytes(tmp_path: Path, results: Results) -> None:
    """Azure ML's `input_data` in the split layout by us, the same table as `dataframe_split` by MLflow's server."""
    run(_wheel_target(tmp_path / "library", "azure-functions<2"))
    source = os.environ.get("BENCH_SOURCE", str(ROOT / "src"))
    script = f"{source}/functions_model/mlflow_scoring"
    environ = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([source, script, str(tmp_path / "library")]),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "AML_APP_ROOT": script,
        "AZUREML_ENTRY_SCRIPT": "mlflow_score.py",
    }
    python = mlflow_python(*VERSIONS["mlflow-3"])
    words = (str(python), "-W", "ignore", str(HERE / "mlflow_answering.py"), str(ROWS), str(RUNS), str(tmp_path))
    measured = json.loads(run(Command(words, tmp_path, environ)).splitlines()[-1])

    ours, theirs = zip(*measured, strict=True)
    results.add("mlflow_10mb_vs_serve", against(ours, theirs, aim=1.0))


def _wheel_target(folder: Path, package: str) -> Command:
    """One package without what it requires, into a folder."""
    uv = str(Path(sys.executable).with_name("uv"))
    return Command((uv, "pip", "install", "-q", "--no-deps", "--target", str(folder), package))
