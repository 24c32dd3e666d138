"""`py-rattler`, which solves and installs conda packages: 80 MB that only real conda environments need.

Where it is not installed (extra `conda`) it is fetched once, exactly as the lock beside this file says, into a cache.
It runs in a process of its own (`rattler_worker`).
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import unquote, urlsplit

from functions_model.ci.own_folder import own_folder
from functions_model.core.failures import EnvironmentFailed, Problem
from functions_model.core.masking import in_one_line
from functions_model.core.secrets import Secret
from functions_model.environment.conda_failures import explain_end, explain_late
from functions_model.environment.processes import BOUNDS, Bounds, OverTime, environ_for, run_process
from functions_model.environment.request import CondaRequest, IndexSettings
from functions_model.environment.uv_process import UvRefused, run_uv

LOCK = Path(__file__).with_name("rattler.lock")
_WORKER = Path(__file__).with_name("rattler_worker.py")
_SEEN = ("RATTLER_", "AWS_", "GOOGLE_", "XDG_", "DBUS_SESSION_BUS_ADDRESS", "LD_LIBRARY_PATH")
"""Beginnings of variables about logins to channels, and about where they are kept; the last one is Python's."""
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Rattler:
    """py-rattler, and what it needs to run.

    Attributes:
        folder: The folder that holds the package.
        environ: The process environment, of which it sees a part.
        bounds: What it may take.
        worker: The program that runs it.
    """

    folder: Path
    environ: Mapping[str, str]
    bounds: Bounds = BOUNDS
    worker: Path = _WORKER

    def ask(self, work: str, asked: Mapping[str, Any], action: str, request: CondaRequest) -> dict[str, Any]:
        """What `rattler_worker` answers.

        Args:
            work: What it is to do.
            asked: What it needs for that.
            action: The same for people.
            request: What is asked for: whose channels, and on which lines.

        Raises:
            EnvironmentFailed: py-rattler came to an end without an answer.
        """
        given = json.dumps({**asked, "work": work, "folder": str(self.folder)})
        command = [sys.executable, "-I", "-S", str(self.worker)]
        try:
            ended = run_process(
                command,
                cwd=Path("/"),
                environ=environ_for(self.environ, _SEEN),
                given=given,
                passed=[asked["told"]] if "told" in asked else [],
                bounds=self.bounds,
            )
        except OverTime as late:
            raise explain_late(action, late, request) from None
        try:
            answer = json.loads(ended.answer)
        except (ValueError, RecursionError):
            answer = None
        if ended.code or not isinstance(answer, dict):
            raise explain_end(action, ended, request)
        return answer


def load_rattler(
    environ: Mapping[str, str], *, find: Callable[[str], ModuleSpec | None] = importlib.util.find_spec
) -> Rattler:
    """py-rattler, fetched into the cache when it is not installed.

    Args:
        environ: Says where the cache is, and where packages come from.
        find: Finds a module without importing it.

    Raises:
        EnvironmentFailed: It is not installed, and cannot be fetched either.
    """
    found = find("rattler")
    folder = Path(found.origin).parents[1] if found and found.origin else fetch_rattler(environ)
    return Rattler(folder, environ)


@contextmanager
def hearing(tell: Callable[[int], object]) -> Iterator[int]:
    """A file descriptor for a process that says how far it is: each line, a number, is told."""
    reads, writes = os.pipe()

    def listen() -> None:
        with open(reads, encoding="ascii") as lines:  # noqa: PTH123 - it has no path
            for line in lines:
                if line.endswith("\n"):
                    tell(int(line))

    listener = Thread(target=listen, name="hearing", daemon=True)
    listener.start()
    try:
        yield writes
    finally:
        os.close(writes)
        listener.join()


def fetch_rattler(environ: Mapping[str, str]) -> Path:
    """The folder of the cache that holds it, filled on first use.

    Raises:
        EnvironmentFailed: It cannot be fetched, or the cache cannot be written.
    """
    key = hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]
    folder = cache_folder(environ) / f"rattler-{key}"
    if folder.is_dir():
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        _install(folder, environ)
    except (UvRefused, OSError) as error:
        words = error.words if isinstance(error, UvRefused) else str(error)
        raise _failed(words) from None
    return folder


@contextmanager
def rattler_cache(name: str, environ: Mapping[str, str], *, work: Path, secrets: Sequence[Secret]) -> Iterator[Path]:
    """A folder for what py-rattler keeps.

    It notes the URL of everything. So where one is a secret, the folder lies in `work` and is removed again.
    """
    if not secrets:
        yield cache_folder(environ) / name
        return
    work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=work, prefix=f"{name}-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


def is_other_file(url: str, sha256: str) -> bool:
    """Whether a package in a folder is not what it must be, or is gone.

    py-rattler (0.28) checks the hash of what it downloads, and not that of a file in a folder.
    """
    parts = urlsplit(url)
    if parts.scheme != "file":
        return False
    path = Path(unquote(parts.path))
    if not path.is_file():
        return True
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest() != sha256


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where this tool keeps what it fetches: below `XDG_CACHE_HOME`, else below the home folder's `.cache`."""
    home = environ.get("XDG_CACHE_HOME") or (environ.get("HOME") and f"{environ['HOME']}/.cache")
    # A folder that others could have filled before us is no cache: without a home there is one of this user alone.
    return Path(home or Path(tempfile.gettempdir()) / f"functions-model-{os.getuid()}") / "functions-model"


def _install(folder: Path, environ: Mapping[str, str]) -> None:
    """Beside its place first, so that the folder is there whole or not at all."""
    with own_folder(folder.parent) as temporary:
        staged = temporary / "staged"
        arguments = [
            *("install", "--requirements", str(LOCK), "--require-hashes", "--no-deps", "--only-binary", ":all:"),
            *("--target", str(staged), "--python", sys.executable, "--no-python-downloads"),
        ]
        run_uv(arguments, cwd=folder.parent, environ=environ, indexes=IndexSettings())
        try:
            staged.rename(folder)
        except OSError:
            if not folder.is_dir():  # else another run was faster
                raise


def _failed(words: str) -> EnvironmentFailed:
    remedy = "Install `functions-model-action[conda]` beforehand, or allow this machine to fetch `py-rattler`."
    reason = in_one_line(words, _LONGEST)
    what = f"`py-rattler`, which installs conda packages, is not here and could not be fetched ({reason})"
    return EnvironmentFailed("prepare for conda packages", [Problem(what, remedy)], detail=words)
