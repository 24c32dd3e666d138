"""The nouns of `core`."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from functions_model.core.failures import InputsInvalid, Location, LoginFailed, Problem
from functions_model.core.references import ImageReference, canonical_json, digest_of, parse_digest, parse_reference
from functions_model.core.secrets import Secret


class TestSecret:
    """`Secret`."""

    def test_never_shows_its_value(self) -> None:
        """No way of printing a secret shows it."""
        secret = Secret("hunter2")

        assert {
            str(secret),
            f"{secret}",
            repr(secret),
            f"{secret!r}",
            "{}".format(secret),  # noqa: UP032
        } == {
            "***",
            "Secret(***)",
        }
        assert secret.reveal() == "hunter2"

    def test_refuses_to_be_pickled(self) -> None:
        """A pickle would hold the value."""
        with pytest.raises(TypeError):
            pickle.dumps(Secret("hunter2"))

    def test_refuses_to_be_empty(self) -> None:
        """Masking an empty value would mask everything."""
        with pytest.raises(ValueError, match="never empty"):
            Secret("")


class TestFailures:
    """`failures`."""

    def test_one_problem_reads_as_one_sentence(self) -> None:
        """A single problem needs no list."""
        failure = InputsInvalid("read the inputs", [Problem("it is empty", "Name your app.", "app-name")])

        assert str(failure) == "Could not read the inputs: app-name: it is empty. Name your app."
        assert failure.exit_code == 2

    def test_several_problems_are_listed(self) -> None:
        """Every problem is told at once, each with its own remedy and place."""
        failure = InputsInvalid(
            "read the inputs",
            [
                Problem("it is empty", "Name your app.", "app-name"),
                Problem("there is no `run`", "Add one.", "entry-script", Location(Path("score.py"), 3)),
            ],
        )

        assert str(failure).splitlines()[1:] == [
            "  - app-name: it is empty. Name your app.",
            "  - entry-script: there is no `run` (score.py:3). Add one.",
        ]
        assert len(failure.problems) == 2

    def test_a_reason_never_doubles_its_full_stop(self) -> None:
        """Service messages end with a full stop more often than not."""
        failure = LoginFailed("log in", "it said no.", "Ask.")

        assert str(failure) == "Could not log in: it said no. Ask."
        assert [str(problem) for problem in failure.problems] == [str(failure)]


class TestReferences:
    """`parse_reference`."""

    def test_reads_every_part(self) -> None:
        """Host with port, nested repository, tag and digest."""
        digest = digest_of(b"x")

        reference = parse_reference(f"localhost:5000/a/b:v1@{digest}")

        assert reference == ImageReference("localhost:5000", "a/b", "v1", digest)
        assert reference.pinned == f"localhost:5000/a/b@{digest}"

    @pytest.mark.parametrize(
        "text", ["python:3.12", "library/python", "x.io/UPPER", "x.io/a:bad tag", "x.io/a@sha256:1"]
    )
    def test_refuses_what_no_registry_takes(self, text: str) -> None:
        """No default registry is guessed, and names are checked."""
        with pytest.raises(ValueError, match=r".+"):
            parse_reference(text)


class TestDigests:
    """`digests`."""

    def test_canonical_json_depends_on_the_value_alone(self) -> None:
        """Key order does not matter."""
        assert canonical_json({"b": 1, "a": "ü"}) == canonical_json({"a": "ü", "b": 1}) == '{"a":"ü","b":1}'.encode()

    def test_parse_refuses_upper_case(self) -> None:
        """Registries compare digests as text."""
        with pytest.raises(ValueError, match="not a sha256 digest"):
            parse_digest("sha256:" + "A" * 64)
