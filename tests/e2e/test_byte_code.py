"""The layer of byte code above the dependencies: whole runs, with the interpreter that is at hand."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from functions_model.core.references import ImageReference
from functions_model.environment.interpreters import COMPILERS as PRODUCT
from functions_model.registry.client import RegistryClient
from support.deployer import Deployer
from support.docker_registry import running_registry
from support.images import push_base
from support.packager import Packager
from support.stored_images import Reader
from support.tools import find_python

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run
    from support.stored_images import StoredImage

pytestmark = [pytest.mark.needs("docker-registry"), pytest.mark.exhaustive]

MINOR, COMPILERS = "3.11", "FUNCTIONS_MODEL_COMPILERS"
CACHE = "functions-model/cache"
UNCHECKED = b"\1\0\0\0"
"""A file that Python takes as it is: https://peps.python.org/pep-0552/."""


@pytest.fixture(scope="module")
def version() -> str:
    """That of an interpreter at hand."""
    python = find_python(MINOR)
    if python is None:
        pytest.skip(f"no Python {MINOR} on this machine")
    words = subprocess.run([python, "-V"], capture_output=True, text=True, check=True).stdout
    return words.split()[1]


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """A registry with a base."""
    folder = tmp_path_factory.mktemp("registry")
    with running_registry(folder) as host:
        push_base(RegistryClient(host), ImageReference(host, "base", "4"), folder / "base")
        yield Reader(f"http://{host}")


@pytest.fixture(scope="module")
def packager(reader: Reader, version: str, tmp_path_factory: pytest.TempPathFactory) -> Packager:
    """One workspace, whose images get byte code."""
    host = reader.root.removeprefix("http://")
    made = Packager.of(tmp_path_factory.mktemp("workspace"), host, f"{host}/base:4")
    return made.with_environ(**{COMPILERS: version})


@pytest.fixture(scope="module")
def first(packager: Packager) -> Run:
    """The first run."""
    return packager.package(image_name="first", image_tag="v1")


@pytest.fixture(scope="module")
def image(first: Run, reader: Reader) -> StoredImage:
    """Its image."""
    return reader.image("first", "v1")


class TestFirstRun:
    def test_byte_code_lies_between_the_dependencies_and_what_is_ours(self, image: StoredImage) -> None:
        """So that a change of model or script leaves it where it is."""
        assert ["dependencies", "byte code", "runtime", "model", "code"] == list(image.layers)[1:]

    def test_each_module_has_what_python_looks_for(self, image: StoredImage) -> None:
        """Beside its source; the dependencies' own layer is what it is without."""
        sources = {file.name for file in image.files("dependencies") if file.name.endswith(".py")}
        compiled = {file.name: file for file in image.files("byte code") if file.name.endswith(".pyc")}
        expected = {importlib.util.cache_from_source(name) for name in sources}
        tag = importlib.util.cache_from_source("x.py").split(".")[1]

        assert any(name.endswith(f"/six.cpython-{MINOR.replace('.', '')}.pyc") for name in compiled)
        assert {name.replace(f".cpython-{MINOR.replace('.', '')}.", f".{tag}.") for name in compiled} <= expected

    def test_it_is_taken_as_it_is(self, image: StoredImage) -> None:
        """Whatever times an engine gives to the files."""
        assert UNCHECKED == image.file("byte code", "/__pycache__/six.cpython-311.pyc")[4:8]


class TestNextRuns:
    def test_it_is_found_again(self, first: Run, packager: Packager, reader: Reader) -> None:
        """For the same image, and for another of the same lock."""
        again = packager.package(image_name="first", image_tag="v1")
        other = packager.package(image_name="other", image_tag="v1")
        image = reader.image("other", "v1")

        assert (first.outputs["digest"], "false") == (again.outputs["digest"], again.outputs["changed"])
        assert 2 == other.log.count(f"(from `{CACHE}`)")
        assert reader.image("first", "v1").layers["byte code"] == image.layers["byte code"]

    def test_it_is_made_for_dependencies_that_were_there_before(
        self, first: Run, packager: Packager, reader: Reader
    ) -> None:
        """By a version without it, or by a machine without the interpreter: the image is the same as any other."""
        without = packager.with_environ(**{COMPILERS: ""}).package(image_name="older", image_tag="v1")
        later = packager.package(image_name="older", image_tag="v1", cache_repository="none")

        assert without.outputs["digest"] != later.outputs["digest"]
        assert reader.image("first", "v1").layers == reader.image("older", "v1").layers


