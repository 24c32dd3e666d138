"""`access: keys` from end to end: apps that pull with a password and work with connection strings."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from azure.servicebus import ServiceBusMessage
from azure.storage.blob import BlobServiceClient

from azure_sandbox.contract import AppState
from support.deployer import Deployer
from support.keys_registry import registry_with_admin
from support.service_bus import client_for, connection_string
from support.triggers import TEXT_SCRIPT, blob_or_none, deploy, eventually

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.arm.store import Resource
    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run

pytestmark = pytest.mark.exhaustive

APP = "echo-keys"


@pytest.fixture(scope="module")
def registry(sandbox: Sandbox) -> str:
    """A registry with an admin user."""
    return registry_with_admin(sandbox, "keysregistry")


@pytest.fixture(scope="module")
def deployer(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Deployer:
    """One app for the tests of this module, which go on from one another."""
    return Deployer(sandbox, tmp_path_factory.mktemp("keys"), APP)


@pytest.fixture(scope="module")
def first(deployer: Deployer, registry: str) -> Run:
    """The first deployment."""
    run = deployer.run(access="keys", registry=registry)
    assert run.code == 0, run.log
    return run


def site_of(sandbox: Sandbox) -> Resource:
    """The app, as Resource Manager has it."""
    [site] = [one for one in sandbox.arm.store.list(group=f"{APP}-group") if one.id.name == APP]
    return site


class TestHttp:
    def test_the_live_function_scores(self, first: Run, sandbox: Sandbox) -> None:
        """Without an identity and without a role."""
        kinds = {one.id.resource_type.lower() for one in sandbox.arm.store.list(group=f"{APP}-group")}

        assert '"got": {"x": 1}' in first.summary
        assert {"microsoft.web/serverfarms", "microsoft.web/sites", "microsoft.storage/storageaccounts"} == kinds

    def test_every_secret_is_masked(self, first: Run, sandbox: Sandbox) -> None:
        """Account keys and the registry's password; each run of every test shows none of what it masks."""
        settings = sandbox.arm.sites.of(site_of(sandbox).id).settings
        password, string = settings["DOCKER_REGISTRY_SERVER_PASSWORD"], settings["AzureWebJobsStorage"]
        [key] = [part.partition("=")[2] for part in string.split(";") if part.startswith("AccountKey=")]

        assert {password, key} <= set(first.masked)

    def test_a_second_run_writes_nothing(self, first: Run, deployer: Deployer, sandbox: Sandbox, registry: str) -> None:
        """The keys are read, compared, and found to be the same, in no more requests than a redeployment may take."""
        sandbox.journal.clear()

        run = deployer.run(access="keys", registry=registry)

        assert run.code == 0, run.log
        assert run.outputs["changed"] == "false"
        assert sandbox.journal.writes() == []
        # A registry of a host that tells no name may be any: other tests of the sandbox have left some of theirs.
        theirs = re.compile(r"/registries/(?!keysregistry)")
        paths = [entry for entry in sandbox.journal.entries("arm") if "/subscriptions/" in entry.path]
        asked = [str(entry) for entry in paths if not theirs.search(entry.path)]
        assert len(asked) <= 12, "\n".join([*asked, run.log])

    def test_a_password_that_counts_no_more_ends_the_app_until_the_next_run(
        self, first: Run, deployer: Deployer, sandbox: Sandbox, registry: str
    ) -> None:
        """The pull is refused as on Azure; a run of ours puts the right password back, and the app lives."""
        resource = site_of(sandbox)
        site = sandbox.arm.sites.of(resource.id)
        site.settings = {**site.settings, "DOCKER_REGISTRY_SERVER_PASSWORD": "not-the-password"}
        sandbox.arm.sites.apply(resource.id, site, always_restart=True)
        eventually(lambda: sandbox.data.apps.state(str(resource.id)) is AppState.FAILED or None)
        log = sandbox.data.apps.log(str(resource.id))

        run = deployer.run(access="keys", registry=registry)

        assert "Image pull failed: Verify docker image configuration and credentials. unauthorized" in log
        assert run.code == 0, run.log
        assert run.outputs["changed"] == "true"

    def test_an_app_changes_to_an_identity_and_back(
        self, first: Run, deployer: Deployer, sandbox: Sandbox, registry: str
    ) -> None:
        """It is verified live after each change, and the run after that has nothing to do."""
        runs = [deployer.run(access=access, registry=registry) for access in ("identity", "identity", "keys", "keys")]

        assert [0, 0, 0, 0] == [run.code for run in runs], "\n".join(run.log for run in runs)
        assert ["true", "false", "true", "false"] == [run.outputs["changed"] for run in runs]
        assert all('"got": {"x": 1}' in run.summary for run in runs)

    def test_an_app_changes_through_a_slot_and_back(
        self, first: Run, deployer: Deployer, sandbox: Sandbox, registry: str
    ) -> None:
        """A swap leaves who pulls where it is: each side can pull what the swap brings it."""
        given = {"registry": registry, "slot_name": "staging", "swap": "true"}
        runs = []
        for weights, access in (("through", "identity"), ("back", "keys")):
            (deployer.folder / "model" / "weights.txt").write_text(weights)
            runs.append(deployer.run(access=access, **given))

        assert [0, 0] == [run.code for run in runs], "\n".join(run.log for run in runs)


