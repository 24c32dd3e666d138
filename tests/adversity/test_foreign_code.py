"""Code and data of strangers that are only looked at: nothing of them runs, and no bomb unfolds."""

from __future__ import annotations

import gzip
import io
import pickle
import time
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from functions_model.environment.locking import is_known_source, keep_promise
from functions_model.preflight.linking import needed
from functions_model.preflight.pickle_files import look_into
from support.adversity import Row, each
from support.elf import library

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

KNOWN = keep_promise(("sha256:promise",), "sha256:promise")
FOREIGN = ("sha256:" + "0" * 64,)
SOURCES: list[Row[tuple[str, tuple[str, ...]]]] = [
    Row("a source of the one package that may be built has another hash", "never built", ("fusepy", FOREIGN), "R4"),
    Row("another package has the hash of the known source", "never built", ("other", KNOWN), "R4"),
    Row("the known source stands beside another file", "never built", ("fusepy", (*KNOWN, *FOREIGN)), "R4"),
]


class TestSources:
    @each(SOURCES)
    def test_no_other_source_is_built(self, row: Row[tuple[str, tuple[str, ...]]]) -> None:
        """What builds is one file, by its hash; whole runs show it in `tests/contract/test_hostile_packages.py`."""
        assert not is_known_source(*row.case)
        assert is_known_source("fusepy", KNOWN)


class _Calls:
    def __reduce__(self) -> tuple[Any, ...]:
        return (exec, ("raise SystemExit('it ran')",))


def _zip(names: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in names.items():
            archive.writestr(name, content)
    return stream.getvalue()


ZEROS = b"\0" * (80 << 20)
STRING = b"\x80\x04\x8e" + (80 << 20).to_bytes(8, "little")
"""A pickle of one string of bytes, whose 80 MiB follow."""


@dataclass(frozen=True)
class Model:
    """A file of a model.

    Attributes:
        content: Makes it.
        names: What it names; None where it is no pickle that is known.
    """

    content: Callable[[], bytes]
    names: list[str] | None


MODELS = [
    Row(
        "a pickle calls a function when it is loaded",
        "the name is noted",
        Model(lambda: pickle.dumps(_Calls()), ["exec"]),
    ),
    Row("a gzip bomb in a pickle", "given up at 64 MiB", Model(lambda: gzip.compress(STRING + ZEROS), [])),
    Row("a ZIP bomb in a file of PyTorch", "given up", Model(lambda: _zip({"a/data.pkl": STRING + ZEROS}), [])),
    Row("a ZIP bomb in a file of skops", "left aside", Model(lambda: _zip({"schema.json": ZEROS}), None)),
    Row(
        "a schema of skops that is nested deeply",
        "left aside",
        Model(lambda: _zip({"schema.json": b"[" * 100_000}), None),
    ),
    Row("a pickle of a million marks", "given up", Model(lambda: b"\x80\x04" + b"(" * 1_000_000, [])),
    Row(
        "a pickle says that it has 2^62 bytes", "given up", Model(lambda: b"\x80\x04\x8e" + b"\xff" * 7 + b"\x3f", None)
    ),
    Row("a ZIP file whose directory is torn", "left aside", Model(lambda: _zip({"a/data.pkl": b"x"})[:-10], None)),
]


class TestModels:
    @each(MODELS)
    def test_a_model_of_a_stranger(self, row: Row[Model], tmp_path: Path) -> None:
        """It is looked into within seconds, and nothing runs."""
        (tmp_path / "m.pkl").write_bytes(row.case.content())
        begun = time.monotonic()

        found = look_into(tmp_path / "m.pkl")

        assert row.case.names == (None if found is None else [one.name for one in found.found])
        assert 20 > time.monotonic() - begun


def _with(at: int, value: bytes) -> bytes:
    whole = bytearray(library("libc.so.6"))
    whole[at : at + len(value)] = value
    return bytes(whole)


LIBRARIES = [
    Row("a library whose table of segments lies beyond its end", "asks for nothing", _with(32, b"\xff" * 8)),
    Row("a library that says it has 65,535 segments", "asks for nothing", _with(56, b"\xff\xff")),
    Row("a library whose segments have no length", "asks for nothing", _with(54, b"\0\0")),
    Row("a library that ends in its header", "asks for nothing", library("libc.so.6")[:20]),
]


class TestLibraries:
    @each(LIBRARIES)
    def test_a_torn_library(self, row: Row[bytes]) -> None:
        """The loader tells it, in the image."""
        assert set(needed(row.case)) <= {"libc.so.6"}
