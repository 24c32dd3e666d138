"""PYTHONPATH of a deployment file: folders of the code where imports are looked for, too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.inputs.reading import read_inputs
from support.inputs import HEAD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[str], dict[str, str]]


@pytest.mark.parametrize(
    ("text", "roots"),
    [
        ("/var/azureml-app/src/deep", ("deep",)),
        ("/var/azureml-app/src/deep/:deep:$PYTHONPATH", ("deep",)),
        ("./deep:deep/inner", ("deep", "deep/inner")),
        ("/var/azureml-app:/var/azureml-app/src:.", ("..",)),
        ('""', ()),
    ],
)
def test_folders_of_the_code(text: str, roots: tuple[str, ...], write: Write, workspace: Path) -> None:
    """Paths of Azure ML's container and those from the code's own folder, each folder once; `.` is there anyway."""
    (workspace / "src/deep/inner").mkdir()
    values = write(f"{HEAD}environment_variables:\n  PYTHONPATH: {text}\n  A: b\n")

    spec = read_inputs(values, workspace=workspace)

    assert spec.code
    assert spec.code.import_roots == roots
    assert spec.target
    assert ["A"] == list(spec.target.app_settings)


def test_what_is_no_folder_of_the_code(write: Write, workspace: Path) -> None:
    """It is left out with a note that names it; the others are taken."""
    values = write(f"{HEAD}environment_variables:\n  PYTHONPATH: /opt/lib:deep:../model:/var/azureml-app/src/none\n")

    spec = read_inputs(values, workspace=workspace)

    assert spec.code
    assert spec.code.import_roots == ("deep",)
    assert ["/opt/lib", "../model", "/var/azureml-app/src/none"] == [note.split("`")[1] for note in spec.notes]
    assert all("is not used: the code has no such folder" in note for note in spec.notes)


def test_beside_a_source_directory_that_was_given(write: Write, workspace: Path) -> None:
    """The folder's own name is of no account: Azure ML's container has the code under the name that the file gives."""
    (workspace / "mine/lib").mkdir(parents=True)
    (workspace / "mine/score.py").write_text("content")
    text = f"{HEAD}environment_variables:\n  PYTHONPATH: /var/azureml-app/src/lib\n"

    spec = read_inputs({**write(text), "source-directory": "mine"}, workspace=workspace)

    assert spec.code
    assert spec.code.import_roots == ("lib",)
