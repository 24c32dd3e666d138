"""What the command line gives, and what it shows."""

from __future__ import annotations

import argparse
import re
import shlex
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_model.core.failures import InputsInvalid
from functions_model.core.spec import Mode
from functions_model.inputs import from_arguments
from functions_model.inputs.catalogue import CATALOGUE
from functions_model.inputs.command_line import arguments_parser

PUBLIC = [spec.name for spec in CATALOGUE if not spec.secret]
VALUES = st.text(string.ascii_letters + string.digits + "=-./ ", min_size=1).filter(lambda text: text.strip())


class TestArguments:
    """`from_arguments`."""

    @given(st.dictionaries(st.sampled_from(PUBLIC), VALUES))
    def test_reads_every_public_input(self, given_values: dict[str, str]) -> None:
        """`--name=value` for every input that is no secret."""
        argv = [f"--{name}={value}" for name, value in given_values.items()]

        assert given_values == from_arguments(argv)

    def test_arguments_win_over_the_environment(self) -> None:
        """Secrets come from the environment, and what is on the command line wins."""
        environ = {"FUNCTIONS_MODEL_CLIENT_SECRET": "hunter2", "FUNCTIONS_MODEL_APP_NAME": "other"}

        values = from_arguments(["--app-name", "mine"], environ, command="plan")

        assert {"client-secret": "hunter2", "app-name": "mine", "mode": "plan"} == values

    def test_lines_may_be_repeated(self) -> None:
        """Each `--model-path` adds lines."""
        values = from_arguments(["--model-path", "a\nb", "--model-path", "c"])

        assert {"model-path": "a\nb\nc"} == values

    @pytest.mark.parametrize(
        ("argv", "words"),
        [
            (["--app-nam", "x"], "there is no option `--app-nam`. Did you mean `--app-name`?"),
            (["--app_name", "x"], "there is no option `--app_name`. Did you mean `--app-name`?"),
            (["--sample", "x"], "there is no option `--sample`. Did you mean `--sample-request`?"),
            (["--script=x"], "there is no option `--script`. Did you mean `--entry-script`?"),
            (
                ["--model", "x"],
                "Did you mean `--model-path`, `--model-name`, `--model-version` or `--model-compression`?",
            ),
            (["--client", "x"], "there is no option `--client`. Did you mean `--client-id`?"),
            (["--xyzzy", "x"], "there is no option `--xyzzy`. See `--help`."),
            (["--app-name", "a", "churn"], "the argument 3 is unexpected: it follows no option"),
            (["app-name", "churn"], "`app-name` is an option and needs two hyphens. Write `--app-name <value>`."),
            (["--app-name", "a", "--app-name", "b"], "app-name: it is set more than once"),
            (["--app-name", ""], "app-name: it is empty"),
            (["--app-name= "], "app-name: it is empty"),
            (["--app-name"], "app-name: it has no value. Write `--app-name <value>`"),
            (["--app", "x"], "there is no option `--app`"),
        ],
    )
    def test_refuses(self, argv: list[str], words: str) -> None:
        """What cannot be meant is refused, not guessed at."""
        with pytest.raises(InputsInvalid) as failure:
            from_arguments(argv)

        assert words in str(failure.value)

    @pytest.mark.parametrize(
        ("argv", "variable"),
        [
            (["--client-secret", "hunter2"], "FUNCTIONS_MODEL_CLIENT_SECRET"),
            (["--client-secret=hunter2"], "FUNCTIONS_MODEL_CLIENT_SECRET"),
            (["--app-settings", "A=hunter2"], "FUNCTIONS_MODEL_APP_SETTINGS"),
            (["--clientsecret", "hunter2"], "FUNCTIONS_MODEL_CLIENT_SECRET"),
            (["--client_secret", "hunter2"], "FUNCTIONS_MODEL_CLIENT_SECRET"),
            (["client-secret", "hunter2"], "FUNCTIONS_MODEL_CLIENT_SECRET"),
            (["--secret", "hunter2"], "FUNCTIONS_MODEL_CLIENT_SECRET"),
        ],
    )
    def test_refuses_secrets(self, argv: list[str], variable: str) -> None:
        """A secret among the arguments is in the list of processes; the message names the variable to use."""
        with pytest.raises(InputsInvalid) as failure:
            from_arguments(argv)

        assert variable in str(failure.value)
        assert "hunter2" not in str(failure.value)

    @pytest.mark.parametrize(
        "argv", [["hunter2"], ["--xyzzy", "hunter2"], ["-xhunter2"], ["--app-name", "a", "hunter2"]]
    )
    def test_repeats_nothing_that_may_be_a_value(self, argv: list[str]) -> None:
        """A word that belongs to nothing may be a secret whose option was mistyped."""
        with pytest.raises(InputsInvalid) as failure:
            from_arguments(argv)

        assert "hunter2" not in str(failure.value)

    @pytest.mark.parametrize("argv", [["--app-nam", "churn"], ["--app-nam=churn"], ["--app_name", "a", "b"]])
    def test_the_value_of_an_unknown_option_is_no_second_problem(self, argv: list[str]) -> None:
        """One mistake, one problem."""
        with pytest.raises(InputsInvalid) as failure:
            from_arguments(argv)

        assert 1 == len(failure.value.problems)

    def test_a_command_says_the_mode(self) -> None:
        """`functions-model plan --mode deploy` would contradict itself, so there is no such option."""
        with pytest.raises(InputsInvalid, match="there is no option `--mode`"):
            from_arguments(["--mode", "deploy"], command="plan")

    def test_a_commands_own_options_are_no_inputs(self) -> None:
        """Nor is the command a mode: `logs` and `call` are none."""
        own = argparse.Namespace()

        values = from_arguments(["--app-name", "iris", "request.json"], command="call", own=own)

        assert {"app-name": "iris"} == values
        assert {"file": "request.json"} == vars(own)


