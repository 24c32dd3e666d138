"""What conda channels, and the packages that they serve, can do, and what must come of it."""

from __future__ import annotations

import hashlib
import http.server
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.failures import EnvironmentFailed, Location
from functions_model.core.secrets import Secret
from functions_model.environment import rattler_worker
from functions_model.environment.conda_solving import PLATFORMS, solve_conda
from functions_model.environment.processes import Bounds
from functions_model.environment.rattler_tool import load_rattler
from functions_model.environment.request import CondaChannel, CondaDependency, CondaRequest
from support.adversity import Row, each
from support.fuzzing import DEEP
from support.peers import drips, peer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TOLD = "one error with the line that asks for the package; no bug of ours, and nothing is written outside"
Answer = tuple[int, dict[str, str], bytes]


class _Handler(http.server.BaseHTTPRequestHandler):
    def __init__(self, pages: dict[str, Answer], *arguments: Any) -> None:
        self.pages = pages
        super().__init__(*arguments)

    def do_GET(self) -> None:
        status, headers, body = self.pages.get(self.path, (404, {}, b""))
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(ConnectionError):  # whoever asked may be gone
            if self.command == "GET":
                self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: Any) -> None:
        """Stay silent."""


@dataclass
class Channel:
    """A channel on this machine, and a file that asks for `alpha` of it.

    Attributes:
        url: Its address.
        folder: For files on the way.
        pages: What it answers, by path.
    """

    url: str
    folder: Path
    pages: dict[str, Answer] = field(default_factory=dict)

    def read(self, **changes: Any) -> None:
        """Solve, and read the packages, as each run does before it installs. The changes are those of `Rattler`."""
        rattler = replace(load_rattler(dict(os.environ)), **changes)
        asked = CondaDependency("alpha", "alpha", Location(self.folder / "conda.yml", 4))
        request = CondaRequest((asked,), (CondaChannel("mine", Secret(self.url)),), "it names a channel")
        solve_conda(request, "3.11", rattler, cache=self.folder / "cache")


@pytest.fixture
def channel(tmp_path: Path) -> Iterator[Channel]:
    pages: dict[str, Answer] = {}
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(_Handler, pages)) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield Channel(f"http://127.0.0.1:{server.server_port}/mine", tmp_path, pages)
        server.shutdown()


def record(name: str, version: str, **changes: Any) -> dict[str, Any]:
    facts = {"name": name, "version": version, "build": "0", "build_number": 0, "depends": [], "subdir": "linux-64"}
    return {**facts, "sha256": "a" * 64, "size": 5, **changes}


def listing(packages: object) -> bytes:
    return json.dumps({"info": {"subdir": "linux-64"}, "packages": packages, "packages.conda": {}}).encode()


INDEXES: list[Row[Answer]] = [
    Row("a channel answers with a page", TOLD, (200, {}, b"<html>Sign in</html>"), "R2"),
    Row("a channel answers `null`", TOLD, (200, {}, b"null"), "R2"),
    Row("a channel answers with nothing", TOLD, (200, {}, b""), "R2"),
    Row("a channel answers with 100,000 nested `[`", TOLD, (200, {}, DEEP.encode()), "R2"),
    Row("a channel's packages are a number", TOLD, (200, {}, listing(5)), "R2"),
    Row("a channel's package is a number", TOLD, (200, {}, listing({"alpha-1.0-0.tar.bz2": 5})), "R2"),
    Row(
        "a channel's package is smaller than nothing",
        TOLD,
        (200, {}, listing({"alpha-1.0-0.tar.bz2": record("alpha", "1.0", size=-1)})),
        "R2",
    ),
    Row("a channel leads to `http://[::1`", TOLD, (302, {"Location": "http://[::1"}, b""), "R2"),
    Row("a channel wants a login", TOLD, (401, {}, b"log in"), "R7"),
]


@each(INDEXES)
def test_a_channel(row: Row[Answer], channel: Channel) -> None:
    """Through py-rattler."""
    channel.pages |= {f"/mine/{folder}/repodata.json": row.case for folder in ("linux-64", "noarch")}

    with pytest.raises(EnvironmentFailed) as failed:
        channel.read()
    assert failed.value.problems[0].location is not None
    assert failed.value.remedy


