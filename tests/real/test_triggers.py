"""Blobs and messages, sent and read by other means than the product's."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
import requests
from azure.servicebus import ServiceBusClient, ServiceBusMessage, TransportType
from azure.servicebus.exceptions import ServiceBusAuthorizationError, ServiceBusError

from az import AzFailed
from deployments import eventually, give_role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import product
    from deployments import App
    from session import Azure

VERSION = "2021-08-06"
STORAGE = "https://storage.azure.com/.default"
WORDS = "Message processing error (Action="
MESSAGE = {"readings": [{"temperature": 62.0, "vibration": 3.4, "flow": 16.1}]}


class Container:
    """Blobs of an account over plain HTTP, with the login's own token."""

    def __init__(self, azure: Azure, endpoint: str) -> None:
        self._azure, self._endpoint = azure, endpoint.rstrip("/")

    def put(self, path: str, content: bytes) -> requests.Response:
        """An upload."""
        return self._ask("PUT", path, data=content, headers={"x-ms-blob-type": "BlockBlob"})

    def get(self, path: str) -> bytes:
        """A blob; empty while there is none."""
        answer = self._ask("GET", path)
        return answer.content if answer.ok else b""

    def logging(self) -> dict[str, str]:
        """Which requests the account writes into its log: `Read`, `Write`, `Delete`."""
        answer = self._ask("GET", "?restype=service&comp=properties")
        found = ET.fromstring(answer.content).find("Logging") if answer.ok else None  # noqa: S314 - Azure's own
        return {} if found is None else {part.tag: part.text or "" for part in found}

    def _ask(self, method: str, path: str, **request: Any) -> requests.Response:
        token = self._azure.credential.get_token(STORAGE).token
        headers = {"Authorization": f"Bearer {token}", "x-ms-version": VERSION, **request.pop("headers", {})}
        url, trusted = f"{self._endpoint}/{path}", self._azure.target.trusted
        return requests.request(method, url, headers=headers, verify=trusted, timeout=60, **request)


@pytest.fixture(scope="module")
def blob_run(blobs: App) -> product.Run:
    """The first deployment behind a blob trigger."""
    run = blobs.deploy()
    assert run.code == 0, run.log[-8000:]
    return run


@pytest.fixture(scope="module")
def account(azure: Azure, blob_run: product.Run) -> dict[str, Any]:
    """The data account, as the product made it."""
    name = ("--resource-group", azure.group.name, "--name", f"fmreal{azure.group.run}data")
    return dict(azure.az.json("storage", "account", "show", *name))


@pytest.fixture(scope="module")
def closed(azure: Azure, account: dict[str, Any]) -> Container:
    """Its blobs for a login that has no role on data: it made the account, and no more."""
    return Container(azure, account["primaryEndpoints"]["blob"])


@pytest.fixture(scope="module")
def container(azure: Azure, account: dict[str, Any], closed: Container) -> Container:
    """Its blobs for a login that may write them."""
    give_role(azure, "Storage Blob Data Contributor", account["id"])
    return closed


@pytest.fixture(scope="module")
def queue_run(queue: App) -> product.Run:
    """The first deployment behind a Service Bus queue trigger."""
    run = queue.deploy()
    assert run.code == 0, run.log[-8000:]
    return run


@pytest.fixture(scope="module")
def namespace(azure: Azure) -> tuple[str, ...]:
    """Where the queues are, in az's words."""
    return ("--resource-group", azure.group.name, "--namespace-name", f"fm-real-{azure.group.run}-bus")


@pytest.fixture(scope="module")
def bus(azure: Azure, queue_run: product.Run, namespace: tuple[str, ...]) -> Iterator[ServiceBusClient]:
    """Azure's own client, as the login."""
    words = ("servicebus", "namespace", "show", *namespace[:2], "--name", namespace[3])
    made = azure.az.json(*words)
    give_role(azure, "Azure Service Bus Data Owner", made["id"])
    host = made["serviceBusEndpoint"].removeprefix("https://").rstrip("/").removesuffix(":443")
    with ServiceBusClient(host, azure.credential, **connection_options(azure, host)) as client:
        yield client


class TestStorage:
    """Who gets at the data of an account that the product made. It comes before the login has a role there."""

    def test_a_login_without_a_role(self, closed: Container, observe: Callable[..., None]) -> None:
        """Whoever may make accounts may not write blobs."""
        answer = closed.put("texts/letter.txt", b"Het regent.")

        observe("status of an upload without a role", believed=403, seen=answer.status_code)
        observe("its error", believed="AuthorizationPermissionMismatch", seen=answer.headers.get("x-ms-error-code"))

    def test_the_accounts_key(self, azure: Azure, account: dict[str, Any], observe: Callable[..., None]) -> None:
        """An account that was made for an identity takes no key, not even its own."""
        of = ("--resource-group", azure.group.name, "--account-name", account["name"])
        key = azure.az.json("storage", "account", "keys", "list", *of)[0]["value"]
        words = ("storage", "container", "list", "--account-name", account["name"], "--account-key", key)

        told = said(azure, *words, "--blob-endpoint", account["primaryEndpoints"]["blob"])

        code = "KeyBasedAuthenticationNotPermitted"
        observe(f"`{code}` with the account's key", believed=True, seen=code in told)

    def test_nobody(self, azure: Azure, account: dict[str, Any], observe: Callable[..., None]) -> None:
        """Without any login there are no public blobs."""
        url = f"{account['primaryEndpoints']['blob'].rstrip('/')}/texts/letter.txt"
        answer = requests.get(url, headers={"x-ms-version": VERSION}, verify=azure.target.trusted, timeout=60)

        observe("status without a login", believed=409, seen=answer.status_code)
        observe("its error", believed="PublicAccessNotPermitted", seen=answer.headers.get("x-ms-error-code"))


