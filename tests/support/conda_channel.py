"""A conda channel in a folder: real packages in both of conda's formats, made here, for `file:` URLs.

https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from support.tools import find_python

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PLACEHOLDER = "/placehold_placehold_placehold_placehold_placehold/the_prefix"
"""What a package's files hold in the place of the folder that they will be installed to."""
NOT_NEEDED = (
    "test", "tests", "idlelib", "tkinter", "turtledemo", "lib2to3", "ensurepip", "pydoc_data", "site-packages",
    "__pycache__",
)  # fmt: skip
"""Folders of the standard library that no app here imports."""
_RAW_BLOCK = 1 << 17


@dataclass(frozen=True, slots=True)
class CondaPackage:
    """A package to be made.

    Attributes:
        files: Contents by path; a text is a link's target.
        noarch: `python` for one whose files below `site-packages` and whose entry points fit every Python.
        entry_points: `command = module:function`, of `noarch: python`.
        placeholder: The prefix that its files hold; empty when none is replaced.
        untouched: Paths in which it stays.
        executables: Paths that may be run.
        extension: `.conda` or `.tar.bz2`.
        system: The folder of the channel for packages that are not `noarch`.
        build: The build string.
    """

    name: str
    version: str
    files: Mapping[str, bytes | str] = field(repr=False)
    depends: tuple[str, ...] = ()
    noarch: str = ""
    entry_points: tuple[str, ...] = ()
    placeholder: str = PLACEHOLDER
    untouched: tuple[str, ...] = ()
    executables: tuple[str, ...] = ()
    extension: str = ".conda"
    license: str = "MIT"
    system: str = "linux-64"
    build: str = "0"

    @property
    def stem(self) -> str:
        """The file's name without its extension."""
        return f"{self.name}-{self.version}-{self.build}"

    @property
    def subdir(self) -> str:
        """Where in the channel it lies."""
        return "noarch" if self.noarch else self.system


GREETING = CondaPackage(
    "greeting-words",
    "1.2.0",
    {
        "site-packages/greeting/__init__.py": b"import sys\n\n\ndef main():\n    print('hello from', sys.prefix)\n",
        "site-packages/greeting_words-1.2.0.dist-info/METADATA": b"Metadata-Version: 2.1\nName: greeting-words\n"
        b"Version: 1.2.0\n",
        "site-packages/greeting_words-1.2.0.dist-info/INSTALLER": b"conda\n",
    },
    depends=("python >=3.10", "libcolour >=2"),
    noarch="python",
    entry_points=("greet = greeting:main",),
)
"""A Python package without a wheel, with a command, that needs a library."""
LIBCOLOUR = CondaPackage(
    "libcolour",
    "2.1",
    {
        "bin/colour-config": f"#!/bin/sh\necho {PLACEHOLDER}/share/colours\n".encode(),
        "lib/libcolour.so.2": b"\x7fELF\0" + f"{PLACEHOLDER}/share/colours".encode() + b"\0tail\0" + bytes(range(256)),
        "lib/libcolour.so": "libcolour.so.2",
        "share/colours/list.txt": b"red\ngreen\n",
    },
    executables=("bin/colour-config",),
    extension=".tar.bz2",
)
"""A library that no wheel stands for, with its prefix in a text and in a binary."""


def python_stub(version: str = "3.11.9") -> CondaPackage:
    """A package with Python's name and its folders, and nothing that runs: enough to solve and to install."""
    minor = version.rpartition(".")[0]
    files: dict[str, bytes | str] = {
        f"bin/python{minor}": f"#!/bin/sh\necho {PLACEHOLDER}\n".encode(),
        "bin/python": f"python{minor}",
        f"lib/python{minor}/os.py": b"",
        f"lib/python{minor}/__pycache__/os.cpython-311.pyc": b"\0",
    }
    return CondaPackage("python", version, files, executables=(f"bin/python{minor}",))


