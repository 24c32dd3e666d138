"""What stands between the Functions worker and the inference server, in the customer's app."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

from benchmarks.conftest import HERE
from benchmarks.results import alone
from benchmarks.timing import RUNS, Command, run
from support.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.results import Results

ROUNDS, CALLS = 20 * RUNS, 200


def test_overhead(tmp_path: Path, results: Results) -> None:
    """A kilobyte there and back: our whole answer, less the same call of the server, in rounds of both in turn."""
    (tmp_path / "score.py").write_text(
        "import json\n\ndef init():\n    pass\n\ndef run(data):\n    return json.loads(data)\n"
    )
    environ = {
        **os.environ,
        "PYTHONPATH": os.environ.get("BENCH_SOURCE", str(ROOT / "src")),
        "AML_APP_ROOT": str(tmp_path),
        "AZUREML_ENTRY_SCRIPT": "score.py",
        "FUNCTIONS_MODEL_AUTH_LEVEL": "function",
        "FUNCTIONS_MODEL_BUILD_ID": "0123456789abcdef",
    }
    words = (sys.executable, "-W", "ignore", str(HERE / "answering.py"), str(ROUNDS), str(CALLS))
    measured = json.loads(run(Command(words, environ=environ)).splitlines()[-1])

    ours = [(whole - bare) * 1e6 for whole, bare in measured]
    results.add("overhead_us", alone(ours, aim=80, unit="us", theirs=[bare * 1e6 for _, bare in measured]))
