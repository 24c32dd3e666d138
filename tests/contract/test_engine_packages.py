"""A real container engine installs Debian packages and compiles Python packages: on a Debian, over the network."""

from __future__ import annotations

import ctypes
import io
import json
import tarfile
import threading
from base64 import b64encode
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.failures import EnvironmentFailed
from functions_model.core.references import Digest, ImageReference, digest_of
from functions_model.core.secrets import Secret
from functions_model.engine import Recipe
from functions_model.engine.engine_layers import build_engine_layers
from functions_model.environment.request import IndexSettings
from functions_model.image import manifests
from functions_model.image.assembly import Base
from functions_model.image.configs import ImageConfig
from functions_model.image.manifests import Descriptor, Manifest
from support.engine import PYTHON_SLIM, ensure_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import docker

    from functions_model.image.layers import Layer

pytestmark = [pytest.mark.needs("docker", "mmdebstrap"), pytest.mark.exhaustive]

BACKEND = """
import subprocess, zipfile
FILES = {
    "answer-1.0.dist-info/METADATA": "Metadata-Version: 2.1\\nName: answer\\nVersion: 1.0\\n",
    "answer-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: false\\nTag: py3-none-linux_x86_64\\n",
    "answer-1.0.dist-info/RECORD": "",
}

def build_wheel(folder, config_settings=None, metadata_directory=None):
    subprocess.run(["tcc", "-shared", "-o", "answer.so", "answer.c"], check=True)
    with zipfile.ZipFile(f"{folder}/answer-1.0-py3-none-linux_x86_64.whl", "w") as wheel:
        wheel.write("answer.so")
        for name, text in FILES.items():
            wheel.writestr(name, text)
    return "answer-1.0-py3-none-linux_x86_64.whl"
"""
PROJECT = {
    "backend.py": BACKEND,
    "answer.c": "#include <stdlib.h>\nint answer(void) { return abs(-42); }\n",
    "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n',
    "PKG-INFO": "Metadata-Version: 2.1\nName: answer\nVersion: 1.0\n",
}
"""Brings its own build backend and takes a compiler of 1 MB, so that the test need not fetch a large one."""
NEEDS_GCC = {
    "pyproject.toml": '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
    '[project]\nname = "answer"\nversion = "1.0"\n'
    '[tool.setuptools]\next-modules = [{name = "answer", sources = ["answer.c"]}]\n',
    "answer.c": "#include <Python.h>\n",
    "PKG-INFO": PROJECT["PKG-INFO"],
}
PASSWORD = "correct-horse"
PACKAGE = "answer-1.0.tar.gz"


@pytest.fixture(scope="module")
def api() -> Iterator[docker.APIClient]:
    import docker

    with closing(docker.from_env(timeout=600)) as client:
        ensure_image(PYTHON_SLIM, client)
        yield client.api


@pytest.fixture(scope="module")
def debian(api: docker.APIClient) -> Base:
    """The Debian that the engine has, described as its registry would."""
    inspected: dict[str, Any] = api.inspect_image(PYTHON_SLIM.tag)
    diff_ids = inspected["RootFS"]["Layers"]
    document = {
        "os": "linux",
        "architecture": "amd64",
        "config": inspected["Config"],
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    }
    layers = tuple(Descriptor(manifests.OCI_LAYER_GZIP, Digest(diff_id), 1) for diff_id in diff_ids)
    config = Descriptor(manifests.OCI_CONFIG, Digest(inspected["Id"]), 1)
    manifest = Manifest(manifests.OCI_MANIFEST, config, layers)
    return Base(ImageReference("registry.test", "packages-base", "3"), digest_of(b""), manifest, ImageConfig(document))


