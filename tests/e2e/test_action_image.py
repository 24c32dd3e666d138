"""The action's image by itself: how large it is, how fast it starts, and that nothing that it needs was left out."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from typing import TYPE_CHECKING

import docker
import pytest

from support.engine import ACTION_IMAGE, ensure_images
from support.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_sandbox.sandbox import Sandbox

pytestmark = [pytest.mark.needs("docker", "mmdebstrap"), pytest.mark.exhaustive]

MEGABYTE = 1_000_000
APART = ("functions_model.payload", "functions_model.mlflow_scoring", "functions_model.__main__")
"""What runs in the customer's app, and what runs when it is imported."""
NOT_HERE = ("rattler", "azure_sandbox", "watchfiles", "functions_model")
"""What is installed when it is needed, the sandbox, which is another door, and what only that door imports. Our own
modules are found in the image itself."""
PYTHON = "/opt/functions-model/bin/python"


@pytest.fixture(scope="module")
def client() -> Iterator[docker.DockerClient]:
    """The engine."""
    made = docker.from_env(timeout=600)
    yield made
    made.close()


@pytest.fixture(scope="module")
def image() -> str:
    """The image, built from the Dockerfile as it is now; the engine's cache holds what did not change."""
    ensure_images()
    return ACTION_IMAGE


