"""A conda environment from its file to a running interpreter, at the place and with the libraries of an image."""

from __future__ import annotations

import io
import json
import os
import subprocess
import tarfile
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker
import pytest

from functions_model.bundle import dependency_layers
from functions_model.environment import install, read_environment, resolve
from functions_model.environment.conda_solving import solve_conda
from functions_model.environment.rattler_tool import Rattler, fetch_rattler
from functions_model.image.tar import write_tar
from support.conda_channel import conda_project
from support.function_app import spec_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_model.environment import Lock
    from functions_model.environment.installing import Installed

pytestmark = pytest.mark.exhaustive

MINOR = "3.11"
SITE_PACKAGES = "/home/site/wwwroot/.python_packages/lib/site-packages"
CODE = """
import json, platform, ssl, sys, sysconfig
import greeting, six, azureml_inference_server_http
print(json.dumps({
    "prefix": sys.prefix, "executable": sys.executable, "greeting": greeting.__file__, "six": six.__file__,
    "include": sysconfig.get_config_var("INCLUDEDIR"), "minor": platform.python_version().rpartition(".")[0],
}))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A conda file, beside a channel with a real interpreter."""
    return conda_project(tmp_path_factory.mktemp("conda"), MINOR)


@pytest.fixture(scope="module")
def lock(project: Path) -> Lock:
    """Its lock."""
    request = read_environment(project / "environment.yml", root=project)
    environ = os.environ | {"XDG_CACHE_HOME": str(project / "cache"), "UV_CACHE_DIR": uv_cache()}
    return resolve(request, MINOR, work=project / "resolve", environ=environ)


@pytest.fixture(scope="module")
def installed(project: Path, lock: Lock) -> Installed:
    """What is installed."""
    environ = os.environ | {"XDG_CACHE_HOME": str(project / "cache"), "UV_CACHE_DIR": uv_cache()}
    return install(lock, MINOR, project / "packages", work=project / "work", environ=environ)


@pytest.fixture(scope="module")
def image(installed: Installed) -> Iterator[str]:
    """An image of the dependencies' layers, with the system libraries that every base has."""
    client = docker.from_env()
    reference = f"functions-model-test/conda:{uuid.uuid4().hex[:12]}"
    name, _, tag = reference.partition(":")
    client.api.import_image_from_data(root_file_system(installed), repository=name, tag=tag)
    yield reference
    client.images.remove(reference, force=True)
    client.close()


def uv_cache() -> str:
    """This user's, so that nothing is downloaded twice."""
    return os.environ.get("UV_CACHE_DIR") or str(Path.home() / ".cache" / "uv")


def root_file_system(installed: Installed) -> bytes:
    """A tar with both layers and this machine's libraries."""
    buffer = io.BytesIO()
    assert installed.conda
    with tarfile.open(fileobj=buffer, mode="w") as whole:
        for library in system_libraries(installed.conda):
            whole.add(library.resolve(), str(library).lstrip("/"))
        for plan in dependency_layers(spec_of(installed.conda), installed.site_packages, installed.conda):
            with tarfile.open(fileobj=io.BytesIO(b"".join(write_tar(plan.tree, epoch=plan.epoch)))) as layer:
                for entry in layer:
                    whole.addfile(entry, layer.extractfile(entry) if entry.isreg() else None)
    return buffer.getvalue()


def system_libraries(prefix: Path) -> list[Path]:
    """What the interpreter and its extension modules load from outside their prefix."""
    binaries = [prefix / "bin" / f"python{MINOR}", *prefix.glob("lib/*.so*"), *prefix.rglob("lib-dynload/*.so")]
    told = subprocess.run(["ldd", *binaries], capture_output=True, text=True, check=False).stdout
    words = {word for word in told.split() if word.startswith(("/lib", "/usr/lib")) and not word.endswith(":")}
    return sorted(Path(word) for word in words)


def run_in(image: str, *command: str) -> str:
    """What a command says in a container of the image, as the base images would run it."""
    client = docker.from_env()
    try:
        environment = {"PYTHONPATH": SITE_PACKAGES, "CONDA_PREFIX": "/opt/conda"}
        said: bytes = client.containers.run(image, list(command), environment=environment, remove=True)
    finally:
        client.close()
    return said.decode()


@pytest.mark.needs("docker")
class TestInterpreter:
    """The environment's own Python, in a container."""

    def test_imports_conda_packages_and_the_wheels_on_top(self, image: str) -> None:
        """At `/opt/conda`, though it was installed elsewhere; the wheels come from the worker's folder."""
        said: dict[str, Any] = json.loads(run_in(image, "/opt/conda/bin/python", "-c", CODE))

        site_packages = f"/opt/conda/lib/python{MINOR}/site-packages"
        assert {
            "prefix": "/opt/conda",
            "executable": "/opt/conda/bin/python",
            "greeting": f"{site_packages}/greeting/__init__.py",
            "six": f"{SITE_PACKAGES}/six.py",
            "include": "/opt/conda/include",
            "minor": MINOR,
        } == said

    def test_runs_the_commands_of_packages(self, image: str) -> None:
        """Their first line names the interpreter where it lies in the image."""
        assert "hello from /opt/conda\n" == run_in(image, "/opt/conda/bin/greet")


class TestRattler:
    """py-rattler on demand."""

    def test_is_fetched_whole_and_once(self, project: Path, tmp_path: Path) -> None:
        """As the lock says; what is fetched solves, wherever this interpreter has another one."""
        environ = os.environ | {"XDG_CACHE_HOME": str(tmp_path), "UV_CACHE_DIR": uv_cache()}

        folder = fetch_rattler(environ)

        assert folder == fetch_rattler(environ | {"UV_OFFLINE": "1", "UV_CACHE_DIR": str(tmp_path / "none")})
        assert [folder] == [*folder.parent.iterdir()]
        request = read_environment(project / "environment.yml", root=project).conda
        assert request
        lock, _ = solve_conda(request, MINOR, Rattler(folder, environ), cache=tmp_path / "channels")
        assert "greeting-words" in {package.name for package in lock.packages}
