"""Inputs in a file: one for all commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from functions_model.core.failures import InputsInvalid, Location
from functions_model.core.spec import BlobTrigger, DeploymentSpec, Model, RemovalSpec
from functions_model.inputs.reading import read_any, read_inputs
from support.inputs import BARE, DEPLOY


def written(workspace: Path, text: str) -> dict[str, str]:
    """The file, and the input that names it."""
    (workspace / "inputs.yml").write_text(text)
    return {"inputs-file": "inputs.yml"}


def refused(workspace: Path, text: str, **given: str) -> list[tuple[str, Location | None]]:
    """What is wrong with it, and where."""
    with pytest.raises(InputsInvalid) as failure:
        read_inputs({**DEPLOY, **written(workspace, text), **given}, workspace=workspace)
    return [(problem.what, problem.location) for problem in failure.value.problems]


class TestFile:
    def test_gives_what_is_not_given_otherwise(self, workspace: Path) -> None:
        """The step's own inputs and flags win; an empty text is none."""
        lines = "app-name: from-file\nlocation: northeurope\n"
        given = {name: text for name, text in DEPLOY.items() if name != "location"}

        spec = read_inputs({**given, **written(workspace, lines), "location": ""}, workspace=workspace)

        assert spec.target
        assert (DEPLOY["app-name"], "northeurope") == (spec.target.names.app, spec.target.location)

    def test_a_text_is_as_it_is_written(self, workspace: Path) -> None:
        """`3.10` is a version and no number; a list is lines."""
        lines = "python-version: 3.10\nplan-max-instances: 20\nmodel-path:\n- a=model/iris.pkl\n- b=model/iris.pkl\n"
        given = {name: text for name, text in DEPLOY.items() if name != "model-path"}

        spec = read_inputs({**given, **written(workspace, lines)}, workspace=workspace)

        assert spec.target
        assert ("3.10", 20) == (spec.python_version, spec.target.hosting.maximum)
        assert ["a", "b"] == [model.name for model in spec.models if isinstance(model, Model)]

    def test_is_one_for_all_commands(self, workspace: Path) -> None:
        """What makes a deployment also removes it."""
        names = {
            name: text for name, text in DEPLOY.items() if name not in {"mode", "app-name", "trigger", "auth-level"}
        }
        lines = "app-name: churn\ntrigger: blob\ninput-path: inbox/{name}\n"

        made = read_any({**names, **written(workspace, lines)}, workspace=workspace)
        gone = read_any({**names, **written(workspace, lines), "mode": "destroy"}, workspace=workspace)

        assert isinstance(made, DeploymentSpec)
        assert isinstance(gone, RemovalSpec)
        assert made.target
        assert isinstance(made.trigger, BlobTrigger)
        assert made.target.names == gone.names

    def test_a_secret_is_refused(self, workspace: Path) -> None:
        """A repository is no place for one, and its value is not repeated."""
        [(what, where)] = refused(workspace, "location: westeurope\nclient-secret: hunter2\n")

        assert ("`client-secret` contains secrets, which do not belong in a file of the repository", 2) == (
            what,
            where and where.line,
        )

    @pytest.mark.parametrize(
        ("text", "what", "line"),
        [
            ("plan-skus: EP1\n", "there is no key `plan-skus`", 1),
            ("\nlocation: a\nlocation: b\n", "the key `location` is set twice", 3),
            ("- a\n", "it is not a mapping", 1),
            ("location:\n  is: westeurope\n", "`location` is a mapping", 1),
            ("inputs-file: other.yml\n", "there is no key `inputs-file`", 1),
            ("a: b: c\n", "it is not YAML: mapping values are not allowed here", 1),
        ],
    )
    def test_is_refused_by_its_line(self, text: str, what: str, line: int, workspace: Path) -> None:
        """All that is wrong is told, with the file and the line."""
        assert (what, Location(workspace / "inputs.yml", line)) in refused(workspace, text)

    def test_what_an_input_refuses_is_told_by_the_file_s_line(self, workspace: Path) -> None:
        """As it would be for a deployment file."""
        given = written(workspace, "\n\nplan-sku: Y1\n")
        with pytest.raises(InputsInvalid) as failure:
            read_inputs({**DEPLOY, **given, "plan-sku": ""}, workspace=workspace)

        assert [3] == [problem.location and problem.location.line for problem in failure.value.problems]

    def test_that_is_not_there(self, workspace: Path) -> None:
        """It is an input like others."""
        with pytest.raises(InputsInvalid, match=r"`none\.yml` does not exist"):
            read_inputs({**BARE, "inputs-file": "none.yml"}, workspace=workspace)
