"""Packages that would run code when they are built: none of it runs on this machine, wherever it comes from."""

from __future__ import annotations

import io
import os
import tarfile
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import EnvironmentFailed
from functions_model.environment import install, read_environment, resolve
from support.source_packages import SourcePackage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.exhaustive

SERVER = SourcePackage("azureml-inference-server-http", "1.5.1", "")
PROJECT = '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n'
BACKEND = """\
import pathlib
pathlib.Path({marker!r}).write_text("it was run")


def build_wheel(folder, config_settings=None, metadata_directory=None):
    raise SystemExit("nothing is built")
"""
LOCAL = "--no-index\n--find-links wheels\n"
FUSEPY = "fusepy-3.0.1"
"""The one package that is ever built with `builder: layers`."""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """A folder as a web site; a simple index where it has one folder for each package."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


class Trap:
    """A folder with packages that note that their build was run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.marker = folder / "ran"
        for package in (SERVER, SourcePackage("part", "1.0", "")):
            package.write_wheel(folder / "wheels")

    def source(self, stem: str, folder: str = "wheels") -> None:
        """Puts a source package there that does not say what it depends on."""
        name, version = stem.split("-")
        texts = {
            "PKG-INFO": f"Metadata-Version: 1.1\nName: {name}\nVersion: {version}\n",
            "pyproject.toml": PROJECT,
            "own.py": BACKEND.format(marker=str(self.marker)),
        }
        (self.folder / folder).mkdir(parents=True, exist_ok=True)
        with tarfile.open(self.folder / folder / f"{stem}.tar.gz", "w:gz") as packed:
            for path, text in texts.items():
                member = tarfile.TarInfo(f"{stem}/{path}")
                member.size = len(text)
                packed.addfile(member, io.BytesIO(text.encode()))

    def wheel(self, name: str, requires: str, folder: str = "wheels") -> None:
        """Puts a wheel there that asks for something else."""
        SourcePackage(name, "1.0", "", requires=(requires,)).write_wheel(self.folder / folder)

    def deploy(self, text: str) -> None:
        """Asks for packages, and installs them, as every run with `builder: layers` does."""
        file = self.folder / "requirements.txt"
        file.write_text(text)
        # With a cache of its own: what an earlier run has built there would be taken from it.
        environ = {**os.environ, "UV_CACHE_DIR": str(self.folder / "cache")}
        lock = resolve(read_environment(file, environ={}), "3.11", work=self.folder / "resolve", environ=environ)
        install(lock, "3.11", self.folder / "site", work=self.folder / "install", environ=environ)

    @property
    def ran(self) -> bool:
        """Whether any build was run."""
        return self.marker.exists()


@pytest.fixture
def trap(tmp_path: Path) -> Trap:
    return Trap(tmp_path)


class TestNoBuildRuns:
    """With `builder: layers`: neither while the lock is made, as in `mode: plan`, nor while it is installed."""

    @pytest.mark.parametrize("stem", [FUSEPY, "fusepy-3.0.2", "fusepy-2.0.4", "other-1.0"])
    def test_of_a_folder(self, stem: str, trap: Trap) -> None:
        """Whatever it is called."""
        trap.source(stem)

        with pytest.raises(EnvironmentFailed):
            trap.deploy(f"{LOCAL}{stem.replace('-', '==')}\n")
        assert not trap.ran

    @pytest.mark.parametrize("name", ["fusepy", "other"])
    def test_behind_another_package(self, name: str, trap: Trap) -> None:
        """Nobody asked for it by name."""
        trap.source(f"{name}-3.0.1")
        trap.wheel("carrier", f"{name}>=3.0.1")

        with pytest.raises(EnvironmentFailed):
            trap.deploy(f"{LOCAL}carrier\n")
        assert not trap.ran

    @pytest.mark.parametrize("stem", [FUSEPY, "other-1.0"])
    def test_of_an_index(self, stem: str, trap: Trap) -> None:
        """Each package has a page there."""
        name = stem.partition("-")[0]
        trap.source(stem, f"index/{name}")
        SERVER.write_wheel(trap.folder / "index" / SERVER.name)

        with served(trap.folder / "index") as index, pytest.raises(EnvironmentFailed):
            trap.deploy(f"--index-url {index}/\n{name}\n")
        assert not trap.ran

    @pytest.mark.parametrize("stem", [FUSEPY, "other-1.0"])
    def test_of_an_address_in_a_wheel(self, stem: str, trap: Trap) -> None:
        """A wheel that was asked for by its URL may name URLs itself."""
        trap.source(stem, "site")
        name = stem.partition("-")[0]
        with served(trap.folder / "site") as site:
            trap.wheel("carrier", f"{name} @ {site}/{stem}.tar.gz", "site")
            with pytest.raises(EnvironmentFailed):
                trap.deploy(f"{LOCAL}carrier @ {site}/carrier-1.0-py3-none-any.whl\n")

        assert not trap.ran

    def test_of_what_builds_the_one(self, trap: Trap) -> None:
        """What the true package is built with is as well known as the package itself."""
        code = {"setuptools/__init__.py": BACKEND.format(marker=str(trap.marker))}
        SourcePackage("setuptools", "9999.0", "", others=code).write_wheel(trap.folder / "wheels")

        trap.deploy("--find-links wheels\nfusepy\n")

        assert not trap.ran
        assert (trap.folder / "site/fuse.py").is_file()
