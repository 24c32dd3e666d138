"""Interpreters that are fetched: by uv, and as conda-forge's package. What goes wrong leaves nothing in the cache."""

from __future__ import annotations

import hashlib
import http.server
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from uv import find_uv_bin

from functions_model.core.cancel import CANCEL, Ahead
from functions_model.core.secrets import Secret
from functions_model.environment.byte_code import compile_modules
from functions_model.environment.fetched_interpreters import NotFetched, fetch_compiler
from functions_model.environment.interpreters import COMPILERS, PINNED, Pinned, find_compiler
from functions_model.environment.modules import Found
from functions_model.environment.request import CondaChannel
from functions_model.image.files import TreeFile
from support.conda_channel import write_channel
from support.small_python import small_python, standalone_archive, write_downloads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.conda_channel import CondaPackage

MINOR = "3.11"
NOWHERE = "http://127.0.0.1:9/python.tar.gz"


@pytest.fixture(scope="module")
def package() -> CondaPackage:
    """An interpreter of this machine."""
    return small_python(MINOR)


@pytest.fixture(scope="module")
def archive(package: CondaPackage) -> bytes:
    """The same, as uv takes it."""
    return standalone_archive(package)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """That of a machine without interpreters."""
    return {"XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path / "home"), "UV_HTTP_RETRIES": "0"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The test's folder; it keeps who asks for `slow.tar.gz` waiting."""
    done = threading.Event()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/slow.tar.gz":
                done.wait(20)
            super().do_GET()

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=tmp_path)) as serving:
        thread = threading.Thread(target=partial(serving.serve_forever, 0.05), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{serving.server_port}"
        done.set()
        serving.shutdown()


def listed(tmp_path: Path, version: str, url: str, content: bytes) -> dict[str, str]:
    """The variable that names a list with one archive."""
    return {"UV_PYTHON_DOWNLOADS_JSON_URL": str(write_downloads(tmp_path, {version: (url, content)}))}


def kept(environ: dict[str, str]) -> list[str]:
    """What lies in the cache."""
    place = Path(environ["XDG_CACHE_HOME"]) / "functions-model" / "pythons"
    return sorted(one.name for one in place.iterdir()) if place.is_dir() else []


def compiles(python: Path, work: Path) -> bool:
    """Whether it makes byte code."""
    source = work / "module.py"
    source.write_text("import json\nx = {'a', 'b'}\n")
    found = Found({"module": TreeFile("opt/module.py", source)}, ("module",))
    return bool(compile_modules(found, MINOR, python, work=work / "out", environ={}).files)


class TestByUv:
    def test_it_lands_in_our_cache_and_compiles(
        self, package: CondaPackage, archive: bytes, environ: dict[str, str], tmp_path: Path
    ) -> None:
        """In the place of one that does not start, and is found there from then on."""
        broken = Path(environ["XDG_CACHE_HOME"]) / "functions-model/pythons"
        (broken / f"cpython-{package.version}-linux-x86_64-gnu" / "bin").mkdir(parents=True)
        (tmp_path / "python.tar.gz").write_bytes(archive)
        environ |= listed(tmp_path, package.version, (tmp_path / "python.tar.gz").as_uri(), archive)

        python = fetch_compiler(package.version, environ)

        assert [f"cpython-{package.version}-linux-x86_64-gnu"] == kept(environ)
        assert python.is_relative_to(environ["XDG_CACHE_HOME"])
        assert compiles(python, tmp_path)
        assert find_compiler(package.version, environ) in {python, Path(sys.executable)}

    @pytest.mark.parametrize(
        ("url", "more", "why"),
        [
            ("file://{folder}/other.tar.gz", {}, "Hash mismatch for `cpython-3.11"),
            ("file://{folder}/broken.tar.gz", {}, "unexpected end of file"),
            ("{server}/python.tar.gz", {}, "HTTP status client error (404 File not found)"),
            (NOWHERE, {}, "Connection refused"),
            ("https://example.com/x.tar.gz", {"HTTPS_PROXY": "http://127.0.0.1:9"}, "Connection refused"),
            (NOWHERE, {"UV_OFFLINE": "1"}, "Network connectivity is disabled"),
            (NOWHERE, {"UV_PYTHON_DOWNLOADS": "never"}, "not allowed"),
        ],
    )
    def test_what_goes_wrong_is_told_and_leaves_nothing(
        self,
        url: str,
        more: dict[str, str],
        why: str,
        *,
        package: CondaPackage,
        archive: bytes,
        environ: dict[str, str],
        server: str,
        tmp_path: Path,
    ) -> None:
        """In one sentence. Nobody else is asked where no package of that version is known."""
        (tmp_path / "broken.tar.gz").write_bytes(archive[:9000])
        (tmp_path / "other.tar.gz").write_bytes(archive)
        content = b"" if "other" in url else archive[:9000]
        environ |= listed(tmp_path, package.version, url.format(folder=tmp_path, server=server), content) | more

        with pytest.raises(NotFetched) as told:
            fetch_compiler(package.version, environ)

        assert why in told.value.why
        assert [] == kept(environ)

    def test_an_archive_of_something_else_is_none(
        self, package: CondaPackage, environ: dict[str, str], tmp_path: Path
    ) -> None:
        """What does not start with that version is not kept."""
        stub = type(package)("python", package.version, {**package.files, f"bin/python{MINOR}": b"#!/bin/sh\necho x\n"})
        content = standalone_archive(stub)
        (tmp_path / "python.tar.gz").write_bytes(content)
        environ |= listed(tmp_path, package.version, (tmp_path / "python.tar.gz").as_uri(), content)

        with pytest.raises(NotFetched):
            fetch_compiler(package.version, environ)

        assert [] == kept(environ)

    def test_it_has_its_time(self, package: CondaPackage, environ: dict[str, str], server: str, tmp_path: Path) -> None:
        """A server that does not answer holds up nothing."""
        environ |= listed(tmp_path, package.version, f"{server}/slow.tar.gz", b"")

        with pytest.raises(NotFetched, match="uv was ended, as it was still at work after 1 seconds"):
            fetch_compiler(package.version, environ, seconds=1)

        assert [] == kept(environ)

    def test_one_that_nobody_needs_any_more_leaves_nothing(
        self, package: CondaPackage, environ: dict[str, str], server: str, tmp_path: Path
    ) -> None:
        """As after a failure elsewhere."""
        environ |= listed(tmp_path, package.version, f"{server}/slow.tar.gz", b"")
        ahead, ended = Ahead(), threading.Event()

        def fetch() -> None:
            with pytest.raises(NotFetched):
                CANCEL.ahead(ahead, lambda: fetch_compiler(package.version, environ))
            ended.set()

        threading.Thread(target=fetch, daemon=True).start()
        while not ahead.ends:
            time.sleep(0.01)
        CANCEL.drop(ahead)

        assert ended.wait(10)
        assert [] == kept(environ)


class TestFromConda:
    """Where uv cannot."""

    def pinned(self, package: CondaPackage, channel: Path) -> Pinned:
        """What the channel has."""
        file = channel / "linux-64" / f"{package.stem}.conda"
        return Pinned(package.version, package.build, hashlib.sha256(file.read_bytes()).hexdigest())

    def test_the_first_channel_that_has_it_gives_it(
        self, package: CondaPackage, environ: dict[str, str], server: str, tmp_path: Path
    ) -> None:
        """Those that the environment names: a folder, or an address."""
        empty, channel = write_channel(tmp_path / "empty", []), write_channel(tmp_path / "channel", [package])
        environ |= listed(tmp_path, package.version, NOWHERE, b"")
        channels = [CondaChannel("empty", empty), CondaChannel("mine", Secret(f"{server}/channel/"))]

        python = fetch_compiler(package.version, environ, channels, pinned=[self.pinned(package, channel)])

        assert [f"cpython-{package.version}-conda"] == kept(environ)
        assert compiles(python, tmp_path)

    @pytest.mark.parametrize("address", ["", "{server}/channel"])
    def test_a_package_with_another_hash_is_none(
        self, address: str, *, package: CondaPackage, environ: dict[str, str], server: str, tmp_path: Path
    ) -> None:
        """A mirror need not be trusted. Both causes are told."""
        channel = write_channel(tmp_path / "channel", [package])
        environ |= listed(tmp_path, package.version, NOWHERE, b"")
        other = Pinned(package.version, package.build, "0" * 64)
        location = Secret(address.format(server=server)) if address else channel

        with pytest.raises(NotFetched, match=r"Connection refused.*; .*(?i:hash)"):
            fetch_compiler(package.version, environ, [CondaChannel("mine", location)], pinned=[other])

        assert [] == kept(environ)

    @pytest.mark.parametrize("more", [{"UV_OFFLINE": "1"}, {"UV_PYTHON_DOWNLOADS": "never"}])
    def test_who_must_not_fetch_does_not_ask_it(
        self, more: dict[str, str], package: CondaPackage, environ: dict[str, str], tmp_path: Path
    ) -> None:
        """What is told to uv holds for all."""
        channel = write_channel(tmp_path / "channel", [package])
        environ |= listed(tmp_path, package.version, NOWHERE, b"") | more

        with pytest.raises(NotFetched):
            fetch_compiler(
                package.version, environ, [CondaChannel("mine", channel)], pinned=[self.pinned(package, channel)]
            )


class TestThoseOfTheProduct:
    def test_each_minor_has_one_that_uv_can_fetch(self) -> None:
        """With the hash of it."""
        command = [find_uv_bin(), "python", "list", "--all-versions", "--only-downloads", "--offline", "--no-config"]
        known = subprocess.run(command, capture_output=True, text=True, check=True).stdout

        assert ["3.10", "3.11", "3.12", "3.13"] == [*COMPILERS]
        for version in COMPILERS.values():
            assert f"cpython-{version}-linux-x86_64-gnu " in known

    def test_each_has_a_package_of_its_own(self) -> None:
        """The hash is a SHA-256."""
        assert len(PINNED) == len({one.sha256 for one in PINNED})
        assert {64} == {len(one.sha256) for one in PINNED}
