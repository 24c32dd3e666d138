"""The same inputs give the same image: on another machine, for another user, by another Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from functions_model.core.references import ImageReference
from functions_model.registry.client import RegistryClient
from support.conda_channel import GREETING, LIBCOLOUR, environment_file, python_stub, write_channel
from support.docker_registry import running_registry
from support.images import push_base
from support.other_python import product_python
from support.project import write_echo_project
from support.stored_images import Reader
from support.tools import find_python

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from support.stored_images import StoredImage

LARGE = 9 << 20
"""Bytes. A model of that size is hashed while it is sent; a smaller one before."""
pytestmark = [pytest.mark.needs("docker-registry", "python3.13"), pytest.mark.exhaustive]


@dataclass(frozen=True, slots=True)
class Machine:
    """Where the product runs.

    Attributes:
        python: The interpreter.
        home: The user's.
        umask: Of the files that it makes.
        environ: What else differs.
    """

    python: Path
    home: Path
    umask: int
    environ: Mapping[str, str]

    def package(self, workspace: Path, inputs: Mapping[str, str]) -> None:
        """`functions-model package`, as somebody types it."""
        flags = [word for name, value in inputs.items() for word in (f"--{name}", value)]
        kept = {name: os.environ[name] for name in ("PATH", "SSL_CERT_FILE", "SSL_CERT_DIR") if name in os.environ}
        settings = {"XDG_CONFIG_HOME": os.environ.get("XDG_CONFIG_HOME", str(Path.home() / ".config"))}
        cache = {"UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(Path.home() / ".cache" / "uv"))}
        run = subprocess.run(
            [self.python, "-m", "functions_model", "package", *flags],
            cwd=workspace,
            env={**kept, **settings, **cache, "HOME": str(self.home), **self.environ},
            umask=self.umask,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )
        assert run.returncode == 0, run.stdout


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> tuple[Machine, Machine]:
    """Two that have nothing in common."""
    one, other = tmp_path_factory.mktemp("alice"), tmp_path_factory.mktemp("b")
    ask = [str(find_python("3.11")), "-c", "import sys; print(sys.version.split()[0], sys.base_prefix)"]
    version, prefix = subprocess.run(ask, capture_output=True, text=True, check=True).stdout.split()
    both = {"FUNCTIONS_MODEL_COMPILERS": version, "PATH": f"{prefix}/bin{os.pathsep}{os.environ['PATH']}"}
    first = {"USER": "alice", "LANG": "C.UTF-8", "TZ": "UTC", "PYTHONHASHSEED": "1", "TMPDIR": str(one), **both}
    second = {"USER": "bob", "LANG": "C", "TZ": "Asia/Tokyo", "PYTHONHASHSEED": "2", "TMPDIR": str(other), **both}
    return (
        Machine(Path(sys.executable), one, 0o022, first),
        Machine(product_python("3.13"), other, 0o077, second),
    )


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Reader, Reader]]:
    """Two registries, the base in the first."""
    one, other = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("other")
    with running_registry(one) as first, running_registry(other) as second:
        push_base(RegistryClient(first), ImageReference(first, "base", "4"), one / "base")
        yield Reader(f"http://{first}"), Reader(f"http://{second}")


def write_clones(first: Path, second: Path) -> dict[str, str]:
    """Two checkouts that differ in all that git does not keep: times, rights, the order of files in their folders."""
    inputs = write_echo_project(first)
    write_channel(first / "channel", [python_stub(), GREETING, LIBCOLOUR])
    (first / "environment.yml").write_text(environment_file())
    for name in ("zeta.bin", "alpha.bin", "ünïcode name.bin", "deeper/inner.bin"):
        file = first / "model" / name
        file.parent.mkdir(exist_ok=True)
        file.write_bytes(name.encode() * 1000)
    (first / "model" / "large.bin").write_bytes(bytes(range(256)) * (LARGE >> 8))
    (first / "src" / "tool.sh").write_text("#!/bin/sh\n")
    (first / "src" / "tool.sh").chmod(0o755)
    for file in sorted(first.rglob("*"), reverse=True):
        copy = second / file.relative_to(first)
        if file.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
    for copy in second.rglob("*"):
        os.utime(copy, (1, 1))
        copy.chmod(0o700 if copy.is_dir() or copy.suffix == ".sh" else 0o600)
    del inputs["sample-request"]
    return inputs | {"environment-file": "environment.yml", "image-tag": "v1"}


@pytest.fixture(scope="module")
def images(
    machines: tuple[Machine, Machine], places: tuple[Reader, Reader], tmp_path_factory: pytest.TempPathFactory
) -> tuple[StoredImage, StoredImage]:
    """Two clones, each packaged by a machine of its own into a registry of its own."""
    folders = tmp_path_factory.mktemp("a") / "clone", tmp_path_factory.mktemp("c") / "some where" / "else"
    hosts = [place.root.removeprefix("http://") for place in places]
    inputs = write_clones(*folders) | {"base-image": f"{hosts[0]}/base:4"}
    for machine, host, folder in zip(machines, hosts, folders, strict=True):
        machine.package(folder, inputs | {"registry": host})
    return places[0].image("package", "v1"), places[1].image("package", "v1")


class TestTwoClones:
    def test_the_layers_are_the_same(self, images: tuple[StoredImage, StoredImage]) -> None:
        """Conda's packages and wheels, the byte code of both, runtime, model and code."""
        one, other = images

        assert {"conda", "dependencies", "byte code", "runtime", "model", "code"} < {*one.layers}
        assert one.layers == other.layers
        assert {"six.cpython-311.pyc", "os.cpython-311.pyc"} <= {
            file.name.rpartition("/")[2] for file in one.files("byte code")
        }

    def test_the_configuration_is_the_same(self, images: tuple[StoredImage, StoredImage]) -> None:
        """Variables, labels, history, times."""
        one, other = images

        assert one.config == other.config

    def test_the_digest_is_the_same(self, images: tuple[StoredImage, StoredImage]) -> None:
        """To the last byte."""
        one, other = images

        assert one.digest == other.digest
