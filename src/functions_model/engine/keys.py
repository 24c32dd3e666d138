"""What the part below the app depends on, as one key: the same key, the same part."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from functions_model.core.digests import canonical_json
from functions_model.engine.dockerfile import below_text
from functions_model.engine.installing import install_command, locked_lines
from functions_model.engine.own_dockerfile import content_digests, read_own_dockerfile

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.engine.recipe import Recipe
    from functions_model.image.assembly import Base

_FORMAT = 1
"""Another number: parts that were made before are made again."""


def engine_layers_key(recipe: Recipe, base: Base, lock_text: str, dockerfile: Path | None = None) -> str:
    """A key over all that decides what `build_engine_layers` makes, as far as it is known beforehand.

    What the instructions fetch is not: Debian packages without a version, and all that a Dockerfile of the user's own
    downloads. Another base or another text makes another key.

    Args:
        recipe: As for `build_engine_layers`.
        base: As for `build_engine_layers`.
        lock_text: As for `build_engine_layers`.
        dockerfile: The user's own; its folder's files count by their content.

    Returns:
        32 hex digits.

    Raises:
        InputsInvalid: The user's Dockerfile cannot be read.
    """
    own = read_own_dockerfile(dockerfile, keep_credentials=recipe.keep_credentials) if dockerfile else None
    parts = {
        "format": _FORMAT,
        "base": base.digest,
        "below": below_text(recipe, own=own.parsed if own else None),
        "context": list(content_digests(own)) if own else [],
        "compiled": locked_lines(lock_text, recipe.compiled),
        "install": install_command(recipe.python_version) if recipe.compiled else [],
        "site_packages": recipe.site_packages,
    }
    return hashlib.sha256(canonical_json(parts)).hexdigest()[:32]