class TestBlob:
    """`examples/blob-language`."""

    def test_a_blob_is_scored_into_another(self, container: Container, observe: Callable[..., None]) -> None:
        """A text goes in, its language comes out, under the name of the text."""
        put = eventually(
            lambda: container.put("texts/letter.txt", b"Het regent vandaag de hele dag.").status_code == 201
        )

        answer = eventually(lambda: container.get("languages/letter.json"))

        observe("the login may write once its role counts", believed=True, seen=put)
        observe("the language of the answer", believed="Dutch", seen=json.loads(answer or "{}").get("language"))

    def test_writes_are_logged_for_it(self, container: Container, observe: Callable[..., None]) -> None:
        """The listener switches it on, at the account that it watches: without it, later blobs are never seen."""
        eventually(lambda: container.logging().get("Write") == "true")

        observe("writes are logged at the data account", believed="true", seen=container.logging().get("Write"))


class TestQueue:
    """`examples/service-bus-readings`."""

    def test_the_namespaces_key(
        self, azure: Azure, queue_run: product.Run, namespace: tuple[str, ...], observe: Callable[..., None]
    ) -> None:
        """A namespace that was made for an identity takes no key."""
        rule = ("--name", "RootManageSharedAccessKey")
        words = ("servicebus", "namespace", "authorization-rule", "keys", "list", *namespace, *rule)
        text = azure.az.json(*words)["primaryConnectionString"]

        observe("SAS is refused", believed=True, seen="LocalAuthDisabled" in refusal(azure, text))

    def test_a_message_is_answered_in_the_other_queue(
        self, bus: ServiceBusClient, observe: Callable[..., None]
    ) -> None:
        """The answer names the message."""
        message = ServiceBusMessage(json.dumps(MESSAGE), message_id="from-outside")

        sent = eventually(lambda: sends(bus, message))
        with bus.get_queue_receiver("judgements", max_wait_time=300) as receiver:
            answer = next(iter(receiver), None)
            told = json.loads(b"".join(answer.body)) if answer else {}
            if answer:
                receiver.complete_message(answer)

        observe("the login may send once its role counts", believed=True, seen=sent)
        observe("the message that the answer names", believed="from-outside", seen=told.get("answers"))


@pytest.fixture(scope="module")
def gone(azure: Azure, queue: App, bus: ServiceBusClient, namespace: tuple[str, ...]) -> None:
    """The input queue is deleted, and the app started again."""
    azure.az.text("servicebus", "queue", "delete", *namespace, "--name", "readings")
    azure.az.text("functionapp", "restart", *queue.of)


@pytest.mark.usefixtures("gone")
class TestDeadQueue:
    """The input queue is gone, and the app is started again."""

    def test_the_log_tells(self, queue: App, observe: Callable[..., None], timed: Callable[..., object]) -> None:
        """The host's log names the failure."""

        def tells() -> bool:
            log = log_of(queue)
            return WORDS in log and "The messaging entity" in log

        found = timed("a queue that is gone, after the restart", lambda: eventually(tells, seconds=patience(queue)))

        observe(f"`{WORDS}` in the log, and what is missing", believed=True, seen=found)

    def test_the_status_does_not(self, queue: App, queue_run: product.Run, observe: Callable[..., None]) -> None:
        """The function's own status stays empty: nothing but the log says that no message is ever scored."""
        key = eventually(queue.keys).get("masterKey", "")
        url = f"{queue_run.outputs['app-url']}/admin/functions/score/status"

        answer = eventually(lambda: status_of(queue, url, key))

        observe("status of the function", believed={}, seen=answer.json() if answer else "no answer")


def sends(bus: ServiceBusClient, message: ServiceBusMessage) -> bool:
    """Whether the message could be sent: not before the login's role counts."""
    try:
        with bus.get_queue_sender("readings") as sender:
            sender.send_messages(message)
    except ServiceBusAuthorizationError:
        return False
    return True


def said(azure: Azure, *words: str) -> str:
    """What a command of az says when it fails; nothing when it does not."""
    try:
        azure.az.json(*words)
    except AzFailed as failed:
        return str(failed)
    return ""


def refusal(azure: Azure, connection: str) -> str:
    """What a namespace says to a message that is sent with a connection string; nothing when it takes it."""
    host = re.search(r"Endpoint=sb://([^/;]+)", connection)
    options = connection_options(azure, host[1] if host else "")
    with ServiceBusClient.from_connection_string(connection, retry_total=0, **options) as client:
        try:
            with client.get_queue_sender("readings") as sender:
                sender.send_messages(ServiceBusMessage("no"))
        except ServiceBusError as error:
            return f"{error} {error.inner_exception or ''}"
    return ""


def connection_options(azure: Azure, host: str) -> dict[str, Any]:
    """What the client needs beside the address: on a sandbox, its port, and whom to trust."""
    options: dict[str, Any] = {"transport_type": TransportType.Amqp}
    if not azure.target.is_azure:
        # The port is the namespace's own, which the client takes from a custom endpoint alone.
        options |= {"custom_endpoint_address": f"sb://{host}", "connection_verify": azure.target.trusted}
    return options


def log_of(app: App) -> str:
    """The container's log."""
    return app.azure.arm.ask("POST", f"{app.path}/containerlogs", "2023-12-01").text


def status_of(app: App, url: str, key: str) -> requests.Response | None:
    """The answer, as soon as the app answers."""
    answer = app.call(url, key, method="GET")
    return answer if answer.ok else None


def patience(app: App) -> float:
    """Seconds that a listener has to fail in: the real client tries for some minutes."""
    return 600 if app.azure.target.is_azure else 20