class TestHelp:
    """`arguments_parser`, as `--help` shows it."""

    def test_names_every_input(self) -> None:
        """Secrets by their variable, the others by their option."""
        text = arguments_parser().format_help()

        assert [] == [name for name in PUBLIC if f"--{name} " not in text]
        assert "FUNCTIONS_MODEL_CLIENT_SECRET" in text
        assert "--client-secret" not in text

    @pytest.mark.parametrize("command", [*Mode])
    def test_is_in_groups_that_fit_a_terminal(self, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each option stands below the heading of its group, what is required says so, and no line is over 80 wide."""
        monkeypatch.setenv("COLUMNS", "80")

        text = arguments_parser(command).format_help()

        found: dict[str, str] = {}
        heading = ""
        for line in text.splitlines():
            heading = line.removesuffix(":") if re.match(r"\w.*:$", line) else heading
            if option := re.match(r"  --([a-z-]+) ", line):
                found[option[1]] = heading
        read = {spec.name: spec.group for spec in CATALOGUE if command in spec.modes and not spec.secret}
        del read["mode"]
        assert {name: str(group) for name, group in read.items()} == found
        assert "\n  --app-name NAME\n      Required. " in text or command == Mode.PACKAGE
        assert [] == [line for line in text.splitlines() if len(line) > 80]

    @pytest.mark.parametrize("command", [*Mode])
    def test_has_an_example_that_gives_what_is_required(self, command: str) -> None:
        """It can be copied: with `az login`, nothing is missing."""
        text = arguments_parser(command).format_help().partition("az login`:\n")[2].partition("\n\n")[0]
        words = shlex.split(text.replace("\\\n", " "))

        values = from_arguments(words[2:], command=words[1])

        required = {spec.name for spec in CATALOGUE if spec.required and command in spec.modes}
        assert ["functions-model", command] == words[:2]
        assert set() == required - values.keys()

    def test_of_a_command_that_asks_shows_what_it_reads(self) -> None:
        """The other inputs are taken, and not shown."""
        text = arguments_parser("logs").format_help()

        assert "--slot-name" in text
        assert "--follow" in text
        assert "--model-path" not in text
