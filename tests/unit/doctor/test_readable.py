"""Inputs that are not whole, read as far as possible."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from functions_model.ci.github import facts_of
from functions_model.inputs.readable import Readable, read_as_far_as_possible
from support.project import write_echo_project

if TYPE_CHECKING:
    from pathlib import Path

FACTS = replace(facts_of({}), on_command_line=True)
WHERE = {"registry": "contoso", "app-name": "iris", "resource-group": "rg", "location": "westeurope"}


def read(folder: Path, **changes: str | None) -> Readable:
    """The echo project's inputs with changes; None leaves one out."""
    given = {**write_echo_project(folder), **WHERE, **{key.replace("_", "-"): one for key, one in changes.items()}}
    values = {name: value for name, value in given.items() if value is not None}
    return read_as_far_as_possible(values, workspace=folder, facts=FACTS)


class TestWhole:
    def test_but_for_login_and_subscription(self, tmp_path: Path) -> None:
        """These are asked for elsewhere."""
        found = read(tmp_path)

        assert ((), (), "") == (found.problems, found.missing, found.subscription)
        assert found.spec is found.placed is not None

    def test_of_an_inputs_file(self, tmp_path: Path) -> None:
        """Its subscription and base image are known."""
        (tmp_path / "inputs.yml").write_text(
            "subscription-id: 11111111-0000-0000-0000-000000000000\nbase-image: a.io/b:1\n"
        )
        found = read(tmp_path, inputs_file="inputs.yml")

        assert ("11111111-0000-0000-0000-000000000000", "a.io/b:1") == (found.subscription, found.base_image)

    def test_of_an_image_that_is_there(self, tmp_path: Path) -> None:
        """Where it goes is known, and that is enough to look there."""
        image = {"image": f"contoso.azurecr.io/package@sha256:{'1' * 64}"}
        found = read_as_far_as_possible({**WHERE, **image}, workspace=tmp_path, facts=FACTS)

        assert found.placed is not None
        assert found.placed.target is not None
        assert "iris" == found.placed.target.names.app


class TestNotWhole:
    def test_where_the_files_are_wrong(self, tmp_path: Path) -> None:
        """Where it goes is known all the same."""
        found = read(tmp_path, entry_script="none.py", model_path=None)

        assert (["entry-script"], ["model-path"]) == (
            [one.subject for one in found.problems],
            [one.subject for one in found.missing],
        )
        assert found.spec is None
        assert found.placed is not None

    def test_where_nobody_says_where(self, tmp_path: Path) -> None:
        """Each input that is missing is told."""
        found = read_as_far_as_possible({}, workspace=tmp_path, facts=FACTS)

        assert (None, None) == (found.spec, found.placed)
        assert {"registry", "app-name", "resource-group", "location", "model-path"} <= {
            one.subject for one in found.missing
        }
        assert "subscription-id" not in {one.subject for one in found.missing}

    def test_where_a_job_lacks_its_login(self, tmp_path: Path) -> None:
        """Only a command line has a session of az."""
        found = read_as_far_as_possible({}, workspace=tmp_path, facts=facts_of({}))

        assert ("tenant-id", "client-id") == found.missing_of_login
