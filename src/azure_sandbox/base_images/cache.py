"""Where things that are slow to get are kept, once per machine."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path:
    """`$XDG_CACHE_HOME/functions-model-sandbox`, or the same below `~/.cache`."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "functions-model-sandbox"


def settle(made: Path, home: Path) -> None:
    """Put a finished folder in its place. Another process may have been faster: then its folder stays."""
    try:
        made.rename(home)
    except OSError:
        if not home.exists():
            raise
    else:
        made.mkdir()  # a temporary folder's own clean-up expects it
