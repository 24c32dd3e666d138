"""What a new input and a new kind of resource cost: two patches in `docs/decisions`, applied to a copy of the product.

Where one no longer applies, write it anew: `git diff -U1 -- src`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INPUT = """
from functions_model.hosting.app_service.plan import difference
from functions_model.provision.observed import Observed
from support.wanted import wanted

given = wanted(plan_zone_redundant=True)
[change] = difference(given, Observed())
print([field.after for field in change.fields if field.name == "zone redundancy"])
from functions_model.inputs.catalogue import BY_NAME
print(BY_NAME["plan-zone-redundant"].choices)
"""
KIND = """
from functions_model.provision import plan
from functions_model.provision.observed import Observed
from support.wanted import wanted

print([str(change) for change in plan(wanted(), Observed()).changes if change.kind == "lock"])
"""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The product's source, where a patch may be applied."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__", "base_images"))
    return tmp_path


def applied(copy: Path, name: str) -> list[str]:
    """The product files that a patch touches, once it is applied."""
    patch = ROOT / "docs/decisions" / name
    environ = {**os.environ, "GIT_CEILING_DIRECTORIES": str(copy.parent)}
    subprocess.run(["git", "apply", str(patch)], cwd=copy, env=environ, check=True)
    return re.findall(r"^\+\+\+ b/(src/functions_model/\S+\.py)$", patch.read_text(), re.MULTILINE)


def told(copy: Path, script: str) -> list[str]:
    """What a script prints with the patched product."""
    environ = {**os.environ, "PYTHONPATH": f"{copy / 'src'}:{ROOT / 'tests'}"}
    run = subprocess.run(
        [sys.executable, "-c", script], env=environ, check=True, capture_output=True, text=True, cwd=copy
    )
    return run.stdout.splitlines()


def test_an_input_touches_four_files_at_the_most(copy: Path) -> None:
    """Its entry, how it is read, its field and its use; documents are written by `make docs`."""
    assert len(applied(copy, "new-input.patch")) <= 4
    assert ["['on']", "('true', 'false')"] == told(copy, INPUT)


def test_a_kind_is_one_file_and_a_line_in_the_list(copy: Path) -> None:
    """How it is read, how it differs, how it is written."""
    assert len(applied(copy, "new-kind.patch")) <= 2
    assert ["['the lock `irisstorage`']"] == told(copy, KIND)
