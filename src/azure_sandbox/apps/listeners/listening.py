"""The listeners of one running app: a thread for each function that something else than HTTP triggers."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from azure_sandbox.apps.host_client import HostGone
from azure_sandbox.apps.listeners.blob import BlobListener
from azure_sandbox.apps.listeners.calling import Caller
from azure_sandbox.apps.listeners.failing import CannotStart, Unhandled
from azure_sandbox.apps.listeners.outputs import Outputs
from azure_sandbox.apps.listeners.queue import QueueListener
from azure_sandbox.functions_host.connections import Connection
from azure_sandbox.functions_host.options import BlobOptions, QueueOptions
from azure_sandbox.functions_host.triggers import BLOB_TRIGGER, Triggered, triggered_from_json

if TYPE_CHECKING:
    from azure_sandbox.apps.host_client import HostClient
    from azure_sandbox.apps.service_bus_access import ServiceBusDoor
    from azure_sandbox.apps.storage_accounts import StorageDoor
    from azure_sandbox.contract import SiteDefinition
    from azure_sandbox.pace import Pace


class Listener(Protocol):
    """Listens for one function."""

    def listen(self) -> None:
        """Listen until the app stops, or this try has failed.

        Raises:
            CannotStart: It cannot start.
            Unhandled: It fails where nobody catches it.
            HostGone: The host is gone.
        """


@dataclass(frozen=True, slots=True)
class Listening:
    """What the listeners of one app share.

    Attributes:
        site: The app.
        host: Its host.
        door: Lets the app into storage accounts.
        namespaces: Lets the app into Service Bus namespaces.
        outputs: Writes what functions give.
        caller: Calls functions.
        storage: The host's own storage; None when the app has none.
        blobs: How blobs are taken.
        queues: How messages are taken.
        pace: How fast they fail.
        stop: Set when the app stops.
    """

    site: SiteDefinition
    host: HostClient
    door: StorageDoor
    namespaces: ServiceBusDoor
    outputs: Outputs
    caller: Caller
    storage: Connection | None
    blobs: BlobOptions
    queues: QueueOptions
    pace: Pace
    stop: threading.Event

    def tell_error(self, function: Triggered, text: str) -> None:
        """An error in the host's log; nowhere when the host is gone."""
        with contextlib.suppress(HostGone):
            self.host.write_log("ERROR", f"Function.{function.name}", text)


class Listeners:
    """Runs the listeners of one app.

    Args:
        site: The app.
        host: Its host, which runs; closed when they end.
        doors: Let the app into storage accounts and Service Bus namespaces.
        told: What the host told of its functions.
        pace: How fast they fail.

    Attributes:
        run: Which start of the host in its process they listen for.
        busy: There is something to listen to.
    """

    def __init__(
        self,
        site: SiteDefinition,
        host: HostClient,
        doors: tuple[StorageDoor, ServiceBusDoor],
        told: dict[str, Any],
        pace: Pace,
    ) -> None:
        self.run = int(told["run"])
        outputs = Outputs(site, *doors)
        storage = Connection(**told["storage"]) if told["storage"] else None
        self._around = Listening(
            site=site,
            host=host,
            door=doors[0],
            namespaces=doors[1],
            outputs=outputs,
            caller=Caller(host, outputs),
            storage=storage,
            blobs=BlobOptions(**told["blobs"]),
            queues=QueueOptions(**told["queues"]),
            pace=pace,
            stop=threading.Event(),
        )
        functions = [triggered_from_json(one) for one in told["functions"]]
        self._threads = [
            threading.Thread(target=self._run, args=(one,), name=f"{site.name}-{one.name}", daemon=True)
            for one in functions
        ]
        self.busy = bool(functions)

    def start(self) -> None:
        """Begin; returns at once."""
        for thread in self._threads:
            thread.start()

    def release(self) -> None:
        """Tell them to end; returns at once."""
        self._around.stop.set()

    def join(self) -> None:
        """Wait until they are gone. Those in a call end with their host."""
        for thread in self._threads:
            thread.join()
        self._around.outputs.close()
        self._around.host.close()

    def _run(self, function: Triggered) -> None:
        around, listener = self._around, self._listener(function)
        while not around.stop.is_set():
            wait = around.pace.receive_again
            with contextlib.suppress(HostGone):
                try:
                    listener.listen()
                except CannotStart as error:
                    wait = around.pace.start_again
                    around.host.tell_listener(function.name, str(error))
                except Unhandled as error:
                    around.host.go_down(str(error))
            around.stop.wait(wait)

    def _listener(self, function: Triggered) -> Listener:
        made = BlobListener if function.trigger.kind == BLOB_TRIGGER else QueueListener
        return made(function, self._around)
