"""Blob triggers: real apps in the process engine, real blobs in Azurite."""

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue import QueueServiceClient

from .cloud import BLOB_OWNER, KEYS, PULL, WWWROOT, Cloud, http_function
from .conftest import REGISTRY_ID, FakeDirectory, FakeRoles, account_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from azure_sandbox.certificates import TlsFiles
    from azure_sandbox.contract import SiteDefinition
    from azure_sandbox.storage import AzuriteStorage

    from .conftest import Court

pytestmark = pytest.mark.exhaustive

QUEUE_CONTRIBUTOR = "974c5e8b-45b9-4653-ba55-5f855dd0fb88"
ACCOUNT_CONTRIBUTOR = "17d1049b-9a84-46fb-8f53-869881c3d3ab"
TEXT = """
import json
import azure.functions as func

def main(blob: func.InputStream) -> str:
    content = blob.read()
    return json.dumps({"name": blob.name, "length": blob.length, "uri": blob.uri, "metadata": blob.metadata,
                       "text": content.decode().upper()})
"""
RAW = """
import azure.functions as func

def main(blob: bytes, out: func.Out[bytes], more) -> None:
    out.set(blob[::-1])
    if len(blob) > 10:
        more.set(str(len(blob)))
"""
FAILS = """
import azure.functions as func

def main(blob: func.InputStream) -> None:
    if b"bad" in blob.read():
        raise ValueError("the model cannot have this")
"""


def binding(kind: str, name: str, path: str, **more: object) -> dict[str, object]:
    direction = "in" if kind.endswith("Trigger") else "out"
    return {"type": kind, "direction": direction, "name": name, "path": path, "connection": "Data", **more}


def app() -> dict[str, str | bytes]:
    functions: dict[str, tuple[str, list[dict[str, object]]]] = {
        "text": (
            TEXT,
            [
                binding("blobTrigger", "blob", "texts/{name}.{ext}"),
                binding("blob", "$return", "%Results%/{{{name}}}_out.{ext}"),
            ],
        ),
        "raw": (
            RAW,
            [
                binding("blobTrigger", "blob", "raw/in-{name}", dataType="binary"),
                binding("blob", "out", "raw/out-{name}", dataType="binary"),
                binding("blob", "more", "%Results%/{rand-guid}-{DateTime:yyyy}.size"),
            ],
        ),
        "fails": (FAILS, [binding("blobTrigger", "blob", "failing/{name}")]),
        "shadows": (FAILS, [binding("blobTrigger", "blob", "shadows/{properties}.txt")]),
        "slanted": (
            TEXT,
            [binding("blobTrigger", "blob", "slanted/{name}"), binding("blob", "$return", "results/a\\{name}")],
        ),
        "lost": (FAILS, [binding("blobTrigger", "blob", "failing/{name}", connection="Nowhere")]),
        "quiet": (
            TEXT,
            [
                binding("blobTrigger", "blob", "quiet/{name}", connection="Quiet"),
                binding("blob", "$return", "results/{name}.quiet"),
            ],
        ),
        "keyed": (FAILS, [binding("blobTrigger", "blob", "keyed/{name}", connection="Keyed")]),
        "unset": (FAILS, [binding("blobTrigger", "blob", "%Unset%/{name}")]),
    }
    files: dict[str, str | bytes] = {
        f"{WWWROOT}/host.json": json.dumps({"version": "2.0", "extensions": {"blobs": {"maxDegreeOfParallelism": 2}}}),
        f"{WWWROOT}/ping/function.json": http_function("ping"),
        f"{WWWROOT}/ping/__init__.py": "def main(req):\n    return 'pong'\n",
    }
    for name, (script, bindings) in functions.items():
        files[f"{WWWROOT}/{name}/function.json"] = json.dumps({"bindings": bindings})
        files[f"{WWWROOT}/{name}/__init__.py"] = script
    return files


