"""Ignore files of a user's own Dockerfile that nobody expects: each ends in one clear problem, or is taken as it is."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import InputsInvalid
from functions_model.engine.own_dockerfile import read_own_dockerfile
from support.adversity import Row, each

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Ignored:
    """An ignore file.

    Attributes:
        content: What it holds; a number of bytes that it says it has.
        told: What is told; empty where it is taken.
        line: That is named with it.
    """

    content: bytes | int
    told: str = ""
    line: int | None = None


ROWS = [
    Row("a `.dockerignore` says that it has 2 GB", "told before it is read", Ignored(2 << 30, "larger than 8 MiB")),
    Row("a `.dockerignore` is in Latin-1", "told with its line", Ignored(b"a\ncaf\xe9\n", "is not UTF-8 text", 2)),
    Row("a `.dockerignore` has a range that runs backwards", "told with its line", Ignored(
        b"# x\n\n[z-a]\n", "`[z-a]` means nothing", 3)),
    Row("a `.dockerignore` has a pattern of twenty stars, and a file a name of a's", "told with its line", Ignored(
        b"*a" * 20 + b"b", "has more than 4 stars between two slashes", 1)),
    Row("a `.dockerignore` is in UTF-16, as PowerShell writes", "it is read", Ignored("b\n".encode("utf-16"))),
    Row("a `.dockerignore` has stars between many slashes", "it is read", Ignored(b"**/*.a.*/**/*.b\nb\n")),
]  # fmt: skip


@each(ROWS)
def test_an_ignore_file(row: Row[Ignored], tmp_path: Path) -> None:
    """Beside a Dockerfile with two files, one of which it may leave out."""
    case, begun = row.case, time.monotonic()
    for name in ("a" * 200, "b"):
        (tmp_path / name).touch()
    (tmp_path / "Dockerfile").write_text("FROM x\n")
    with (tmp_path / ".dockerignore").open("wb") as stream:
        if isinstance(case.content, bytes):
            stream.write(case.content)
        else:
            stream.truncate(case.content)

    if not case.told:
        assert "b" not in read_own_dockerfile(tmp_path / "Dockerfile").files
        return
    with pytest.raises(InputsInvalid) as refused:
        read_own_dockerfile(tmp_path / "Dockerfile")
    [problem] = refused.value.problems
    assert case.told in problem.what
    assert problem.location
    assert (".dockerignore", case.line) == (problem.location.file.name, problem.location.line)
    assert time.monotonic() - begun < 5
