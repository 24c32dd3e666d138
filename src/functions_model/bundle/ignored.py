"""Which files of the source directory stay out of the image, as `.gitignore` patterns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

IGNORE_FILES = (".amlignore", ".gitignore")
"""As Azure ML reads them: the first that lies in the source directory itself counts, the other does not."""

NEVER = (
    ".git",
    ".github/",
    "__pycache__/",
    "*.py[co]",
    ".ipynb_checkpoints/",
    ".mypy_cache/",
    ".pytest_cache/",
    ".ruff_cache/",
    ".tox/",
    ".nox/",
    ".venv*/",
    "venv/",
    "node_modules/",
    # What builder `dockerfile` wrote before: a whole image.
    "functions-model-context/",
    ".DS_Store",
    *IGNORE_FILES,
)
"""What no image needs. An ignore file cannot bring them back."""


def ignore_file(folder: Path) -> Path | None:
    """The ignore file of a source directory that counts."""
    return next((folder / name for name in IGNORE_FILES if (folder / name).is_file()), None)


def ignore_patterns(folder: Path, apart: tuple[Path, ...] = ()) -> tuple[str, ...]:
    """What stays out of a source directory: by its ignore file, by what no image needs, and what has its own place.

    Args:
        folder: The source directory.
        apart: Files and folders that are no part of the code: models, and a build context that is written.
    """
    file = ignore_file(folder)
    written = file.read_text("utf-8", errors="replace").splitlines() if file else []
    inside = [path.relative_to(folder).as_posix() for path in apart if path != folder and path.is_relative_to(folder)]
    return (*written, *NEVER, *(f"/{_escaped(path)}" for path in inside))


def _escaped(path: str) -> str:
    """The path as a pattern that means itself."""
    return re.sub(r"([\\*?\[\]! #])", r"\\\1", path)