def python_package(minor: str) -> CondaPackage:
    """The interpreter of that minor on this machine, with its standard library, as a conda package of about 40 MB."""
    prefix, version = described(minor)
    library = prefix / "lib" / f"python{minor}"
    paths = [*_needed_files(library), prefix / "bin" / f"python{minor}", *prefix.glob(f"lib/libpython{minor}.so*")]
    files: dict[str, bytes | str] = {
        path.relative_to(prefix).as_posix(): path.readlink().as_posix() if path.is_symlink() else stripped(path)
        for path in paths
    }
    files |= {"bin/python": f"python{minor}", "bin/python3": f"python{minor}"}
    return CondaPackage(
        "python",
        version,
        files,
        # Python finds its library beside itself. A short prefix stands in too many files to be replaced in them.
        placeholder="" if prefix == Path("/usr") else str(prefix),
        # Its linker stores the version as the end of the prefix's text (`.../3.11.7`): what changes one ends the other.
        untouched=tuple(name for name in files if name.startswith("lib/libpython")),
        executables=(f"bin/python{minor}",),
        license="PSF-2.0",
    )


def described(minor: str) -> tuple[Path, str]:
    """Where the interpreter of that minor lies on this machine, and its version."""
    found = find_python(minor)
    assert found, f"no Python {minor} on this machine"
    code = "import sys, platform; print(sys.base_prefix, platform.python_version())"
    prefix, version = subprocess.run([found, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    return Path(prefix), version


def _needed_files(library: Path) -> Iterator[Path]:
    for folder, below, names in os.walk(library):
        below[:] = [name for name in below if name not in NOT_NEEDED and not name.startswith("config-")]
        yield from (Path(folder, name) for name in names)


def stripped(path: Path) -> bytes:
    """A library without its symbols for debuggers, where a tool for that is here."""
    if path.stat().st_size < 1_000_000 or not shutil.which("strip"):
        return path.read_bytes()
    with tempfile.NamedTemporaryFile() as copy:
        subprocess.run(["strip", "--strip-unneeded", "-o", copy.name, path], check=True)
        return Path(copy.name).read_bytes()


def write_channel(folder: Path, packages: Iterable[CondaPackage]) -> Path:
    """The channel with these packages; gives the folder back."""
    index: dict[str, dict[str, Any]] = {"linux-64": {}, "noarch": {}}
    for package in packages:
        content = _archive(package)
        name = package.stem + package.extension
        (folder / package.subdir).mkdir(parents=True, exist_ok=True)
        (folder / package.subdir / name).write_bytes(content)
        known = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}
        index.setdefault(package.subdir, {})[name] = _index(package) | known
    for subdir, records in index.items():
        document = {
            "info": {"subdir": subdir},
            "packages": {name: record for name, record in records.items() if name.endswith(".tar.bz2")},
            "packages.conda": {name: record for name, record in records.items() if name.endswith(".conda")},
            "repodata_version": 1,
        }
        (folder / subdir).mkdir(parents=True, exist_ok=True)
        (folder / subdir / "repodata.json").write_text(json.dumps(document))
    return folder


def write_wheel(folder: Path, name: str, version: str, requires: Iterable[str] = ()) -> None:
    """A wheel with a module of its name, for `--find-links`."""
    folder.mkdir(parents=True, exist_ok=True)
    module, stem = name.replace("-", "_"), f"{name.replace('-', '_')}-{version}"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    metadata += "".join(f"Requires-Dist: {requirement}\n" for requirement in requires)
    kind = "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files = {f"{module}.py": "", f"{stem}.dist-info/METADATA": metadata, f"{stem}.dist-info/WHEEL": kind}
    record = "".join(f"{name},,\n" for name in (*files, f"{stem}.dist-info/RECORD"))
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as wheel:
        for path, text in {**files, f"{stem}.dist-info/RECORD": record}.items():
            wheel.writestr(zipfile.ZipInfo(path), text)


def conda_project(folder: Path, minor: str = "3.11") -> Path:
    """A folder with a model, an entry script and a conda file whose channel lies beside it; gives it back.

    The script answers with the interpreter's prefix, with what the conda package says, and with the data sent.
    """
    write_channel(folder / "channel", [python_package(minor), GREETING, LIBCOLOUR])
    (folder / "src").mkdir()
    (folder / "model.json").write_text('{"factor": 3}\n')
    (folder / "src" / "score.py").write_text(_SCRIPT)
    (folder / "environment.yml").write_text(environment_file(minor))
    return folder


def environment_file(minor: str = "3.11", channel: str = "./channel", pip: str = "six==1.17.0") -> str:
    """A conda file that needs conda: a channel of one's own, and a package that no wheel stands for."""
    return (
        f"name: greetings\nchannels:\n  - {channel}\ndependencies:\n  - python={minor}\n  - greeting-words=1.2\n"
        f"  - pip:\n    - {pip}\n"
    )


_SCRIPT = """import json
import os
import sys

import greeting
import six


def init():
    global factor
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model.json")) as stream:
        factor = json.load(stream)["factor"]


def run(data):
    value = json.loads(data)["value"] * factor
    return {"value": value, "prefix": sys.prefix, "greeting": greeting.__file__, "six": six.__file__}
"""


def _index(package: CondaPackage) -> dict[str, Any]:
    record = {
        "name": package.name,
        "version": package.version,
        "build": package.build,
        "build_number": 0,
        "depends": list(package.depends),
        "license": package.license,
        "subdir": package.subdir,
        "timestamp": 1700000000000,
    }
    machine = {"noarch": package.noarch} if package.noarch else {"arch": "x86_64", "platform": "linux"}
    return record | machine


def _paths(package: CondaPackage) -> dict[str, Any]:
    return {"paths": [_path(name, content, package) for name, content in package.files.items()], "paths_version": 1}


def _path(name: str, content: bytes | str, package: CondaPackage) -> dict[str, Any]:
    if isinstance(content, str):
        return {"_path": name, "path_type": "softlink", "sha256": hashlib.sha256(b"").hexdigest(), "size_in_bytes": 0}
    entry = {
        "_path": name,
        "path_type": "hardlink",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_in_bytes": len(content),
    }
    if name in package.untouched or package.placeholder.encode() not in content:
        return entry
    mode = "binary" if b"\0" in content else "text"
    return entry | {"file_mode": mode, "prefix_placeholder": package.placeholder}


def _info(package: CondaPackage) -> dict[str, bytes | str]:
    documents: dict[str, Any] = {"index.json": _index(package), "paths.json": _paths(package), "about.json": {}}
    if package.noarch:
        documents["link.json"] = {
            "noarch": {"type": package.noarch, "entry_points": list(package.entry_points)},
            "package_metadata_version": 1,
        }
    names = "".join(f"{name}\n" for name in package.files)
    described = {f"info/{name}": json.dumps(value).encode() for name, value in documents.items()}
    return {**described, "info/files": names.encode()}


def _archive(package: CondaPackage) -> bytes:
    info, files = _info(package), dict(package.files)
    if package.extension == ".tar.bz2":
        return _tar(info | files, package, "w:bz2")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in (
            ("metadata.json", json.dumps({"conda_pkg_format_version": 2}).encode()),
            (f"pkg-{package.stem}.tar.zst", _zstandard(_tar(files, package, "w:"))),
            (f"info-{package.stem}.tar.zst", _zstandard(_tar(info, package, "w:"))),
        ):
            archive.writestr(zipfile.ZipInfo(name), content)  # of 1980, so that the same package has the same hash
    return buffer.getvalue()


def _tar(files: Mapping[str, bytes | str], package: CondaPackage, mode: Any) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            if isinstance(content, str):
                entry.type, entry.linkname = tarfile.SYMTYPE, content
                archive.addfile(entry)
                continue
            entry.size = len(content)
            entry.mode = 0o755 if name in package.executables else 0o644
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def _zstandard(content: bytes) -> bytes:
    """A Zstandard frame whose blocks are not compressed (RFC 8878, section 3.1.1): quick, and every reader takes it."""
    return b"".join((b"\x28\xb5\x2f\xfd\x00\x50", *_raw_blocks(content)))


def _raw_blocks(content: bytes) -> Iterator[bytes]:
    for start in range(0, max(1, len(content)), _RAW_BLOCK):
        block = content[start : start + _RAW_BLOCK]
        last = start + _RAW_BLOCK >= len(content)
        yield (last | len(block) << 3).to_bytes(3, "little") + block
