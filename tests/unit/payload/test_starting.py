"""A slow start, made once for many threads, and what happens when it fails."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from functions_model.payload.starting import Started, StartFailed


@dataclass
class Scripted:
    """A start that fails as often as it is told to, and counts."""

    failures: int = 0
    seconds: float = 0.0
    calls: int = 0
    now: float = 0.0
    made: list[object] = field(default_factory=list)

    def start(self) -> object:
        self.calls += 1
        time.sleep(self.seconds)
        if self.calls <= self.failures:
            raise StartFailed(f"failure {self.calls}")
        self.made.append(object())
        return self.made[-1]

    def clock(self) -> float:
        return self.now


class TestStarted:
    """`Started`."""

    def test_parallel_callers_share_one_start(self) -> None:
        """Many threads at once start it once and all get the same thing."""
        scripted = Scripted(seconds=0.05)
        started = Started(scripted.start)

        with ThreadPoolExecutor(20) as pool:
            found = list(pool.map(lambda _: started.get(), range(20)))

        assert scripted.made * 20 == found

    def test_nothing_starts_before_it_is_needed(self) -> None:
        """Making it starts nothing."""
        scripted = Scripted()
        Started(scripted.start)

        assert 0 == scripted.calls

    def test_parallel_callers_share_one_failure(self) -> None:
        """Threads that waited for a failing start do not each try again."""
        scripted = Scripted(failures=99, seconds=0.05)
        started = Started(scripted.start)

        def said(_: int) -> str:
            with pytest.raises(StartFailed) as caught:
                started.get()
            return str(caught.value)

        with ThreadPoolExecutor(10) as pool:
            assert ["failure 1"] * 10 == list(pool.map(said, range(10)))

    def test_failure_is_remembered_for_the_pause(self) -> None:
        """Until the pause is over the failure is told again; then it is tried again."""
        scripted = Scripted(failures=1)
        started = Started(scripted.start, pause=5, clock=scripted.clock)

        for scripted.now in (100.0, 104.9):
            with pytest.raises(StartFailed, match="failure 1"):
                started.get()
        scripted.now = 105.0

        assert started.get() is scripted.made[0]
        assert 2 == scripted.calls

    def test_pause_can_be_waited_out(self) -> None:
        """Who waits gets a new try instead of the old failure, and waits for nothing but the rest of the pause."""
        scripted = Scripted(failures=1)
        slept: list[float] = []

        def sleep(seconds: float) -> None:
            slept.append(seconds)
            scripted.now += seconds

        started = Started(scripted.start, pause=5, clock=scripted.clock, sleep=sleep)
        with pytest.raises(StartFailed, match="failure 1"):
            started.get(wait=True)
        scripted.now = 2.0

        assert started.get(wait=True) is scripted.made[0]
        assert [0.0, 3.0] == slept
        started.get(wait=True)
        assert 2 == len(slept)
