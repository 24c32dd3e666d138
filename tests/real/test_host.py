"""The Functions host by itself: what it answers, what it logs, and where it listens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hosts import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from hosts import Host, Hosts

NOT_RUNNING = "Function host is not running."
DEAD = "Endpoint=sb://nobody.invalid/;SharedAccessKeyName=listen;SharedAccessKey=bm9ib2R5"
ON = {"AzureFunctionsJobHost__Logging__Console__IsEnabled": "true"}
"""Switches the console log on, as the images of the product do."""


@pytest.fixture(scope="module")
def running(hosts: Hosts) -> Host:
    """A host with two HTTP functions, as the image comes: nothing switches its log on."""
    host = hosts.start("looking", "http", {})
    assert until(host.look), host.read_log()
    return host


@pytest.fixture(scope="module")
def broken(hosts: Hosts) -> Host:
    """A host that cannot read its host.json."""
    host = hosts.start("broken", "http", ON, {"host.json": '{"version": "2.0",'})
    assert until(lambda: host.status().get("state") == "Error"), host.read_log()
    return host


@pytest.fixture(scope="module")
def deaf(hosts: Hosts) -> Host:
    """A host whose Service Bus namespace is nowhere."""
    host = hosts.start("deaf", "messages", {**ON, "Bus": DEAD})
    assert until(host.look), host.read_log()
    return host


class TestError:
    """A host in the state `Error`."""

    def test_home_page(self, broken: Host, observe: Callable[..., None]) -> None:
        """It answers `/` with 503, so that a look at `/` alone says nothing of the cause."""
        answer = broken.ask("/")

        observe("status of `/` in Error", believed=503, seen=answer.status_code)
        observe("body of `/` in Error", believed=NOT_RUNNING, seen=answer.text)

    def test_admin(self, broken: Host, observe: Callable[..., None]) -> None:
        """The master key still opens its status, which names the cause; a ping is answered by anybody's."""
        observe("status of /admin/host/ping in Error", believed=200, seen=broken.ask("/admin/host/ping").status_code)
        observe("errors are told in Error", believed=True, seen=bool(broken.status().get("errors")))

    def test_functions(self, broken: Host, observe: Callable[..., None]) -> None:
        """None of its functions is called."""
        observe("status of a function in Error", believed=503, seen=broken.ask("/api/look").status_code)


class TestBodies:
    """What a function sees of a request's body."""

    def test_with_a_length(self, running: Host, observe: Callable[..., None]) -> None:
        """All of it."""
        seen = running.ask("/api/look", method="POST", data=b"x" * 1000).json()

        observe("bytes of a body with a length", believed=1000, seen=seen["body"])

    def test_in_chunks(self, running: Host, observe: Callable[..., None]) -> None:
        """Nothing: the host hands over a body only when the request says how long it is (issue #4926)."""
        seen = running.ask("/api/look", method="POST", data=iter([b"x" * 500, b"x" * 500])).json()

        observe("bytes of a body in chunks", believed=0, seen=seen["body"])


class TestPort:
    def test_port_is_80(self, hosts: Hosts, observe: Callable[..., None]) -> None:
        """Whatever PORT says: the image's own variable ASPNETCORE_URLS names the port."""
        host = hosts.start("port", "http", {"PORT": "8080"})

        observe("it answers at 80 with PORT=8080", believed=True, seen=bool(until(host.look, seconds=hosts.patience)))


class TestConsole:
    """What reaches standard output, and so the log that Azure keeps."""

    def test_is_off(self, running: Host, observe: Callable[..., None]) -> None:
        """Nothing of the host and nothing of the script, unless it is switched on."""
        log = running.read_log()

        observe("`Host started` in the log by default", believed=False, seen="Host started (" in log)
        observe("the script's print in the log by default", believed=False, seen="the script has printed" in log)

    def test_words(self, deaf: Host, observe: Callable[..., None]) -> None:
        """The words by which the product finds its way through the log."""
        log = until(lambda: _when("has printed", deaf.read_log())) or deaf.read_log()

        for words in ("Host started (", "Found the following functions:", "the script has printed this"):
            observe(f"`{words}` in the log", believed=True, seen=words in log)

    def test_form(self, deaf: Host, observe: Callable[..., None]) -> None:
        """Level and category stand in one line, the text on the next, set in."""
        lines = deaf.read_log().splitlines()
        at = next((number for number, line in enumerate(lines) if "Host started (" in line), 0)
        before = lines[at - 1].rpartition("Z ")[2].strip()

        observe("the line before `Host started`", believed="info: Host.Startup", seen=before.partition("[")[0])


class TestDeadListener:
    """A Service Bus listener whose namespace does not answer."""

    def test_status(self, deaf: Host, observe: Callable[..., None]) -> None:
        """The host runs, and the function's status names no error: opening no connection, its start cannot fail."""
        answer = deaf.ask("/admin/functions/messages/status", key=deaf.master)

        observe("state of the host", believed="Running", seen=deaf.status().get("state"))
        observe("status of the function", believed={}, seen=answer.json())

    def test_log(self, hosts: Hosts, deaf: Host, observe: Callable[..., None], timed: Callable[..., object]) -> None:
        """The log names the failure, after the client's own tries."""
        words = "Message processing error (Action="
        found = timed(
            "a namespace that is nowhere", lambda: until(lambda: words in deaf.read_log(), seconds=hosts.patience)
        )

        observe(f"`{words}` in the log", believed=True, seen=found)


def _when(words: str, log: str) -> str:
    return log if words in log else ""
