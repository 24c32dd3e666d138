"""Scripts that collect, where nothing takes what they collect."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.bundle import BundlePlan
from functions_model.core.collect import Collect
from functions_model.core.secrets import Secret
from functions_model.preflight.collectors import check_collectors
from functions_model.preflight.finding import Weight
from functions_model.preflight.project import project_of
from support.projects import project
from support.wanted import spec_for

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT = "import json\nfrom azureml.ai.monitoring import Collector\n\ndef init(): pass\n\ndef run(data): return 1\n"


class TestCheckCollectors:
    """`check_collectors`."""

    def test_tells_once_and_how(self, tmp_path: Path) -> None:
        """A note with its line, and the input that changes it."""
        files = {"score.py": SCRIPT, "helper.py": "def late():\n    import azureml.ai.monitoring\n"}
        found = list(check_collectors(replace(project(tmp_path, files), collects=False)))

        assert [Weight.NOTE] == [one.weight for one in found]
        assert "`collect: script`" in str(found[0].problem)
        assert found[0].problem.location is not None

    @pytest.mark.parametrize(
        "script",
        [
            "import azureml.core",
            "'azureml.ai.monitoring'",
            "from azureml.ai.monitoring_ import a",
            "from azureml.ai.monitoring (",
        ],
    )
    def test_others_collect_nothing(self, tmp_path: Path, script: str) -> None:
        """A word in a text, another module, and what is no Python."""
        assert [] == list(check_collectors(replace(project(tmp_path, {"score.py": script}), collects=False)))

    def test_what_is_said_is_not_told(self, tmp_path: Path) -> None:
        """Where it is collected, nobody is bothered."""
        assert [] == list(check_collectors(project(tmp_path, {"score.py": SCRIPT})))


@pytest.mark.parametrize(
    ("target", "collects"),
    [
        ({}, False),
        ({"collect": Collect({"*": 1.0}, "seen", "iris")}, True),
        ({"app_settings": {"AZUREML_MDC_ENABLED": Secret("true")}}, True),
    ],
)
def test_who_says_it(target: dict[str, Any], collects: bool) -> None:
    """The inputs, or settings of the user's own."""
    spec = spec_for(**target)

    assert collects == project_of(spec, BundlePlan((), {}, ()), "3.12", None).collects
