"""The glossary names what is in the code."""

from __future__ import annotations

import importlib
import re

from support.documents import ROOT

ROWS = re.findall(
    r"^\| ([^|]+) \| [^|]+ \| (?:`([\w.]+)`)? ?\|$", (ROOT / "docs/glossary.md").read_text(), re.MULTILINE
)


def found(name: str) -> bool:
    """Whether a module, or something in one, has that name."""
    try:
        importlib.import_module(f"functions_model.{name}")
    except ModuleNotFoundError:
        module, _, attribute = name.rpartition(".")
        return hasattr(importlib.import_module(f"functions_model.{module}"), attribute)
    return True


def test_every_name_is_there() -> None:
    """Where the glossary says."""
    assert len(ROWS) > 30
    assert [] == [where for _, where in ROWS if where and not found(where)]


def test_no_name_stands_twice() -> None:
    """One name, one meaning."""
    names = [name for row, _ in ROWS for name in row.split(", ")]

    assert len(set(names)) == len(names)
