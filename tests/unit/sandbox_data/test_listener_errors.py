"""What the stand-in for the Functions host keeps and logs of a listener that cannot start."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING

import pytest

from azure_sandbox.functions_host.admin import answer_admin
from azure_sandbox.functions_host.console import Console
from azure_sandbox.functions_host.host import ScriptHost
from azure_sandbox.functions_host.options import read_options
from azure_sandbox.functions_host.triggered import answer_listeners

from .cloud import http_function

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "The listener for function 'Functions.score' was unable to start."
DENIED = "Azure.RequestFailedException: This request is not authorized.\nStatus: 403"


@pytest.fixture
def log() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def host(tmp_path: Path, log: io.StringIO) -> ScriptHost:
    """A host with one function, without an interpreter: it ends in Error, knowing its function."""
    (tmp_path / "score").mkdir()
    (tmp_path / "score" / "function.json").write_text(http_function("score"))
    (tmp_path / "score" / "__init__.py").write_text("def main(req):\n    return 'x'\n")
    options = read_options({"AzureWebJobsScriptRoot": str(tmp_path)})
    nowhere = {"languageWorkers__python__defaultExecutablePath": "/nowhere/python"}
    made = ScriptHost(options, Console(log, enabled=True), nowhere, tmp_path / "worker.py")
    made.start()
    return made


def tell(host: ScriptHost, error: str) -> None:
    body = json.dumps({"error": error}).encode()
    assert (204, b"") == answer_listeners(host, "PUT", "/admin/sandbox/listeners/score", body)


def status(host: ScriptHost) -> object:
    return answer_admin(host, "GET", "/admin/functions/score/status", "")[1]


class TestAListenerThatCannotStart:
    def test_is_in_the_functions_status_as_long_as_the_host_runs(self, host: ScriptHost, log: io.StringIO) -> None:
        """Also when it has started since, of which the log tells."""
        for error in (DENIED, DENIED, ""):
            tell(host, error)
        lines = [line.strip() for line in log.getvalue().splitlines()]

        assert {"errors": [f"{TEXT} {DENIED}"]} == status(host)
        assert 2 == lines.count(TEXT)
        assert [
            "Retrying to start listener for function 'Functions.score' (Attempt 2)",
            "info: Host.Startup[0]",
            "Listener successfully started for function 'Functions.score' after 2 retries.",
        ] == lines[-3:]

    def test_is_forgotten_with_a_restart(self, host: ScriptHost) -> None:
        """In the same process, by whoever has the master key; listeners see that it happened."""
        tell(host, DENIED)
        host.settled.clear()
        code, body = answer_admin(host, "POST", "/admin/host/restart", "")

        assert (200, False) == (code, body["isFileSystemReadOnly"])
        assert host.settled.wait(10)
        assert ({}, (200, b"1")) == (status(host), answer_listeners(host, "GET", "/admin/sandbox/run", b""))

    def test_that_starts_at_once_says_nothing(self, host: ScriptHost, log: io.StringIO) -> None:
        """As the real one."""
        tell(host, "")

        assert "istener" not in log.getvalue()
        assert {} == status(host)
