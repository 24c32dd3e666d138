"""The schema that Microsoft gives for files of Azure Pipelines, as check-jsonschema has it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from support.documents import ROOT, TEMPLATE

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGES = sorted(ROOT.glob("docs/how-to/*.md"))


def accepted(file: Path) -> bool:
    """Whether the schema takes a file; the schema's patterns are for JavaScript, and Python reads them well enough."""
    # -m, as a script's first line names another checkout's interpreter where the environment was moved.
    checks = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.azure-pipelines"]
    options = ["--data-transform", "azure-pipelines", "--regex-variant", "python"]
    return subprocess.run([*checks, *options, file], capture_output=True, check=False, timeout=60).returncode == 0


def template(folder: Path, text: str) -> Path:
    """The template as the schema wants it: it takes a boolean parameter's default for a text alone."""
    file = folder / "deploy.yml"
    file.write_text(re.sub(r"(type: boolean\n  default: )(\w+)", r"\1'\2'", text))
    return file


def pipelines() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every whole or partial pipeline in the documents: what has `resources` or a template of ours."""
    for page in PAGES:
        for block in re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE):
            if "azure-pipelines/deploy.yml@" in block:
                yield page.name, yaml.safe_load(block)


class TestSchema:
    """Task names, inputs and keys are those that the service knows."""

    def test_takes_the_template(self, tmp_path: Path) -> None:
        """Each step, each input of its task, each parameter."""
        assert accepted(template(tmp_path, TEMPLATE.read_text()))

    @pytest.mark.parametrize(
        ("right", "wrong"),
        [
            ("addSpnToEnvironment:", "addSpnToEnvironmen:"),
            ("AzureCLI@2", "AzureCLI@99"),
            ("scriptLocation: inlineScript", "scriptLocation: inline"),
            ("  type: boolean", "  type: switch"),
        ],
    )
    def test_would_refuse_a_mistake(self, tmp_path: Path, right: str, wrong: str) -> None:
        """The check can fail."""
        text = TEMPLATE.read_text()

        assert right in text
        assert not accepted(template(tmp_path, text.replace(right, wrong)))

    @pytest.mark.parametrize(("page", "pipeline"), list(pipelines()))
    def test_takes_the_documents_pipelines(self, tmp_path: Path, page: str, pipeline: dict[str, Any]) -> None:
        """They are copied by users."""
        (tmp_path / "azure-pipelines.yml").write_text(yaml.safe_dump(pipeline, sort_keys=False))

        assert accepted(tmp_path / "azure-pipelines.yml"), page
