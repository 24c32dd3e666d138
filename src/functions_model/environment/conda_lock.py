"""Conda packages, exact to the bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

PREFIX = "/opt/conda"
"""Where the environment lies in the image: the path that its files are made for."""


@dataclass(frozen=True, slots=True)
class CondaPackage:
    """One package of a lock.

    Attributes:
        name: As conda has it.
        version: As conda has it.
        build: The build string.
        channel: The channel's name, as `CondaChannel.name`: no host, no token.
        subdir: `linux-64` or `noarch`.
        file_name: `numpy-1.26.4-py311h64a7726_0.conda`.
        sha256: Of the file: 64 hex digits.
        size: Its bytes; None when the channel does not say.
        license: As the channel says it; empty when it does not.
    """

    name: str
    version: str
    build: str
    channel: str
    subdir: str
    file_name: str
    sha256: str
    size: int | None = None
    license: str = ""

    def __str__(self) -> str:
        """`conda-forge/linux-64/numpy-1.26.4-py311h64a7726_0.conda sha256:...`."""
        return f"{self.channel}/{self.subdir}/{self.file_name} sha256:{self.sha256}"


@dataclass(frozen=True, slots=True)
class CondaLock:
    """The conda part of a lock.

    Attributes:
        packages: Sorted by name.
        records: The same as py-rattler has them, in the same order. They hold URLs, and so may hold a token.
    """

    packages: tuple[CondaPackage, ...]
    records: tuple[Any, ...] = field(default=(), repr=False, compare=False)

    @property
    def text(self) -> str:
        """A line for each package, as comments, so that a lock with them is still a requirements file."""
        lines: Iterable[object] = ("conda packages, installed to " + PREFIX, *self.packages)
        return "".join(f"# {line}\n" for line in lines)
