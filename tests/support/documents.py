"""The files that follow from the catalogue of inputs, from what the sandbox believes, and from the code's own rooms.

`python -m support.documents` (with `tests` on the path) writes them, as `make docs` does.
"""

from __future__ import annotations

import re
from pathlib import Path

from support.beliefs import SANDBOX, beliefs, dated, recordings, unverified
from support.catalogue_documents import inputs_table, outputs_table, render_action_yaml, render_native_action_yaml
from support.events_table import events_table
from support.pipelines_documents import render_template
from support.rooms import rooms_picture, rooms_table
from support.task_documents import NAMES, TASK, render_names, render_task

ROOT = Path(__file__).resolve().parents[2]
ACTION = ROOT / "action.yml"
NATIVE_ACTION = ROOT / "native" / "action.yml"
TEMPLATE = ROOT / "azure-pipelines" / "deploy.yml"
README = ROOT / "README.md"
REFERENCE = ROOT / "docs" / "reference"
ARCHITECTURE = ROOT / "docs" / "architecture.md"


def expected_action() -> str:
    """`action.yml` as the catalogue wants it on `main`; only a release names an image instead of the Dockerfile."""
    return render_action_yaml("Dockerfile")


def expected_references() -> dict[Path, str]:
    """The pages of the reference whose tables follow from something else, by their files."""
    tables = {
        "inputs": inputs_table(),
        "outputs": outputs_table(),
        "events": events_table(),
        "not-verified": unverified(beliefs(expected_beliefs()), recordings()),
    }
    pages = {REFERENCE / f"{name}.md": (name, table) for name, table in tables.items()}
    return {page: _between(page.read_text(), *entry) for page, entry in pages.items()}


def expected_architecture(text: str) -> str:
    """The page of the architecture with its rooms as the code has them."""
    return _between(_between(text, "rooms", rooms_picture()), "floors", rooms_table())


def expected_beliefs() -> str:
    """The sandbox's README, with the dates of what was seen on the real thing."""
    return dated(SANDBOX.read_text(), recordings())


def _between(text: str, name: str, table: str) -> str:
    """Put a table between its two marks.

    Raises:
        ValueError: The marks are not there, or more than once.
    """
    pattern = re.compile(rf"(<!-- {name}: written by `make docs` -->\n).*?(<!-- end -->\n)", re.DOTALL)
    result, count = pattern.subn(lambda match: f"{match[1]}{table}{match[2]}", text)
    if count != 1:
        message = f"there are {count} places for the table of {name}, not one"
        raise ValueError(message)
    return result


if __name__ == "__main__":
    ACTION.write_text(expected_action())
    NATIVE_ACTION.write_text(render_native_action_yaml())
    TEMPLATE.write_text(render_template())
    TASK.write_text(render_task())
    NAMES.write_text(render_names())
    SANDBOX.write_text(expected_beliefs())
    for page, expected in expected_references().items():
        page.write_text(expected)
    ARCHITECTURE.write_text(expected_architecture(ARCHITECTURE.read_text()))
