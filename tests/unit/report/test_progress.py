"""Progress, as a person before a terminal and a reader of a log see it."""

from __future__ import annotations

import io
import itertools
import os
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from functions_model.ci.github import facts_of
from functions_model.ci.host import Level
from functions_model.ci.plain import PlainHost
from functions_model.ci.terminal import size_of
from functions_model.core.work import Progress
from functions_model.report.progress import LiveLines, Watcher, shows_blocks, watch
from functions_model.report.tasks import Tasks, TaskView, live_line, log_line, seconds
from support.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Callable

MB = 1_000_000
ON_A_TERMINAL = replace(facts_of({}), has_terminal=True)


class Clock:
    """Time that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def in_a_log() -> tuple[Watcher, Clock, io.StringIO]:
    """Somebody who looks, and writes to a log."""
    clock, stream = Clock(), io.StringIO()
    watcher = Watcher(PlainHost(stream, clock=clock), None, size=lambda: os.terminal_size((80, 24)), clock=clock)
    return watcher, clock, stream


def on_a_terminal(columns: int = 80, lines: int = 24) -> tuple[Watcher, Clock, Screen]:
    """Somebody who looks, and draws."""
    clock, screen = Clock(), Screen()
    size = os.terminal_size((columns, lines))
    host = PlainHost(screen, ON_A_TERMINAL, clock=clock)
    return Watcher(host, LiveLines(screen), size=lambda: size, clock=clock), clock, screen


def advance(watcher: Watcher, clock: Clock, seconds: float, *reports: Callable[[float], Progress]) -> None:
    """Let time go by in steps of half a second, each with reports of how far things are."""
    for _ in range(round(seconds * 2)):
        clock.now += 0.5
        for report in reports:
            watcher.tasks.take(report(clock.now - 100))
        watcher.look()


def layer(name: str) -> Callable[[float], Progress]:
    """What is told of one that goes on by a megabyte each second."""
    return lambda at: Progress(name, int(at * MB))


class TestLog:
    """Where nothing can be drawn again."""

    def test_a_long_task_is_told_now_and_then_and_at_its_end(self) -> None:
        """Every five seconds: how much, how fast, how long yet."""
        watcher, clock, stream = in_a_log()

        def send(at: float) -> Progress:
            return Progress("send model", int(at * 50 * MB), 800 * MB)

        watcher.tasks.take(send(0))
        advance(watcher, clock, 16, send)
        watcher.tasks.take(Progress("send model", 800 * MB, 800 * MB, finished=True))
        watcher.look()

        assert stream.getvalue().splitlines() == [
            "send model: 250 MB of 800 MB (31 %), 50 MB/s, 11 s left",
            "send model: 500 MB of 800 MB (62 %), 50 MB/s, 6 s left",
            "send model: 750 MB of 800 MB (93 %), 50 MB/s, 1 s left",
            "send model: 800 MB in 16 s, 50 MB/s",
        ]

    def test_several_tasks_share_one_line(self) -> None:
        """Short ones are left out; more than four are counted."""
        watcher, clock, stream = in_a_log()
        tasks = [layer(f"layer {n}") for n in range(6)]

        for task in tasks:
            watcher.tasks.take(task(0))
        advance(watcher, clock, 3, *tasks)
        watcher.tasks.take(Progress("short", 1, 2))
        advance(watcher, clock, 2, *tasks)

        assert stream.getvalue() == (
            "layer 0: 5 MB, 1 MB/s, 5 s so far; layer 1: 5 MB, 1 MB/s, 5 s so far; "
            "layer 2: 5 MB, 1 MB/s, 5 s so far; layer 3: 5 MB, 1 MB/s, 5 s so far; and 2 more\n"
        )

    def test_short_tasks_leave_no_trace(self) -> None:
        """A log is read later; what took a second is no news."""
        watcher, clock, stream = in_a_log()

        for _ in range(3):
            watcher.tasks.take(Progress("send code", 0, 100))
            advance(watcher, clock, 1)
            watcher.tasks.take(Progress("send code", 100, 100, finished=True))
            watcher.look()

        assert stream.getvalue() == ""

    def test_a_silent_stage_says_that_it_still_runs(self) -> None:
        """The innermost one, after eight seconds without a line, and again."""
        watcher, clock, stream = in_a_log()

        with watcher.host.group("Build the image"):
            advance(watcher, clock, 6)
            watcher.host.info("Python 3.12")
            advance(watcher, clock, 17)
        advance(watcher, clock, 30)

        assert stream.getvalue().splitlines() == [
            "== Build the image",
            "Python 3.12",
            "Still running: Build the image, 14 s",
            "Still running: Build the image, 22 s",
            "   Build the image: 23.0 s",
        ]

    def test_never_silent_for_ten_seconds(self) -> None:
        """Whatever runs: tasks without bytes, tasks that come and go, nothing at all."""
        watcher, clock, stream = in_a_log()
        spoke = [clock.now]

        with watcher.host.group("Build the image"):
            for step in range(240):
                clock.now += 0.5
                if step % 9 == 0:
                    watcher.tasks.take(Progress(f"task {step}", 0))
                if step % 9 == 7 and step < 120:
                    watcher.tasks.take(Progress(f"task {step - 7}", 1, 1, finished=True))
                before = stream.tell()
                watcher.look()
                if stream.tell() > before:
                    spoke.append(clock.now)

        assert max(after - before for before, after in itertools.pairwise(spoke)) < 10
        assert clock.now - spoke[-1] < 10

    def test_a_task_that_ended_is_told_before_the_line_that_follows(self) -> None:
        """The order of a log is the order of what happened."""
        watcher, clock, stream = in_a_log()
        watcher.tasks.take(Progress("send model", 0, 10))
        clock.now += 20
        watcher.tasks.take(Progress("send model", 4, 10, finished=True))

        watcher.host.annotate(Level.WARNING, "broken off")

        assert stream.getvalue() == "send model: ended at 4 B of 10 B after 20 s\nwarning: broken off\n"

    def test_a_secret_in_a_name_is_masked(self) -> None:
        """In a log and on a terminal, even where the line is cut in the middle of it."""
        watcher, clock, stream = in_a_log()
        screens = on_a_terminal(columns=24)
        for seen, time_of, _ in ((watcher, clock, stream), screens):
            seen.host.mask("hunter2-hunter2")
            seen.tasks.take(Progress("send model hunter2-hunter2", 0, 10))
            advance(seen, time_of, 6)

        assert "send model ***: 0 B of 10 B" in stream.getvalue()
        assert screens[2].seen == ["send model ***   0 %"]
        assert "hunter" not in stream.getvalue() + screens[2].getvalue()


class TestTerminal:
    """Where lines can be drawn again."""

    def test_each_task_has_a_line_of_its_own_below_the_log(self) -> None:
        """Lines of the log go above; lines of tasks that ended are gone."""
        watcher, clock, screen = on_a_terminal(columns=81)
        watcher.tasks.take(Progress("model", 0, 800 * MB))
        watcher.tasks.take(Progress("dependencies", 0, None))
        watcher.tasks.take(Progress("code", 0, 10 * MB))
        clock.now += 4
        for name, done, total in (("model", 400, 800), ("dependencies", 20, None), ("code", 10, 10)):
            watcher.tasks.take(Progress(name, done * MB, total * MB if total else None, finished=name == "code"))
        watcher.look()
        before = list(screen.seen)

        watcher.host.info("a line\nand another")

        assert before[1:] == ["dependencies: 20 MB, 5 MB/s, 4 s so far"]
        assert before[0].startswith("model         50 % |███")
        assert before[0].endswith("| 400 MB of 800 MB, 100 MB/s, 4 s left")
        assert screen.seen == ["a line", "and another", *before]

        watcher.tasks.take(Progress("model", 800 * MB, 800 * MB, finished=True))
        clock.now += 4
        watcher.tasks.take(Progress("dependencies", 40 * MB, finished=True))
        watcher.end()

        assert screen.seen == ["a line", "and another", "dependencies: 40 MB in 8 s, 5 MB/s"]

    def test_a_stage_without_tasks_shows_how_long_it_runs(self) -> None:
        """After a second, in place, gone when it ends."""
        watcher, clock, screen = on_a_terminal()

        with watcher.host.group("Verify"):
            watcher.look()
            assert screen.seen == ["== Verify"]

            advance(watcher, clock, 12)
            assert screen.seen == ["== Verify", "Verify, 12 s"]

        watcher.look()
        assert screen.seen == ["== Verify", "   Verify: 12.0 s"]

    @pytest.mark.parametrize("columns", [1, 10, 40, 64, 120])
    def test_no_line_is_wider_than_the_terminal(self, columns: int) -> None:
        """A line that wraps could not be drawn again; wide characters and line breaks in names count."""
        watcher, clock, screen = on_a_terminal(columns)
        with watcher.host.group("x"):
            clock.now += 2
            for name in ("a model with a long name " * 3, "模型" * 30, "odd\n\x1b[2Jname"):
                watcher.tasks.take(Progress(name, 5 * MB, 10 * MB))
            started = screen.tell()
            watcher.look()

        drawn = screen.getvalue()[started:]
        assert max(map(_width, screen.seen[2:]), default=0) <= max(1, columns - 1)
        assert "\x1b[2J" not in drawn

    def test_more_tasks_than_lines_are_counted(self) -> None:
        """The log stays in sight."""
        watcher, clock, screen = on_a_terminal(lines=6)
        for number in range(9):
            watcher.tasks.take(Progress(f"task {number}", 1, None))
        clock.now += 1
        watcher.look()

        assert [line.split(":")[0] for line in screen.seen] == ["task 0", "task 1", "task 2", "and 6 more"]

    def test_streams_of_other_encodings_get_bars_of_their_own_characters(self) -> None:
        """Latin-1 has no blocks."""
        stream = io.TextIOWrapper(io.BytesIO(), "latin-1")
        view = TaskView("model", 5, 10, 1.0, 5.0)

        assert not shows_blocks(stream)
        assert live_line(view, 70, plain=True).isascii()
        assert "|####" in live_line(view, 70, plain=True)

    def test_a_stream_without_a_terminal_has_a_size(self) -> None:
        """Eighty by twenty-four, or what COLUMNS and LINES say."""
        size = size_of(io.StringIO())

        assert size.columns > 0
        assert size.lines > 0


def _width(line: str) -> int:
    return sum(2 if "\u2e80" <= char <= "\uffee" else 1 for char in line)


class TestRates:
    """`Tasks`."""

    def test_a_rate_is_that_of_the_last_seconds(self) -> None:
        """A transfer that stalls is seen to stall."""
        clock = Clock()
        tasks = Tasks(clock)
        rates = []
        for second in range(31):
            tasks.take(Progress("x", min(second, 10) * MB, 100 * MB))
            rates.append(tasks.running()[0].rate)
            clock.now += 1

        assert rates[0] is None
        assert rates[10] == MB
        assert rates[30] == 0

    def test_a_transfer_that_begins_anew_has_no_negative_rate(self) -> None:
        """Done falls back; the rate is measured anew."""
        clock = Clock()
        tasks = Tasks(clock)
        rates = []
        for done in (0, 50, 100, 0, 10, 20):
            tasks.take(Progress("x", done, 200))
            rates.append(tasks.running()[0].rate)
            clock.now += 1

        assert rates == [None, 50, 50, None, 10, 10]

    def test_an_end_without_a_beginning_is_nothing(self) -> None:
        """Said twice, it is told once."""
        tasks = Tasks(Clock())
        tasks.take(Progress("x", 1, 1))

        for _ in range(2):
            tasks.take(Progress("x", 1, 1, finished=True))

        assert len(tasks.take_ended()) == 1
        assert tasks.take_ended() == ()

    @pytest.mark.parametrize(
        ("packed", "total", "shown"), [(20, 10, "send model"), (20, None, "pack model"), (None, None, "send model")]
    )
    def test_one_pass_is_one_task(self, packed: int | None, total: int | None, shown: str) -> None:
        """Packed and sent at once: by the bytes sent, or, while nobody knows how many they will be, by those packed."""
        tasks = Tasks(Clock())
        tasks.take(Progress("pack model", 1, packed))
        tasks.take(Progress("send model", 1, total))
        tasks.take(Progress("pack code", 1, None))

        assert [task.name for task in tasks.running()] == [shown, "pack code"]

        for name in ("pack model", "send model", "pack code"):
            tasks.take(Progress(name, 10, 10, finished=True))
        assert [task.name for task in tasks.take_ended()] == ["send model", "pack code"]

    def test_packing_without_sending_is_told(self) -> None:
        """A layer that is hashed first, and then sent."""
        tasks = Tasks(Clock())
        for name in ("pack code", "send code"):
            tasks.take(Progress(name, 0, None))
            assert [task.name for task in tasks.running()] == [name]
            tasks.take(Progress(name, 9, 9, finished=True))

        assert [task.name for task in tasks.take_ended()] == ["pack code", "send code"]

    def test_durations_are_whole(self) -> None:
        """What is still to come is not known to the tenth."""
        assert [seconds(value) for value in (0.4, 99.9, 100, 3600, 7325)] == [
            "0 s",
            "99 s",
            "1 min 40 s",
            "1 h 0 min",
            "2 h 2 min",
        ]

    def test_nothing_divides_by_zero(self) -> None:
        """Empty files, unknown totals, more than all."""
        views = [TaskView("a", 0, 0, 0.0, None), TaskView("b", 20, 10, 1.0, 20.0), TaskView("c", 0, None, 3.0, 0.0)]

        assert log_line(views) == "a; b: 20 B of 10 B (100 %), 20 B/s, 0 s left; c: 3 s so far"
        assert all(live_line(view, 80) for view in views)


class TestWatch:
    """`watch`."""

    def test_a_thread_writes_and_is_gone_afterwards(self) -> None:
        """Live lines appear by themselves, and none is left."""
        screen = Screen()
        with watch(PlainHost(screen, ON_A_TERMINAL), screen) as watched:
            watched.report(Progress("send model", 1, 2))
            _until(lambda: "send model" in screen.getvalue())
            watched.ci.info("a line")

        assert screen.seen == ["a line"]
        assert not _threads()

    @pytest.mark.parametrize("error", [KeyboardInterrupt, ValueError])
    def test_an_error_ends_it_cleanly(self, error: type[BaseException]) -> None:
        """What was raised comes out; the terminal is as it was."""
        screen = Screen()
        with pytest.raises(error), watch(PlainHost(screen, ON_A_TERMINAL), screen) as watched:  # noqa: PT012
            watched.report(Progress("send model", 1, 2))
            _until(lambda: "send model" in screen.getvalue())
            raise error

        assert screen.seen == []
        assert not _threads()

    def test_a_log_is_written_without_a_terminal(self) -> None:
        """The host decides, unless somebody else does."""
        stream = io.StringIO()
        with watch(PlainHost(stream), stream, interval=0.02, silence=0.02) as watched:
            watched.report(Progress("send model", 1, 2))
            _until(lambda: "send model: 1 B of 2 B (50 %)" in stream.getvalue())
            watched.report(Progress("send model", 2, 2, finished=True))
            with watched.ci.group("Verify"):
                _until(lambda: "Still running: Verify, 0 s" in stream.getvalue())

        assert "\x1b" not in stream.getvalue()

    def test_a_stream_that_closes_ends_no_run(self) -> None:
        """The thread stops; the run goes on."""
        screen = Screen()
        with watch(PlainHost(screen, ON_A_TERMINAL), screen) as watched:
            watched.report(Progress("send model", 1, 2))
            screen.close()
            _until(lambda: not _threads())

        assert screen.closed

    def test_many_threads_tear_no_line(self) -> None:
        """Log lines from eight threads, blocks in between, and live lines below."""
        screen = Screen()

        def work(number: int) -> None:
            for turn in range(100):
                watched.report(Progress(f"layer {number}", turn, 100))
                if turn % 10 == 0:
                    watched.ci.info(f"line {number} {turn}")
            watched.report(Progress(f"layer {number}", 100, 100, finished=True))

        with watch(PlainHost(screen, ON_A_TERMINAL), screen) as watched:
            threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

        assert sorted(screen.seen) == sorted(f"line {n} {turn}" for n in range(8) for turn in range(0, 100, 10))

    def test_everything_else_goes_to_the_host(self) -> None:
        """Outputs, annotations, masks, summaries and tokens."""
        stream = io.StringIO()
        with watch(PlainHost(stream), stream) as watched:
            watched.ci.mask("hunter2")
            watched.ci.output("digest", "sha256:1")
            watched.ci.summary("# Page")
            told = (watched.ci.facts.has_identity, watched.ci.facts.has_terminal, watched.ci.scrub("a hunter2"))
            with pytest.raises(Exception, match="client-secret"):
                watched.ci.identity_token("x")

        assert told == (False, False, "a ***")
        assert stream.getvalue() == "digest=sha256:1\n"


def _until(seen: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not seen():
        assert time.monotonic() < end
        time.sleep(0.02)


def _threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "progress"]
