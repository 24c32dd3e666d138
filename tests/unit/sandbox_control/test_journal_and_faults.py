"""The sandbox's own switches: what was asked, and what goes wrong on request."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, cast

import pytest
import requests

from azure_sandbox.faults import Fault, Faults
from azure_sandbox.journal import Journal, Journaled

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from unit.sandbox_control.conftest import Cloud


class TestJournal:
    def test_each_request_is_written_down(self, cloud: Cloud) -> None:
        """Service, method, path, status and the body's length."""
        cloud.call("PUT", f"{cloud.subscription}/resourcegroups/one", {"location": "westeurope"})
        (entry,) = cloud.sandbox.journal.entries()

        assert ("arm", "PUT", 201, 26) == (entry.service, entry.method, entry.status, entry.request_bytes)
        assert entry.path.endswith("/resourcegroups/one?api-version=2022-04-01")

    def test_bodies_are_kept_where_they_are_asked_for(self, cloud: Cloud) -> None:
        """For whoever has the object; another process is shown none, as they may hold secrets."""
        journal, url = cloud.sandbox.journal, f"{cloud.sandbox.endpoints.resource_manager}/sandbox/journal"
        cloud.call("PUT", f"{cloud.subscription}/resourcegroups/one", {"location": "westeurope"})
        journal.keeps_bodies = True
        cloud.call("PUT", f"{cloud.subscription}/resourcegroups/one", {"location": "northeurope"})
        shown = cloud.session.get(url, timeout=10).text

        assert [b"", b'{"location": "northeurope"}'] == [entry.body for entry in journal.entries()]
        assert "northeurope" not in shown

    def test_secrets_in_a_query_are_hidden(self, cloud: Cloud) -> None:
        """Only known parameters show their values."""
        cloud.call("GET", f"{cloud.subscription}?code=hidden")
        (entry,) = cloud.sandbox.journal.entries()

        assert "code=***" in entry.path
        assert "hidden" not in entry.path

    def test_writes_are_what_changes_something(self, cloud: Cloud) -> None:
        """Reads, logins, POSTs that list and syncs of triggers are no writes; a restart is one."""
        ends = cloud.sandbox.endpoints
        group = cloud.new_group("two")
        site = f"{group}/providers/Microsoft.Web/sites/app"
        cloud.call("GET", group)
        cloud.call("POST", f"{site}/config/appsettings/list")
        cloud.call("POST", f"{site}/syncfunctiontriggers")
        cloud.call("POST", f"{cloud.subscription}/providers/Microsoft.Storage/checkNameAvailability", {"name": "abc"})
        cloud.session.post(f"{ends.authority}/{ends.tenant_id}/oauth2/v2.0/token", data={}, timeout=10)
        cloud.call("POST", f"{site}/restart")

        assert [("POST", f"{site}/restart?api-version=2022-04-01")] == [
            (entry.method, entry.path) for entry in cloud.sandbox.journal.writes()
        ]

    def test_another_process_reads_and_clears_it(self, cloud: Cloud) -> None:
        """Over HTTP, which itself is not written down."""
        url = f"{cloud.sandbox.endpoints.resource_manager}/sandbox/journal"
        cloud.call("PUT", f"{cloud.subscription}/resourcegroups/three", {"location": "westeurope"})
        writes = cloud.session.get(f"{url}?writes=true", timeout=10).json()
        cloud.session.delete(url, timeout=10)

        assert ["PUT"] == [entry["method"] for entry in writes]
        assert [] == cloud.session.get(url, timeout=10).json()

    @pytest.mark.parametrize(
        ("length", "pieces"),
        [(b"0", [b""]), (b"4", [b"ab", b"cd", b""]), (None, [b"ab", b""])],
        ids=["an empty answer", "a stream of known length", "a stream of unknown length"],
    )
    def test_whoever_has_the_whole_answer_finds_the_entry(self, length: bytes | None, pieces: list[bytes]) -> None:
        """It is there before the message with which a client knows that the answer is complete."""
        journal, seen = Journal(), []

        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await send(
                {
                    "type": "http.response.start",
                    "status": 202,
                    "headers": [(b"Content-Length", length)][: length is not None],
                }
            )
            for number, piece in enumerate(pieces, 1):
                await send({"type": "http.response.body", "body": piece, "more_body": number < len(pieces)})

        async def send(message: Message) -> None:
            seen.append((message.get("body"), len(journal.entries())))

        scope = {"type": "http", "method": "POST", "path": "/", "query_string": b""}
        asyncio.run(Journaled(app, journal, "arm")(scope, cast("Receive", None), send))
        complete = {b"0": 0, b"4": 2, None: 2}[length]

        assert [None, *pieces] == [body for body, _ in seen]
        assert 1 == seen[complete][1]
        assert [202] == [entry.status for entry in journal.entries()]


