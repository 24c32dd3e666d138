"""The bill of materials of the action's image, held against the image and against the base's own dpkg."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.markers import Marker

from functions_model import __version__
from support.engine import ACTION_IMAGE, PYTHON_SLIM, ensure_images
from support.tools import ROOT

pytestmark = [pytest.mark.needs("docker", "mmdebstrap"), pytest.mark.exhaustive]

BILL = "/opt/functions-model/bill-of-materials.json"
REMOVED = {"pycparser", "pygithub", "pynacl"}
"""What `requirements/trim-image` takes out again."""
_FILES = """
import os
for folder, inner, names in os.walk("/"):
    if folder in ("/proc", "/sys", "/dev", "/opt"):
        inner[:] = []
        continue
    for name in names:
        if not os.path.islink(os.path.join(folder, name)):
            print(os.path.join(folder, name))
"""
_OF_THE_ENGINE = {"/.dockerenv", "/etc/hostname", "/etc/hosts", "/etc/resolv.conf"}
_GENERATED = {"base-files", "base-passwd", "ca-certificates", "libc-bin"}
"""Packages whose scripts make files, which dpkg does not know."""


@pytest.fixture(scope="module")
def image() -> str:
    """The image, built from the Dockerfile as it is now."""
    ensure_images()
    return ACTION_IMAGE


@pytest.fixture(scope="module")
def content(image: str, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The document, as the release takes it out of the image."""
    file = tmp_path_factory.mktemp("bill") / "bill.json"
    container = _docker("create", image)
    _docker("cp", f"{container}:{BILL}", str(file))
    _docker("rm", container)
    return file.read_bytes()


@pytest.fixture(scope="module")
def components(content: bytes) -> list[dict[str, Any]]:
    """What it names."""
    return list(json.loads(content)["components"])


def _docker(*words: str, given: str = "") -> str:
    command = ["docker", *words]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode in {0, 1}, done.stderr
    return done.stdout.strip()


def _files(image: str) -> list[str]:
    """Every file of the image but those of the environment."""
    python = ("--entrypoint", "/opt/functions-model/bin/python", image, "-I", "-")
    told = _docker("run", "--rm", "--interactive", *python, given=_FILES).splitlines()
    return [path for path in told if path not in _OF_THE_ENGINE]


def _of_kind(components: list[dict[str, Any]], kind: str) -> dict[str, str]:
    return {one["name"]: one["version"] for one in components if one.get("purl", "").startswith(f"pkg:{kind}/")}


def _locked() -> dict[str, str]:
    """The packages of the lock that fit the image, with their versions."""
    linux = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
    lock = (ROOT / "requirements" / "runtime.lock").read_text()
    lines = re.findall(r"^([\w.-]+)==([^\s;\\]+)(?: ; ([^\\\n]*))?", lock, re.MULTILINE)
    fits = {name: version for name, version, marker in lines if not marker or Marker(marker).evaluate(linux)}
    return {name: version for name, version in fits.items() if name not in REMOVED}


class TestTheBill:
    """What it names."""

    def test_is_a_document_of_cyclonedx(self, content: bytes) -> None:
        """By CycloneDX's own schema, at its strictest, with what an attestation asks for."""
        read = json.loads(content)

        assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(content.decode()) is None
        assert ("CycloneDX", "1.6") == (read["bomFormat"], read["specVersion"])
        assert read["serialNumber"].startswith("urn:uuid:")
        assert ("functions-model-action", __version__) == tuple(
            read["metadata"]["component"][name] for name in ("name", "version")
        )

    def test_each_package_of_the_lock(self, components: list[dict[str, Any]]) -> None:
        """By its version, with the hashes of the lock; and ours."""
        with_hashes = {one["name"] for one in components if one.get("hashes")}

        assert {**_locked(), "functions-model-action": __version__} == _of_kind(components, "pypi")
        assert set(_locked()) <= with_hashes

    def test_each_debian_package_of_which_a_file_is_there(self, image: str, components: list[dict[str, Any]]) -> None:
        """As the base's own dpkg tells their owners and versions."""
        named, files = _of_kind(components, "deb"), _files(image)
        told = _docker("run", "--rm", "--entrypoint", "dpkg", PYTHON_SLIM.tag, "-S", *files).splitlines()
        owners = {line.partition(":")[0] for line in told if not line.startswith("diversion")}
        asked = ("--entrypoint", "dpkg-query", PYTHON_SLIM.tag, "--show", "--showformat", "${Package} ${Version}\n")
        versions = dict(line.split() for line in _docker("run", "--rm", *asked, *named).splitlines())

        assert {"libc6", "libssl3t64", "zlib1g"} <= owners
        assert set() == owners - set(named)
        assert set() == set(named) - owners - _GENERATED
        assert versions == named

    def test_python_and_each_file_that_no_package_has(self, image: str, components: list[dict[str, Any]]) -> None:
        """Python, however the base has it. A file that nobody owns has a line of its own: here there is none."""
        asked = (
            "--entrypoint",
            "/opt/functions-model/bin/python",
            image,
            "-c",
            "import platform as p; print(p.python_version())",
        )
        files = [one["name"] for one in components if one["type"] == "file"]

        assert {"python": _docker("run", "--rm", *asked)} == _of_kind(components, "generic")
        assert [] == files
