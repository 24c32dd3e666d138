"""Habits that hold for every file of the repository."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
NOT_OURS = {"build", "dist", "node_modules", "__pycache__"}
HIDDEN_BUT_OURS = {".ci", ".github", ".gitignore", ".dockerignore"}

# Put together here, as no file may hold them: this one is read too.
REGISTRY_HOSTS = (
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "npmjs" + ".org",
    "npmjs" + ".com",
    "debian" + ".org",
)
PATCHING = ("mock" + ".patch", "import" + " mock", "monkeypatch" + ".setattr", "MonkeyPatch" + "(")

MOST_LINES = {"src/": 300, "tests/": 500}
LONG_FOR_A_REASON: dict[str, str] = {}
"""Python files with more lines than that, with the reason."""


def _walk(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        hidden = path.name.startswith(".") and path.name not in HIDDEN_BUT_OURS
        if hidden or path.name in NOT_OURS or path.name.endswith(".egg-info"):
            continue
        if path.is_dir():
            yield from _walk(path)
        else:
            yield path


@cache
def _texts() -> dict[str, str]:
    """Every text file of the repository, by its path."""
    texts = {}
    for path in _walk(ROOT):
        try:
            texts[path.relative_to(ROOT).as_posix()] = path.read_text()
        except UnicodeDecodeError:
            continue
    return texts


def _python(under: str = "") -> dict[str, str]:
    return {name: text for name, text in _texts().items() if name.endswith(".py") and name.startswith(under)}


def _holding(words: tuple[str, ...], texts: dict[str, str]) -> list[str]:
    return [f"{name}: {word}" for name, text in texts.items() for word in words if word in text]


class TestEveryFile:
    """What no file holds."""

    def test_no_registry_host(self) -> None:
        """No file names a package registry's host: mirrors and proxies are each machine's own affair."""
        assert [] == _holding(REGISTRY_HOSTS, _texts())

    def test_files_were_read(self) -> None:
        """The checks of this module see the code, the tests, the documents and the workflows."""
        expected = {
            "Makefile",
            ".ci/run",
            ".github/workflows/check.yml",
            "src/functions_model/core/spec.py",
            "tests/conftest.py",
        }

        assert set() == expected - set(_texts())

    def test_nothing_is_left_to_do(self) -> None:
        """No file says that something is still to be written."""
        marks = ("TO" + "DO", "FIX" + "ME", "XX" + "X:")

        assert [] == _holding(marks, _texts())


class TestPython:
    """What holds for code."""

    def test_size(self) -> None:
        """A Python file has about 300 lines at most, a test file 500 (cases and fakes), or there is a reason."""
        long = set()
        for under, most in MOST_LINES.items():
            long |= {name for name, text in _python(under).items() if text.count("\n") > most}

        assert set(LONG_FOR_A_REASON) == long

    def test_no_patching(self) -> None:
        """Nothing is patched: what a test must replace is an argument."""
        assert [] == _holding(PATCHING, _python("tests/"))

    def test_a_cancel_keeps_every_request_from_beginning(self) -> None:
        """The product sends by sessions and transports that look at the flag, and by no others."""
        past = ("requests" + ".get(", "requests" + ".post(", "requests" + ".request(", "requests" + ".Session()")
        product = {
            name: text
            for name, text in _python("src/functions_model/").items()
            if name != "src/functions_model/core/sending.py"
        }

        assert [] == _holding((*past, "= Requests" + "Transport("), product)

    def test_seams_are_arguments(self) -> None:
        """No module has a name that says nothing."""
        nameless = {"utils", "util", "helpers", "helper", "manager", "base", "common", "misc"}

        assert [] == [name for name in _python() if Path(name).stem in nameless]


@pytest.mark.parametrize("name", sorted(_python("tests/")))
def test_docstrings(name: str) -> None:
    """Every test says in a sentence what behaviour it shows."""
    tree = ast.parse(_texts()[name])

    tests = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    silent = [test.name for test in tests if not (ast.get_docstring(test) or "").rstrip().endswith((".", "?"))]
    assert [] == silent