class Data:
    """The data account, and the app that listens there."""

    def __init__(self, cloud: Cloud, site: SiteDefinition, queue_url: str) -> None:
        self.cloud, self.site = cloud, site
        self.refused: list[str] = []
        self.blobs = cloud.azurite.client("data")
        credential = {"account_name": "data", "account_key": KEYS[0]}
        ca_file = str(cloud.platform._tls.ca_file)
        self.queues = QueueServiceClient(queue_url, credential=credential, connection_verify=ca_file)

    def put(self, path: str, content: bytes, **metadata: str) -> None:
        container, _, blob = path.partition("/")
        self.blobs.get_blob_client(container, blob).upload_blob(content, overwrite=True, metadata=metadata)

    def get(self, path: str) -> bytes | None:
        container, _, blob = path.partition("/")
        try:
            return self.blobs.get_blob_client(container, blob).download_blob().readall()
        except ResourceNotFoundError:
            return None

    def wait(self, what: Callable[[], Any]) -> Any:
        return self.cloud.wait(lambda: (found := what()) is not None and [found], self.site, 30)[0]

    def wait_log(self, text: str, count: int = 1) -> str:
        log = self.cloud.platform.log
        self.cloud.wait(lambda: log(self.site.resource_id).count(text) >= count, self.site, 30)
        return log(self.site.resource_id)

    def calls(self, function: str) -> int:
        return self.cloud.platform.log(self.site.resource_id).count(f"Executing 'Functions.{function}'")

    def status(self, function: str) -> list[str]:
        url = self.cloud.url(self.site, f"/admin/functions/{function}/status")
        master = {"x-functions-key": self.cloud.keys(self.site).master}
        return list(self.cloud.http.get(url, headers=master).json().get("errors", []))

    def close(self) -> None:
        self.blobs.close()
        self.queues.close()


@pytest.fixture(scope="module")
def cloud(
    tmp_path_factory: pytest.TempPathFactory, tls: TlsFiles, azurite: AzuriteStorage, court: Court
) -> Iterator[Cloud]:
    made = Cloud(
        tmp_path_factory.mktemp("cloud"), tls, FakeDirectory(), FakeRoles(), azurite, court=court, engine="process"
    )
    made.give(REGISTRY_ID, PULL)
    yield made
    made.close()


@pytest.fixture(scope="module")
def data(cloud: Cloud) -> Iterator[Data]:
    """The app with its blobs; a blob was there before it, and a role on the host's own storage was late."""
    ends = cloud.azurite.create("data", KEYS)
    for container in ("texts", "raw", "results", "keyed"):
        cloud.azurite.create_container("data", container)
    cloud.azurite.upload("data", "texts", "early.txt", b"early")
    for role in (BLOB_OWNER, QUEUE_CONTRIBUTOR):
        cloud.give(account_id("hosts"), role)
    for role in (BLOB_OWNER, ACCOUNT_CONTRIBUTOR, QUEUE_CONTRIBUTOR):
        cloud.give(account_id("data"), role)
    quiet = cloud.azurite.create("quiet", KEYS)
    cloud.azurite.upload("quiet", "quiet", "early", b"early")
    for role in (BLOB_OWNER, QUEUE_CONTRIBUTOR):
        cloud.give(account_id("quiet"), role)
    text = f"DefaultEndpointsProtocol=https;AccountName=data;AccountKey={{}};BlobEndpoint={ends.blob}"
    settings = {
        **cloud.host_storage("hosts"),
        "AzureWebJobsStorage__queueServiceUri": cloud.azurite.queue_endpoint("hosts"),
        "Data__blobServiceUri": ends.blob,
        "Data__queueServiceUri": ends.queue,
        "Data__credential": "managedidentity",
        "Data__clientId": cloud.identity.client_id,
        "Quiet__blobServiceUri": quiet.blob,
        "Quiet__queueServiceUri": quiet.queue,
        "Quiet__credential": "managedidentity",
        "Quiet__clientId": cloud.identity.client_id,
        "Keyed": text.format(KEYS[1]),
        "Keyed__blobServiceUri": "https://nowhere/",
        "Results": "results",
        "AzureFunctionsJobHost__extensions__blobs__poisonBlobThreshold": "3",
    }
    site = cloud.site("blobs", cloud.push(app()), **{name: value for name, value in settings.items() if value})
    cloud.platform.apply(site)
    cloud.wait_functions(site)
    made = Data(cloud, site, ends.queue)
    made.wait_log("The listener for function 'Functions.text' was unable to start.")
    made.refused = made.status("text")
    cloud.give(account_id("hosts"), ACCOUNT_CONTRIBUTOR)
    yield made
    made.close()
    cloud.platform.remove(site.resource_id)


