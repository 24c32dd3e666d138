"""Signals at each stage of a run: it is gone in time, with true words, no traceback, and nothing left behind."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from functions_model.ci.own_folder import own_folder
from support.adversity import Row, each
from support.cancelling import is_alive
from support.hostile_runs import SECONDS, deaf_index

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.hostile_runs import HoldingRegistry, Place

pytestmark = pytest.mark.exhaustive

READ, SOON, ANSWER = 3.0, 1.9, 4.9
"""Seconds to the end: where nothing is waited for; after a second signal; where a write is on its way."""
TAG, UPLOAD = "PUT .*/package/manifests/[0-9a-f]{12}$", "P(ATCH|UT) .*/uploads/"
NOT_THERE, MAYBE = "No image was pushed", "Started, but not known to have finished: the image"


@dataclass(frozen=True)
class Case:
    """A run, what it is at, and what comes then.

    Attributes:
        numbers: Signals, one after the other.
        seconds: Until it is gone.
        hold: The request to the registry that is kept waiting; empty where the log says what it is at.
        until: A line of its log, where it is that.
        says: What its last words say.
        answers: Whether the registry answers a moment after the first signal.
        pause: Seconds between two signals.
        arrange: Changes the place before.
    """

    numbers: tuple[int, ...]
    seconds: float = READ
    hold: str = ""
    until: str = ""
    says: str = "No Azure resource was touched."
    answers: bool = False
    pause: float = 0.6
    arrange: Callable[[Place], object] = lambda _: None


def large(place: Place) -> None:
    """A model of 8 GB that packs well, which takes minutes, and takes no space."""
    with (place.workspace / "model" / "weights.bin").open("wb") as weights:
        weights.truncate(8 * 1024**3)


TERM, HUP, INT = signal.SIGTERM, signal.SIGHUP, signal.SIGINT
ROWS = [
    Row(
        "SIGTERM while the base is read", "gone, without an answer", Case((TERM,), hold="GET .*/base/manifests"), "R16"
    ),
    Row("SIGHUP while the base is read", "gone, nothing left", Case((HUP,), hold="GET .*/base/manifests"), "R16"),
    Row("SIGINT while a configuration is read", "gone", Case((INT,), hold="GET .*/base/blobs"), "R16"),
    Row("SIGTERM while it is asked for a blob", "gone", Case((TERM,), hold="HEAD .*/blobs"), "R16"),
    Row("SIGTERM while layers are sent", "gone; they are no image", Case((TERM,), hold=UPLOAD), "R16"),
    Row(
        "SIGTERM while 8 GB are packed", "gone", Case((TERM,), until="Packing|Sending|pack|model", arrange=large), "R16"
    ),
    Row(
        "SIGTERM, the tag is answered then",
        "its answer counts",
        Case((TERM,), ANSWER, TAG, answers=True, says="The image"),
        "R16",
    ),
    Row("SIGTERM, the tag is never answered", "it may be there", Case((TERM,), ANSWER, TAG, says=MAYBE), "R16"),
    Row("SIGTERM twice as the tag is written", "gone at once", Case((TERM, TERM), SOON, TAG, says=MAYBE), "R16"),
    Row("SIGINT, SIGTERM, SIGHUP at once", "one end", Case((INT, TERM, HUP), READ, UPLOAD, pause=0), "R16"),
    Row("six signals at once", "one end", Case((TERM, INT) * 3, READ, "GET .*/base/manifests", pause=0), "R16"),
]


@each(ROWS)
def test_each_stage(row: Row[Case], place: Place, registry: HoldingRegistry) -> None:
    """The process is gone, and what is said is so."""
    case = row.case
    registry.hold = case.hold
    case.arrange(place)
    with place.start(stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        if case.hold:
            assert registry.held.wait(SECONDS)
            time.sleep(0.5)
        else:
            while not re.search(case.until, process.stdout.readline().decode()):
                assert process.poll() is None
        begun = time.monotonic()
        for at, number in enumerate(case.numbers):
            time.sleep(case.pause if at else 0)
            process.send_signal(number)
        if case.answers:
            time.sleep(case.pause)
            registry.go.set()
        said = process.stdout.read().decode()
        process.wait(SECONDS)
        seconds = time.monotonic() - begun

    print(f"{row.done}: {seconds:.2f} s")
    errors = [line for line in said.splitlines() if line.startswith("::error")]
    assert 130 == process.returncode, said
    assert "Traceback" not in said
    assert 1 == len(errors), said
    assert case.says in errors[0]
    assert seconds < case.seconds
    if len(case.numbers) > 1 or case.seconds == ANSWER:  # there may have been no time: the next run removes it
        with own_folder(place.temporary):
            pass
    assert [] == place.left()


ENDS = [
    Row("SIGTERM while uv waits for an index", "uv is gone with the run", (TERM, 130)),
    Row("SIGKILL while uv waits for an index", "uv is gone a moment later", (signal.SIGKILL, -signal.SIGKILL)),
]


@each(ENDS)
def test_a_uv_that_waits_for_an_index(row: Row[tuple[int, int]], place: Place) -> None:
    """While packages are resolved. What a killed run leaves in its folder, the next one removes."""
    number, code = row.case
    with deaf_index() as index, ExitStack() as stack:
        place.environ |= {"UV_DEFAULT_INDEX": index, "UV_CACHE_DIR": str(place.folder / "cache")}
        process = stack.enter_context(place.start(stderr=subprocess.STDOUT))
        while not (ids := children(process.pid)):
            time.sleep(0.05)
        begun = time.monotonic()
        process.send_signal(number)
        said, _ = process.communicate(timeout=SECONDS)
        while any(map(is_alive, ids)) and time.monotonic() - begun < SECONDS:
            time.sleep(0.01)
        seconds = time.monotonic() - begun

    print(f"{row.done}: {seconds:.2f} s")
    assert code == process.returncode, said
    assert seconds < READ
    with own_folder(place.temporary):
        pass
    assert [] == place.left()


def test_a_hang_up_under_nohup(place: Place, registry: HoldingRegistry) -> None:
    """Who started it so meant it: the run comes to its end."""
    registry.hold = "GET .*/base/manifests"
    ignored = lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)  # noqa: E731
    with place.start(stderr=subprocess.STDOUT, preexec_fn=ignored) as process:
        assert registry.held.wait(SECONDS)
        process.send_signal(signal.SIGHUP)
        registry.go.set()
        said, _ = process.communicate(timeout=SECONDS)

    assert 0 == process.returncode, said


def children(pid: int) -> list[str]:
    """Processes that a process has started and that live."""
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return found.stdout.split()
