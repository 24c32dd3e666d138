"""The working folder: that of the code, unless the script can only have been written for another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.payload.first_sdk import working_folder
from support.function_app import write_files

if TYPE_CHECKING:
    from pathlib import Path

CODE, ABOVE, OWN = "app/src", "app", "app/src/deep"
MODEL = "from azureml.core.model import Model\npath = Model.get_model_path('churn')\n"


@pytest.mark.parametrize(
    ("script", "folder"),
    [
        ("import os\n", CODE),
        (MODEL, ABOVE),
        ("# Model.get_model_path('churn')\n", CODE),
        ("open('data/words.txt')\n", CODE),
        ("open('src/data/words.txt')\n", ABOVE),
        ("open('./src/data/words.txt')\n", ABOVE),
        ("open(os.path.join('src', 'data', name))\n", ABOVE),
        ("open(Path('src') / 'data' / 'words.txt')\n", ABOVE),
        ("os.path.join('.', 'azureml-models', 'churn')\n", ABOVE),
        ("kinds = {'src': 1}\n", CODE),
        ("open('src/data/words.txt') if new else open('data/words.txt')\n", CODE),
        ("open('own.txt')\n", OWN),
        ("open('/src/data')\n'" + "a/" * 2000 + "'\n'a\\0/b'\n", CODE),
        ("this is no Python", CODE),
    ],
)
def test_working_folder(script: str, folder: str, tmp_path: Path) -> None:
    """Evidence is a call of `get_model_path`, or paths that are there from one folder alone; comments are none."""
    files = {
        "src/data/words.txt": "",
        "src/deep/own.txt": "",
        "azureml-models/churn/1/m.pkl": "",
        "src/deep/s.py": script,
    }
    write_files(tmp_path / "app", files)

    found = working_folder(tmp_path / CODE, tmp_path / OWN / "s.py")

    assert found == tmp_path / folder


def test_a_call_in_another_file_of_the_code(tmp_path: Path) -> None:
    """Where the script leaves loading to a module of its own."""
    write_files(tmp_path / "app/src", {"score.py": "import load\n", "load.py": MODEL})

    assert tmp_path / ABOVE == working_folder(tmp_path / CODE, tmp_path / CODE / "score.py")