class TestWhereItIsAsked:
    def test_a_context_for_docker_has_it(self, first: Run, image: StoredImage, packager: Packager) -> None:
        """`builder: dockerfile` copies the same files."""
        packager.package(builder="dockerfile", build_context="context", image_name="first", image_tag="v1")
        written = packager.folder / "context" / "functions-model" / "layers" / "byte-code"

        compiled = {str(file.relative_to(written)): file for file in written.rglob("*.pyc")}
        [six] = [file for name, file in compiled.items() if name.endswith("/six.cpython-311.pyc")]

        assert {file.name.lstrip("./") for file in image.files("byte code") if file.isfile()} == {*compiled}
        assert image.file("byte code", "/six.cpython-311.pyc") == six.read_bytes()

    def test_it_is_made_by_the_version_of_the_product(
        self, first: Run, packager: Packager, reader: Reader, tmp_path: Path
    ) -> None:
        """Without any variable. The interpreter here says that it is that one."""
        program = tmp_path / f"python{MINOR}"
        told = f'case "$*" in *sys.implementation*) echo cpython {PRODUCT[MINOR]} -; exit;; esac'
        program.write_text(f'#!/bin/sh\n{told}\nexec {find_python(MINOR)} "$@"\n')
        program.chmod(0o755)
        environ = {name: text for name, text in os.environ.items() if name != COMPILERS}
        given = packager.inputs | {"image-name": "default", "image-tag": "v1"}
        flags = [word for name, text in given.items() if name != "mode" for word in (f"--{name}", text)]

        subprocess.run(
            [sys.executable, "-m", "functions_model", "package", *flags],
            cwd=packager.folder,
            env={**environ, "PATH": f"{tmp_path}{os.pathsep}{environ['PATH']}"},
            check=True,
            capture_output=True,
        )

        assert "byte code" in reader.image("default", "v1").layers


class TestNoInterpreter:
    def test_the_image_is_made_without_and_that_is_told(self, packager: Packager, reader: Reader, first: Run) -> None:
        """Another patch release is none: it may give other bytes."""
        run = packager.with_environ(**{COMPILERS: "3.11.999"}).package(image_name="without", image_tag="v1")

        assert "byte code" not in reader.image("without", "v1").layers
        assert (
            "has no byte code of the dependencies, as this machine has no Python 3.11.999, and it could not" in run.log
        )
        assert "has no byte code of the dependencies" in run.summary
        assert first.outputs["digest"] != run.outputs["digest"]

    def test_it_is_not_asked_for_again(self, packager: Packager) -> None:
        """A firewall may hold an answer back for a minute, which no change of a script should wait for."""
        without = packager.with_environ(**{COMPILERS: "3.11.998"})
        first, again = (without.package(image_name="vain", image_tag="v1") for _ in range(2))

        assert "and it could not be fetched (" in first.log
        assert "as this machine has no Python 3.11.998. It works" in again.log
        assert (first.outputs["digest"], "false") == (again.outputs["digest"], again.outputs["changed"])


class TestDeployment:
    """Into a sandbox, whose app runs with it."""

    def test_plan_and_deployment_make_the_same_image(self, sandbox: Sandbox, version: str, tmp_path: Path) -> None:
        """A plan compiles as well, and sends nothing. A new import in the script leaves the byte code where it is."""
        deployer = Deployer(sandbox, tmp_path / "echo", "echo-compiled")
        deployer.environ[COMPILERS] = version
        planned, deployed = deployer.run(mode="plan"), deployer.run()
        script = deployer.folder / "src" / "score.py"
        script.write_text(f"import six\n{script.read_text()}")
        changed = deployer.run()

        assert [0, 0, 0] == [run.code for run in (planned, deployed, changed)], deployed.log
        assert planned.outputs["digest"] == deployed.outputs["digest"] != changed.outputs["digest"]
        assert re.search(r"byte code +\S+ \w?B +\w+ +packed", planned.log)
        assert re.search(r"byte code +\S+ \w?B +\w+ +reused", changed.log)
        assert "live" == changed.outputs["state"]
