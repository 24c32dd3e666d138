"""The bill of materials that is attached to an image."""

from __future__ import annotations

import json
import subprocess
import sysconfig
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from functions_model import __version__
from functions_model.core.references import digest_of
from functions_model.environment import EnvironmentRequest, Lock
from functions_model.environment.bill_of_materials import bill_of_materials
from functions_model.environment.locked_packages import LockedPackage
from functions_model.environment.locking import CondaLock, CondaPackage
from functions_model.environment.request import Requirement
from support.tools import find_python

ONE, TWO = "1" * 64, "2" * 64
URL = "https://host.example/six-1.17.0-py2.py3-none-any.whl"
PACKAGES = (
    LockedPackage("numpy", "2.1.0", (f"sha256:{ONE}", f"sha256:{TWO}")),
    LockedPackage("part", "3", (f"sha256:{TWO}",)),
    LockedPackage("six", URL, (f"sha256:{ONE}",)),
)


def lock(packages: tuple[LockedPackage, ...] = PACKAGES) -> Lock:
    """A lock of these packages, of which numpy was asked for."""
    text = "".join(f"{package.name}=={package.version}\n" for package in packages)
    return Lock(
        text, digest_of(text.encode()), packages, EnvironmentRequest(None, None, (Requirement("numpy", "numpy"),))
    )


def document(**others: Any) -> dict[str, Any]:
    """The document of the lock, read back."""
    arguments = {"lock": lock(), "name": "package", "python_version": "3.12", **others}
    read: dict[str, Any] = json.loads(bill_of_materials(arguments.pop("lock"), **arguments))
    return read


class TestBillOfMaterials:
    """`bill_of_materials`."""

    def test_components(self) -> None:
        """Name, version, package URL and hashes of each package."""
        components = document()["components"]

        assert [
            ("numpy", "2.1.0", "pkg:pypi/numpy@2.1.0"),
            ("part", "3", "pkg:pypi/part@3"),
            ("six", "1.17.0", f"pkg:pypi/six@1.17.0?download_url={URL}"),
        ] == [(one["name"], one["version"], one["purl"]) for one in components]
        assert [{"alg": "SHA-256", "content": ONE}, {"alg": "SHA-256", "content": TWO}] == components[0]["hashes"]
        assert {"library"} == {one["type"] for one in components}

    def test_conda_packages(self) -> None:
        """With what tells a conda package from others of its name."""
        package = CondaPackage("numpy", "1.26", "py311_0", "conda-forge", "linux-64", "numpy-1.26-py311_0.conda", ONE)
        with_conda = replace(lock(PACKAGES[1:2]), conda=CondaLock((package,)))

        component = document(lock=with_conda)["components"][0]

        assert "pkg:conda/numpy@1.26?build=py311_0&channel=conda-forge&subdir=linux-64&type=conda" == component["purl"]
        assert [{"alg": "SHA-256", "content": ONE}] == component["hashes"]

    def test_metadata(self) -> None:
        """What it is about, what made it, when, and what was asked for."""
        made = document(epoch=1_700_000_000)
        metadata = made["metadata"]

        assert ("CycloneDX", "1.6", 1) == (made["bomFormat"], made["specVersion"], made["version"])
        assert "2023-11-14T22:13:20+00:00" == metadata["timestamp"]
        assert [("functions-model-action", __version__)] == [
            (tool["name"], tool["version"]) for tool in metadata["tools"]["components"]
        ]
        assert ("package", "application") == (metadata["component"]["name"], metadata["component"]["type"])
        assert {
            "functions-model:lock": lock().digest,
            "functions-model:platform": "x86_64-manylinux_2_28",
            "functions-model:python-version": "3.12",
        } == {one["name"]: one["value"] for one in metadata["component"]["properties"]}
        assert ["pkg:pypi/numpy@2.1.0"] == next(
            one["dependsOn"] for one in made["dependencies"] if one["ref"] == "image:package"
        )

    def test_every_reference_is_in_it(self) -> None:
        """References are unique, and none leads nowhere."""
        made = document()
        refs = [made["metadata"]["component"]["bom-ref"], *(one["bom-ref"] for one in made["components"])]

        assert len(refs) == len(set(refs))
        assert set(refs) == {one["ref"] for one in made["dependencies"]}

    def test_what_differs_has_another_serial_number(self) -> None:
        """One serial number is one content."""
        other = lock(PACKAGES[:1])
        made = [document(), document(name="else"), document(python_version="3.13"), document(epoch=1)]

        assert 5 == len({one["serialNumber"] for one in [*made, document(lock=other)]})

    def test_nothing_that_was_asked_for(self) -> None:
        """What was asked for may be left out by a marker; the rest is still said."""
        rest = document(lock=lock(PACKAGES[1:2]))

        assert ["pkg:pypi/part@3"] == rest["dependencies"][0]["dependsOn"]

    @pytest.mark.needs("python3.13")
    def test_same_bytes_on_another_python(self) -> None:
        """Whatever the interpreter and its hash seed."""
        code = (
            "import sys; sys.path[:0] = sys.argv[1].split('|')\n"
            "from unit.environment import test_bill_of_materials as t\n"
            "sys.stdout.buffer.write(t.bill_of_materials(t.lock(), name='package', python_version='3.12'))\n"
        )
        tests = Path(__file__).parents[2]
        paths = "|".join([str(tests.parent / "src"), str(tests), sysconfig.get_path("purelib")])

        done = subprocess.run([str(find_python("3.13")), "-c", code, paths], capture_output=True, check=True)

        assert bill_of_materials(lock(), name="package", python_version="3.12") == done.stdout
