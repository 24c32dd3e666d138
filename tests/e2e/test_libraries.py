"""A shared library that nobody has, in whole runs: told, kept, and the end of a strict one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.core.references import ImageReference
from functions_model.registry.client import RegistryClient
from support.elf import library
from support.images import push_base
from support.package_index import COMPILED, package_index
from support.packager import Packager
from support.project import ECHO_SCRIPT
from support.registry_server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.registry_server import RegistryServer

_EXTENSION = "needy/_core.cpython-311-x86_64-linux-gnu.so"
_FILES = {"needy/__init__.py": "from needy import _core\n", _EXTENSION: library("libgomp.so.1", "libc.so.6")}
TOLD = "`needy` needs the library `libgomp.so.1`, and neither the packages nor the base image have it"


@pytest.fixture
def registry() -> Iterator[RegistryServer]:
    yield from serving()


@pytest.fixture
def packager(registry: RegistryServer, tmp_path: Path) -> Iterator[Packager]:
    """A script that imports a package which needs OpenMP, on a base without it."""
    base = push_base(RegistryClient(registry.host), ImageReference(registry.host, "base", "4"), tmp_path / "base")
    with package_index(tmp_path / "index") as index:
        index.add("azureml-inference-server-http", "1.5")
        index.add("needy", "1.0", tag=COMPILED, files=_FILES)
        made = Packager.of(tmp_path / "workspace", registry.host, str(base))
        (made.folder / "requirements.txt").write_text(f"--index-url {index.simple}\nneedy\n")
        (made.folder / "src/score.py").write_text(f"import needy\n{ECHO_SCRIPT}")
        yield made.on_a_fresh_runner(tmp_path / "home")


class TestALibraryThatNobodyHas:
    @pytest.mark.exhaustive
    def test_is_told_and_kept(self, packager: Packager, registry: RegistryServer) -> None:
        """A note with its package. The base is read once: the next run asks for what the first one kept."""
        first, second = packager.package(), packager.package()

        assert [True, True] == [TOLD in run.log and "`apt-packages: libgomp1`" in run.log for run in (first, second)]
        assert [True, False] == ["Reading which shared libraries" in run.log for run in (first, second)]
        assert [True] == [tag.startswith("libraries-") for _, tag in registry.manifests if "libraries" in tag]

    def test_ends_a_strict_run(self, packager: Packager, registry: RegistryServer) -> None:
        """On the line of the import, before a tag is written."""
        before = set(registry.manifests)

        run = packager.run(preflight="strict")

        assert 3 == run.code, run.log
        assert TOLD in run.errors[0]
        assert "line=1" in run.errors[0]
        assert before == set(registry.manifests)
