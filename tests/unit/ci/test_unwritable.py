"""Files for outputs and the page that cannot be written: what was deployed is live all the same."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest

from functions_model.ci import detect
from functions_model.cli.ending import annotated, tell_end
from functions_model.cli.once import run_once
from support.events import deployment
from support.wanted import spec_for

if TYPE_CHECKING:
    from pathlib import Path

VARIABLES = ["FUNCTIONS_MODEL_OUTPUT_FILE", "FUNCTIONS_MODEL_SUMMARY_FILE", "GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"]


def environment(variable: str, place: Path) -> dict[str, str]:
    """Of a job on the host that knows the variable."""
    return {variable: str(place), "GITHUB_ACTIONS": str(variable.startswith("GITHUB_")).lower()}


class TestUnwritable:
    """The end of a run."""

    @pytest.mark.parametrize("place", ["", "none/file", "taken/file"])
    @pytest.mark.parametrize("variable", VARIABLES)
    def test_is_one_warning_after_a_deployment(self, variable: str, place: str, tmp_path: Path) -> None:
        """It names the file and the variable, once for all outputs."""
        (tmp_path / "taken").touch()
        stream = io.StringIO()
        ci = detect(environment(variable, tmp_path / place), stream)

        with annotated(ci):
            tell_end(spec_for(), deployment(tmp_path), None, ci, 1.0)

        told = [line for line in stream.getvalue().splitlines() if "warning:" in line]
        assert 1 == len(told)
        assert f"Could not write `{tmp_path / place}`, which `{variable}` names: " in told[0]

    @pytest.mark.parametrize("variable", VARIABLES)
    def test_changes_no_exit_code(self, variable: str, tmp_path: Path) -> None:
        """Refused inputs stay refused inputs, with each problem told."""
        stream = io.StringIO()
        ci = detect(environment(variable, tmp_path), stream)

        ending = run_once({"mode": "deploy", "app-name": "-x-"}, {}, ci, tmp_path)

        assert 2 == ending.code
        assert "app-name: " in stream.getvalue()
        assert "Traceback" not in stream.getvalue()

    def test_page_of_azure_pipelines_is_one_warning(self, tmp_path: Path) -> None:
        """The agent is told of no page that is not there."""
        stream = io.StringIO()
        ci = detect({"TF_BUILD": "True", "AGENT_TEMPDIRECTORY": str(tmp_path / "none")}, stream)

        with annotated(ci):
            tell_end(spec_for(), deployment(tmp_path), None, ci, 1.0)

        assert 1 == stream.getvalue().count("which `AGENT_TEMPDIRECTORY` names: No such file or directory.")
        assert "uploadsummary" not in stream.getvalue()
