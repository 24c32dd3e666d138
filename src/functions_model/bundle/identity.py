"""The text by which a running app tells which build it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from functions_model.core.digests import canonical_json, digest_of, short

VARIABLE = "FUNCTIONS_MODEL_BUILD_ID"
"""The environment variable that carries it in the image; the identity function answers with it."""


def build_identity(layer_digests: Iterable[str], base_digest: str, env: Mapping[str, str]) -> str:
    """32 hex digits that follow from what the image holds, and from nothing else: not time, tag or registry.

    The image's own digest cannot serve: the text is part of the image.

    Args:
        layer_digests: Of the layers that are added, in their order.
        base_digest: Of the base image's manifest.
        env: The variables that are added; the build identity's own is left out of account.
    """
    content = {
        "base": base_digest,
        "env": {name: value for name, value in env.items() if name != VARIABLE},
        "layers": list(layer_digests),
    }
    return short(digest_of(canonical_json(content)), 32)
