"""Indexes beside the one that has a package, but not in the version that is asked for.

uv takes a package from the first index that has it in any version, so that nobody can slip in a newer one of the same
name on another index (https://docs.astral.sh/uv/concepts/indexes/#searching-across-multiple-indexes). pip looks
everywhere, and files that pip understands count on it: PyTorch's index has a few versions of numpy, too. Where the file
names one exact version, nothing newer can be slipped in, and the next index is asked.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace

from functions_model.environment.request import EnvironmentRequest
from functions_model.environment.uv_process import UvRefused
from functions_model.environment.ways_out import name_and_version

_ELSEWHERE = re.compile(
    r"hint: `(?P<name>[^`]+)` was found on (?P<index>\S+), but not at the requested version \((?P<asked>[^)]*)\)"
)


def with_other_indexes(request: EnvironmentRequest, refusal: UvRefused) -> EnvironmentRequest | None:
    """The request that asks the next index where the first one lacks an exact version, with a warning; None otherwise.

    Args:
        request: As uv was asked.
        refusal: What it said.
    """
    found = [*_ELSEWHERE.finditer(refusal.words)]
    exact = {one.name for one in request.requirements if name_and_version(one.text)[1]}
    if request.indexes.next_too or not found or not all(one["name"] in exact for one in found):
        return None
    warnings = tuple(
        f"`{one['asked']}` is not on `{one['index']}`, which has other versions of `{one['name']}`. So uv asked the"
        " next index, too, as pip does."
        for one in found
    )
    indexes = replace(request.indexes, next_too=True)
    return replace(request, indexes=indexes, warnings=(*request.warnings, *warnings))


def for_other_versions(words: str, asked: Collection[str]) -> tuple[str, str, str] | None:
    """About a package of which the first index has no version that fits: its name, what is wrong, what to do.

    Args:
        words: What uv said.
        asked: The packages that uv holds against each other. None is given back for others.
    """
    match = next((one for one in _ELSEWHERE.finditer(words) if one["name"] in asked), None)
    if not match:
        return None
    what = f"`{match['index']}` has `{match['name']}`, and no version of it that fits `{match['asked']}`"
    remedy = f"Write one exact version, `{match['name']}==...`: then uv asks the next index, too, as pip does."
    return match["name"], what, remedy
