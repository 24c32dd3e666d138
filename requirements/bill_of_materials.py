"""Write the bill of materials of the action's image: its Python, its Python packages, its Debian packages.

The Dockerfile runs this at the end of a build stage, with the environment's own Python. What the image has of the
system was copied there file by file (see image_root.py), so a Debian package is in it when one of its files is. A file
that no package owns is named by itself. A scanner reads the document as it reads any of CycloneDX 1.6.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import sys
import sysconfig
from importlib.metadata import distributions
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.contrib.hash.factories import HashTypeFactory
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAME = "functions-model-action"
GENERATED = {
    "/etc/group": "base-passwd",
    "/etc/ld.so.cache": "libc-bin",
    "/etc/nsswitch.conf": "base-files",
    "/etc/passwd": "base-passwd",
    "/etc/ssl/certs/ca-certificates.crt": "ca-certificates",
}
"""Files that a Debian package makes when it is installed, and by whose scripts."""
_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)")
_HASH = re.compile(r"--hash=(sha256:[0-9a-f]{64})")


class DebianPackage(NamedTuple):
    """A Debian package as dpkg knows it.

    Attributes:
        name: Without its architecture.
        version: The whole of it.
        architecture: `amd64`, `all`.
        source: The source package, which advisories name.
    """

    name: str
    version: str
    architecture: str
    source: str


def bill(root: Path, environment: Path, lock: Path, system: Path = Path("/")) -> bytes:
    """The document. The same content gives the same bytes.

    Args:
        root: The image's files, but for the environment.
        environment: The virtual environment.
        lock: What the environment was installed from.
        system: Where the root's files were copied from: its `var/lib/dpkg` says whose they are.
    """
    packages, owners, distro = _debian(system), _owners(system), _release(system)
    python = platform.python_version()
    owned, rest = set[str](), list[Path]()
    for path in _files(root):
        name = owners.get(_merged(path)) or GENERATED.get(path)
        if name in packages:
            owned.add(name)
        elif not _is_python(path):
            rest.append(root / path.lstrip("/"))
    components = [
        _component("python", python, PackageURL("generic", name="python", version=python)),
        *_installed(environment, _hashes(lock.read_text())),
        *(_debian_component(packages[name], distro) for name in sorted(owned)),
        *(_file(path, root) for path in rest),
    ]
    return _document(components)


def _installed(environment: Path, hashes: Mapping[str, tuple[str, ...]]) -> list[Component]:
    """What is installed in the environment, with the hashes that the lock allows."""
    [site] = environment.glob("lib/python3*/site-packages")
    found = {_normal(one.name): one.version for one in distributions(path=[str(site)])}
    return [
        _component(name, version, PackageURL("pypi", name=name, version=version), hashes.get(name, ()))
        for name, version in sorted(found.items())
    ]


def _hashes(lock: str) -> dict[str, tuple[str, ...]]:
    """The hashes of a lock by normalized name."""
    found: dict[str, tuple[str, ...]] = {}
    name = ""
    for line in lock.splitlines():
        if locked := _LOCKED.match(line):
            name = _normal(locked[1])
        if allowed := _HASH.findall(line):
            found[name] = (*found.get(name, ()), *allowed)
    return found


def _debian(system: Path) -> dict[str, DebianPackage]:
    """The packages that are installed, by name; none where the system is not Debian's."""
    status = system / "var/lib/dpkg/status"
    if not status.exists():
        return {}
    told = [dict(re.findall(r"^([\w-]+): (.*)$", text, re.MULTILINE)) for text in status.read_text().split("\n\n")]
    return {one["Package"]: _read(one) for one in told if one.get("Status", "").endswith(" installed")}


def _read(told: Mapping[str, str]) -> DebianPackage:
    """One paragraph of `dpkg/status`."""
    name = told["Package"]
    return DebianPackage(name, told["Version"], told["Architecture"], told.get("Source", name).partition(" ")[0])


def _owners(system: Path) -> dict[str, str]:
    """The package of each file."""
    lists = sorted((system / "var/lib/dpkg/info").glob("*.list"))
    return {
        _merged(line): path.stem.partition(":")[0] for path in lists for line in path.read_text().splitlines() if line
    }


def _merged(path: str) -> str:
    """`/usr/lib/x` and `/lib/x` are one file, which dpkg may know by either name."""
    return path.removeprefix("/usr")


def _release(system: Path) -> str:
    """`debian-13`; empty where it is not told."""
    file = system / "etc/os-release"
    told = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', file.read_text(), re.MULTILINE)) if file.exists() else {}
    return f"{told['ID']}-{told['VERSION_ID']}" if {"ID", "VERSION_ID"} <= set(told) else ""


def _files(root: Path) -> list[str]:
    """Every file of the image, as it is named there. Links have a file somewhere else."""
    return sorted(f"/{path.relative_to(root)}" for path in root.rglob("*") if path.is_file() and not path.is_symlink())


def _is_python(path: str) -> bool:
    """Whether it came with a Python that no package brought: its library, its program, its shared library."""
    name = path.rpartition("/")[2]
    return path.startswith(f"{sysconfig.get_path('stdlib')}/") or name.startswith(("python3", "libpython3"))


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _debian_component(package: DebianPackage, distro: str) -> Component:
    upstream = package.source if package.source != package.name else ""
    told = {"arch": package.architecture, "distro": distro, "upstream": upstream}
    qualifiers = {key: value for key, value in told.items() if value}
    purl = PackageURL("deb", "debian", package.name, package.version, qualifiers)
    return _component(package.name, package.version, purl)


def _component(name: str, version: str, purl: PackageURL, hashes: Iterable[str] = ()) -> Component:
    made = [HashTypeFactory().from_composite_str(value) for value in hashes]
    reference, kind = purl.to_string(), ComponentType.LIBRARY
    return Component(name=name, version=version, type=kind, bom_ref=reference, purl=purl, hashes=made)


def _file(path: Path, root: Path) -> Component:
    name, digest = f"/{path.relative_to(root)}", hashlib.sha256(path.read_bytes()).hexdigest()
    made = [HashTypeFactory().from_composite_str(f"sha256:{digest}")]
    return Component(name=name, type=ComponentType.FILE, bom_ref=f"file:{name}", hashes=made)


def _document(components: list[Component]) -> bytes:
    """Without a time, and with a serial number that the content gives."""
    version = next((one.version for one in components if one.name == NAME), None)
    root = Component(name=NAME, version=version, type=ComponentType.CONTAINER, bom_ref=f"image:{platform.machine()}")
    told = [f"{one.bom_ref}" for one in components]
    serial = uuid5(NAMESPACE_URL, f"{NAME}/{platform.machine()}/{json.dumps(sorted(told))}")
    bom = Bom(components=components, metadata=BomMetaData(component=root), serial_number=serial)
    bom.register_dependency(root, components)
    made = json.loads(JsonV1Dot6(bom).output_as_string())
    made["metadata"].pop("timestamp", None)
    return json.dumps(made, sort_keys=True, indent=1).encode() + b"\n"


if __name__ == "__main__":
    sys.stdout.buffer.write(bill(*map(Path, sys.argv[1:4])))
