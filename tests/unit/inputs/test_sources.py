"""The inputs that the environment gives."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_model.ci.github import facts_of
from functions_model.core.failures import InputsInvalid
from functions_model.inputs import from_arguments, from_environment, listening_seconds
from functions_model.inputs.catalogue import CATALOGUE
from functions_model.inputs.sources import LISTENING, misspelt

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMES = [spec.name for spec in CATALOGUE]
PUBLIC = [spec.name for spec in CATALOGUE if not spec.secret]
VALUES = st.text(string.ascii_letters + string.digits + "=-./ ", min_size=1).filter(lambda text: text.strip())


def read(environ: Mapping[str, str]) -> dict[str, str]:
    """The inputs of a step on GitHub."""
    return from_environment(environ, facts_of(environ))


class TestEnvironment:
    """`from_environment`."""

    @given(st.dictionaries(st.sampled_from(NAMES), VALUES))
    def test_reads_what_github_passes(self, given_values: dict[str, str]) -> None:
        """Every input comes as `INPUT_` and its upper-case name with hyphens; what is not given comes empty."""
        environ = {f"INPUT_{name.upper()}": given_values.get(name, "") for name in NAMES}

        assert given_values == read(environ)

    @given(st.dictionaries(st.sampled_from(NAMES), VALUES))
    def test_reads_our_own_variables(self, given_values: dict[str, str]) -> None:
        """Every input, secrets too, may come from `FUNCTIONS_MODEL_` and its name with underscores."""
        environ = {f"FUNCTIONS_MODEL_{name.upper().replace('-', '_')}": value for name, value in given_values.items()}

        assert given_values == read(environ)

    def test_inputs_win(self) -> None:
        """An input of the action wins over a variable of the job, and an empty one does not."""
        environ = {
            "INPUT_APP-NAME": "mine",
            "FUNCTIONS_MODEL_APP_NAME": "other",
            "INPUT_LOCATION": "",
            "FUNCTIONS_MODEL_LOCATION": "westeurope",
        }

        assert {"app-name": "mine", "location": "westeurope"} == read(environ)

    def test_leaves_other_variables_alone(self) -> None:
        """The process environment holds much else."""
        assert {} == read({"PATH": "/bin", "FUNCTIONS_MODEL_BUILD_ID": "x", "AZURE_CLIENT_ID": "y"})

    @pytest.mark.parametrize(
        ("variable", "remedy"),
        [
            ("FUNCTIONS_MODEL_APPNAME", "Did you mean `app-name`?"),
            ("FUNCTIONS_MODEL_RESOURCE_GROUP_NAME", "Did you mean `resource-group`?"),
            ("FUNCTIONS_MODEL_CLIENT_SECRT", "Did you mean `client-secret`?"),
            ("FUNCTIONS_MODEL_XYZZY", "The inputs are: `model-path`"),
        ],
    )
    def test_refuses_unknown_names(self, variable: str, remedy: str) -> None:
        """A misspelt input is told with the nearest name, and its value is not repeated."""
        with pytest.raises(InputsInvalid) as failure:
            read({variable: "hunter2"})

        assert remedy in str(failure.value)
        assert "hunter2" not in str(failure.value)

    def test_tells_every_unknown_name(self) -> None:
        """All of them in one go."""
        with pytest.raises(InputsInvalid) as failure:
            read({"FUNCTIONS_MODEL_A": "", "FUNCTIONS_MODEL_B": "1", "FUNCTIONS_MODEL_C": "2"})

        assert {"a", "b", "c"} == {problem.subject for problem in failure.value.problems}


class TestVariablesOfAJob:
    """A runner hands a job's variables to its steps: what is no input of ours is the job's own."""

    def test_that_look_like_inputs_are_left_alone(self) -> None:
        """Those of composite actions, and those that linters tell people to write."""
        assert {"app-name": "mine"} == read(
            {"INPUT_ENVIRONMENT": "production", "INPUT_X": "1", "INPUT_APP-NAME": "mine"}
        )

    @pytest.mark.parametrize(
        ("variable", "near"),
        [
            ("INPUT_APP_NAME", "app-name"),
            ("INPUT_APPNAME", "app-name"),
            ("INPUT_RESOURCE-GROUP-NAME", "resource-group"),
        ],
    )
    def test_that_may_be_misspelt_inputs_are_told(self, variable: str, near: str) -> None:
        """With the nearest name, and without the value."""
        [note] = misspelt(facts_of({variable: "hunter2", "INPUT_XYZZY": "1", "INPUT_APPNAMES": ""}))

        assert f"The variable `{variable}` names no input. Did you mean `{near}`?" == note

    def test_are_not_read_by_the_command_line(self) -> None:
        """`INPUT_LOCATION` of a job is not that of a command in it."""
        assert {"mode": "plan"} == from_arguments([], {"INPUT_LOCATION": "westeurope"}, command="plan")


class TestListeningSeconds:
    """What a sandbox says of its listeners; no input."""

    def test_are_none_of_ours_on_azure(self) -> None:
        """A run knows how long they need there."""
        assert (None, 1.5) == (listening_seconds({}), listening_seconds({LISTENING: "1.5"}))
        assert {} == read({LISTENING: "1.5"})

    def test_are_a_number(self) -> None:
        """Anything else is refused by its name."""
        with pytest.raises(InputsInvalid, match=LISTENING):
            listening_seconds({LISTENING: "soon"})


class TestHostWorkspace:
    """The folder as other steps write it."""

    def test_joins_folder_and_repository(self) -> None:
        """The runner checks out into its folder and the repository's name."""
        environ = {"RUNNER_WORKSPACE": "/home/runner/work/churn", "GITHUB_REPOSITORY": "contoso/churn"}

        assert ("/home/runner/work/churn/churn", "/__w/churn/churn") == facts_of(environ).host_workspaces

    @pytest.mark.parametrize("missing", ["RUNNER_WORKSPACE", "GITHUB_REPOSITORY"])
    def test_is_unknown_outside_of_a_runner(self, missing: str) -> None:
        """Without either variable there is no such path."""
        environ = {"RUNNER_WORKSPACE": "/w", "GITHUB_REPOSITORY": "a/b"}
        del environ[missing]

        assert () == facts_of(environ).host_workspaces
