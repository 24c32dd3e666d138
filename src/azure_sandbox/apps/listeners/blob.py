"""A blob trigger: looks for new and changed blobs, and calls its function with each, up to five times."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError, ResourceModifiedError, ResourceNotFoundError

from azure_sandbox.apps.host_client import HostGone
from azure_sandbox.apps.listeners.blob_log import CATEGORY, switch_on, warning
from azure_sandbox.apps.listeners.calling import Event, InvocationFailed
from azure_sandbox.apps.listeners.failing import CannotStart, Unhandled, said_by_storage
from azure_sandbox.apps.listeners.poison import QUEUE, poison
from azure_sandbox.apps.listeners.receipts import Receipts, host_id_of
from azure_sandbox.apps.storage_accounts import OUTPUT, TRIGGER, TRIGGER_HOST, Roles, StorageRefused
from azure_sandbox.functions_host.binding_paths import check_trigger_path

if TYPE_CHECKING:
    from azure.storage.blob import BlobProperties, BlobServiceClient

    from azure_sandbox.apps.listeners.listening import Listening
    from azure_sandbox.apps.storage_accounts import OpenAccount
    from azure_sandbox.functions_host.connections import Connection
    from azure_sandbox.functions_host.triggers import Triggered

SCAN_SECONDS = 0.3
"""Between two looks. The real host waits 10 seconds, and reads the storage's logs beside."""
_ROLES_SECONDS = 1.0
_TRIES = 3
"""So often does the client of storage try again where nobody answers (Azure.Core, RetryOptions.cs)."""


class BlobListener:
    """Listens for one function.

    Args:
        function: The function.
        around: What it listens in.
    """

    def __init__(self, function: Triggered, around: Listening) -> None:
        self._function = function
        self._around = around
        self._container, self._template = check_trigger_path(function.trigger.place)
        self._seen: dict[str, str] = {}
        self._lost = 0

    def listen(self) -> None:
        """Listen until the app stops.

        It starts once it has its lock in the host's storage. What the looks meet after that takes the host down, but
        for a container that is not there, of which nothing is told. Azure/azure-sdk-for-net, Microsoft.Azure.WebJobs.
        Extensions.Storage.Blobs/src/Listeners/ScanBlobScanLogHybridPollingStrategy.cs, `PollNewBlobsAsync`; Azure/
        azure-webjobs-sdk, Timers/TaskSeriesTimer.cs, `RunAsync`; Azure/azure-functions-host#6385.

        Raises:
            CannotStart: The host's storage refuses the lock.
            Unhandled: A storage account refuses what a look needs.
            HostGone: The host is gone.
        """
        self._start()
        try:
            self._listen()
        except (HttpResponseError, StorageRefused) as error:
            raise Unhandled(said_by_storage(error)) from error
        except AzureError as error:
            self._lost += 1
            if self._lost > _TRIES:
                raise Unhandled(said_by_storage(error)) from error

    def _start(self) -> None:
        around = self._around
        try:
            around.door.open(around.site, self._storage(), Roles(TRIGGER_HOST.blobs))
        except StorageRefused as error:
            raise CannotStart(said_by_storage(error)) from error
        around.host.tell_listener(self._function.name, "")

    def _storage(self) -> Connection:
        """The host's own storage."""
        if self._around.storage is None:
            message = "Storage account connection string 'AzureWebJobsStorage' does not exist."
            raise StorageRefused(message)
        return self._around.storage

    def _listen(self) -> None:
        around = self._around
        with ExitStack() as closing:
            host = closing.enter_context(around.door.open(around.site, self._storage(), TRIGGER_HOST).blobs())
            blobs = closing.enter_context(self._open().blobs())
            receipts = Receipts(host, host_id_of(self._around.site), self._function.name)
            pool = ThreadPoolExecutor(self._around.blobs.parallel, f"blob-{self._function.name}")
            closing.callback(pool.shutdown, cancel_futures=True)
            logged = self._switch_on_log(blobs)
            work = _Work(self._function, self._around, blobs, receipts, self._container)
            self._scan_on(blobs, pool, work, logged=logged)

    def _switch_on_log(self, blobs: BlobServiceClient) -> bool:
        """Whether new blobs will be found in the log; the host's log says so when they will not."""
        if switch_on(blobs):
            return True
        self._around.host.write_log("WARNING", CATEGORY, warning(blobs.url))
        return False

    def _open(self) -> OpenAccount:
        """The account that it watches. A role for its queue is needed only when a blob is given up."""
        return self._around.door.open(self._around.site, self._function.trigger.connection, OUTPUT)

    def _scan_on(self, blobs: BlobServiceClient, pool: ThreadPoolExecutor, work: _Work, *, logged: bool) -> None:
        """Look on.

        Without the log nothing is found after the first look. So it is with 5.3.8 and 5.3.9 of the extension, whose
        scan of the container stands still after that (azure-sdk-for-net#61660; 5.3.10 mends it). Which version runs is
        the base image's matter, so the sandbox takes the worst one.
        """
        checked, first = time.monotonic(), True
        while not self._around.stop.is_set():
            for blob in self._list(blobs):
                values = self._template.match(blob.name)
                etag = str(blob.etag)
                if values is not None and self._seen.get(blob.name) != etag:
                    self._seen[blob.name] = etag
                    if first or logged:
                        pool.submit(self._take, work, blob.name, etag, values)
            first = False
            if time.monotonic() - checked > _ROLES_SECONDS:
                checked = time.monotonic()
                self._open()
            self._around.stop.wait(SCAN_SECONDS)

    def _list(self, blobs: BlobServiceClient) -> list[BlobProperties]:
        """Blobs with the path's first letters; none while there is no container."""
        container = blobs.get_container_client(self._container)
        try:
            found = list(container.list_blobs(name_starts_with=self._template.prefix or None))
        except ResourceNotFoundError:
            found = []
        self._lost = 0
        return found

    def _take(self, work: _Work, name: str, etag: str, values: dict[str, str]) -> None:
        """Work on one blob. What keeps it from being worked on at all is tried again with the next look."""
        try:
            work.take(name, etag, values)
        except (AzureError, StorageRefused) as error:
            self._seen.pop(name, None)
            self._around.tell_error(self._function, f"The blob '{self._container}/{name}' has to wait: {error}")
        except HostGone:
            self._seen.pop(name, None)


