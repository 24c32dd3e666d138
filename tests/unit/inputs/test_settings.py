"""`app-settings`."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_model.core.secrets import Secret
from functions_model.inputs.settings import read_settings

NAMES = st.text(string.ascii_uppercase + "_", min_size=1, max_size=20).map(lambda text: f"X_{text}")
VALUES = st.text(string.printable, min_size=1).map(lambda text: text.replace("\0", "").strip()).filter(bool)


class TestForms:
    """Lines, YAML and JSON."""

    @pytest.mark.parametrize(
        "text",
        [
            "A=1\nB=x=y z",
            "# comment\n\n  A = 1 \nB=x=y z\n",
            "A: 1\nB: x=y z",
            '{"A": "1", "B": "x=y z"}',
            '{"A": 1,\n "B": "x=y z"}',
            '-A 1 -B "x=y z"',
            '  -A   1\n-B\t"x=y z"\n',
        ],
    )
    def test_mean_the_same(self, text: str) -> None:
        """A workflow may use whichever is at hand."""
        assert ({"A": Secret("1"), "B": Secret("x=y z")}, []) == read_settings(text)

    @given(st.dictionaries(NAMES, VALUES, max_size=5))
    def test_json_of_anything(self, settings: dict[str, str]) -> None:
        """Any text survives as JSON, which is how a workflow passes difficult ones."""
        expected = {name: Secret(value) for name, value in settings.items()}

        assert (expected, []) == read_settings(json.dumps(settings))

    def test_yaml_values_stay_as_written(self) -> None:
        """`no`, `010` and `1.10` are settings, not a boolean and numbers."""
        settings, _ = read_settings("A: no\nB: 010\nC: 1.10\nD: 2026-01-01")

        assert ["no", "010", "1.10", "2026-01-01"] == [value.reveal() for value in settings.values()]

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("-port 8080 -Release.ReleaseName Release-1173", {"port": "8080", "Release.ReleaseName": "Release-1173"}),
            ("-A -5 -B 'x y' -C \"it's\"", {"A": "-5", "B": "'x y'", "C": "it's"}),
            ('-A {"b": [1, 2]} -C (a b)', {"A": '{"b": [1, 2]}', "C": "(a b)"}),
            ('-A x`"y -B `(', {"A": 'x`"y', "B": "`("}),
            ('-A "" -B "-C d"', {"A": None, "B": "-C d"}),
            ('-A "open -B 1', {"A": '"open -B 1'}),
        ],
    )
    def test_dashes_are_read_as_microsofts_tasks_read_them(self, text: str, expected: dict[str, str | None]) -> None:
        """Whoever comes from `AzureFunctionAppContainer@1` may keep the text; but for a value that is empty."""
        settings, problems = read_settings(text)

        assert {name: value for name, value in expected.items() if value is not None} == {
            name: value.reveal() for name, value in settings.items()
        }
        assert len(problems) == list(expected.values()).count(None)

    def test_nothing(self) -> None:
        """An empty text and comments are no settings."""
        assert ({}, []) == read_settings("\n# none\n")


REFUSED = [
    ("-A=hunter2 -B 1", "something in line 1 has no value"),
    ("-A 1\n-hunter2", "something in line 2 has no value"),
    ("-A 1 hunter2", "something in line 1 has no name"),
    ("A=1\nhunter2", "line 2 is not `NAME=value`"),
    ("hunter2", "it is not a mapping of names to values"),
    ("- A=hunter2", "it is not a mapping of names to values"),
    ('{"A": "hunter2"', "it is neither lines, YAML nor JSON (line 1)"),
    ("A: hunter2: x", "it is neither lines, YAML nor JSON (line 1)"),
    ("A: [hunter2]", "`A` (line 1) has a list or a mapping as its value"),
    ("A=", "`A` (line 1) has no value"),
    ('A: ""', "`A` (line 1) has no value"),
    ("A=1\na=hunter2", "`a` (line 2) is given twice"),
    ("A-B=hunter2", "`A-B` (line 1) is not a setting's name"),
    ("Logging:Level=hunter2", "`Logging:Level` (line 1) is not a setting's name"),
    ("A=1\nLogging:Level=hunter2", "`Logging:Level` (line 2) is not a setting's name"),
    ('{"Logging:Level": "hunter2"}', "`Logging:Level` (line 1) is not a setting's name"),
    ("a.b=1\na_b=hunter2", "`a_b` (line 2) is given twice"),
    ("AZUREML_MODEL.DIR=hunter2", "see `model-path`"),
    ('{"A B": "hunter2"}', "`A B` (line 1) is not a setting's name"),
    ('{"A": "hunter2\\u0000"}', "contains a null character"),
    ("AzureWebJobsStorage=hunter2", "the host's storage is set up by this tool"),
    ("AzureWebJobsStorage__accountName=hunter2", "the host's storage is set up by this tool"),
    ("WEBSITES_ENABLE_APP_SERVICE_STORAGE=hunter2", "hide the image's files"),
    ("FUNCTIONS_EXTENSION_VERSION=hunter2", "belong to the image"),
    ("functions_worker_runtime=hunter2", "belong to the image"),
    ("DOCKER_REGISTRY_SERVER_PASSWORD=hunter2", "see `access`"),
    ("PYTHONPATH=hunter2", "hide the installed dependencies"),
    ("AZUREML_MODEL_DIR=hunter2", "see `model-path`"),
]


PEM = """\
KEY=-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIIrYSSNQFaA2Hwf1duRSxKtLYX5CB04fSeQ6tF1aY2Qk
c2VjcmV0bGFzdGxpbmU==
-----END EC PRIVATE KEY-----"""


class TestValuesOfSeveralLines:
    """A key, pasted as it is."""

    def test_as_lines(self) -> None:
        """The first line looks like a setting, and so does a last one with padding. No message shows either."""
        _, problems = read_settings(PEM)

        assert {f"line {number} is not `NAME=value`" for number in (2, 3, 4)} == {problem.what for problem in problems}
        assert all("`NAME: |`" in problem.remedy for problem in problems)

    @pytest.mark.parametrize(
        "padded", ["c2VjcmV0bGFzdGxpbmU==", "c2VjcmV0bGFzdGxpbmU=", "a+b/c2Vjc2VjcmV0bGFzdGxpbmU="]
    )
    def test_of_two_lines(self, padded: str) -> None:
        """Where everything else is well."""
        settings, problems = read_settings(f"KEY=c2VjcmV0\n{padded}\nLEVEL=info")

        assert {"KEY", "LEVEL"} == set(settings)
        assert [True] == ["line 2 " in problem.what for problem in problems]
        assert "c2VjcmV0bGFzdGxpbmU" not in str(problems)

    def test_as_yaml(self) -> None:
        """The way in for them."""
        indented = "".join(f"  {line}\n" for line in PEM.removeprefix("KEY=").splitlines())

        settings, problems = read_settings(f"KEY: |\n{indented}")

        assert ([PEM.removeprefix("KEY=") + "\n"], []) == ([value.reveal() for value in settings.values()], problems)


class TestRefusals:
    """What cannot be set."""

    @pytest.mark.parametrize(("text", "words"), REFUSED)
    def test_refuses(self, text: str, words: str) -> None:
        """With the line and the reason, and never with the value."""
        _, problems = read_settings(text)

        assert [True] == [words in problem.what for problem in problems]
        assert "hunter2" not in str(problems)

    @pytest.mark.parametrize("text", ["Logging:Level=1", '{"Logging:Level": "1"}'])
    def test_a_colon_has_another_form(self, text: str) -> None:
        """What .NET calls `Logging:Level` is `Logging__Level` in an environment."""
        _, [problem] = read_settings(text)

        assert "`Logging__Level`" in problem.remedy

    def test_all_at_once(self) -> None:
        """Each line has its own problem."""
        _, problems = read_settings("A=\nDOCKER_X=1\nnothing\nB=2\nB=3")

        assert len(problems) == 4

    @pytest.mark.parametrize("value", ["11", "many", "0x4", "-1", "0"])
    def test_number_of_processes(self, value: str) -> None:
        """From 1 to 10: the host takes no more, and does not start on what is no number."""
        _, problems = read_settings(f"FUNCTIONS_WORKER_PROCESS_COUNT={value}")

        assert [True] == ["is not a whole number from 1 to 10" in problem.what for problem in problems]

    @pytest.mark.parametrize("name", ["FUNCTIONS_WORKER_PROCESS_COUNT", "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"])
    def test_settings_that_users_tune(self, name: str) -> None:
        """Two settings of the runtime are the user's to choose."""
        assert ({name: Secret("4")}, []) == read_settings(f"{name}=4")
