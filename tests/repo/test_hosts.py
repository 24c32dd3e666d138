"""What only one room may know of the CI hosts."""

from __future__ import annotations

import re
from pathlib import Path

PRODUCT = Path(__file__).resolve().parents[2] / "src" / "functions_model"
OF_A_HOST = re.compile(
    r"\b(GITHUB|INPUT|ACTIONS|RUNNER|AGENT|TF)_|\bSYSTEM_(?!PARAMETERS)|##vso|\bid-token\b|^::[a-z-]+|cancel-in-progress",
    re.MULTILINE,
)
"""Variables, permissions, commands and settings of a CI host, wherever they stand in a file."""


def _knowing() -> dict[str, list[str]]:
    """The files that hold such words, with the words."""
    texts = {path.relative_to(PRODUCT).as_posix(): path.read_text() for path in PRODUCT.rglob("*.py")}
    found = {name: [match[0] for match in OF_A_HOST.finditer(text)] for name, text in texts.items()}
    return {name: words for name, words in found.items() if words}


def test_a_ci_host_is_known_in_its_room_alone() -> None:
    """Elsewhere its variables are facts, and its permissions are advice: so a host can be added, and made up."""
    elsewhere = {name: words for name, words in _knowing().items() if not name.startswith("ci/")}

    assert {} == elsewhere


def test_the_room_was_read() -> None:
    """The search finds what it looks for where it is."""
    assert {"ci/github.py", "ci/azure_pipelines.py", "ci/plain.py"} <= set(_knowing())
