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

    def test_nothing(self) -> None:
        """An empty text and comments are no settings."""
        assert ({}, []) == read_settings("\n# none\n")


REFUSED = [
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
    ('{"A B": "hunter2"}', "`A B` (line 1) is not a setting's name"),
    ('{"A": "hunter2\\u0000"}', "holds a null character"),
    ("AzureWebJobsStorage=hunter2", "the host's storage is set up by this tool"),
    ("AzureWebJobsStorage__accountName=hunter2", "the host's storage is set up by this tool"),
    ("WEBSITES_ENABLE_APP_SERVICE_STORAGE=hunter2", "hide the image's files"),
    ("FUNCTIONS_EXTENSION_VERSION=hunter2", "belong to the image"),
    ("functions_worker_runtime=hunter2", "belong to the image"),
    ("DOCKER_REGISTRY_SERVER_PASSWORD=hunter2", "see `access`"),
    ("PYTHONPATH=hunter2", "hide the installed dependencies"),
    ("AZUREML_MODEL_DIR=hunter2", "see `model-path`"),
]


class TestRefusals:
    """What cannot be set."""

    @pytest.mark.parametrize(("text", "words"), REFUSED)
    def test_refuses(self, text: str, words: str) -> None:
        """With the line and the reason, and never with the value."""
        _, problems = read_settings(text)

        assert [True] == [words in problem.what for problem in problems]
        assert "hunter2" not in str(problems)

    def test_all_at_once(self) -> None:
        """Each line has its own problem."""
        _, problems = read_settings("A=\nDOCKER_X=1\nnothing\nB=2\nB=3")

        assert len(problems) == 4

    @pytest.mark.parametrize("name", ["FUNCTIONS_WORKER_PROCESS_COUNT", "FUNCTIONS_REQUEST_BODY_SIZE_LIMIT"])
    def test_settings_that_users_tune(self, name: str) -> None:
        """Two settings of the runtime are the user's to choose."""
        assert ({name: Secret("4")}, []) == read_settings(f"{name}=4")
