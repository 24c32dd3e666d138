"""The SDK's clients: one address, one token scope, short polls, built late."""

from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from azure.mgmt.storage.models import StorageAccountCheckNameAvailabilityParameters
from azure.mgmt.web.models import AppServicePlan

from functions_model.azure import api_versions
from functions_model.core.tracing import tracing
from support.fake_arm import Answer, Asked, clients_for
from support.tools import ROOT

VERSION = re.compile(r'"20\d\d-[01]\d-[0-3]\d(-preview)?"')
SOURCE = ROOT / "src" / "functions_model"
CLIENTS = ["web", "storage", "service_bus", "msi", "authorization", "resource", "registries"]


class TestClients:
    @pytest.mark.parametrize("name", CLIENTS)
    def test_are_built_once(self, name: str) -> None:
        """Many threads that ask at once get the same client."""
        clients = clients_for(lambda _: Answer(200, {}))

        with ThreadPoolExecutor(4) as threads:
            built = set(threads.map(lambda _: id(getattr(clients, name)), range(8)))

        assert 1 == len(built)

    def test_speak_to_the_clouds_resource_manager_with_its_token(self) -> None:
        """Every client sends the shared credential's token."""
        asked: list[Asked] = []

        def answer(request: Asked) -> Answer:
            asked.append(request)
            return Answer(200, {"value": []})

        clients = clients_for(answer)
        list(clients.registries.registries.list())
        list(clients.authorization.role_assignments.list_for_scope("subscriptions/x"))
        list(clients.msi.user_assigned_identities.list_by_resource_group("rg"))

        assert {"Bearer fake-token"} == {request.headers["authorization"] for request in asked}
        assert all("functions-model-action/" in request.headers["user-agent"] for request in asked)

    def test_tell_each_request_where_people_have_asked_for_it(self) -> None:
        """Each try by itself, with what support asks for, and without the query."""
        told: list[str] = []
        answers = iter(
            [Answer(429, {}, {"Retry-After": "0"}), Answer(200, {"value": []}, {"x-ms-correlation-request-id": "c-1"})]
        )

        with tracing(told.append):
            list(clients_for(lambda _: next(answers)).registries.registries.list())

        path = re.escape("/providers/Microsoft.ContainerRegistry/registries")
        assert re.fullmatch(rf"GET management.azure.com/subscriptions/[^?]+{path} 429, \d+ ms", told[0])
        assert re.fullmatch(
            rf"GET management.azure.com/subscriptions/[^?]+{path} 200, \d+ ms, correlation id c-1", told[1]
        )
        assert 2 == len(told)

    def test_ask_for_the_versions_of_one_table(self) -> None:
        """Not for the newest that the SDK knows, which some clouds do not have."""
        asked: list[Asked] = []

        def answer(request: Asked) -> Answer:
            asked.append(request)
            return Answer(200, {"value": []})

        clients = clients_for(answer)
        clients.web.web_apps.get("rg", "app")
        clients.storage.storage_accounts.check_name_availability(
            StorageAccountCheckNameAvailabilityParameters(name="x")
        )
        clients.service_bus.queues.get("rg", "bus", "queue")
        clients.msi.user_assigned_identities.get("rg", "identity")
        list(clients.authorization.role_assignments.list_for_scope("subscriptions/x"))
        list(clients.resource.resources.list())
        clients.registries.registries.get("rg", "contoso")

        assert [
            *(api_versions.WEB, api_versions.STORAGE, api_versions.SERVICE_BUS, api_versions.IDENTITIES),
            *(api_versions.AUTHORIZATION, api_versions.RESOURCES, api_versions.REGISTRIES),
        ] == [request.query.partition("api-version=")[2].partition("&")[0] for request in asked]

    def test_stand_in_that_table_alone(self) -> None:
        """No other file of the product has a version of its own. The payload has no table: it imports none of these."""
        files = (path for path in SOURCE.rglob("*.py") if path.parent.name != "payload")
        named = [path.name for path in files if VERSION.search(path.read_text())]

        assert ["api_versions.py"] == named

    def test_poll_at_the_interval_they_were_given(self) -> None:
        """A service that names no pause is asked again after our interval, not after the SDK's 30 s."""
        states = iter(["InProgress", "InProgress", "Succeeded"])

        def answer(request: Asked) -> Answer:
            return Answer(200, {"id": "x", "properties": {"provisioningState": next(states)}})

        plan = AppServicePlan(location="x")
        poller = clients_for(answer).web.app_service_plans.begin_create_or_update("rg", "p", plan)

        assert "Succeeded" == poller.result(timeout=5).provisioning_state

    def test_are_not_imported_before_they_are_used(self) -> None:
        """Importing our rooms imports no client of the SDK: each is slow, and few runs need all of them."""
        program = (
            "import functions_model.azure, functions_model.provision, functions_model.verify, sys;"
            "print([name for name in sys.modules if name.startswith(('azure.mgmt', 'azure.identity'))])"
        )
        out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)

        assert "[]" == out.stdout.strip()
