"""A Service Bus queue trigger: takes messages under a lock, calls its function, and settles each by how that ended."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from azure.core.exceptions import AzureError
from azure.servicebus.aio import AutoLockRenewer

from azure_sandbox.apps.host_client import HostGone
from azure_sandbox.apps.listeners.calling import InvocationFailed
from azure_sandbox.apps.listeners.failing import CannotStart, passes, said_by_service_bus
from azure_sandbox.apps.listeners.messages import event_of
from azure_sandbox.apps.service_bus_access import NamespaceRefused

if TYPE_CHECKING:
    from azure.servicebus import ServiceBusReceivedMessage
    from azure.servicebus.aio import ServiceBusReceiver, ServiceBusSession

    from azure_sandbox.apps.listeners.listening import Listening
    from azure_sandbox.functions_host.triggers import Triggered

_WAIT_SECONDS = 0.2
"""After so long without a message it looks whether the app stops."""


class QueueListener:
    """Listens for one function.

    Args:
        function: The function.
        around: What it listens in.
    """

    def __init__(self, function: Triggered, around: Listening) -> None:
        self._function = function
        self._around = around

    def listen(self) -> None:
        """Listen until the app stops, or nothing can be received.

        The start opens no connection: what keeps it from receiving is in the log alone, again with each try. What the
        client takes for passing is information there. Azure/azure-sdk-for-net, Microsoft.Azure.WebJobs.Extensions.
        ServiceBus/src/Triggers/ServiceBusTriggerAttributeBindingProvider.cs, `LogExceptionReceivedEvent`.

        Raises:
            CannotStart: The connection string is none.
            HostGone: The host is gone.
        """
        try:
            asyncio.run(self._listen())
        except (AzureError, NamespaceRefused, OSError) as error:
            self._tell(error)

    def _tell(self, error: AzureError | NamespaceRefused | OSError) -> None:
        passing, trigger = passes(error), self._function.trigger
        if passing and self._around.stop.wait(self._around.pace.unreachable):
            return
        where = f"EntityPath={trigger.place}, Endpoint={self._around.namespaces.host(trigger.connection)}"
        text = f"Message processing error (Action=Receive, {where})\n{said_by_service_bus(error)}"
        self._around.host.write_log("INFO" if passing else "ERROR", f"Function.{self._function.name}", text)

    async def _listen(self) -> None:
        around, trigger = self._around, self._function.trigger
        async with AsyncExitStack() as closing:
            try:
                opened = around.namespaces.async_client(around.site, trigger.connection)
            except ValueError as error:
                message = f"System.ArgumentException: {error}"
                raise CannotStart(message) from error
            around.host.tell_listener(self._function.name, "")
            client = await closing.enter_async_context(opened)
            receiver = client.get_queue_receiver(trigger.place, prefetch_count=around.queues.prefetch)
            await closing.enter_async_context(receiver)
            renewer = AutoLockRenewer(around.queues.renewal, on_lock_renew_failure=self._tell_lost_lock)
            closing.push_async_callback(renewer.close)
            pool = closing.enter_context(ThreadPoolExecutor(around.queues.parallel, f"queue-{self._function.name}"))
            await _Taking(self._function, around, receiver, renewer, pool).run()

    async def _tell_lost_lock(self, message: ServiceBusReceivedMessage | ServiceBusSession, error: object) -> None:
        action = f"Action=RenewLock, MessageId={getattr(message, 'message_id', '')}"
        text = f"Message processing error ({action}): {error or 'the lock has expired'}"
        self._around.tell_error(self._function, text)


class _Taking:
    """Messages of one open receiver."""

    def __init__(
        self,
        function: Triggered,
        around: Listening,
        receiver: ServiceBusReceiver,
        renewer: AutoLockRenewer,
        pool: ThreadPoolExecutor,
    ) -> None:
        self._function, self._around = function, around
        self._receiver, self._renewer, self._pool = receiver, renewer, pool
        self._slots = asyncio.Semaphore(around.queues.parallel)
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Take messages until the app stops, then let those that run end."""
        try:
            while not self._around.stop.is_set():
                await self._slots.acquire()
                messages = await self._receiver.receive_messages(max_message_count=1, max_wait_time=_WAIT_SECONDS)
                self._begin(messages)
        finally:
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self, messages: list[ServiceBusReceivedMessage]) -> None:
        if not messages:
            self._slots.release()
        for message in messages:
            if self._around.queues.renewal:
                self._renewer.register(self._receiver, message)
            task = asyncio.get_running_loop().create_task(self._take(message))
            self._tasks.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._slots.release()

    async def _take(self, message: ServiceBusReceivedMessage) -> None:
        """Call the function; its outputs are written before the message is completed."""
        call = self._around.caller.call
        try:
            await asyncio.get_running_loop().run_in_executor(self._pool, call, self._function, event_of(message))
        except (InvocationFailed, HostGone):
            succeeded = False
        else:
            succeeded = True
        if not self._around.queues.complete:
            return
        try:
            if succeeded:
                await self._receiver.complete_message(message)
            else:
                await self._receiver.abandon_message(message)
        except (AzureError, ValueError) as error:
            self._around.tell_error(
                self._function, f"Message processing error (Action=Settle, MessageId={message.message_id}): {error}"
            )
