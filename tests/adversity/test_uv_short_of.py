"""uv on a machine without space, files or memory, and at our own bounds: that is told, and no line of a file blamed."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from functions_model.environment.processes import Bounds
from functions_model.environment.request import EnvironmentRequest, IndexSettings
from functions_model.environment.uv_failures import Target, blamed, explain
from functions_model.environment.uv_process import UvRefused, run_uv
from support.adversity import Row, each
from support.conda_channel import write_wheel
from support.peers import drips, peer

if TYPE_CHECKING:
    from pathlib import Path

ELSEWHERE = ", or name another folder in `UV_CACHE_DIR`."
SPACE = "Make space there, or name another folder in `TMPDIR`."
RUN, CACHE = "/t/functions-model-k2x/work", "/root/.cache/uv"
COPY = f"Failed to install: six-1.17.0-py3-none-any.whl (six==1.17.0)\n  Failed to copy to `{RUN}/dependencies/x`\n  "


@dataclass(frozen=True)
class Words:
    """What uv says, and the problem that is told. It is about no file of the user."""

    said: str
    what: str
    remedy: str


UV = [
    Row(
        "uv copies onto a full disk",
        "the temporary folder",
        Words(
            f"{COPY}failed to copy file from {CACHE}/a to {RUN}/.tmpP: No space left on device (os error 28)",
            "there is no space left on the disk of `/t`",
            SPACE,
        ),
        "R17",
    ),
    Row(
        "uv has no more inodes",
        "the same",
        Words(
            f'{COPY}No space left on device (os error 28) at path "{RUN}/dependencies/.tmpP"',
            "there is no space left on the disk of `/t`",
            SPACE,
        ),
        "R17",
    ),
    Row(
        "uv's cache is on a full disk",
        "its variable",
        Words(
            f"failed to write to file `{CACHE}/simple-v28/pypi/.tmpkb`: No space left on device (os error 28)",
            f"there is no space left on the disk of `{CACHE}`",
            f"Make space there{ELSEWHERE}",
        ),
        "R17",
    ),
    Row(
        "uv's cache is over its quota",
        "the quota",
        Words(
            f"failed to write to file `{CACHE}/wheels-v6/pypi/a`: Disk quota exceeded (os error 122)",
            f"the quota on the disk of `{CACHE}` is used up",
            f"Make space there, or have the quota raised{ELSEWHERE}",
        ),
        "R17",
    ),
    Row(
        "uv's cache can only be read",
        "that",
        Words(
            f"failed to open file `{CACHE}/.gitignore`: Read-only file system (os error 30)",
            f"the file system of `{CACHE}` can only be read",
            f"Let this run write there{ELSEWHERE}",
        ),
        "R17",
    ),
    Row(
        "uv's cache belongs to somebody else",
        "that",
        Words(
            f"failed to create directory `{CACHE}/wheels-v6/.tmpa`: Permission denied (os error 13)",
            f"this run may not write to `{CACHE}`",
            f"Let it{ELSEWHERE}",
        ),
        "R17",
    ),
    Row(
        "uv may open no more files",
        "`ulimit -n`",
        Words(
            "Failed to fetch: `https://index.test/simple/six/`\n  Too many open files (os error 24)",
            "a process may open no more files here",
            "Have the limit (`ulimit -n`) raised.",
        ),
        "R17",
    ),
]


@each(UV)
def test_words_of_uv(row: Row[Words]) -> None:
    """The machine is told, and neither a package nor the environment file blamed."""
    failure = explain("install", [row.case.said], EnvironmentRequest(None, None, ()), Target("3.11", "linux"))

    [problem] = failure.problems
    assert (row.case.what, row.case.remedy, "", None) == (
        problem.what,
        problem.remedy,
        problem.subject,
        problem.location,
    )
    assert blamed(row.case.said) is None


KILLED = [
    Row(
        "uv gets no memory",
        "memory",
        ("echo memory allocation of 64 bytes failed >&2; kill -ABRT $$", "SIGABRT", "run on one that has more"),
        "R17",
    ),
    Row("uv is killed for memory", "memory", ("kill -9 $$", "SIGKILL", "run on one that has more"), "R17"),
    Row("uv crashes", "the signal", ("kill -SEGV $$", "SIGSEGV", "Run again."), "R17"),
    Row(
        "uv is killed after some words",
        "both",
        ("echo error: half >&2; kill -9 $$", "SIGKILL", "no more memory"),
        "R17",
    ),
]


@each(KILLED)
def test_a_uv_that_is_killed(row: Row[tuple[str, str, str]], tmp_path: Path) -> None:
    """It is told, with what it most often means."""
    script, name, remedy = row.case
    program = tmp_path / "uv"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)

    with pytest.raises(UvRefused) as caught:
        run_uv([], cwd=tmp_path, environ={}, indexes=IndexSettings(), program=str(program))

    told = str(explain("install", [caught.value.words], EnvironmentRequest(None, None, ()), Target("3.11", "linux")))
    assert f"uv was ended by the signal {name}" in told
    assert remedy in told


@dataclass(frozen=True)
class Bound:
    """A bound of ours, as small as a test needs it; whether uv asks an index; the problem that is told.

    Attributes:
        bounds: The bound.
        asks: Whether uv asks an index that never ends; else it takes a wheel from a folder.
        what: The problem.
        remedy: A part of it.
    """

    bounds: Bounds
    asks: bool
    what: str
    remedy: str


BOUNDS = [
    Row(
        "an index drips its answer byte by byte",
        "uv is ended at its limit of time",
        Bound(
            Bounds(seconds=0.5),
            asks=True,
            what="uv was ended, as it was still at work after 0 seconds",
            remedy="A package index that answers slowly",
        ),
    ),
    Row(
        "a wheel unpacks to a file that no image could have",
        "uv writes no more than the bound, and the package is told",
        Bound(
            Bounds(largest_file=1 << 20),
            asks=False,
            what="`alpha==1.0` holds a file of more than 8 GiB",
            remedy="take another version",
        ),
    ),
]


@each(BOUNDS)
def test_bounds_of_uv(row: Row[Bound], tmp_path: Path) -> None:
    """The real uv, against an index without an end and with a wheel of a few kilobytes that unpacks to megabytes."""
    write_wheel(tmp_path, "alpha", "1.0")
    with zipfile.ZipFile(tmp_path / "alpha-1.0-py3-none-any.whl", "a", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr("alpha_data.bin", bytes(3 << 20))
    install = ["install", "alpha", "--target", str(tmp_path / "site-packages")]
    with peer(drips(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")) as port:
        from_index, from_folder = (
            {"UV_DEFAULT_INDEX": f"http://127.0.0.1:{port}/simple"},
            {"UV_FIND_LINKS": str(tmp_path)},
        )
        environ = {
            **os.environ,
            "UV_CACHE_DIR": str(tmp_path / "cache"),
            **(from_index if row.case.asks else from_folder),
        }
        with pytest.raises(UvRefused) as refused:
            run_uv(install, cwd=tmp_path, environ=environ, indexes=IndexSettings(), bounds=row.case.bounds)

    failure = explain("install", [refused.value.words], EnvironmentRequest(None, None, ()), Target("3.11", "linux"))
    [problem] = failure.problems
    assert row.case.what == problem.what
    assert row.case.remedy in problem.remedy
    assert blamed(refused.value.words) is None
