"""The host's side of a worker: starts the process, sends it work, and notices when it is gone."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import threading
import uuid
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, TypeAlias

from .worker import frames

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

Reply: TypeAlias = "tuple[dict[str, Any], bytes]"
START_SECONDS = 60.0
"""The host waits that long for the worker's first message."""


class WorkerGone(Exception):
    """The worker process ended, or was stopped."""


class Worker:
    """One worker process.

    Args:
        command: The interpreter and the worker's start script.
        app: The app's root: argument and working folder.
        environ: The process's environment.
        on_log: Called with each `log` frame's head.
        on_print: Called with each line that the process prints.
    """

    def __init__(
        self,
        command: list[str],
        app: Path,
        environ: Mapping[str, str],
        on_log: Callable[[dict[str, Any]], None],
        on_print: Callable[[str], None],
    ) -> None:
        # Kept here too: the worker may be ready before anybody waits for it.
        self._ready: Future[Reply] = Future()
        self._replies: dict[str, Future[Reply]] = {"ready": self._ready}
        self._lock = threading.Lock()
        self._on_log, self._on_print = on_log, on_print
        self._channel, theirs = socket.socketpair()
        try:
            self.process = subprocess.Popen(
                [*command, str(theirs.fileno()), str(app)],
                cwd=app,
                env={**environ, "PYTHONUNBUFFERED": "1"},
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        except OSError:
            self._channel.close()
            raise
        finally:
            theirs.close()
        threading.Thread(target=self._read_frames, daemon=True).start()
        threading.Thread(target=self._read_prints, daemon=True).start()

    def wait_ready(self) -> None:
        """Wait for the worker's first message.

        Raises:
            WorkerGone: It ended first.
            TimeoutError: It said nothing for a minute.
        """
        self._ready.result(START_SECONDS)

    def load(self, head: dict[str, Any], timeout: float) -> str:
        """Load a function; the error, or an empty text.

        Raises:
            WorkerGone: The worker ended meanwhile.
            TimeoutError: It took too long.
        """
        reply = self._ask(f"load {head['name']}", {"type": "load", **head})
        return str(reply.result(timeout)[0]["error"])

    def invoke(self, head: dict[str, Any], body: bytes, timeout: float | None) -> Reply:
        """Call a function; the result's head and body.

        Raises:
            WorkerGone: The worker ended meanwhile.
            TimeoutError: The function took too long.
        """
        name = str(uuid.uuid4())
        return self._ask(name, {"type": "invoke", "id": name, **head}, body).result(timeout)

    def stop(self) -> None:
        """End the process at once."""
        self.process.kill()
        self.process.wait()

    def _ask(self, key: str, head: dict[str, Any], body: bytes = b"") -> Future[Reply]:
        reply: Future[Reply] = Future()
        with self._lock:
            self._replies[key] = reply
            try:
                self._channel.sendall(frames.pack(head, body))
            except OSError:
                self._replies.pop(key, None)
                reply.set_exception(WorkerGone(self._ended()))
        return reply

    def _read_frames(self) -> None:
        # Closed by itself: a socket stays open as long as a file that was made of it does.
        with self._channel.makefile("rb") as stream, contextlib.suppress(EOFError, OSError):

            def read_exactly(count: int) -> bytes:
                content = stream.read(count)
                if len(content) != count:
                    raise EOFError
                return content

            while True:
                self._take(*frames.read(read_exactly))
        self._fail_all()

    def _take(self, head: dict[str, Any], body: bytes) -> None:
        if head["type"] == "log":
            self._on_log(head)
            return
        key = {"ready": "ready", "loaded": f"load {head.get('name')}"}.get(head["type"]) or head["id"]
        reply = self._replies.pop(key, None)
        if reply is not None:
            reply.set_result((head, body))

    def _fail_all(self) -> None:
        self.process.wait()
        with self._lock:
            waiting, self._replies = list(self._replies.values()), {}
            self._channel.close()
        for reply in waiting:
            reply.set_exception(WorkerGone(self._ended()))

    def _ended(self) -> str:
        return f"python exited with code {self.process.poll()}"

    def _read_prints(self) -> None:
        assert self.process.stdout is not None  # noqa: S101
        with self.process.stdout as stream:
            for line in stream:
                self._on_print(line.decode(errors="replace").rstrip("\n"))
