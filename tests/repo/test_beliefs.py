"""What the sandbox believes about Azure is written down, with a source, and with a test that is there."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache

import pytest

from support.beliefs import SANDBOX, Belief, beliefs, dated, recordings, unverified
from support.documents import ROOT

SURE = {"code", "documented", "reported", "deduced", "assumed"}
REAL = ROOT / "tests" / "real"
OURS = ("functions_model", "azure_sandbox", "support")
ROW = "| A | b | code | `tests/unit/test_a.py::TestA`, `tests/real/test_host.py::TestBodies`{} |"
TABLE = "## What it believes, and why\n\n| behaviour | source | how sure | test |\n|---|---|---|---|\n{}\n\n## Next\n"


def rows() -> list[Belief]:
    """The table as it stands."""
    return beliefs(SANDBOX.read_text())


@cache
def names(path: str) -> frozenset[str]:
    """`Class`, `Class::test` and `test` of a file of tests; empty when there is no such file."""
    file = ROOT / path
    found: set[str] = set()
    for node in ast.parse(file.read_text()).body if file.is_file() else []:
        if isinstance(node, ast.ClassDef):
            found |= {node.name, *(f"{node.name}::{one.name}" for one in node.body if isinstance(one, ast.FunctionDef))}
        elif isinstance(node, ast.FunctionDef):
            found.add(node.name)
    return frozenset(found)


class TestBeliefs:
    """The table in the sandbox's README."""

    def test_each_names_a_test_that_is_there(self) -> None:
        """A row without a test, or with one that was renamed, is told."""
        dead = [
            (one.behaviour, test)
            for one in rows()
            for test in one.tests or ("no test",)
            if test.partition("::")[2] not in names(test.partition("::")[0])
        ]

        assert [] == dead

    def test_each_stands_there_once(self) -> None:
        """Two rows of one behaviour would drift apart."""
        assert [] == [told for told, times in Counter(one.behaviour for one in rows()).items() if times > 1]

    def test_each_says_where_it_comes_from(self) -> None:
        """A row has a source, and one of the words for how sure it is."""
        bare = [one.behaviour for one in rows() if not one.source or one.sure not in SURE]

        assert rows()
        assert [] == bare

    def test_each_look_at_the_real_thing_is_named(self) -> None:
        """A check of tests/real belongs to a row: what differs there has to change something here."""
        named = {test.removeprefix("tests/real/") for one in rows() for test in one.real}
        checks = [
            f"{path.name}::{name}" for path in REAL.glob("test_*.py") for name in names(f"tests/real/{path.name}")
        ]

        assert checks
        assert [] == [one for one in checks if "::test_" in one and not named & {one, one.rpartition("::")[0]}]


class TestRecordings:
    """What was seen on the real thing."""

    def test_each_is_of_the_real_thing(self) -> None:
        """None of the sandbox: that would prove nothing."""
        assert set() == {recording["target"] for recording in recordings()} - {"azure", "host"}

    def test_the_table_has_their_dates(self) -> None:
        """`make docs` writes them."""
        assert dated(SANDBOX.read_text(), recordings()) == SANDBOX.read_text(), "run `make docs`"

    @pytest.mark.parametrize(("agrees", "word"), [(True, "seen"), (False, "differs")])
    def test_a_date_stands_behind_its_test(self, agrees: bool, word: str) -> None:
        """With the version; an older date is replaced."""
        looks = [{"check": "test_host.py::TestBodies::test_in_chunks", "agrees": agrees}]
        recording = {"date": "2027-01-03", "versions": {"host": "4.1037.0"}, "observations": looks}
        text = TABLE.format(ROW.format(" (seen 2026-01-01, 4.1)"))

        told = dated(text, [recording])

        assert TABLE.format(ROW.format(f" ({word} 2027-01-03, 4.1037.0)")) == told
        assert (word == "seen") is beliefs(told)[0].is_seen

    def test_what_was_seen_is_unverified_no_more(self) -> None:
        """The README's list has the other rows, by what would show them, and says when somebody has looked."""
        seen, unseen = ROW.format(" (seen 2027-01-03, 4.1037.0)"), ROW.format("").replace("| A", "| B")
        recording = {"target": "host", "date": "2027-01-03", "versions": {"host": "4.1037.0"}}
        rest = "\nFor `make real HOST_ONLY=1` to show:\n\n- B\n"

        told = beliefs(TABLE.format(f"{seen}\n{unseen}"))

        assert unverified(told, []).startswith("**So far, nobody has run this")
        assert f"Microsoft's base image was looked at last on 2027-01-03 (4.1037.0).\n{rest}" == unverified(
            told, [recording]
        )


class TestIndependence:
    """tests/real looks from outside."""

    def test_imports_none_of_our_code(self) -> None:
        """Neither the product nor the sandbox, nor what the other tests share, which imports both."""
        found = [
            (path.name, name)
            for path in REAL.rglob("*.py")
            for node in ast.walk(ast.parse(path.read_text()))
            for name in imported(node)
            if name.partition(".")[0] in OURS
        ]

        assert [] == found


def imported(node: ast.AST) -> list[str]:
    """The modules that a statement imports."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []
