"""Packages for development that nothing imports."""

from __future__ import annotations

import pytest

from functions_model.image.files import FileTree, TreeFile
from functions_model.preflight.inventory import DEVELOPMENT, Distribution, Inventory
from functions_model.preflight.unused import for_development

LAB = Distribution("jupyterlab", "4", 40, ("jinja2", "ipython"), frozenset({DEVELOPMENT}), ("jupyterlab",))
IPYTHON = Distribution("ipython", "9", 9, ("jinja2",), frozenset({DEVELOPMENT}), ("IPython",))
JINJA = Distribution("jinja2", "3", 3, (), frozenset(), ("jinja2",))
SHAP = Distribution("shap", "0.4", 5, ("ipython",), frozenset(), ("shap",))


def found(script: str, asked: str, *distributions: Distribution) -> tuple[list[str], list[str]]:
    """What was asked for in vain, and all that could go."""
    code = FileTree.of([TreeFile("app/score.py", script.encode()), TreeFile("app/data.txt", b"import jupyterlab")])
    names, packages = for_development(Inventory(distributions), code, asked.split())
    return list(names), sorted(one.name for one in packages)


@pytest.mark.parametrize(
    ("script", "asked", "names", "packages"),
    [
        ("", "jupyterlab", ["jupyterlab"], ["ipython", "jinja2", "jupyterlab"]),
        ("", "jupyterlab jinja2", ["jupyterlab"], ["ipython", "jupyterlab"]),
        ("", "jupyterlab ipython", ["ipython", "jupyterlab"], ["ipython", "jinja2", "jupyterlab"]),
        ("", "jupyterlab shap", ["jupyterlab"], ["jupyterlab"]),
        ("", "ipython shap", [], []),
        ("def run(data):\n    from jupyterlab.labapp import x\n", "jupyterlab", [], []),
        ("import IPython.display as d", "ipython jupyterlab", ["jupyterlab"], ["jupyterlab"]),
        ("from . import jupyterlab\n", "jupyterlab", ["jupyterlab"], ["ipython", "jinja2", "jupyterlab"]),
        ("", "six", [], []),
    ],
)
def test_what_could_be_left_out(script: str, asked: str, names: list[str], packages: list[str]) -> None:
    """What only they need goes with them; what others need, or a file imports, stays."""
    assert (names, packages) == found(script, asked, LAB, IPYTHON, JINJA, SHAP)


def test_a_file_that_is_no_python_is_passed_over() -> None:
    """Other checks tell of it."""
    assert ["jupyterlab"] == found("def (", "jupyterlab", LAB)[0]
