"""Registered environments: their conda file, or why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.failures import PlanRefused

if TYPE_CHECKING:
    from pathlib import Path

CONDA = "dependencies:\n  - python=3.11\n  - pip:\n      - numpy\n"


class TestCondaFile:
    def test_written(self, lab: Any, tmp_path: Path) -> None:
        """The conda file is written as it was registered; the image is said to be left out."""
        lab.register("3", kind="environments", condaFile=CONDA, image="mcr.test/azureml/base:1")

        file = lab.environment(tmp_path, None)

        assert tmp_path / "iris-env/3/conda.yml" == file
        assert CONDA == file.read_text()
        expected = (
            "The conda file of the environment `azureml:iris-env:3` gives the packages. Its image "
            "`mcr.test/azureml/base:1` is not used here: the app runs on the Functions base image."
        )
        assert [expected] == lab.lines

    @pytest.mark.parametrize(
        ("properties", "made_of"),
        [({"build": {"contextUri": "x"}}, "a Docker build context"), ({"image": "mcr.test/a:1"}, "only an image")],
    )
    def test_without(self, lab: Any, tmp_path: Path, properties: dict[str, Any], made_of: str) -> None:
        """An environment without a conda file is refused, with what to do."""
        lab.register("1", kind="environments", **properties)

        with pytest.raises(PlanRefused, match=f"it was built from {made_of}.*Give the packages as a conda file"):
            lab.environment(tmp_path)

    def test_missing(self, lab: Any, tmp_path: Path) -> None:
        """An environment that is not there is told under its own input."""
        with pytest.raises(PlanRefused) as refused:
            lab.environment(tmp_path)

        assert "environment-file" == refused.value.problems[0].subject
        assert "has no environment `iris-env` (there: none)" in str(refused.value)
