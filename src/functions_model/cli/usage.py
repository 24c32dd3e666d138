"""After a folder was deployed to the sandbox: use its trigger once, and say how to do that by hand.

A blob or queue trigger is used with the storage's and the namespace's own keys.
"""

# ruff: noqa: PLC0415 - Azure's clients are slow to import, and only `try` needs these

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from functions_model.azure.clients import AzureClients
from functions_model.azure.cloud import resolve_cloud
from functions_model.azure.login import credential_for
from functions_model.ci import detect
from functions_model.ci.host import CiHost
from functions_model.ci.terminal import size_of
from functions_model.cli.once import Ending
from functions_model.cli.sandbox import RunningSandbox
from functions_model.core.masking import cut
from functions_model.core.spec import BlobTrigger, DeploymentSpec, HttpTrigger, ServiceBusQueueTrigger, Target
from functions_model.report.calling import blob_example, content_type
from functions_model.report.pasting import pasted, quoted

if TYPE_CHECKING:
    from azure.storage.blob import BlobServiceClient

WAIT_SECONDS = 120.0
_POLL_SECONDS = 0.2
_EMULATOR = "UseDevelopmentEmulator=true"
"""Azure's client then takes the port from the connection string, and asks for no certificate."""
_RULE = "RootManageSharedAccessKey"
_LIFE = timedelta(days=1)
"""How long the printed address of the storage is good for; the sandbox rarely lives so long."""


def show_usage(ending: Ending, sandbox: RunningSandbox, ci: CiHost) -> None:
    """Write it to standard output, and how to go on to Azure.

    Args:
        ending: A run that succeeded.
        sandbox: Where it was deployed to.
        ci: Says whether that is a terminal: long commands then take several lines.
    """
    spec = ending.spec
    if not isinstance(spec, DeploymentSpec) or spec.target is None:
        return
    if isinstance(spec.trigger, HttpTrigger):
        lines = _http(spec, ending, sandbox, size_of(sys.stdout).columns if ci.facts.has_terminal else None)
    else:
        lines = _by_trigger(spec, spec.trigger, spec.target, sandbox)
    sys.stdout.write("\n".join(["", *lines, ""]))
    sys.stdout.flush()


def _http(spec: DeploymentSpec, ending: Ending, sandbox: RunningSandbox, columns: int | None) -> list[str]:
    words = [
        *("--cacert", sandbox.ca_file, "--header", f"Content-Type: {content_type(spec)}"),
        *("--data-binary", f"@{spec.sample_request or 'request.json'}"),
        *("--url", ending.verified.scoring_url),
    ]
    return ["Call it:", *pasted(["curl", *quoted(words)], columns, "  ")]


def _by_trigger(
    spec: DeploymentSpec, trigger: BlobTrigger | ServiceBusQueueTrigger, target: Target, sandbox: RunningSandbox
) -> list[str]:
    """Put the sample through the trigger itself, with the keys that the sandbox's Resource Manager gives."""
    if spec.login is None:
        raise TypeError("a deployment has a login")
    cloud = resolve_cloud(spec.login.cloud)
    with (
        closing(credential_for(spec.login, cloud, detect(sandbox.environ, sys.stderr))) as credential,
        closing(AzureClients(credential, target.names.subscription, cloud)) as clients,
    ):
        caller: BlobCaller | QueueCaller
        if isinstance(trigger, BlobTrigger):
            caller = BlobCaller.open(trigger, target, clients, sandbox.ca_file)
        else:
            caller = QueueCaller.open(trigger, target, clients, content_type(spec))
    lines = [*caller.exchange(spec.sample_request), ""] if spec.sample_request else []
    return [*lines, *caller.by_hand(str(spec.sample_request or "request.json"))]


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

    def exchange(self, sample: Path) -> list[str]:
        """Put the sample into the container; wait for the answer's blob."""
        from azure.storage.blob import BlobServiceClient

        source, answer = self._names(sample.name)
        credential = {"account_name": self.account, "account_key": self.key}
        with BlobServiceClient(self.endpoint, credential=credential, connection_verify=self.ca_file) as client:
            client.get_blob_client(*source).upload_blob(sample.read_bytes(), overwrite=True)
            put = f"Put {sample.name} to {'/'.join(source)}"
            return [f"{put} -> {'/'.join(answer)}: {self._answer(client, answer)}" if answer else put]

    def by_hand(self, sample: str) -> list[str]:
        """Two lines with `curl`."""
        source, answer = self._names(sample)
        put = ["curl", "--cacert", self.ca_file, "-X", "PUT", "-H", "x-ms-blob-type: BlockBlob"]
        lines = ["To put a blob by hand:", f"  {shlex.join([*put, '--data-binary', f'@{sample}', self._url(source)])}"]
        if answer:
            get = ["curl", "--cacert", self.ca_file, self._url(answer)]
            lines += ["To get its answer:", f"  {shlex.join(get)}"]
        return lines

    def _answer(self, client: BlobServiceClient, blob: tuple[str, str]) -> str:
        from azure.core.exceptions import ResourceNotFoundError

        body = _awaited(lambda: client.get_blob_client(*blob).download_blob().readall(), ResourceNotFoundError)
        return _LATE if body is None else shortened(body)

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

    def exchange(self, sample: Path) -> list[str]:
        """Send the sample; wait for the answer's message."""
        from azure.servicebus import ServiceBusClient, ServiceBusMessage

        with ServiceBusClient.from_connection_string(self.connection) as client:
            with client.get_queue_sender(self.trigger.input_queue) as sender:
                sender.send_messages(ServiceBusMessage(sample.read_bytes(), content_type=self.content_type))
            sent = f"Sent {sample.name} to the queue {self.trigger.input_queue}"
            if not self.trigger.output_queue:
                return [sent]
            with client.get_queue_receiver(self.trigger.output_queue) as receiver:
                received = receiver.receive_messages(max_wait_time=WAIT_SECONDS)
                for message in received:
                    receiver.complete_message(message)
                answer = shortened(b"".join(received[0].body)) if received else _LATE
        return [f"{sent} -> {self.trigger.output_queue}: {answer}"]

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


_LATE = f"no answer within {WAIT_SECONDS:.0f} s; the app's log says more"
_ANSWER_LENGTH = 500


def shortened(body: bytes) -> str:
    """A body as people can read it in one line."""
    try:
        text = " ".join(body.decode().split())
    except UnicodeDecodeError:
        return f"{len(body)} bytes"
    return cut(text, _ANSWER_LENGTH)


def _awaited(read: Callable[[], bytes], missing: type[Exception]) -> bytes | None:
    """What `read` gives as soon as it gives anything; None when it never does."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        try:
            return read()
        except missing:
            time.sleep(_POLL_SECONDS)
    return None