class TestRefusal:
    def test_a_registry_without_an_admin_user_is_refused_in_the_plan(
        self, deployer: Deployer, sandbox: Sandbox
    ) -> None:
        """Both ways out are named, and nothing was written."""
        sandbox.journal.clear()

        run = deployer.run(access="keys", app_name="no-admin")

        assert run.code == 6, run.log
        assert "az acr update --name sandboxregistry --admin-enabled true" in run.log
        assert "`access: identity`" in run.log
        assert sandbox.journal.writes() == []


class TestTriggers:
    def test_a_blob_is_scored_into_another(self, sandbox: Sandbox, registry: str, tmp_path: Path) -> None:
        """With the data account's key."""
        inputs = {"input_path": "input/{name}.json", "output_path": "output/{name}.json"}
        deploy(
            sandbox, tmp_path, TEXT_SCRIPT, "blob-keys", access="keys", registry=registry, trigger="blob",
            data_storage_account="blobkeysdata", **inputs,
        )  # fmt: skip
        account = sandbox.arm.accounts.find("blobkeysdata")
        assert account
        credential = {"account_name": "blobkeysdata", "account_key": sandbox.arm.accounts.keys("blobkeysdata")[0]}
        url, trust = account.properties["primaryEndpoints"]["blob"], str(sandbox.endpoints.ca_file)
        with BlobServiceClient(url, credential=credential, connection_verify=trust) as client:
            client.get_blob_client("input", "one.json").upload_blob(b'{"x": 1}')

            answer = eventually(lambda: blob_or_none(client, "output", "one.json"))

        assert {"got": {"x": 1}, "color": None} == json.loads(answer)

    def test_a_message_is_answered_in_the_other_queue(self, sandbox: Sandbox, registry: str, tmp_path: Path) -> None:
        """With a key of the namespace."""
        deploy(
            sandbox, tmp_path, TEXT_SCRIPT, "queue-keys", access="keys", registry=registry, trigger="service-bus-queue",
            service_bus_namespace="queue-keys-bus", input_queue_name="requests", output_queue_name="answers",
        )  # fmt: skip
        found = sandbox.arm.service_bus.find("queue-keys-bus")
        rule = sandbox.arm.service_bus.rule("queue-keys-bus", None, "RootManageSharedAccessKey")
        assert found
        assert rule
        host = str(found.properties["serviceBusEndpoint"]).removeprefix("https://").rstrip("/")
        text = connection_string(host, "RootManageSharedAccessKey", rule.keys[0])
        with client_for(text, host, sandbox.endpoints.ca_file) as client:
            with client.get_queue_sender("requests") as sender:
                sender.send_messages(ServiceBusMessage(b'{"x": 2}'))
            with client.get_queue_receiver("answers") as receiver:
                [message] = receiver.receive_messages(max_message_count=1, max_wait_time=60)
                receiver.complete_message(message)

        assert {"x": 2} == json.loads(b"".join(message.body))["got"]
