"""What Application Insights' ingestion takes, and from whom."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
import requests

from azure_sandbox.faults import Fault
from support.ingestion import COMPONENT, KEY, Service, ingestion_service

if TYPE_CHECKING:
    from collections.abc import Iterator

PUBLISHER = "3913510d-42f4-4e42-8a64-420c390055eb"


@pytest.fixture
def service() -> Iterator[Service]:
    with ingestion_service() as running:
        yield running


def item(name: str = "a", key: str = KEY) -> dict[str, Any]:
    point = {"name": name, "value": 1.5, "count": 2, "min": 0.5, "max": 1.0}
    data = {"baseType": "MetricData", "baseData": {"ver": 2, "metrics": [point], "properties": {"le": "1"}}}
    head = {"ver": 1, "name": "Microsoft.ApplicationInsights.Metric", "time": "2026-12-01T05:00:00Z"}
    return {**head, "iKey": key, "tags": {"ai.cloud.role": "iris"}, "data": data}


def send(service: Service, body: bytes, path: str = "//v2.1/track", **headers: str) -> tuple[int, Any]:
    answer = requests.post(f"{service.url}{path}", body, headers=headers, timeout=10)
    return answer.status_code, answer.json()


class TestWhatIsTaken:
    """Items, one by one."""

    @pytest.mark.parametrize("packed", [False, True])
    @pytest.mark.parametrize("lines", [False, True])
    def test_items_come_as_an_array_or_as_lines(self, service: Service, packed: bool, lines: bool) -> None:
        """The exporter for Python sends the one, the SDK of the host the other, in gzip."""
        items = [item("a"), item("b")]
        body = ("\n".join(map(json.dumps, items)) if lines else json.dumps(items)).encode()
        headers = {"Content-Encoding": "gzip"} if packed else {}

        status, told = send(service, gzip.compress(body) if packed else body, **headers)

        assert (200, {"itemsReceived": 2, "itemsAccepted": 2, "errors": []}) == (status, told)
        [first, second] = service.metrics()
        assert ("a", "b", 2, 1.5, 0.5, 1.0) == (
            first.name,
            second.name,
            *(first.count, first.sum, first.least, first.most),
        )
        assert ({"le": "1"}, {"ai.cloud.role": "iris"}) == (first.dimensions, first.tags)

    def test_an_unknown_key_refuses_its_own_item(self, service: Service) -> None:
        """The others are taken; when none is left, the answer is a refusal."""
        error = {"statusCode": 400, "message": "Invalid instrumentation key"}

        some = send(service, json.dumps([item(), item(key="other")]).encode(), "/v2.1/track")
        none = send(service, json.dumps([item(key="other")]).encode())

        assert (206, {"itemsReceived": 2, "itemsAccepted": 1, "errors": [{"index": 1, **error}]}) == some
        assert (400, {"itemsReceived": 1, "itemsAccepted": 0, "errors": [{"index": 0, **error}]}) == none
        assert ["a"] == [one.name for one in service.metrics()]

    @pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[1]", b"\xff"])
    def test_what_is_no_item_is_refused(self, service: Service, body: bytes) -> None:
        """Whatever it is instead."""
        assert 400 == send(service, body)[0]

    def test_faults_strike_it(self, service: Service) -> None:
        """A redirect, for one."""
        service.faults.add(Fault("POST", "track", 308, headers={"Location": f"{service.url}/v2.1/track"}))

        assert 200 == send(service, json.dumps([item()]).encode())[0]


class TestWhoMaySend:
    """Tokens, and components that want one."""

    def test_a_component_without_keys_wants_a_token(self, service: Service) -> None:
        """As the exporter is told, in the words of the service."""
        service.component.properties["DisableLocalAuth"] = True

        status, told = send(service, json.dumps([item()]).encode())

        assert (401, "please provide the valid authorization token") == (status, told["errors"][0]["message"])
        assert [] == service.metrics()

    def test_a_token_needs_the_role(self, service: Service) -> None:
        """That of writing metrics, on this component or above it, and a token for this service."""
        service.component.properties["DisableLocalAuth"] = True
        directory = service.directory
        who = directory.add_managed_identity("iris", "")
        token = directory.issue_token(who.client_id, "https://monitor.azure.com")
        other = directory.issue_token(who.client_id, "https://storage.azure.com")
        body = json.dumps([item()]).encode()

        before = send(service, body, Authorization=f"Bearer {token}")
        service.roles.grant(who.object_id, PUBLISHER, str(COMPONENT))
        after = send(service, body, Authorization=f"Bearer {token}")

        assert (403, 200) == (before[0], after[0])
        assert "do not grant the access to ingest" in before[1]["errors"][0]["message"]
        assert 401 == send(service, body, Authorization=f"Bearer {other}")[0]
        assert 401 == send(service, body, Authorization="Bearer nonsense")[0]
        assert 400 == send(service, body, "/v2/track", Authorization=f"Bearer {token}")[0]
