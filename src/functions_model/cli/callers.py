"""Use a blob or queue trigger of an app in the sandbox, with the storage's and the namespace's own keys."""

# ruff: noqa: PLC0415 - Azure's clients are slow to import, and only `try` needs these

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from functions_model.azure.clients import AzureClients
from functions_model.azure.cloud import resolve_cloud
from functions_model.azure.login import credential_for
from functions_model.ci import detect
from functions_model.cli.sandbox import RunningSandbox
from functions_model.core.spec import BlobTrigger, DeploymentSpec, ServiceBusQueueTrigger, Target
from functions_model.report.calling import blob_example, content_type

if TYPE_CHECKING:
    from azure.servicebus import ServiceBusReceiver

WAIT_SECONDS = 120.0
_POLL_SECONDS = 0.2
_EMPTY_SECONDS = 0.5
"""So long is looked for answers of earlier messages."""
_EMULATOR = "UseDevelopmentEmulator=true"
"""Azure's client then takes the port from the connection string, and asks for no certificate."""
_RULE = "RootManageSharedAccessKey"
_LIFE = timedelta(days=1)
"""How long the printed address of the storage is good for; the sandbox rarely lives so long."""


@dataclass(frozen=True, slots=True)
class Sent:
    """What goes through a trigger.

    Attributes:
        name: A file's.
        body: Its content.
        content_type: Of the body.
    """

    name: str
    body: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """What became of it.

    Attributes:
        said: What was put where, a clause.
        where: Where the answer was waited for; empty where that is not known, or there is none.
        answer: Its body; None when none came in time.
    """

    said: str
    where: str = ""
    answer: bytes | None = None


def caller_for(spec: DeploymentSpec, sandbox: RunningSandbox) -> BlobCaller | QueueCaller:
    """Whoever uses the trigger of a deployed app.

    Raises:
        TypeError: It has an HTTP trigger, or was not deployed.
    """
    trigger, target = spec.trigger, spec.target
    if spec.login is None or target is None or not isinstance(trigger, BlobTrigger | ServiceBusQueueTrigger):
        raise TypeError("only a deployment with a blob or queue trigger has a caller")
    cloud = resolve_cloud(spec.login.cloud)
    with (
        closing(credential_for(spec.login, cloud, detect(sandbox.environ, sys.stderr))) as credential,
        closing(AzureClients(credential, target.names.subscription, cloud)) as clients,
    ):
        if isinstance(trigger, BlobTrigger):
            return BlobCaller.open(trigger, target, clients, sandbox.ca_file)
        return QueueCaller.open(trigger, target, clients, content_type(spec))


@dataclass(frozen=True, slots=True)
class BlobCaller:
    """A container that the app watches, and the one that it answers in."""

    trigger: BlobTrigger
    endpoint: str
    account: str
    key: str
    settings: dict[str, str]
    ca_file: str

    @classmethod
    def open(cls, trigger: BlobTrigger, target: Target, clients: AzureClients, ca_file: str) -> Self:
        """Switch the account to keys, and read its own: a shell has no identity to show."""
        group, account = target.names.group, target.resources.data_storage_account or ""
        accounts = clients.storage.storage_accounts
        takes_keys: Any = {"properties": {"allowSharedKeyAccess": True}}
        accounts.update(group, account, takes_keys)
        keys: Any = accounts.list_keys(group, account)
        found: Any = accounts.get_properties(group, account)
        settings = {name: secret.reveal() for name, secret in target.app_settings.items()}
        return cls(
            trigger, found.primary_endpoints.blob.rstrip("/"), account, keys.keys_property[0].value, settings, ca_file
        )

    def exchange(self, sent: Sent, seconds: float = WAIT_SECONDS) -> Exchange:
        """Put a body into the container; wait for the answer's blob. An earlier answer in its place is removed."""
        from azure.core.exceptions import ResourceNotFoundError
        from azure.storage.blob import BlobServiceClient, ContentSettings

        source, answer = self._names(sent.name)
        credential = {"account_name": self.account, "account_key": self.key}
        with BlobServiceClient(self.endpoint, credential=credential, connection_verify=self.ca_file) as client:
            answered = client.get_blob_client(*answer) if answer else None
            with suppress(ResourceNotFoundError):
                if answered:
                    answered.delete_blob()
            kind = ContentSettings(content_type=sent.content_type)
            client.get_blob_client(*source).upload_blob(sent.body, overwrite=True, content_settings=kind)
            said = f"Put {sent.name} to {'/'.join(source)}"
            if answer is None or answered is None:
                return Exchange(said)
            read = partial(_read, answered.download_blob)
            return Exchange(said, "/".join(answer), _awaited(read, ResourceNotFoundError, seconds))

    def by_hand(self, sample: str) -> list[str]:
        """Two lines with `curl`."""
        source, answer = self._names(sample)
        put = ["curl", "--cacert", self.ca_file, "-X", "PUT", "-H", "x-ms-blob-type: BlockBlob"]
        lines = ["To put a blob by hand:", f"  {shlex.join([*put, '--data-binary', f'@{sample}', self._url(source)])}"]
        if answer:
            get = ["curl", "--cacert", self.ca_file, self._url(answer)]
            lines += ["To get its answer:", f"  {shlex.join(get)}"]
        return lines

    def _names(self, sample: str) -> tuple[tuple[str, str], tuple[str, str] | None]:
        """A blob that fits the input path, and where its answer goes; None where the host makes up a name."""
        source = self._example(self.trigger.input_path, sample)
        if self.trigger.output_path is None or "{" in self._example(self.trigger.output_path, sample)[1]:
            return source, None
        return source, self._example(self.trigger.output_path, sample)

    def _example(self, path: str, sample: str) -> tuple[str, str]:
        for name, value in self.settings.items():
            path = path.replace(f"%{name}%", value)
        return blob_example(path, sample)

    def _url(self, blob: tuple[str, str]) -> str:
        from azure.storage.blob import AccountSasPermissions, ResourceTypes, generate_account_sas

        permissions = AccountSasPermissions(read=True, write=True, create=True, list=True)
        ends = datetime.now(UTC) + _LIFE
        types = ResourceTypes(object=True, container=True)
        signature = generate_account_sas(self.account, self.key, types, permissions, expiry=ends)
        return f"{self.endpoint}/{'/'.join(blob)}?{signature}"


