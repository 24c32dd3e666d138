"""The worker's loop: frames in, calls out. Sync functions run on threads, async ones on the event loop."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import logging
import os
import threading
import traceback
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from . import converting, frames, http
from .loading import LoadedFunction, load_function

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from .signature import Signature

_INVOCATION: contextvars.ContextVar[tuple[str, str]] = contextvars.ContextVar("invocation", default=("", ""))


class Dispatcher:
    """One worker.

    Args:
        channel: The socket to the host.
        app: The app's root.
        environ: Environment variables.
    """

    def __init__(self, channel: socket.socket, app: Path, environ: Mapping[str, str]) -> None:
        self._channel = channel
        self._app = app
        self._lock = threading.Lock()
        self._functions: dict[str, LoadedFunction] = {}
        threads = environ.get("PYTHON_THREADPOOL_THREAD_COUNT", "")
        self._pool = concurrent.futures.ThreadPoolExecutor(int(threads) if threads.isdigit() else None)
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self) -> None:
        """Work until the host is gone."""
        asyncio.set_event_loop(self._loop)
        logging.getLogger().addHandler(_ToHost(self))
        logging.getLogger().setLevel(logging.INFO)
        threading.Thread(target=self._read, name="channel", daemon=True).start()
        self.send({"type": "ready", "pid": os.getpid()})
        self._loop.run_forever()

    def send(self, head: dict[str, Any], body: bytes = b"") -> None:
        """Send a frame; from any thread."""
        with self._lock:
            self._channel.sendall(frames.pack(head, body))

    def _read(self) -> None:
        try:
            while True:
                head, body = frames.read(self._read_exactly)
                self._loop.call_soon_threadsafe(self._begin, head, body)
        except (EOFError, OSError):
            # The host is gone. User code on other threads must not keep the process.
            os._exit(0)

    def _read_exactly(self, count: int) -> bytes:
        received = bytearray(count)
        view, at = memoryview(received), 0
        while at < count:
            got = self._channel.recv_into(view[at:])
            if not got:
                raise EOFError
            at += got
        return bytes(received)

    def _begin(self, head: dict[str, Any], body: bytes) -> None:
        if head["type"] == "load":
            self._load(head)
            return
        task = self._loop.create_task(self._invoke(head, body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _load(self, head: dict[str, Any]) -> None:
        error = ""
        try:
            self._functions[head["name"]] = load_function(head, self._app)
        except BaseException as failure:  # noqa: BLE001 - a script may even call sys.exit
            error = _describe(failure)
        self.send({"type": "loaded", "name": head["name"], "error": error})

    async def _invoke(self, head: dict[str, Any], body: bytes) -> None:
        name, invocation = head["function"], head["id"]
        _INVOCATION.set((name, invocation))
        try:
            answer, content = await self._call(self._functions[name], head, body)
            self.send({"type": "result", "id": invocation, "error": "", **answer}, content)
        except BaseException as failure:  # noqa: BLE001 - a function may even call sys.exit
            self.send({"type": "result", "id": invocation, "error": _describe(failure)})

    async def _call(self, function: LoadedFunction, head: dict[str, Any], body: bytes) -> tuple[dict[str, Any], bytes]:
        signature = function.signature
        over_http = "method" in head
        given = http.make_request(head, body) if over_http else converting.decode(signature.trigger.kind, head, body)
        outs = {bound.name: http.make_out() for bound in signature.outputs}
        arguments = {signature.trigger.name: given, **outs}
        if signature.wants_context:
            arguments["context"] = _context(function, head["id"])
        if function.is_async:
            returned = await function.call(**arguments)
        else:
            context = contextvars.copy_context()
            returned = await self._loop.run_in_executor(self._pool, lambda: context.run(function.call, **arguments))
        if returned is not None and signature.returns is None:
            message = f"function '{function.name}' without a $return binding returned a non-None value"
            raise RuntimeError(message)
        if over_http:
            return http.read_response(_http_answer(signature, outs, returned))
        return _outputs(signature, outs, returned)


def _http_answer(signature: Signature, outs: dict[str, Any], returned: object) -> object:
    """What goes to the caller: `$return`, or the output binding of type http."""
    for bound in signature.outputs:
        if bound.kind.lower() == "http":
            return outs[bound.name].get()
    return returned


def _outputs(signature: Signature, outs: dict[str, Any], returned: object) -> tuple[dict[str, Any], bytes]:
    """The outputs' names, kinds and lengths, and their bytes one after the other. One that was not set is left out."""
    values = [(bound, outs[bound.name].get()) for bound in signature.outputs]
    made = [
        (bound.name, *converting.encode(bound.kind, value, bound.annotation))
        for bound, value in values
        if value is not None
    ]
    if signature.returns is not None:
        kind, content = converting.encode(signature.returns.kind, returned, signature.returns.annotation)
        made.append(("$return", kind, content))
    heads = [[name, kind, len(content)] for name, kind, content in made]
    return {"outputs": heads}, b"".join(content for _, _, content in made)


def _context(function: LoadedFunction, invocation: str) -> SimpleNamespace:
    return SimpleNamespace(
        invocation_id=invocation,
        function_name=function.name,
        function_directory=function.folder,
        thread_local_storage=threading.local(),
        trace_context=SimpleNamespace(Traceparent="", Tracestate="", Attributes={}),
        retry_context=SimpleNamespace(RetryCount=0, MaxRetryCount=0, rpc_exception=None),
    )


def _describe(failure: BaseException) -> str:
    text = f"{type(failure).__name__}: {failure}"
    return f"{text}\nStack: {''.join(traceback.format_tb(failure.__traceback__))}"


class _ToHost(logging.Handler):
    """Log records of user code go to the host, with the function that wrote them."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        super().__init__()
        self._dispatcher = dispatcher

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record. A record that cannot be formatted is reported, and breaks nothing."""
        try:
            function, invocation = _INVOCATION.get()
            text = self.format(record)
            head = {"type": "log", "level": record.levelname, "function": function, "id": invocation, "text": text}
            self._dispatcher.send(head)
        except Exception:  # noqa: BLE001 - as every logging handler does
            self.handleError(record)


def start(channel: socket.socket, app: str) -> None:
    """Run a worker over a channel."""
    Dispatcher(channel, Path(app), os.environ).run()
