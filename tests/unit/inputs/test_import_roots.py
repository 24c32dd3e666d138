"""PYTHONPATH of a deployment file: folders of the code where imports are looked for, too."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
import yaml

from functions_model.core.failures import InputsInvalid
from functions_model.inputs.reading import read_inputs
from support.function_app import write_files
from support.inputs import HEAD, PACKAGE
from support.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from functions_model.core.failures import Problem

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


class TestTheInput:
    """`import-roots`: a src layout, with the script elsewhere."""

    @pytest.fixture
    def given(self, workspace: Path) -> dict[str, str]:
        (workspace / "lib/churn").mkdir(parents=True)
        (workspace / "serving").mkdir()
        (workspace / "serving/score.py").write_text("content")
        inputs = {"entry-script": "serving/score.py", "import-roots": "lib\n"}
        return {**PACKAGE, **inputs}

    def test_the_source_directory_holds_script_and_roots(self, given: dict[str, str], workspace: Path) -> None:
        """Without one of the user's own, it is the innermost folder that does."""
        code = read_inputs(given, workspace=workspace).code

        assert code
        assert (workspace, ("lib",)) == (code.source_directory, code.import_roots)

    @pytest.mark.parametrize(
        ("roots", "found"), [("serving\n\n serving ", ()), ("lib\nlib/churn", ("lib", "lib/churn"))]
    )
    def test_each_folder_once(self, given: dict[str, str], roots: str, found: tuple[str, ...], workspace: Path) -> None:
        """The source directory itself is one anyway."""
        code = read_inputs({**given, "import-roots": roots}, workspace=workspace).code

        assert code
        assert found == code.import_roots

    def _refused(self, inputs: dict[str, str], workspace: Path) -> Problem:
        with pytest.raises(InputsInvalid) as refusal:
            read_inputs(inputs, workspace=workspace)
        [problem] = refusal.value.problems
        return problem

    @pytest.mark.parametrize("name", ["source-directory", "import-roots"])
    def test_what_lies_outside_is_told_with_what_works(self, given: dict[str, str], name: str, workspace: Path) -> None:
        """The way out is taken as it is told."""
        folder = {"source-directory": "lib", "import-roots": "serving"}[name]
        inputs = {**given, "source-directory": folder, "import-roots": "" if name == "source-directory" else "lib"}

        problem = self._refused(inputs, workspace)

        assert "lies outside the source directory" in problem.what
        told = dict(re.findall(r"`([a-z-]+): ([^`]+)`", problem.remedy))
        code = read_inputs({**inputs, **told}, workspace=workspace).code
        assert code
        assert (workspace, ("lib",)) == (code.source_directory, code.import_roots)

    def test_a_folder_that_is_not_there(self, given: dict[str, str], workspace: Path) -> None:
        """As for any other path."""
        assert "import-roots" == self._refused({**given, "import-roots": "none"}, workspace).subject

    def test_the_pages_example(self, workspace: Path) -> None:
        """`docs/how-to/code.md`: the files that it shows, and the inputs below them."""
        page = (ROOT / "docs/how-to/code.md").read_text().partition("## A src layout")[2]
        for file in re.findall(r"^(\S+\.py)", page, re.MULTILINE):
            write_files(workspace, {file: ""} if file.startswith("src") else {file: "import churn"})
        inputs = yaml.safe_load(page.partition("```yaml")[2].partition("```")[0])

        code = read_inputs({**PACKAGE, **inputs}, workspace=workspace).code

        assert code
        assert (workspace, ("src",)) == (code.source_directory, code.import_roots)
