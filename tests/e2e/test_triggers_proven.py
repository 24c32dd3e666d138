"""Blob and queue triggers that are proven: a probe of the run's own goes in, and its answer comes out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from azure.servicebus import ServiceBusMessage
from azure.storage.blob import BlobServiceClient

from functions_model.pipeline.release import FIRST
from support.dying import mortal
from support.service_bus import BRIEF, client_for
from support.triggers import account_token, namespace_token

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.arm.store import Resource
    from azure_sandbox.sandbox import Sandbox
    from support.dying import Mortal

pytestmark = pytest.mark.exhaustive

SEND = {"verify_trigger": "send", "sample": True}
BLOBS: dict[str, Any] = {
    "data_storage_account": "provendata",
    "input_path": "input/{name}.json",
    "output_path": "output/{rand-guid}/{name}_out.json",
    **SEND,
}
QUEUES: dict[str, Any] = {
    "service_bus_namespace": "proven-bus",
    "input_queue_name": "requests",
    "output_queue_name": "answers",
    **SEND,
}
OTHERS = b"a message of somebody else"
PROVEN = "The trigger is proven: a probe of this run went in, and its answer came out."


def owned(app: Mortal, resource_type: str, name: str) -> Resource:
    """The resource of that type and name in the app's group."""
    found = app.deployer.sandbox.arm.store.list(resource_type=resource_type, group=app.deployer.group)
    return next(one for one in found if one.id.name == name)


def broken_for(header: str, script: str) -> str:
    """The script that scores what is sent by HTTP, and raises for what comes through the trigger."""
    check = (
        f"    if '{header}' in {{name.lower() for name in request_headers}}:\n        raise ValueError('a trigger')\n"
    )
    begin, run, rest = script.partition("def run(")
    parameters, colon, body = rest.partition(":\n")
    return f"{begin}{run}{parameters.removesuffix(')')}, request_headers){colon}{check}{body}"


class TestABlobTrigger:
    def test_is_proven_and_nothing_stays(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """A login without the role is told which one, and where."""
        app = mortal(sandbox, tmp_path, "blob", "proven")

        refused = app.run(**BLOBS)
        account = owned(app, "Microsoft.Storage/storageAccounts", "provendata")
        token, url = account_token(sandbox, "provendata"), account.properties["primaryEndpoints"]["blob"]
        proven = app.run(**BLOBS)

        assert [8, 0] == [run.code for run in (refused, proven)], refused.log + proven.log
        assert f'--role "Storage Blob Data Contributor" --scope {account.id}' in refused.errors[0]
        assert " is left" not in refused.log.replace(FIRST, "")
        assert ("proven", True) == (proven.outputs["trigger-state"], PROVEN in proven.summary)
        with BlobServiceClient(url, credential=token, connection_verify=str(sandbox.endpoints.ca_file)) as client:
            for container in ("input", "output"):
                assert [] == [blob.name for blob in client.get_container_client(container).list_blobs()]


class TestAQueueTrigger:
    def test_is_proven_beside_the_messages_of_others(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """Its answer is left there, and said so. A probe that the app gives up is no proof: what ran before is back."""
        app = mortal(sandbox, tmp_path, "service-bus-queue", "proven")

        refused = app.run(**QUEUES)
        namespace = owned(app, "Microsoft.ServiceBus/namespaces", "proven-bus")
        host, token = namespace_token(sandbox, "proven-bus")
        with (
            client_for(token, host, sandbox.endpoints.ca_file) as client,
            client.get_queue_sender("answers", **BRIEF) as sender,
            client.get_queue_receiver("answers", **BRIEF) as answers,
        ):
            sender.send_messages(ServiceBusMessage(OTHERS))
            proven = app.run(**QUEUES)
            waiting = answers.peek_messages(3)
        dropped = app.run_with(lambda script: broken_for("brokerproperties", script), **QUEUES)

        assert [8, 0, 8] == [run.code for run in (refused, proven, dropped)], refused.log + proven.log + dropped.log
        assert " is left" not in refused.log.replace(FIRST, "")
        for role in ("Sender", "Receiver"):
            assert f'--role "Azure Service Bus Data {role}" --scope {namespace.id}' in refused.errors[0]
        assert ("proven", True) == (proven.outputs["trigger-state"], PROVEN in proven.summary)
        assert "is left in the queue `answers`, as other messages wait there" in proven.summary
        others, ours = (b"".join(message.body) for message in waiting)
        assert (OTHERS, [0, 0]) == (others, [message.delivery_count for message in waiting])
        assert ours.startswith(b'{"probe": "functions-model-probe-')
        assert "went to its dead-letter queue and is left there (MaxDeliveryCountExceeded" in dropped.errors[0]
        assert "and the app said: Could not score message `functions-model-probe-" in dropped.errors[0]
        assert "first" == app.model()
