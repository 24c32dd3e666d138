"""Python packages of one module, as source and as wheel, for `--find-links`: built without any network."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_BACKEND = '''\
"""Builds the wheel of a package of one module. It asks for nothing that is not in Python itself."""

import zipfile


def build_wheel(folder, config_settings=None, metadata_directory=None):
    name = "{stem}-py3-none-any.whl"
    with zipfile.ZipFile(f"{{folder}}/{{name}}", "w") as wheel:
        for path, text in {files!r}.items():
            wheel.writestr(path, text)
    return name
'''
_PROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


@dataclass(frozen=True, slots=True)
class SourcePackage:
    """A package with one module of its own name.

    Attributes:
        name: A word.
        version: Its version.
        module: The module's text.
        requires: What it depends on.
        others: More files of its wheel: text by path.
        first: What runs before it is built, a line of Python.
        says: What its metadata has beside that, a line each: `Summary: ...`.
        metadata_version: Before 2.2 a source package must be built to be asked.
    """

    name: str
    version: str
    module: str
    requires: tuple[str, ...] = ()
    others: dict[str, str] = field(default_factory=dict)
    first: str = ""
    says: tuple[str, ...] = ()
    metadata_version: str = "2.2"

    @property
    def stem(self) -> str:
        """What its files' names begin with."""
        return f"{self.name.replace('-', '_')}-{self.version}"

    @property
    def metadata(self) -> str:
        """A source package has the same."""
        says = "".join(f"{line}\n" for line in self.says)
        requires = "".join(f"Requires-Dist: {requirement}\n" for requirement in self.requires)
        return (
            f"Metadata-Version: {self.metadata_version}\nName: {self.name}\nVersion: {self.version}\n{says}{requires}"
        )

    @property
    def installed(self) -> dict[str, str]:
        """What a wheel of it holds: text by path."""
        info = f"{self.stem}.dist-info"
        files = {
            f"{self.name.replace('-', '_')}.py": self.module,
            **self.others,
            f"{info}/METADATA": self.metadata,
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        names = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
        return {**files, f"{info}/RECORD": names}

    def write_source(self, folder: Path) -> None:
        """Puts the source package into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        backend = _BACKEND.format(stem=self.stem, files=self.installed)
        texts = {"PKG-INFO": self.metadata, "pyproject.toml": _PROJECT, "backend.py": f"{backend}\n\n{self.first}\n"}
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for path, text in texts.items():
                member = tarfile.TarInfo(f"{self.stem}/{path}")
                member.size = len(text)
                archive.addfile(member, io.BytesIO(text.encode()))
        # Without a time in it: the same package has the same hash.
        (folder / f"{self.stem}.tar.gz").write_bytes(gzip.compress(packed.getvalue(), mtime=0))

    def write_wheel(self, folder: Path, tag: str = "py3-none-any") -> None:
        """Puts the wheel into a folder: the same files as building the source gives, for the machines of a tag."""
        folder.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(folder / f"{self.stem}-{tag}.whl", "w") as wheel:
            for path, text in self.installed.items():
                wheel.writestr(zipfile.ZipInfo(path), text)