class TestFaults:
    def status(self, cloud: Cloud) -> int:
        return cloud.call("GET", cloud.subscription).status_code

    def test_a_fault_hits_as_often_as_told(self, cloud: Cloud) -> None:
        """Then everything is well again."""
        fault = Fault("GET", "^/subscriptions/[^/]+$", 429, {"error": {"code": "x"}}, {"Retry-After": "1"}, times=2)
        cloud.sandbox.faults.add(fault)
        first = cloud.call("GET", cloud.subscription)

        assert (429, "1", "x") == (first.status_code, first.headers["Retry-After"], first.json()["error"]["code"])
        assert [429, 200] == [self.status(cloud), self.status(cloud)]

    def test_some_requests_may_pass_first(self, cloud: Cloud) -> None:
        """Those that do not concern it are not counted."""
        fault = Fault("GET", "^/subscriptions/[^/]+$", 500, passes=2)
        cloud.sandbox.faults.add(fault)
        cloud.call("PUT", f"{cloud.subscription}/resourcegroups/other", {"location": "westeurope"})
        statuses = [self.status(cloud)]
        left = [one.passes for one in cloud.sandbox.faults.waiting()]

        assert [1] == left
        assert [200, 200, 500, 200] == [*statuses, *(self.status(cloud) for _ in range(3))]

    def test_an_answer_may_be_anything(self, cloud: Cloud) -> None:
        """Bytes in its place; or the true one, with another body and its own length."""
        path, faults = "^/subscriptions/[^/]+$", cloud.sandbox.faults
        faults.add(Fault("GET", path, 200, b"\xff\xfe", {"Content-Type": "application/json"}))
        faults.add(Fault("GET", path, spoiled=lambda body: body[:9]))
        odd, spoiled = (cloud.call("GET", cloud.subscription) for _ in range(2))

        assert (b"\xff\xfe", "application/json") == (odd.content, odd.headers["Content-Type"])
        assert (200, "9") == (spoiled.status_code, spoiled.headers["Content-Length"])
        assert cloud.call("GET", cloud.subscription).content.startswith(spoiled.content)

    def test_other_requests_pass(self, cloud: Cloud) -> None:
        """Method, path and service must fit."""
        cloud.sandbox.faults.add(Fault("PUT", "/subscriptions/", 500))
        cloud.sandbox.faults.add(Fault("GET", "/elsewhere/", 500))
        cloud.sandbox.faults.add(Fault("GET", "/subscriptions/", 500, service="registry"))

        assert 200 == self.status(cloud)

    def test_a_connection_can_break_off(self, cloud: Cloud) -> None:
        """No answer at all; the journal shows status 0."""
        cloud.sandbox.faults.add(Fault("*", "/subscriptions/", drop_connection=True))
        with pytest.raises(requests.ConnectionError):
            self.status(cloud)

        assert 200 == self.status(cloud)
        assert 0 == cloud.sandbox.journal.entries("arm")[0].status

    def test_a_delay_alone_lets_the_request_through(self, cloud: Cloud) -> None:
        """It only takes longer."""
        cloud.sandbox.faults.add(Fault("*", "/subscriptions/", delay=0.2))
        status = self.status(cloud)

        assert 200 == status
        assert cloud.sandbox.journal.entries("arm")[0].seconds >= 0.2

    def test_a_request_can_be_kept_back(self, cloud: Cloud) -> None:
        """Until it is released; those that come after it go their way."""
        faults = cloud.sandbox.faults
        faults.add(Fault("*", "/subscriptions/", hold=True))
        with ThreadPoolExecutor(1) as pool:
            kept_back = pool.submit(self.status, cloud)
            while not faults.held:
                time.sleep(0.01)
            statuses = [self.status(cloud), kept_back.done()]
            faults.release()

        assert [200, False, 200] == [*statuses, kept_back.result()]

    def test_what_is_kept_back_has_arrived(self, cloud: Cloud) -> None:
        """Its client may be gone by then: what it asks for is done all the same, as with the real services."""
        group = f"/subscriptions/{cloud.sandbox.subscription_id}/resourcegroups/kept-back?api-version=2024-11-01"
        url = f"{cloud.sandbox.endpoints.resource_manager}{group}"
        token = cloud.sandbox.directory.issue_token(cloud.sandbox.endpoints.client_id, "https://management.azure.com")
        login = {"Authorization": f"Bearer {token}"}
        before = time.monotonic()
        cloud.sandbox.faults.add(Fault("PUT", "/resourcegroups/", hold=True))
        with pytest.raises(requests.Timeout):
            cloud.session.put(url, json={"location": "westeurope"}, headers=login, timeout=0.3)

        assert (1, []) == (cloud.sandbox.journal.open, cloud.sandbox.journal.entries("arm"))
        cloud.sandbox.faults.release()
        while cloud.sandbox.journal.open:
            time.sleep(0.01)

        entry = cloud.sandbox.journal.entries("arm")[0]
        assert (201, True) == (entry.status, before < entry.begun < time.monotonic() - 0.3)
        assert entry.agent.startswith("python-requests/")
        assert 200 == cloud.session.get(url, headers=login, timeout=10).status_code

    def test_registries_have_faults_too(self, cloud: Cloud) -> None:
        """Every service of the sandbox can be broken."""
        cloud.sandbox.faults.add(Fault("GET", "^/v2/", 503, service="registry"))
        url = f"https://{cloud.sandbox.endpoints.registry}/v2/"

        assert 503 == cloud.session.get(url, timeout=10).status_code

    def test_another_process_adds_and_removes_them(self, cloud: Cloud) -> None:
        """Over HTTP; a fault that makes no sense is refused."""
        url = f"{cloud.sandbox.endpoints.resource_manager}/sandbox/faults"
        added = cloud.session.post(url, json={"method": "GET", "path_pattern": "/subs", "status": 500}, timeout=10)
        wrong = cloud.session.post(url, json={"method": "GET", "path_pattern": "("}, timeout=10)
        unknown = cloud.session.post(url, json={"colour": "red"}, timeout=10)
        waiting = cloud.session.get(url, timeout=10).json()
        cloud.session.delete(url, timeout=10)

        assert (201, 400, 400) == (added.status_code, wrong.status_code, unknown.status_code)
        assert [500] == [fault["status"] for fault in waiting]
        assert 200 == self.status(cloud)

    def test_a_fault_that_does_nothing_is_refused(self) -> None:
        """It would hide a mistake in a test."""
        with pytest.raises(ValueError, match="needs a status"):
            Faults().add(Fault("GET", "/"))
