"""The documents say what the product does: nothing is described that is not there, and nothing is there undescribed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import functions_model
from functions_model.core import failures
from functions_model.inputs.catalogue import CATALOGUE, OUTPUTS
from functions_model.inputs.command_line import arguments_parser
from support.catalogue_documents import render_native_action_yaml
from support.documents import (
    ACTION,
    ARCHITECTURE,
    NATIVE_ACTION,
    README,
    REFERENCE,
    ROOT,
    TEMPLATE,
    expected_action,
    expected_architecture,
    expected_references,
)
from support.pipelines_documents import render_template
from support.task_documents import NAMES, TASK, render_names, render_task

if TYPE_CHECKING:
    from pathlib import Path

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
INPUTS = {spec.name for spec in CATALOGUE}
OUTPUT_NAMES = {output.name for output in OUTPUTS}


def _examples(document: Path) -> list[dict[str, Any]]:
    """Every YAML example in a document, whether it is a whole workflow or a part of one."""
    blocks = re.findall(r"^```yaml\n(.*?)^```", document.read_text(), re.DOTALL | re.MULTILINE)
    return [yaml.safe_load(block) for block in blocks]


def _steps(document: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for example in _examples(document):
        for job in [example, *example.get("jobs", {}).values()]:
            found += job.get("steps", [])
    return found


def _uses_this_action(step: dict[str, Any]) -> bool:
    return "functions-model-action@" in step.get("uses", "")


class TestCatalogue:
    """One catalogue, many documents."""

    def test_action(self) -> None:
        """action.yml is what the catalogue makes of it."""
        expected = expected_action()

        assert expected == ACTION.read_text(), "run `make docs`"

    def test_no_default_is_the_runners(self) -> None:
        """A runner sets it as if somebody had, and what an inputs file says would count for nothing."""
        inputs = [yaml.safe_load(file.read_text())["inputs"] for file in (ACTION, NATIVE_ACTION)]

        assert [] == [name for one in inputs for name, entry in one.items() if "default" in entry]

    def test_the_action_without_docker(self) -> None:
        """It takes the same inputs and gives the same outputs."""
        assert render_native_action_yaml() == NATIVE_ACTION.read_text(), "run `make docs`"

    def test_the_template_of_azure_pipelines(self) -> None:
        """Its parameters are the inputs."""
        assert render_template() == TEMPLATE.read_text(), "run `make docs`"

    def test_the_task_of_azure_pipelines(self) -> None:
        """Its inputs and output variables, and which input of the product each is."""
        assert render_task() == TASK.read_text(), "run `make docs`"
        assert render_names() == NAMES.read_text(), "run `make docs`"

    @pytest.mark.parametrize("page", expected_references(), ids=lambda page: page.stem)
    def test_references(self, page: Path) -> None:
        """The tables are what the catalogue, and what was seen, make of them."""
        assert expected_references()[page] == page.read_text(), "run `make docs`"

    def test_architecture(self) -> None:
        """The rooms, their floors and their arrows are those of the code."""
        assert expected_architecture(ARCHITECTURE.read_text()) == ARCHITECTURE.read_text(), "run `make docs`"

    def test_help(self) -> None:
        """`--help` names every input: secrets by their environment variable, all others as an option."""
        text = arguments_parser().format_help()

        missing = [
            spec.name
            for spec in CATALOGUE
            if (f"FUNCTIONS_MODEL_{spec.name.upper().replace('-', '_')}" if spec.secret else f"--{spec.name} ")
            not in text
        ]
        assert [] == missing

    def test_exit_codes(self) -> None:
        """The table of exit codes has each code that a failure can end with."""
        page = (REFERENCE / "exit-codes.md").read_text()
        rows = {int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)}
        kinds = [
            kind for kind in vars(failures).values() if isinstance(kind, type) and issubclass(kind, failures.Failure)
        ]

        assert set() == {kind.exit_code for kind in kinds} - rows


class TestExamples:
    """Examples are copied by users, so each must be right."""

    @pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
    def test_inputs(self, document: Path) -> None:
        """An example passes only inputs that exist."""
        given = {name for step in _steps(document) if _uses_this_action(step) for name in step.get("with", {})}

        assert set() == given - INPUTS

    @pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
    def test_outputs(self, document: Path) -> None:
        """An example reads only outputs that exist."""
        read = set(re.findall(r"steps\.[\w-]+\.outputs\.([\w-]+)", document.read_text()))

        assert set() == read - OUTPUT_NAMES

    def test_no_deployment_is_cancelled_by_the_next(self) -> None:
        """Whole workflows, in documents and beside the examples: a run that is cut off leaves things half made."""
        files = [yaml.safe_load(path.read_text()) for path in ROOT.glob("examples/*/workflow.yml")]
        workflows = [one for one in [*files, *(one for path in DOCUMENTS for one in _examples(path))] if "jobs" in one]

        assert len(workflows) > 6
        assert {False} == {one.get("concurrency", {}).get("cancel-in-progress") for one in workflows}

    def test_readme_is_complete(self) -> None:
        """The README's inputs file gives every input that a deployment needs, and its step names the file."""
        step = next(step for step in _steps(README) if _uses_this_action(step))
        inputs = next(one for one in _examples(README) if "model-path" in one)

        assert {"inputs-file": "inputs.yml"} == step["with"]
        assert set() == {spec.name for spec in CATALOGUE if spec.required} - set(inputs)


class TestText:
    """What is written for people."""

    def test_first_commands(self) -> None:
        """The two commands that do everything are the first ones in the README."""
        lines = re.findall(r"^    (make .*)$", README.read_text(), re.MULTILINE)

        assert ["make demo", "make test"] == [line.partition("#")[0].strip() for line in lines]

    def test_changelog(self) -> None:
        """The changelog has an entry for the version that the package has."""
        text = (ROOT / "CHANGELOG.md").read_text()

        assert re.search(rf"^(## \[|This will be ){re.escape(functions_model.__version__)}\b", text, re.MULTILINE)

    @pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
    def test_links(self, document: Path) -> None:
        """A link to another file of the repository leads somewhere, and its heading exists."""
        broken = []
        for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", document.read_text()):
            path, _, heading = target.partition("#")
            file = (document.parent / path).resolve() if path else document
            if not file.exists() or (heading and heading not in _anchors(file)):
                broken.append(target)

        assert [] == broken

    @pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
    def test_plain_words(self, document: Path) -> None:
        """Nothing is called simple: whoever is stuck reads it as a reproach."""
        found = re.findall(r"\b(?:simply|just|easily|obviously)\b", document.read_text(), re.IGNORECASE)

        assert [] == found

    def test_every_decision_is_listed(self) -> None:
        """The list of decisions names each page, in order, and no number stands for two."""
        pages = sorted(path.name for path in (ROOT / "docs/decisions").glob("[0-9]*.md"))
        index = (ROOT / "docs/decisions/README.md").read_text()

        assert [page for page in pages if f"({page})" in index] == pages
        assert len(pages) == len({page[:4] for page in pages})
        assert sorted(pages, key=index.index) == pages


def _anchors(document: Path) -> set[str]:
    """The anchors that GitHub makes of a document's headings."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
