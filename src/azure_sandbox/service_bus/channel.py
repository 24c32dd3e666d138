"""A process that is spoken to in JSON lines: commands and their results, and questions that it asks back."""

from __future__ import annotations

import contextlib
import itertools
import json
import subprocess
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

ANSWER_SECONDS = 30.0
"""A command is answered in milliseconds. So long may a busy machine take."""


class ChannelBroken(Exception):
    """The process ended, or could not do what it was told. The text says which."""


class Channel:
    """Starts the process; close it to end the process.

    Args:
        command: What to start. It ends when its standard input does.
        environ: Its environment.
        log: Where its standard error goes.
        answer: Answers a question; called in threads of its own.
    """

    def __init__(
        self,
        command: Sequence[str],
        environ: Mapping[str, str],
        log: Path,
        answer: Callable[[dict[str, Any]], dict[str, Any]],
    ) -> None:
        self._answer = answer
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[Any]] = {}
        self._lock = threading.Lock()
        self._answering = ThreadPoolExecutor(4, thread_name_prefix="service-bus-claims")
        with log.open("ab") as errors:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, env=environ
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def call(self, do: str, **arguments: object) -> Any:
        """The result of a command.

        Raises:
            ChannelBroken: It failed, or the process has ended.
        """
        number = next(self._numbers)
        result: Future[Any] = Future()
        with self._lock:
            self._waiting[number] = result
        self._write({"id": number, "do": do, **arguments})
        try:
            return result.result(ANSWER_SECONDS)
        except TimeoutError as late:
            raise ChannelBroken(f"it did not answer `{do}` within {ANSWER_SECONDS:.0f} s") from late

    def close(self) -> None:
        """End the process and wait until it is gone."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None  # noqa: S101
        assert stdout is not None  # noqa: S101
        with self._lock, contextlib.suppress(BrokenPipeError):
            stdin.close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        stdout.close()
        self._answering.shutdown()

    def _write(self, line: dict[str, Any]) -> None:
        assert self._process.stdin is not None  # noqa: S101
        try:
            with self._lock:
                self._process.stdin.write(json.dumps(line).encode() + b"\n")
                self._process.stdin.flush()
        except (OSError, ValueError) as gone:
            raise ChannelBroken("it has ended") from gone

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101
        for line in self._process.stdout:
            heard = json.loads(line)
            if "ask" in heard:
                self._answering.submit(self._reply, heard)
            else:
                self._settle(heard)
        with self._lock:
            waiting, self._waiting = self._waiting, {}
        for result in waiting.values():
            result.set_exception(ChannelBroken("it has ended"))

    def _settle(self, heard: dict[str, Any]) -> None:
        with self._lock:
            result = self._waiting.pop(heard["id"])
        if "error" in heard:
            result.set_exception(ChannelBroken(heard["error"]))
        else:
            result.set_result(heard["result"])

    def _reply(self, question: dict[str, Any]) -> None:
        number = question.pop("ask")
        try:
            answer = self._answer(question)
        except Exception as error:  # noqa: BLE001 - the client that waits has to hear something
            answer = {"refused": f"The sandbox could not judge the token: {error}"}
        try:
            self._write({"answer": number, **answer})
        except ChannelBroken:
            return