class _Work:
    """What is done with one blob."""

    def __init__(
        self, function: Triggered, around: Listening, blobs: BlobServiceClient, receipts: Receipts, container: str
    ) -> None:
        self._function, self._around, self._blobs = function, around, blobs
        self._receipts, self._container = receipts, container

    def take(self, name: str, etag: str, values: dict[str, str]) -> None:
        """Call the function until it succeeds, at most as often as host.json says; then poison the blob."""
        if self._receipts.has(self._container, name, etag):
            return
        for _ in range(self._around.blobs.tries):
            event = self._read(name, etag, values)
            if event is None or self._around.stop.is_set():
                return
            try:
                self._around.caller.call(self._function, event)
            except InvocationFailed:
                continue
            self._receipts.write(self._container, name, etag)
            return
        self._give_up(name, etag)

    def _give_up(self, name: str, etag: str) -> None:
        account = self._around.door.open(self._around.site, self._function.trigger.connection, TRIGGER)
        poison(account, self._function.name, self._container, name, etag)
        self._receipts.write(self._container, name, etag)
        text = (
            f"Message has reached MaxDequeueCount of {self._around.blobs.tries}. Moving message to queue '{QUEUE}': "
            f"blob '{self._container}/{name}'."
        )
        self._around.tell_error(self._function, text)

    def _read(self, name: str, etag: str, values: dict[str, str]) -> Event | None:
        """The blob in this version; None when there is none, or another."""
        client = self._blobs.get_blob_client(self._container, name)
        try:
            stream = client.download_blob(etag=etag, match_condition=MatchConditions.IfNotModified)
            body = stream.readall()
        except (ResourceNotFoundError, ResourceModifiedError):
            return None
        path = f"{self._container}/{name}"
        properties, metadata = _properties(stream.properties), dict(stream.properties.metadata or {})
        told = {
            "BlobTrigger": ("string", path),
            "Uri": ("json", json.dumps(client.url)),
            "Properties": ("json", json.dumps(properties)),
            "Metadata": ("json", json.dumps(metadata)),
        }
        known = {"BlobTrigger": path, "Uri": client.url, "Properties": properties, "Metadata": metadata}
        texts = {key: ("string", value) for key, value in values.items()}
        reason = f"New blob detected(LogsAndContainerScan): {path}"
        return Event(body, _overlaid(told, texts), _overlaid(known, values), reason)


def _overlaid(own: dict[str, Any], of_path: dict[str, Any]) -> dict[str, Any]:
    """Binding data: what the path gives wins over what the trigger gives of itself, whatever the case of its letters.

    Azure/azure-webjobs-sdk, Extensions.Storage/Blobs/Triggers/BlobTriggerBinding.cs:114-149.
    """
    names = {name.lower(): name for name in own}
    return {**own, **{names.get(key.lower(), key): value for key, value in of_path.items()}}


def _properties(blob: BlobProperties) -> dict[str, Any]:
    """A blob's properties by the names that .NET gives them."""
    return {
        "LastModified": blob.last_modified.isoformat(),
        "CreatedOn": blob.creation_time.isoformat() if blob.creation_time else None,
        "ContentLength": blob.size,
        "ContentType": blob.content_settings.content_type,
        "ContentEncoding": blob.content_settings.content_encoding,
        "ContentLanguage": blob.content_settings.content_language,
        "CacheControl": blob.content_settings.cache_control,
        "ETag": str(blob.etag),
    }
