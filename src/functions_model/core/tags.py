"""Names of the tags that this tool writes, and how tags of two sources become one set: their names have no case.

https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations.
"""

from __future__ import annotations

from collections.abc import Mapping

MANAGED_BY = ("managed-by", "functions-model-action")
"""Name and value of the tag on everything that this tool makes."""
REPOSITORY, COMMIT = "source-repository", "source-commit"
UNFINISHED = "unfinished"
"""On an app from its first write to its last: a run that is stopped in between leaves it, and the next one sees it."""
OWN_TAGS = frozenset({MANAGED_BY[0], REPOSITORY, COMMIT, UNFINISHED})
MOST_TAGS = 50
"""On one resource."""
LONGEST_VALUE = 256


def value_in(tags: Mapping[str, str], name: str) -> str | None:
    """The value of a tag, however its name is spelled; None when it is not there."""
    return next((value for spelled, value in tags.items() if spelled.lower() == name.lower()), None)


def merged(there: Mapping[str, str], added: Mapping[str, str]) -> dict[str, str]:
    """Tags that are there with others over them. A name that is there keeps its spelling."""
    spelled = {name.lower(): name for name in there}
    return {**there, **{spelled.get(name.lower(), name): value for name, value in added.items()}}
