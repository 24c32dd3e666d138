"""Load on live apps: requests and messages whose answers are known, while their workers are killed."""

from __future__ import annotations

import json
import math
import os
import random
import re
import signal
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import requests
from azure.servicebus import ServiceBusMessage

from support.service_bus import FAST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from azure.servicebus import ServiceBusClient

LARGE = "x" * (1 << 20)
_AROUND = 5.0
"""Seconds after a kill until the host has noticed it: what it gives to the worker meanwhile is lost with it."""


def workers_of(app: str) -> list[int]:
    """The processes of an app's workers, in whatever engine."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if b"worker.py" not in (process / "cmdline").read_bytes():
                continue
            variables = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"WEBSITE_SITE_NAME={app}".encode() in variables:
            found.append(int(process.name))
    return found


def own_mib(app: str) -> float:
    """The memory of an app's workers that is no file's, in MiB."""
    kilobytes = 0
    for worker in workers_of(app):
        with suppress(OSError):
            status = Path(f"/proc/{worker}/status").read_text()
            kilobytes += sum(
                int(found) for found in re.findall(r"^(?:RssAnon|VmSwap):\s+(\d+) kB", status, re.MULTILINE)
            )
    return kilobytes / 1024


@dataclass(slots=True)
class Outcome:
    """What came of a load.

    Attributes:
        answered: Requests with the right answer.
        refused: Requests that were to fail, and did.
        lost_with_a_worker: Requests that a killed worker had.
        wrong: What must not be so.
        kills: Times of kills, monotonic seconds.
        memory: Samples of the workers' memory after the last kill, in MiB, in their order.
    """

    answered: int = 0
    refused: int = 0
    lost_with_a_worker: int = 0
    wrong: list[str] = field(default_factory=list)
    kills: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    @property
    def growth(self) -> float:
        """The memory of the last third over that of the first third, which is warm already."""
        third = max(1, len(self.memory) // 3)
        return median(self.memory[-third:]) / median(self.memory[:third])


@dataclass(frozen=True, slots=True)
class Target:
    """Where requests go.

    Attributes:
        url: Where the app scores.
        headers: With its key.
        ca: Whom to trust.
    """

    url: str
    headers: dict[str, str]
    ca: Path


class Load:
    """Requests and messages to two apps with the text script, side by side.

    Args:
        target: The one.
        apps: The one, and the other; their workers are killed.
        client: Of the namespace of the other; its queues are `requests` and `answers`.
        seed: Of what is sent and when workers are killed.
    """

    def __init__(self, target: Target, apps: tuple[str, ...], client: ServiceBusClient, seed: int) -> None:
        self._target, self._apps, self._client = target, apps, client
        self._random = random.Random(seed)  # noqa: S311
        self._over, self._all_sent = threading.Event(), threading.Event()
        self._lock = threading.Lock()
        self.outcome = Outcome()
        self.sent: set[int] = set()
        self.received: dict[int, dict[str, object]] = {}

    def run(self, seconds: float, *, callers: int) -> Outcome:
        """Load for so long; workers are killed in the first two thirds of it, and memory is looked at in the last.

        Messages are waited for until the last has an answer, for a minute at most.
        """
        with self._side_by_side(*[self._call] * callers, self._send, self._receive):
            self._kill(seconds * 2 / 3)
            self._watch(seconds / 3)
        return self.outcome

    @contextmanager
    def _side_by_side(self, *work: Callable[[], None]) -> Iterator[None]:
        threads = [threading.Thread(target=self._told, args=(one,), daemon=True) for one in work]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join(90)

    def _told(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            self.outcome.wrong.append(f"{work.__name__} ended: {error!r}")
            raise

    def _kill(self, seconds: float) -> None:
        """A worker that has not answered yet is left alone: the host gives up after three that did not."""
        end = time.monotonic() + seconds
        answered = dict.fromkeys(self._apps, 0)
        while (left := end - time.monotonic()) > 0:
            time.sleep(min(left, self._random.uniform(1.0, 4.0)))
            app = self._random.choice(self._apps)
            if self._answers(app) < answered[app] + 10:
                continue
            answered[app] = self._answers(app)
            for worker in workers_of(app):
                self.outcome.kills.append(time.monotonic())
                os.kill(worker, signal.SIGKILL)

    def _answers(self, app: str) -> int:
        return self.outcome.answered if app == self._apps[0] else len(self.received)

    def _watch(self, seconds: float) -> None:
        warm = time.monotonic() + seconds / 4
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(0.5)
            if time.monotonic() > warm:
                self.outcome.memory.append(sum(map(own_mib, self._apps)))

    def _call(self) -> None:
        with requests.Session() as session:
            while not self._over.is_set():
                self._call_once(session)

    def _call_once(self, session: requests.Session) -> None:
        with self._lock:
            number, kind = self._random.getrandbits(60), self._random.choice(("small", "small", "large", "boom"))
        content = {"number": number, **({"text": LARGE} if kind == "large" else {})}
        began = time.monotonic()
        try:
            answer = session.post(
                self._target.url,
                json={**content, "boom": kind == "boom"},
                headers=self._target.headers,
                verify=str(self._target.ca),
                timeout=60,
            )
        except requests.RequestException as error:
            self._failed(began, str(error))
            return
        with self._lock:
            if kind == "boom" and answer.status_code == 500:
                self.outcome.refused += 1
            elif answer.status_code != 200:
                self._failed(began, f"{answer.status_code} {answer.text[:200]}")
            elif answer.json()["got"] == {**content, "boom": kind == "boom"}:
                self.outcome.answered += 1
            else:
                self.outcome.wrong.append(f"to {number}: {answer.text[:200]}")

    def _failed(self, began: float, said: str) -> None:
        ended = time.monotonic()
        if any(began - _AROUND < kill < ended for kill in self.outcome.kills):
            self.outcome.lost_with_a_worker += 1
        else:
            self.outcome.wrong.append(said)

    def _send(self) -> None:
        with self._client.get_queue_sender("requests", **FAST) as sender:
            number = 0
            while not self._over.is_set():
                batch = range(number, number + 5)
                sender.send_messages([ServiceBusMessage(json.dumps({"number": each})) for each in batch])
                self.sent.update(batch)
                number = batch.stop
                time.sleep(0.25)
        self._all_sent.set()

    def _receive(self) -> None:
        """Until the last message has an answer; for a minute after it was sent."""
        until = math.inf
        with self._client.get_queue_receiver("answers", **FAST) as receiver:
            while not self._all_sent.is_set() or (self.sent - self.received.keys() and time.monotonic() < until):
                if self._all_sent.is_set():
                    until = min(until, time.monotonic() + 60)
                for message in receiver.receive_messages(max_message_count=50, max_wait_time=1):
                    answer = json.loads(b"".join(message.body))
                    self.received[answer["got"]["number"]] = answer["got"]
                    receiver.complete_message(message)