_PROGRAM = """\
import sys
from azure.servicebus import ServiceBusClient, ServiceBusMessage
client = ServiceBusClient.from_connection_string({connection!r})
with client, client.get_queue_sender({queue!r}) as sender:
    sender.send_messages(ServiceBusMessage(open(sys.argv[1], "rb").read(), content_type={content_type!r}))
"""
_ANSWER = """\
with client, client.get_queue_receiver({answer!r}) as receiver:
    for message in receiver:
        print(bytes(b"".join(message.body)))
        receiver.complete_message(message)
"""


@dataclass(frozen=True, slots=True)
class QueueCaller:
    """A queue that the app receives from, and the one that it answers to."""

    trigger: ServiceBusQueueTrigger
    connection: str
    content_type: str

    @classmethod
    def open(cls, trigger: ServiceBusQueueTrigger, target: Target, clients: AzureClients, content_type: str) -> Self:
        """Switch the sandbox's namespace to keys, and read its connection string: a shell has no identity to show."""
        group, namespace = target.names.group, target.resources.service_bus_namespace or ""
        by_keys: Any = {"properties": {"disableLocalAuth": False}}
        clients.service_bus.namespaces.update(group, namespace, by_keys)
        keys: Any = clients.service_bus.namespaces.list_keys(group, namespace, _RULE)
        return cls(trigger, f"{keys.primary_connection_string};{_EMULATOR}", content_type)

    def exchange(self, sent: Sent, seconds: float = WAIT_SECONDS) -> Exchange:
        """Send a message; wait for the answer's. What waits in the answers' queue before is taken out of it."""
        from azure.servicebus import ServiceBusClient, ServiceBusMessage

        said, answers = f"Sent {sent.name} to the queue {self.trigger.input_queue}", self.trigger.output_queue
        with ServiceBusClient.from_connection_string(self.connection) as client, ExitStack() as opened:
            receiver = opened.enter_context(client.get_queue_receiver(answers)) if answers else None
            while receiver and _received(receiver, _EMPTY_SECONDS) is not None:
                pass
            with client.get_queue_sender(self.trigger.input_queue) as sender:
                sender.send_messages(ServiceBusMessage(sent.body, content_type=sent.content_type))
            return Exchange(said, answers or "", _received(receiver, seconds) if receiver else None)

    def by_hand(self, sample: str) -> list[str]:
        """A short program, as the shell runs it."""
        program = _PROGRAM.format(
            connection=self.connection,
            queue=self.trigger.input_queue,
            content_type=self.content_type,
        )
        if self.trigger.output_queue:
            program += _ANSWER.format(answer=self.trigger.output_queue)
        lines = ["To send a message by hand, and print the answers until Ctrl-C:"]
        lines += [f"{shlex.quote(sys.executable)} - {shlex.quote(sample)} <<'END'", *program.splitlines(), "END"]
        return lines


def _received(receiver: ServiceBusReceiver, seconds: float) -> bytes | None:
    """The body of the next message, which is taken; None when none comes."""
    received = receiver.receive_messages(max_wait_time=seconds)
    for message in received:
        receiver.complete_message(message)
    return b"".join(received[0].body) if received else None


def _read(download: Callable[[], Any]) -> bytes:
    body: bytes = download().readall()
    return body


def _awaited(read: Callable[[], bytes], missing: type[Exception], seconds: float) -> bytes | None:
    """What `read` gives as soon as it gives anything; None when it never does."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            return read()
        except missing:
            time.sleep(_POLL_SECONDS)
    return None