class TestBlobTrigger:
    def test_a_missing_role_keeps_the_listener_from_starting_until_it_is_there(self, data: Data) -> None:
        """Log and status say so; then a blob that was there is processed, and the status keeps the error."""
        said = json.loads(data.wait(lambda: data.get("results/{early}_out.txt")))

        assert len(data.refused) == 1
        assert data.refused[0].startswith(
            "The listener for function 'Functions.text' was unable to start. Azure.RequestFailedException: "
        )
        assert "AuthorizationPermissionMismatch" in data.refused[0]
        assert data.status("text") == data.refused
        data.wait_log("Listener successfully started for function 'Functions.text' after")
        assert (said["name"], said["text"], said["length"]) == ("texts/early.txt", "EARLY", 5)

    def test_the_function_gets_the_blobs_name_place_and_metadata(self, data: Data) -> None:
        """The first name takes what it can, folders included, and literal braces are braces."""
        data.put("texts/a/b.tar.gz", b"body", author="me")
        said = json.loads(data.wait(lambda: data.get("results/{a/b.tar}_out.gz")))

        assert (said["name"], said["metadata"]) == ("texts/a/b.tar.gz", {"author": "me"})
        assert said["uri"].endswith("/data/texts/a/b.tar.gz")

    def test_a_blob_whose_name_does_not_fit_is_left_alone(self, data: Data) -> None:
        """The next one that fits is processed, this one is not."""
        calls = data.calls("text")
        data.put("texts/nothing", b"x")
        data.put("texts/after.txt", b"")
        said = json.loads(data.wait(lambda: data.get("results/{after}_out.txt")))

        assert (said["text"], said["length"]) == ("", None)
        assert data.calls("text") == calls + 1

    def test_bytes_go_through_as_they_are(self, data: Data) -> None:
        """Bytes that are no UTF-8, and 50 MB of them; an output that is not set makes no blob."""
        data.put("raw/in-small", bytes(range(128, 138)))
        small = data.wait(lambda: data.get("raw/out-small"))
        sizes = [blob for blob in data.blobs.get_container_client("results").list_blob_names() if "size" in blob]
        large = bytes(range(256)) * (50 * 4096)
        data.put("raw/in-large", large)
        came = data.wait(lambda: data.get("raw/out-large"))

        assert small == bytes(range(137, 127, -1))
        assert sizes == []
        assert came == large[::-1]

    def test_the_log_of_the_account_is_switched_on(self, data: Data) -> None:
        """Writes are logged from then on, and kept for a week: the user's own account is changed."""
        data.wait(lambda: data.get("results/{early}_out.txt"))
        logging = data.blobs.get_service_properties()["analytics_logging"]

        assert (True, False, False) == (logging.write, logging.read, logging.delete)
        assert (True, 7) == (logging.retention_policy.enabled, logging.retention_policy.days)

    def test_without_the_right_to_switch_it_on_later_blobs_are_not_seen(self, data: Data) -> None:
        """A data owner scores what was there; then nothing more, and a warning is all that the log says."""
        first = data.wait(lambda: data.get("results/early.quiet"))
        data.cloud.azurite.upload("quiet", "quiet", "later", b"later")
        data.put("texts/since.txt", b"since")
        data.wait(lambda: data.get("results/{since}_out.txt"))
        log = data.wait_log("Storage Analytics Logs are not enabled on the target blob storage account:")

        assert b"EARLY" in first
        assert data.get("results/later.quiet") is None
        assert "/quiet/'. See aka.ms/AAywxhb" in log

    def test_a_changed_blob_is_processed_again(self, data: Data) -> None:
        """Each version once."""
        data.put("texts/changed.txt", b"one")
        data.wait(lambda: data.get("results/{changed}_out.txt"))
        data.put("texts/changed.txt", b"two")
        data.wait(lambda: b"TWO" in (data.get("results/{changed}_out.txt") or b"") or None)

        assert data.cloud.platform.log(data.site.resource_id).count("texts/changed.txt") == 2

    def test_a_blob_that_fails_is_given_up_after_its_tries(self, data: Data) -> None:
        """Its container came late. The log has the error and the queue a message; the next blob is processed."""
        data.cloud.azurite.create_container("data", "failing")
        data.put("failing/one", b"bad")
        with data.queues.get_queue_client("webjobs-blobtrigger-poison") as queue:
            data.wait_log("Moving message to queue 'webjobs-blobtrigger-poison'")
            messages = [json.loads(base64.b64decode(message.content)) for message in queue.receive_messages()]
        data.put("failing/two", b"good")
        log = data.wait_log("Executed 'Functions.fails' (Succeeded")

        assert [("BlobTrigger", "failing", "one")] == [
            (one["Type"], one["ContainerName"], one["BlobName"]) for one in messages
        ]
        assert (messages[0]["FunctionId"], messages[0]["BlobType"]) == ("Host.Functions.fails", "BlockBlob")
        assert messages[0]["ETag"].startswith('"0x')
        assert log.count("Executed 'Functions.fails' (Failed") == 3
        assert "the model cannot have this" in log

    def test_settings_that_are_missing_are_errors_of_their_function(self, data: Data) -> None:
        """A connection and a %SETTING%; other functions run."""
        lost, unset = data.status("lost"), data.status("unset")
        ping = data.cloud.http.get(data.cloud.url(data.site, "/api/ping"))

        assert "Storage account connection string 'AzureWebJobsNowhere' does not exist." in lost[0]
        assert "Error indexing method 'Functions.unset'" in unset[0]
        assert "'%Unset%' does not resolve to a value." in unset[0]
        assert ping.text == "pong"

    def test_a_connection_string_wins_over_a_group(self, data: Data) -> None:
        """With the account's key no role is asked for."""
        data.put("keyed/a", b"x")

        assert "Executed 'Functions.keyed' (Failed" not in data.wait_log("Executed 'Functions.keyed' (Succeeded")

    def test_a_restart_processes_nothing_twice(self, data: Data) -> None:
        """Receipts in the host's storage tell what is done; what came meanwhile is processed."""
        cloud, calls = data.cloud, data.calls("text")
        cloud.platform.restart(data.site.resource_id)
        data.put("texts/meanwhile.txt", b"x")
        data.wait(lambda: data.get("results/{meanwhile}_out.txt"))
        time.sleep(0.4)  # a second look: what is processed twice would show
        with cloud.azurite.client("hosts") as client:
            names = list(client.get_container_client("azure-webjobs-hosts").list_blob_names())

        assert data.calls("text") == calls + 1
        assert any(
            name.startswith('blobreceipts/blobs/Host.Functions.text/"0x') and name.endswith("/texts/early.txt")
            for name in names
        )


