"""A signal ends a process in time, whatever its threads do, with its last words and without a traceback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from support.cancelling import GONE, is_alive
from support.console import console_environ

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import hashlib, os, sys, threading, time
from functions_model.cli import signals
from functions_model.core.cancel import CANCEL

class Story:
    def stopping(self, awaited):
        print("stopping", *awaited, flush=True)

    def stopped(self, begun):
        print("stopped", *begun, flush=True)

def hang():
    # Releases the interpreter, and hears of no signal: so does a look-up of a name.
    hashlib.pbkdf2_hmac("sha512", b"x", b"y", 2**25)  # half a minute

def write():
    with CANCEL.work("the plan"), CANCEL.request(writes=True):
        hang()

def begin():
    with signals.watched(), signals.told_by(Story()):
        {body}

begin()
"""


def started(body: str, **options: Any) -> subprocess.Popen[str]:
    """A program that has begun, and does this."""
    lines = "\n        ".join(["os.write(1, b'begun\\n')", *body.strip().splitlines()])
    process: subprocess.Popen[str] = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.replace("{body}", lines)],
        env=console_environ(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    assert process.stdout is not None
    # Not `readline`: what it reads beyond the line, `communicate` would not give.
    assert b"begun\n" == os.read(process.stdout.fileno(), 6)
    time.sleep(0.1)
    return process


def ended(process: subprocess.Popen[str], *numbers: int, pause: float = 0.0) -> tuple[float, str, str]:
    """Seconds from the first signal to the end, which has exit code 130, and what was said."""
    begun = time.monotonic()
    for number in numbers:
        process.send_signal(number)
        time.sleep(pause)
    out, error = process.communicate(timeout=20)
    assert 130 == process.returncode, error
    return time.monotonic() - begun, out, error


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whatever_hangs_is_left(number: int) -> None:
    """A main thread that hears nothing, and another one that would be joined."""
    seconds, out, error = ended(started("threading.Thread(target=hang).start()\nhang()"), number)

    assert seconds < GONE
    assert ("stopping\nstopped\n", "") == (out, error)


def test_an_answer_may_still_come() -> None:
    """What is done in the seconds for it is no longer open."""
    body = """
def later():
    with CANCEL.work("the plan"):
        with CANCEL.request(writes=True):
            time.sleep(1)
        print("made", flush=True)
threading.Thread(target=later).start()
hang()
"""
    _, out, _ = ended(started(body), signal.SIGINT)

    assert "stopping the plan\nmade\nstopped\n" == out


def test_a_second_signal_ends_the_wait() -> None:
    """After the last words, with what was not answered."""
    seconds, out, error = ended(started("write()"), signal.SIGINT, signal.SIGTERM, pause=0.2)

    assert seconds < 2
    assert ("stopping the plan\nstopped the plan\n", "") == (out, error)


def test_many_quick_signals() -> None:
    """Six within a moment: one end, and no traceback."""
    _, out, error = ended(started("hang()"), *[signal.SIGINT, signal.SIGTERM, signal.SIGHUP] * 2)

    assert 1 == out.count("stopped")
    assert "" == error


def test_words_that_cannot_be_said_keep_nobody() -> None:
    """Neither a reader that is gone nor one that does not read."""
    gone = started("hang()")
    assert gone.stdout is not None
    gone.stdout.close()
    deaf = started("Story.stopped = lambda *_: hang()\nsignals.LONGEST = 0.5\nsignals.ANSWERS = 0.1\nhang()")

    gone.send_signal(signal.SIGINT)

    assert ended(deaf, signal.SIGINT)[0] < 2
    with gone:
        assert 130 == gone.wait(10)


def test_what_the_run_has_told_is_not_told_again() -> None:
    """A run that tells its own end is let finish that."""
    body = """
with signals.telling_the_end():
    print("told", flush=True)
    time.sleep(0.5)
    print("all", flush=True)
    Story.stopped = lambda *_: None
hang()
"""
    process = started(body)

    _, out, _ = ended(process, signal.SIGINT)

    assert "told\nstopping\nall\n" == out


def test_a_hang_up_stays_ignored_under_nohup() -> None:
    """Who said so meant it."""
    process = started("time.sleep(0.5)\nprint('over')", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)

    assert "over\n" == process.communicate(timeout=10)[0]
    assert 0 == process.returncode


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_uv_and_what_it_started_go_with_the_run(number: int, tmp_path: Path) -> None:
    """A build of a package is a process of uv's: neither lives on, not even when we could not end them."""
    uv = tmp_path / "uv"
    uv.write_text(
        f"#!/bin/sh\nsleep 60 &\necho $! $$ >{tmp_path}/ids.new; mv {tmp_path}/ids.new {tmp_path}/ids; wait\n"
    )
    uv.chmod(0o755)
    body = f"""
from pathlib import Path
from functions_model.environment.request import IndexSettings
from functions_model.environment.uv_process import run_uv
run_uv([], cwd=Path("/"), environ=dict(os.environ), indexes=IndexSettings(), program="{uv}")
"""
    process = started(body)
    while not (tmp_path / "ids").exists():
        time.sleep(0.01)
    process.send_signal(number)
    process.communicate(timeout=20)
    assert process.returncode in {130, -signal.SIGKILL}

    limit = time.monotonic() + 2
    while alive := [one for one in (tmp_path / "ids").read_text().split() if is_alive(one)]:
        assert time.monotonic() < limit, alive
        time.sleep(0.01)


@pytest.mark.exhaustive
def test_at_any_moment_of_a_short_run() -> None:
    """While modules are imported, while inputs are refused, and while the interpreter ends."""
    words = [sys.executable, "-m", "functions_model", "plan", "--app-name", "iris"]
    told = []
    for step in range(100):
        with subprocess.Popen(words, env=console_environ(), stdout=-1, stderr=-1, text=True) as process:
            time.sleep(0.03 + step * 0.006)  # Python itself begins in the first 20 to 30 ms
            process.send_signal(signal.SIGINT)
            said = process.communicate(timeout=20)[1]
        if process.returncode in {1, -signal.SIGINT} and "functions_model" not in said:
            continue  # the signal came before the first line of ours, as it may on a busy machine
        assert process.returncode in {2, 130}, said
        told.append(said)

    assert len(told) > 50
    assert [] == [text for text in told if "Traceback" in text]
