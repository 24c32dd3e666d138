"""What a run imports before it does anything: the upload of a model waits for it."""

from __future__ import annotations

import subprocess
import sys

import pytest

RUN = "import functions_model.cli.once, functions_model.report.outputs, functions_model.report.page"
"""All that every run needs."""
FEW_NEED = (
    "functions_model.azure",
    "functions_model.azureml",
    "functions_model.provision",
    "functions_model.verify",
    "functions_model.pipeline.deployment",
    "functions_model.pipeline.destroy",
    "azure",
    "asyncio",
    "cyclonedx",
    "docker",
)


@pytest.fixture(scope="module")
def imported() -> frozenset[str]:
    """The modules that are there when a run begins."""
    program = f"{RUN}, sys; print(*sys.modules)"
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return frozenset(out.stdout.split())


@pytest.mark.parametrize("module", FEW_NEED)
def test_not_imported(imported: frozenset[str], module: str) -> None:
    """A run that only makes an image does not wait for what others need."""
    assert module not in imported


def test_seen(imported: frozenset[str]) -> None:
    """What every run needs is seen among the modules."""
    assert {"functions_model.pipeline.run", "functions_model.registry.push", "requests"} <= imported
