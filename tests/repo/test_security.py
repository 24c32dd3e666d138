"""SECURITY.md: each promise names tests that are there."""

from __future__ import annotations

import ast
import re

import pytest

from support.tools import ROOT

_PAGE = (ROOT / "SECURITY.md").read_text()
_SHOWN = re.compile(r"\[`(\w+)`\]\((tests/[\w/]+\.py)\)")
"""A test's name, and the file that has it."""


def _section(title: str) -> str:
    return _PAGE.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


PROMISES = re.split(r"\n(?=- )", _section("What the project promises").strip())[1:]


@pytest.mark.parametrize("promise", PROMISES, ids=[one[:50] for one in PROMISES])
def test_each_promise_names_tests_that_exist(promise: str) -> None:
    """What no test shows is a wish."""
    shown = _SHOWN.findall(promise)

    assert promise.startswith("- ")
    assert shown
    assert [] == [(name, file) for name, file in shown if name not in _names_in(file)]


def test_the_model_of_threats_has_each_actor_in_full() -> None:
    """Who it is, what they hold, what they can do, and what they cannot."""
    rows = [line for line in _section("Who can do what").splitlines() if line.startswith("| ")]

    assert len(rows) > 8
    assert {5} == {len(re.findall(r"(?<!\\)\|", row)) for row in rows}
    assert [] == [row for row in rows if any(not cell.strip() for cell in row.strip("|").split("|"))]


def _names_in(file: str) -> set[str]:
    path = ROOT / file
    if not path.is_file():
        return set()
    kinds = (ast.FunctionDef, ast.ClassDef)
    return {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, kinds)}


_TELEMETRY = re.compile(r"^(sentry|opencensus|applicationinsights|azure-monitor|opentelemetry|posthog|segment|bugsnag)")


def test_the_product_has_no_client_of_telemetry() -> None:
    """Neither the action's image nor the command line's environment could send any."""
    names = re.findall(r"^([a-z0-9._-]+)==", (ROOT / "requirements/runtime.lock").read_text(), re.MULTILINE)

    assert len(names) > 20
    assert [] == [name for name in names if _TELEMETRY.match(name)]