class TestARefusedLook:
    def test_takes_the_host_down_until_it_is_let_in(self, data: Data) -> None:
        """Again and again; then blobs are processed, also after a restart in the process."""
        cloud, ends = data.cloud, data.cloud.azurite.create("shut", KEYS)
        function = json.dumps({"bindings": [binding("blobTrigger", "blob", "failing/{name}")]})
        files: dict[str, str | bytes] = {
            f"{WWWROOT}/host.json": '{"version": "2.0"}',
            f"{WWWROOT}/fails/function.json": function,
            f"{WWWROOT}/fails/__init__.py": FAILS,
        }
        place = {"Data__blobServiceUri": ends.blob, "Data__queueServiceUri": ends.queue}
        own = {name: value for name, value in data.site.app_settings.items() if name.startswith("AzureWebJobsStorage")}
        identity = {"Data__credential": "managedidentity", "Data__clientId": cloud.identity.client_id}
        site = cloud.site("shut", cloud.push(files), **own, **identity, **place)
        cloud.platform.apply(site)
        shut = Data(cloud, site, ends.queue)
        down = shut.wait_log("An unhandled exception has occurred. Host is shutting down.", 2)
        cloud.give(account_id("shut"), BLOB_OWNER)
        cloud.give(account_id("shut"), ACCOUNT_CONTRIBUTOR)
        cloud.azurite.upload("shut", "failing", "one", b"good")
        starts = shut.wait_log("Executed 'Functions.fails' (Succeeded").count("Host started (")
        cloud.platform.ask_host(site.resource_id, "POST", "/admin/host/restart")
        shut.wait_log("Host started (", starts + 1)
        cloud.azurite.upload("shut", "failing", "two", b"good")
        shut.wait_log("Executed 'Functions.fails' (Succeeded", 2)
        shut.close()
        cloud.platform.remove(site.resource_id)

        lines = down.splitlines()
        at = next(number for number, line in enumerate(lines) if "Host is shutting down" in line)
        head = "fail: Microsoft.Azure.WebJobs.Script.WebHost.WebScriptHostExceptionHandler[0]"
        assert head == lines[at - 1]
        assert lines[at + 1].startswith("      Azure.RequestFailedException: This request is not authorized")
        assert "has exited with code 0" in down


class TestNames:
    """Names that the host takes, and that break every blob."""

    def test_of_a_path_that_hides_the_triggers_own(self, data: Data) -> None:
        """The worker gets a text in the place of the blob's properties."""
        data.cloud.azurite.create_container("data", "shadows")
        data.put("shadows/one.txt", b"good")

        log = data.wait_log("blob 'shadows/one.txt'.")

        assert log.count("Executed 'Functions.shadows' (Failed") == 3
        assert "field 'Properties' in trigger metadata" in log

    def test_of_an_output_with_a_backslash(self, data: Data) -> None:
        """The function has run, and its answer cannot be written."""
        data.cloud.azurite.create_container("data", "slanted")
        data.put("slanted/one.txt", b"good")

        log = data.wait_log("blob 'slanted/one.txt'.")

        assert "The given blob name 'a\\one.txt' contain illegal characters." in log
