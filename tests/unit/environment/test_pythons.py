"""Which Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from functions_model.core.failures import EnvironmentFailed, Location
from functions_model.environment import EnvironmentRequest, PythonChoice, base_image_for, choose_python
from functions_model.environment.pythons import allowed_minors

PLACE = Location(Path("environment.yml"), 3)


def request(expression: str | None = None) -> EnvironmentRequest:
    """A request whose file asks for that Python."""
    allowed = allowed_minors(expression) if expression else None
    pinned = allowed[0] if allowed and len(allowed) == 1 else None
    return EnvironmentRequest(PLACE.file, pinned, (), python_allowed=allowed, python_location=PLACE)


class TestChoice:
    """`choose_python`."""

    @pytest.mark.parametrize(
        ("wanted", "expression", "base", "choice"),
        [
            (None, None, None, PythonChoice("3.12", "it is the default")),
            ("3.10", None, None, PythonChoice("3.10", "the input `python-version` says so")),
            (None, "==3.11.*", None, PythonChoice("3.11", "the environment file asks for it")),
            (None, "==3.11.4", None, PythonChoice("3.11", "the environment file asks for it")),
            (None, ">=3.9", None, PythonChoice("3.12", "it is the default")),
            (None, ">=3.9,<3.12", None, PythonChoice("3.11", "it is the newest that the environment file allows")),
            (None, ">3.12.99", None, PythonChoice("3.14", "it is the newest that the environment file allows")),
            ("3.11", ">=3.10", None, PythonChoice("3.11", "the input `python-version` says so")),
            (None, None, "3.13", PythonChoice("3.13", "the base image has it")),
            ("3.13", None, "3.13", PythonChoice("3.13", "the input `python-version` says so")),
        ],
    )
    def test_chooses(self, wanted: str | None, expression: str | None, base: str | None, choice: PythonChoice) -> None:
        """The input, then the base image, then the environment file, then the default."""
        assert choice == choose_python(wanted, request(expression), base_version=base)

    @pytest.mark.parametrize(
        ("wanted", "expression", "base", "words"),
        [
            ("3.12", "==3.11.*", None, ["it allows Python 3.11, and the input `python-version` says 3.12"]),
            ("3.14", ">=3.10,<3.12", None, ["it allows Python 3.10 or 3.11, and the input `python-version` says 3.14"]),
            (None, "==3.11.*", "3.12", ["it allows Python 3.11, and the base image has 3.12"]),
            (None, ">=3.12", "3.11", ["it allows Python 3.12 or 3.13 or 3.14, and the base image has 3.11"]),
            ("3.11", None, "3.12", ["the base image has Python 3.12, and the input `python-version` says 3.11"]),
            ("3.9", None, None, ["the input `python-version` says Python 3.9, which Azure Functions does not run"]),
            (None, None, "3.9", ["the base image has Python 3.9, which Azure Functions does not run"]),
            (
                None,
                None,
                "3.15",
                ["the base image has Python 3.15, which this version of functions-model does not know"],
            ),
            (None, "==3.9.*", None, ["it asks for Python 3.9 that no Functions base image has"]),
            (None, "==3.15.*", None, ["it asks for Python 3.15 that no Functions base image has"]),
            (None, ">=3.15", None, ["it asks for a Python that no Functions base image has"]),
            (None, "==2.7.*", None, ["it asks for a Python that no Functions base image has"]),
            (
                "3.12",
                "==3.11.*",
                "3.13",
                [
                    "it allows Python 3.11, and the input `python-version` says 3.12",
                    "it allows Python 3.11, and the base image has 3.13",
                    "the base image has Python 3.13, and the input `python-version` says 3.12",
                ],
            ),
            (
                "3.12",
                "==3.9.*",
                "3.8",
                [
                    "the base image has Python 3.8, which Azure Functions does not run",
                    "the base image has Python 3.8, and the input `python-version` says 3.12",
                    "it asks for Python 3.9 that no Functions base image has",
                ],
            ),
        ],
    )
    def test_refuses(self, wanted: str | None, expression: str | None, base: str | None, words: list[str]) -> None:
        """What contradicts itself, or cannot be had: all of it at once."""
        with pytest.raises(EnvironmentFailed) as failure:
            choose_python(wanted, request(expression), base_version=base)

        assert words == [problem.what for problem in failure.value.problems]

    @pytest.mark.parametrize(("wanted", "expression", "base"), [(None, "==3.15.*", None), (None, None, "3.9")])
    def test_names_those_that_there_are(self, wanted: str | None, expression: str | None, base: str | None) -> None:
        """The list is in the message."""
        with pytest.raises(EnvironmentFailed, match=r"Ask for one of 3\.10, 3\.11, 3\.12, 3\.13, 3\.14\."):
            choose_python(wanted, request(expression), base_version=base)

    def test_names_the_line(self) -> None:
        """The line of the environment file that asks for Python."""
        with pytest.raises(EnvironmentFailed) as failure:
            choose_python("3.12", request("==3.11.*"))

        assert failure.value.problems[0].location == PLACE


class TestBaseImage:
    """`base_image_for`."""

    def test_floats_on_the_major_version(self) -> None:
        """A tag with a minor version of the host is never patched."""
        assert base_image_for("3.13") == "mcr.microsoft.com/azure-functions/python:4-python3.13"