def source_package(folder: Path, project: dict[str, str]) -> str:
    """Puts a source package into a folder, and gives the lock that names it."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in project.items():
            member = tarfile.TarInfo(f"answer-1.0/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    (folder / PACKAGE).write_bytes(packed.getvalue())
    entries = {"answer==1.0": digest_of(packed.getvalue()), "other==2.0": digest_of(b"")}
    return "# Python 3.13\n" + "".join(f"{name} \\\n    --hash={digest}\n" for name, digest in entries.items())


class _Index(BaseHTTPRequestHandler):
    """A package index that answers nobody without the login."""

    package = b""

    def do_GET(self) -> None:
        login = b64encode(f"user:{PASSWORD}".encode()).decode()
        if self.headers.get("Authorization") != f"Basic {login}":
            self.send_response(401)
            self.send_header("WWW-Authenticate", "Basic")
            content = b""
        elif self.path == "/simple/answer/":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            content = f'<a href="/{PACKAGE}">{PACKAGE}</a>'.encode()
        else:
            content = self.package if self.path == f"/{PACKAGE}" else b""
            self.send_response(200 if content else 404)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Silent."""


@contextmanager
def index_of(folder: Path) -> Iterator[Secret]:
    """The address of an index with the source package, with its login."""
    handler = type("Index", (_Index,), {"package": (folder / PACKAGE).read_bytes()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield Secret(f"http://user:{PASSWORD}@127.0.0.1:{server.server_port}/simple")
        server.shutdown()
        thread.join()


def members(layer: Layer) -> dict[str, bytes]:
    with layer.open() as stream, tarfile.open(fileobj=stream) as archive:
        return {m.name: archive.extractfile(m).read() if m.isreg() else b"" for m in archive}  # type: ignore[union-attr]


class TestPackages:
    def test_debian_packages_are_installed_and_python_packages_compiled(
        self, debian: Base, tmp_path: Path, api: docker.APIClient
    ) -> None:
        """One layer of each. Neither the index's login nor the installer stays in a layer, the engine or the log."""
        recipe = Recipe(
            base="x",
            apt_packages=("tcc", "libc6-dev"),
            python_version="3.13",
            compiled=("answer",),
            site_packages="app",
        )
        log: list[str] = []
        lock = source_package(tmp_path, PROJECT)

        with index_of(tmp_path) as index:
            below = build_engine_layers(
                recipe,
                debian,
                lock,
                dockerfile=None,
                work=tmp_path / "work",
                log=log.append,
                indexes=IndexSettings(extra=(index,)),
                network="host",
            )

        system, compiled = (members(layer) for layer in below.layers)
        assert ["system packages", "compiled packages"] == [layer.name for layer in below.layers]
        assert debian.manifest.layers == below.base.manifest.layers
        assert "usr/bin/tcc" in system
        assert "app/answer-1.0.dist-info/METADATA" in compiled
        (tmp_path / "answer.so").write_bytes(compiled["app/answer.so"])
        assert 42 == ctypes.CDLL(str(tmp_path / "answer.so")).answer()
        assert not any("functions-model" in name or "__pycache__" in name for name in compiled)
        assert not any(PASSWORD.encode() in content for content in compiled.values())
        assert any("answer==1.0" in line for line in log)
        assert PASSWORD not in "\n".join(log)
        images = api.images(name="functions-model/packages-base")
        assert [["functions-model/packages-base:packages"]] == [image["RepoTags"] for image in images]
        assert PASSWORD not in json.dumps(api.history(images[0]["Id"]))
        assert images[0]["Id"] not in {container["ImageID"] for container in api.containers(all=True)}

    def test_a_missing_compiler_is_named_with_what_brings_it(self, debian: Base, tmp_path: Path) -> None:
        """The compiler's absence is told in the user's words; the build's own are the detail."""
        lock = source_package(tmp_path, NEEDS_GCC)
        recipe = Recipe(base="x", python_version="3.13", compiled=("answer",))

        with pytest.raises(EnvironmentFailed) as caught:
            build_engine_layers(
                recipe,
                debian,
                lock,
                dockerfile=None,
                work=tmp_path / "work",
                log=lambda _: None,
                indexes=IndexSettings(find_links=(tmp_path,)),
            )

        assert (
            "Could not compile packages in the image: apt-packages: `answer==1.0` must be compiled, and the image has"
            " no C compiler. Add `apt-packages: build-essential`."
        ) == str(caught.value)
        assert "gcc" in caught.value.detail
