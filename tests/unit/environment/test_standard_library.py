"""Packages that have the name of one of Python's own modules."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import EnvironmentFailed
from functions_model.environment import install, read_environment, resolve
from functions_model.environment.standard_library import is_standard, take_out_hiding, top_module
from support.package_index import PackageIndex, package_index, write_wheel
from support.source_packages import SourcePackage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from functions_model.environment.installing import Installed
    from functions_model.environment.locking import Lock

SERVER = "azureml-inference-server-http"
BROKEN = "raise ImportError('made for another Python')\n"
PACKAGES: dict[str, tuple[str, Mapping[str, str]]] = {
    "asyncio": ("3.4.3", {"asyncio/__init__.py": BROKEN, "asyncio/tasks.py": BROKEN}),
    "dataclasses": ("0.8", {"dataclasses.py": BROKEN}),
    "argparse": ("1.4.0", {"argparse.py": BROKEN}),
    "typing": ("3.7.4.1", {"typing.py": BROKEN}),
    "enum34": ("1.1.10", {"enum/__init__.py": BROKEN, "enum/LICENSE": ""}),
    "mixed": ("1.0", {"mixed/__init__.py": "import uuid\n", "uuid.py": BROKEN, "mixed/uuid.py": "", "enum.pth": "\n"}),
}
"""What the packages on PyPI hold, by name; `mixed` has more than what it hides."""


@pytest.fixture
def index(tmp_path: Path) -> Iterator[PackageIndex]:
    """An index that has them."""
    with package_index(tmp_path / "index") as found:
        found.add(SERVER, "1.5.1")
        for name, (version, files) in PACKAGES.items():
            found.add(name, version, files=files)
        yield found


def locked(folder: Path, index: PackageIndex, text: str, *, only_wheels: bool = True) -> Lock:
    """A requirements file, resolved."""
    path = folder / "requirements.txt"
    path.write_text(f"--index-url {index.simple}\n--find-links .\n{text}")
    asked = read_environment(path, environ={})
    return resolve(asked, "3.11", work=folder / "work", environ={**os.environ}, only_wheels=only_wheels)


def installed(folder: Path, lock: Lock) -> Installed:
    """A lock, installed."""
    return install(lock, "3.11", folder / "site", work=folder / "install", environ={**os.environ})


class TestInstall:
    """`install`, with packages made for a Python that lacked the module."""

    def test_nothing_hides_python_s_own(self, index: PackageIndex, tmp_path: Path) -> None:
        """With the folder in front of its own library, as in a function app, Python starts and imports each of them."""
        lock = locked(tmp_path, index, "".join(f"{name}=={version}\n" for name, (version, _) in PACKAGES.items()))

        found = installed(tmp_path, lock)

        names = "asyncio, dataclasses, argparse, typing, enum, uuid, mixed.uuid"
        code = f"import {names}, importlib.metadata as m; print(m.version('enum34'))"
        environ = {"PYTHONPATH": str(found.site_packages)}
        ran = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False)
        assert (0, "1.1.10\n") == (ran.returncode, ran.stdout), ran.stderr
        assert (
            "`enum34==1.1.10`: its module `enum` is left out, as Python has the same in its standard library, which the"
            " app needs. If nothing else of the package is used, remove it from your file."
        ) in found.warnings
        assert len(PACKAGES) == len(found.warnings)

    def test_all_else_stays(self, index: PackageIndex, tmp_path: Path) -> None:
        """The package's other modules, its metadata, and a record that is true."""
        site = installed(tmp_path, locked(tmp_path, index, "mixed\nenum34\n")).site_packages

        record = (site / "mixed-1.0.dist-info/RECORD").read_text()
        assert ["enum.pth", "mixed/__init__.py", "mixed/uuid.py"] == [
            line.partition(",")[0] for line in record.splitlines() if "dist-info" not in line
        ]
        assert not (site / "enum").exists()

    def test_an_environment_without_them_is_as_it_was(self, tmp_path: Path) -> None:
        """A backport of what that Python no longer has stays: `asyncore` is gone since 3.12."""
        wheel = write_wheel(tmp_path, "pyasyncore", "1.0", files={"asyncore/__init__.py": ""})
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(tmp_path / "site")

        assert () == take_out_hiding(tmp_path / "site", "3.12")
        assert 1 == len(take_out_hiding(tmp_path / "site", "3.11"))


class TestWithoutAWheel:
    """`resolve`, with what is there as a source only: `uuid==1.30`, `typing==3.7.4.3`."""

    @pytest.mark.parametrize("only_wheels", [True, False])
    def test_is_left_out_where_python_has_it(self, index: PackageIndex, tmp_path: Path, *, only_wheels: bool) -> None:
        """With each builder; nothing is compiled that hides Python's own."""
        SourcePackage("uuid", "1.30", BROKEN).write_source(tmp_path)

        lock = locked(tmp_path, index, "uuid==1.30\nmixed\n", only_wheels=only_wheels)

        assert [SERVER, "mixed"] == [package.name for package in lock.packages]
        assert () == lock.compiled
        told = (
            "`uuid` is left out: it has no wheel that fits, and Python has a module of that name in its standard"
            " library. Remove it from your file."
        )
        assert (told,) == lock.request.warnings

    def test_what_no_index_has_is_refused(self, index: PackageIndex, tmp_path: Path) -> None:
        """A name is no reason to pass over a version that does not exist."""
        with pytest.raises(EnvironmentFailed, match="argparse==9"):
            locked(tmp_path, index, "argparse==9\n")


class TestNames:
    """Which names are meant."""

    @pytest.mark.parametrize(
        ("path", "module"),
        [
            ("enum/__init__.py", "enum"),
            ("uuid.py", "uuid"),
            ("_queue.cpython-311-x86_64-linux-gnu.so", "_queue"),
            ("enum.pth", ""),
            ("enum34-1.1.10.dist-info/RECORD", "enum34-1.1.10.dist-info"),
        ],
    )
    def test_of_modules(self, path: str, module: str) -> None:
        """The first part of the path, of files that Python imports."""
        assert module == top_module(path)

    @pytest.mark.parametrize(
        ("name", "python", "is_one"),
        [
            ("uuid", "3.14", True),
            ("asyncore", "3.11", True),
            ("asyncore", "3.12", False),
            ("typing-extensions", "3.11", False),
            ("test", "3.11", False),
        ],
    )
    def test_of_python_s_own(self, name: str, python: str, *, is_one: bool) -> None:
        """As that minor has them."""
        assert is_one == is_standard(name, python)
