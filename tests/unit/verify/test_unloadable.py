"""Functions that cannot be imported end a verification at once, and not after the app's whole time."""

from __future__ import annotations

import pytest

from support.fake_arm import Answer
from support.fake_live_app import App

LOG = {"content-type": "application/octet-stream"}
HIDDEN = (
    b"Worker failed to load function: 'identity'. Result: Failure Exception: ModuleNotFoundError: No module named "
    b"'azure.functions'. Please check the requirements.txt file for the missing module. For more info, please refer\n"
)
NAMED = "none of its functions can be imported: ModuleNotFoundError: No module named 'azure.functions'"


def app(log: bytes = HIDDEN, uptime: object = 1000, identity: tuple[Answer, ...] = (Answer(500),)) -> App:
    """One whose identity fails, with that log, on a host that has run for so many milliseconds."""
    status = {"state": "Running", "version": "4.1044"} | ({} if uptime is None else {"processUptime": uptime})
    return App(
        {
            "GET /api/identity": list(identity),
            "GET /admin/host/status": [Answer(200, status)],
            "POST iris/containerlogs": [Answer(200, log, LOG)],
        }
    )


class TestAnImportError:
    """The function `identity` imports nothing of the user's."""

    def test_is_final(self) -> None:
        """It is told within seconds, as what it is: not as a fault of the entry script."""
        failed = app()

        failure = failed.failure(timeout=600)

        assert failed.clock.now < 10
        assert failure.reason == NAMED
        assert "It is not the entry script" in failure.remedy
        assert "ModuleNotFoundError" in str(failure.detail)

    @pytest.mark.parametrize(
        "line",
        [b"ImportError: cannot import name 'x' from 'y'\n", b"  SyntaxError: invalid syntax (base.py, line 3)\n"],
    )
    def test_of_another_kind(self, line: bytes) -> None:
        """A package for another Python, or one that hides a module of Python's own."""
        assert app(line).failure(timeout=600).reason.endswith(line.decode().strip())

    @pytest.mark.parametrize("uptime", [900_000, None, "long"])
    def test_of_the_container_before(self, uptime: object) -> None:
        """A host that ran before the image was written may be the old one: it is waited for the new one."""
        assert "it was not live after 60 s" in app(uptime=uptime).failure(timeout=60).reason

    def test_that_passes(self) -> None:
        """A host may fail while its worker starts: a failure now and then is none."""
        good = Answer(200, {"build_id": "build-2", "trigger": "http"})

        proof = app(identity=(Answer(500), Answer(500), Answer(503), Answer(500), Answer(500), good)).verify()

        assert 6 == proof.attempts

    def test_needs_words_in_the_log(self) -> None:
        """A failure of another kind has the app's whole time, and the log is read every few looks alone."""
        failed = app(b"something else\n")

        assert "it was not live after 60 s" in failed.failure(timeout=60).reason
        assert failed.count("POST", "containerlogs") < failed.count("GET", "/api/identity") / 2