def package(paths: object, *, listed: bool = True) -> bytes:
    """A package that lists such paths, and has one file."""
    facts = {"name": "alpha", "version": "1.0", "build": "0", "build_number": 0, "depends": [], "subdir": "linux-64"}
    entries = {"lib/a.txt": b"hello", "info/index.json": json.dumps(facts).encode()}
    if listed:
        entries["info/paths.json"] = paths if isinstance(paths, bytes) else json.dumps(paths).encode()
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:bz2") as archive:
        for name, content in entries.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return written.getvalue()


def path(name: str) -> dict[str, Any]:
    """A list of one file."""
    sha256 = hashlib.sha256(b"hello").hexdigest()
    one = {"_path": name, "path_type": "hardlink", "sha256": sha256, "size_in_bytes": 5}
    return {"paths_version": 1, "paths": [one]}


PACKAGES = [
    Row("a conda package lists a file above its folder", TOLD, package(path("../../../../escaped")), "R9"),
    Row("a conda package lists a file above its folder by a way inside", TOLD, package(path("a/../../escaped")), "R9"),
    Row(
        "a conda package lists an absolute path, at which py-rattler breaks off",
        TOLD,
        package(path("/tmp/x")),
        "R9",
    ),
    Row("a conda package's list is a page", TOLD, package(b"<html>"), "R2"),
    Row("a conda package's list is `null`", TOLD, package(None), "R2"),
    Row("a conda package is no archive", TOLD, b"PK junk", "R2"),
    Row("a conda package is cut off", TOLD, package(path("lib/a.txt"))[:60], "R2"),
]


def served(channel: Channel, content: bytes) -> None:
    sha256 = hashlib.sha256(content).hexdigest()
    python = package(path("lib/a.txt"))
    packages = {
        "alpha-1.0-0.tar.bz2": record("alpha", "1.0", sha256=sha256, size=len(content)),
        "python-3.11.0-0.tar.bz2": record("python", "3.11.0"),
    }
    channel.pages |= {
        "/mine/linux-64/repodata.json": (200, {}, listing(packages)),
        "/mine/noarch/repodata.json": (200, {}, listing({})),
        "/mine/linux-64/alpha-1.0-0.tar.bz2": (200, {}, content),
        "/mine/linux-64/python-3.11.0-0.tar.bz2": (200, {}, python),
    }


@each(PACKAGES)
def test_a_package(row: Row[bytes], channel: Channel) -> None:
    """It is refused before anything of it is linked: py-rattler links where a package tells it to."""
    served(channel, row.case)

    with pytest.raises(EnvironmentFailed) as failed:
        channel.read()
    assert failed.value.problems[0].location is not None


@pytest.mark.parametrize("content", [package(path("lib/a.txt")), package(None, listed=False)])
def test_a_package_that_is_whole(content: bytes, channel: Channel) -> None:
    """One of today, and one as they were made until 2017, which lists its files elsewhere."""
    served(channel, content)

    channel.read()


NESTED = "(" * 50_000


def test_a_channel_that_crashes_py_rattler(channel: Channel) -> None:
    """It overflows its stack at a package that depends on something with 50,000 brackets."""
    packages = {"alpha-1.0-0.tar.bz2": record("alpha", "1.0", depends=[f"python {NESTED}"])}
    channel.pages |= {f"/mine/{folder}/repodata.json": (200, {}, listing(packages)) for folder in PLATFORMS}

    with pytest.raises(EnvironmentFailed, match=r"py-rattler ended with the signal SIG.*the channel `mine`") as failed:
        channel.read()

    [problem] = failed.value.problems
    assert problem.location == Location(channel.folder / "conda.yml", 4)
    assert "ask its owner" in problem.remedy


def test_a_panic_of_py_rattler(tmp_path: Path) -> None:
    """It is no error of Python's (a `BaseException` of no module), and is answered all the same."""
    package = tmp_path / "rattler"
    package.mkdir()
    panic = "class RustPanic(BaseException): pass\ndef Channel(where): raise RustPanic('index out of bounds')\n"
    for name, text in {"__init__": panic, "exceptions": "", "package_streaming": ""}.items():
        (package / f"{name}.py").write_text(text)
    asked = json.dumps({"work": "solve", "folder": str(tmp_path), "channels": ["mine"]})

    done = subprocess.run(
        [sys.executable, "-I", "-S", rattler_worker.__file__], input=asked, capture_output=True, text=True, check=True
    )

    assert {"kind": "Panic", "words": "index out of bounds"} == json.loads(done.stdout)["error"]


