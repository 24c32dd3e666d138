"""Whose the files of the action's image are: `requirements/bill_of_materials.py` on made-up systems."""

from __future__ import annotations

import importlib.util
import json
from typing import TYPE_CHECKING, Any

import pytest

from support.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

STATUS = """\
Package: libz1
Status: install ok installed
Architecture: amd64
Source: zlib (1.3)
Version: 1:1.3+b1

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1
"""
LOCK = """\
six==1.17.0 \\
    --hash=sha256:{one} \\
    --hash=sha256:{two}
    # via functions-model-action
""".format(one="1" * 64, two="2" * 64)


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script, as a module."""
    spec = importlib.util.spec_from_file_location("action_bill", ROOT / "requirements" / "bill_of_materials.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    """A system, an image's root with one file, an environment with one package, and its lock."""
    made = {name: tmp_path / name for name in ("root", "environment", "lock", "system")}
    installed = made["environment"] / "lib" / "python3.13" / "site-packages" / "six-1.17.0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: six\nVersion: 1.17.0\n")
    made["lock"].write_text(LOCK)
    _write(made["system"], "var/lib/dpkg/status", STATUS)
    _write(made["system"], "var/lib/dpkg/info/libz1:amd64.list", "/.\n/lib\n/lib/libz.so.1\n")
    _write(made["system"], "var/lib/dpkg/info/gone.list", "/usr/lib/gone.so\n")
    _write(made["system"], "etc/os-release", 'ID=debian\nVERSION_ID="13"\n')
    _write(made["root"], "usr/lib/libz.so.1", "z")
    return made


def _write(root: Path, name: str, text: str) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _bill(script: ModuleType, places: dict[str, Path]) -> dict[str, Any]:
    read = json.loads(script.bill(**places))
    return {one["name"]: one for one in read["components"]}


class TestFiles:
    """Each file of the image has an owner, or a line of its own."""

    def test_a_package_is_named_for_one_file(self, script: ModuleType, places: dict[str, Path]) -> None:
        """With its source package; dpkg may know the file without `/usr`."""
        named = _bill(script, places)

        assert {"libz1", "python", "six"} == set(named)
        assert "pkg:deb/debian/libz1@1:1.3%2Bb1?arch=amd64&distro=debian-13&upstream=zlib" == named["libz1"]["purl"]

    def test_a_file_of_nobody(self, script: ModuleType, places: dict[str, Path]) -> None:
        """By its path and hash; so is one of a package that was removed."""
        _write(places["root"], "usr/local/lib/own.so", "own")
        _write(places["root"], "usr/lib/gone.so", "gone")
        named = _bill(script, places)

        assert {"/usr/local/lib/own.so", "/usr/lib/gone.so"} == {
            name for name, one in named.items() if one["type"] == "file"
        }
        assert 1 == len(named["/usr/local/lib/own.so"]["hashes"])

    def test_a_link_is_no_file(self, script: ModuleType, places: dict[str, Path]) -> None:
        """What it leads to is."""
        (places["root"] / "usr/lib/libz.so").symlink_to("libz.so.1")

        assert {"libz1", "python", "six"} == set(_bill(script, places))

    def test_a_system_without_dpkg(self, script: ModuleType, places: dict[str, Path]) -> None:
        """All of its files are named by themselves."""
        (places["system"] / "var/lib/dpkg/status").unlink()

        assert {"/usr/lib/libz.so.1", "python", "six"} == set(_bill(script, places))


class TestPackages:
    """The environment's."""

    def test_have_the_hashes_of_the_lock(self, script: ModuleType, places: dict[str, Path]) -> None:
        """All that it allows."""
        hashes = _bill(script, places)["six"]["hashes"]

        assert ["1" * 64, "2" * 64] == sorted(one["content"] for one in hashes)

    def test_the_same_image_gives_the_same_bytes(self, script: ModuleType, places: dict[str, Path]) -> None:
        """There is no time in it; other content has another serial number."""
        before = script.bill(**places)
        again = script.bill(**places)
        _write(places["root"], "usr/local/lib/own.so", "own")
        after = script.bill(**places)

        assert before == again
        assert json.loads(before)["serialNumber"] != json.loads(after)["serialNumber"]