def _run(image: str, *words: str, script: str = "", options: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    """A container of the image; with a script, that is what its Python runs."""
    entry = (*("--entrypoint", PYTHON), image, "-I", "-") if script else (image,)
    command = ["docker", "run", "--rm", "--interactive", "--network=host", *options, *entry, *words]
    return subprocess.run(command, input=script, capture_output=True, text=True, check=False, timeout=120)


class TestSize:
    """What a runner has to pull."""

    def test_image(self, client: docker.DockerClient, image: str) -> None:
        """The whole image, Python and all, takes at most 150 MB: its files, as engines do not agree on its size."""
        container = client.containers.create(image)
        try:
            size = sum(map(len, container.export()))
        finally:
            container.remove()

        assert 100 * MEGABYTE < size <= 150 * MEGABYTE, f"{size / MEGABYTE:.1f} MB"

    def test_layers(self, client: docker.DockerClient, image: str) -> None:
        """It stands on no other image, so nothing that was trimmed lies below: Python, and the environment."""
        layers = client.images.get(image).attrs["RootFS"]["Layers"]

        assert 2 == len(layers)


class TestStart:
    """How a runner starts it."""

    def test_help(self, image: str) -> None:
        """`--help` says what can be done."""
        run = _run(image, "--help")

        assert 0 == run.returncode, run.stderr
        assert run.stdout.startswith("usage: functions-model")

    def test_bytecode(self, image: str) -> None:
        """No module is compiled on the way: each was loaded from bytecode that came with the image."""
        run = _run(image, script=_BYTECODE)

        assert [] == json.loads(run.stdout or '["nothing"]'), run.stderr


class TestWhole:
    """Trimming took nothing that is used."""

    def test_modules(self, image: str) -> None:
        """Every module of the product can be imported, and every import inside a function, too."""
        run = _run(image, script=_IMPORT_ALL.format(names=sorted(_imported_anywhere())))

        assert {} == json.loads(run.stdout or '"nothing"'), run.stderr

    def test_clients(self, image: str) -> None:
        """Every group of operations that the product calls is there: the clients load them when they are asked."""
        called = sorted(_called_of_clients())
        run = _run(image, script=_CLIENTS.format(called=called))

        assert 10 < len(called)
        assert [] == json.loads(run.stdout or '["nothing"]'), run.stderr

    def test_resolver(self, image: str) -> None:
        """The resolver that comes along starts, and finds the image's Python."""
        run = _run(image, script=_RESOLVER)

        assert [0, True] == json.loads(run.stdout or "[]"), run.stderr

    def test_names(self, image: str) -> None:
        """Names are looked up, users are known, and temporary files have a place."""
        run = _run(image, script=_SYSTEM)

        assert ["127.0.0.1", "root", "utf-8", True] == json.loads(run.stdout or "[]"), run.stderr


class TestTrust:
    """TLS with the certificates of the system."""

    def test_bundle(self, image: str) -> None:
        """Python finds the system's certificates without being told where they are."""
        run = _run(image, script="import ssl\nprint(len(ssl.create_default_context().get_ca_certs()) > 50)\n")

        assert "True" == run.stdout.strip(), run.stderr

    def test_request(self, image: str, sandbox: Sandbox) -> None:
        """A request over TLS succeeds when the system's bundle has the authority, and fails when it does not."""
        url = f"https://{sandbox.endpoints.registry}/v2/"
        bundle = "/etc/ssl/certs/ca-certificates.crt"
        trusted = ("--volume", f"{sandbox.endpoints.ca_bundle}:{bundle}:ro")

        asked = [
            _run(image, script=_REQUEST.format(url=url), options=options).stdout.strip() for options in (trusted, ())
        ]

        assert ["HTTPError 401", "URLError"] == asked


def _imported_anywhere() -> set[str]:
    """Every module that the product's sources import, at the top or inside a function, from outside of it."""
    found: set[str] = set()
    for path in (ROOT / "src" / "functions_model").rglob("*.py"):
        inside = path.relative_to(ROOT / "src").with_suffix("").as_posix().replace("/", ".")
        if not inside.startswith(APART):
            found |= _imports(ast.parse(path.read_text()))
    return {name for name in found if not f"{name}.".startswith(tuple(f"{left}." for left in NOT_HERE))}


def _imports(tree: ast.Module) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return names


def _called_of_clients() -> set[tuple[str, ...]]:
    """`clients.web.web_apps.get` as `web`, `web_apps`, `get`, wherever the product's sources have it."""
    sources = (path.read_text() for path in (ROOT / "src" / "functions_model").rglob("*.py"))
    return {found for source in sources for found in re.findall(r"\bclients\.(\w+)\.(\w+)\.(\w+)\(", source)}


_BYTECODE = """
import json, os, sys
import functions_model.cli.once
specs = [getattr(module, "__spec__", None) for module in sys.modules.values()]
cached = [spec.cached for spec in specs if getattr(spec, "has_location", False) and not spec.origin.endswith(".so")]
assert len(cached) > 100, cached
print(json.dumps([name for name in cached if not os.path.exists(name)]))
"""

_IMPORT_ALL = f"""
import importlib, json, pkgutil
import functions_model
faults = {{{{}}}}
names = [module.name for module in pkgutil.walk_packages(functions_model.__path__, "functions_model.",
                                                         onerror=lambda name: None)]
names = [name for name in names if not name.startswith({APART!r})]
assert len(names) > 50, names
for name in names + {{names}}:
    try:
        importlib.import_module(name)
    except Exception as error:
        faults[name] = repr(error)
print(json.dumps(faults))
"""

_CLIENTS = """
import json
from azure.core.credentials import AccessToken
from functions_model.azure.clients import AzureClients
from functions_model.azure.cloud import resolve_cloud

class Nobody:
    def get_token(self, *scopes, **options):
        return AccessToken("none", 9999999999)

clients = AzureClients(Nobody(), "0a1b2c3d-0000-4000-8000-00000000000a", resolve_cloud("AzureCloud"))
faults = []
for client, group, operation in {called}:
    try:
        getattr(getattr(getattr(clients, client), group), operation)
    except Exception as error:
        faults.append(repr(error))
clients.close()
print(json.dumps(faults))
"""

_RESOLVER = """
import json, os, subprocess, sys, uv
from functions_model.environment.interpreters import own_pythons
own_pythons(os.environ).mkdir(parents=True)
told = subprocess.run([uv.find_uv_bin(), "python", "find", sys.executable], capture_output=True, text=True)
sys.stderr.write(told.stderr)
print(json.dumps([told.returncode, "python" in told.stdout]))
"""

_SYSTEM = """
import json, pwd, socket, sys, tempfile
with tempfile.NamedTemporaryFile() as file:
    print(json.dumps([socket.gethostbyname("localhost"), pwd.getpwuid(0).pw_name, sys.getfilesystemencoding(),
                      file.name.startswith("/tmp/")]))
"""

_REQUEST = """
import urllib.error, urllib.request
try:
    print(urllib.request.urlopen("{url}", timeout=20).status)
except urllib.error.HTTPError as error:
    print("HTTPError", error.code)
except urllib.error.URLError as error:
    print("URLError")
"""