def test_a_channel_that_never_ends(tmp_path: Path) -> None:
    """It drips its index byte by byte, for ever."""
    with peer(drips(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")) as port:
        channel = Channel(f"http://127.0.0.1:{port}/t/hunter22/mine", tmp_path)
        with pytest.raises(EnvironmentFailed, match="still at work after 1 seconds with the channel `mine`") as failed:
            channel.read(bounds=Bounds(seconds=1.0))

    assert "hunter22" not in str(failed.value) + failed.value.detail


def says(kind: str, words: str) -> str:
    """A program that answers with an error."""
    return f"print({json.dumps({'error': {'kind': kind, 'words': words}})!r})"


ENDS = [
    Row(
        "py-rattler is killed for memory",
        "told with what it most often means",
        ("os.kill(os.getpid(), 9)", "ended with the signal SIGKILL", "no more memory"),
    ),
    Row(
        "py-rattler ends with an error of its interpreter",
        "its last words are the detail, without the channel's token",
        ("1 / 0", "ended with the exit code 1", "ask its owner"),
    ),
    Row(
        "py-rattler ends well, and answers nothing",
        "no answer is not taken for an empty one",
        ("pass", "ended with the exit code 0", "ask its owner"),
    ),
    Row(
        "py-rattler answers with 100,000 nested `[`",
        "no answer, as it is none of ours",
        ("print('[' * 100_000)", "ended with the exit code 0", "ask its owner"),
    ),
    Row(
        "py-rattler panics",
        "told as the channel's fault",
        (says("Panic", "index out of bounds"), "broke off: a channel", "Ask the channel's owner"),
    ),
    Row(
        "py-rattler has no space on its disk",
        "the machine is told",
        (
            says("GatewayError", "writing `/tmp/x`: No space left on device (os error 28)"),
            "there is no space left on the disk of `/tmp/x`",
            "Make space",
        ),
    ),
    Row(
        "a conda package unpacks to a file that no image could have",
        "py-rattler writes no more than the bound, and the package is told",
        (
            says(
                "InstallerError",
                "failed to fetch alpha-1-0.conda\nCaused by: failed to unpack `share/a`: File too large (os error 27)",
            ),
            "`alpha-1-0.conda` holds a file of more than 8 GiB",
            "take another version",
        ),
    ),
]


@each(ENDS)
def test_ends_of_py_rattler(row: Row[tuple[str, str, str]], tmp_path: Path) -> None:
    """Each has a cause and a way out; the token of the channel's address is nowhere."""
    program, what, remedy = row.case
    worker = tmp_path / "worker.py"
    worker.write_text(f"import os, sys\nprint('at', sys.stdin.read(), file=sys.stderr)\n{program}\n")
    channel = Channel("http://127.0.0.1:9/t/hunter22/mine", tmp_path)

    with pytest.raises(EnvironmentFailed) as failed:
        channel.read(worker=worker)

    [problem] = failed.value.problems
    assert what in problem.what
    assert remedy in problem.remedy
    assert problem.location == Location(tmp_path / "conda.yml", 4)
    assert "hunter22" not in str(failed.value) + failed.value.detail


def test_what_py_rattler_sees(tmp_path: Path) -> None:
    """Neither an argument nor a variable of its process holds a secret of the run."""
    worker = tmp_path / "worker.py"
    worker.write_text("import os, sys\nprint(*sys.argv, *os.environ.items(), file=sys.stderr)\n")
    channel = Channel("http://127.0.0.1:9/t/hunter22/mine", tmp_path)
    environ = {"INPUT_CLIENT-SECRET": "hunter33", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "hunter44", "HTTPS_PROXY": "there"}

    with pytest.raises(EnvironmentFailed) as failed:
        channel.read(worker=worker, environ=environ)

    assert "'HTTPS_PROXY', 'there'" in failed.value.detail
    assert "hunter" not in failed.value.detail.replace("/t/hunter22", "")
    assert str(worker) in failed.value.detail
