"""Tags: who made a resource, from which repository and commit.

What we create gets them. What is there keeps those it has, but for an app of ours: whenever something else of it is
written, its source is written, too. A tag of ours alone is no reason to write; for the user's own, see `tagging`.
"""

from __future__ import annotations

from collections.abc import Mapping

from functions_model.core.tags import COMMIT, LONGEST_VALUE, MANAGED_BY, REPOSITORY, UNFINISHED, merged, value_in
from functions_model.provision.changes import FieldChange
from functions_model.provision.host import Wanted
from functions_model.provision.observed import FoundApp

_SOURCES = {REPOSITORY: "org.opencontainers.image.source", COMMIT: "org.opencontainers.image.revision"}


def tags_for(provenance: Mapping[str, str]) -> dict[str, str]:
    """The tags of what a run creates.

    Args:
        provenance: OCI annotations that say which repository and commit the run is about; none outside of a CI host.
    """
    found = {name: provenance[key][:LONGEST_VALUE] for name, key in _SOURCES.items() if provenance.get(key)}
    return dict([MANAGED_BY, *found.items()])


def is_ours(tags: Mapping[str, str] | None) -> bool:
    """Whether this tool made a resource with these tags. Case does not count in their names."""
    name, value = MANAGED_BY
    return value_in(tags or {}, name) == value


def tags_to_be(wanted: Wanted, app: FoundApp) -> dict[str, str]:
    """Every tag that an app has once something of it is written: those of others stay."""
    if not is_ours(app.tags):
        return dict(app.tags)
    kept = {name: value for name, value in app.tags.items() if name != UNFINISHED}
    return merged(kept, wanted.tags)


def tag_changes(wanted: Wanted, app: FoundApp) -> tuple[FieldChange, ...]:
    """The tags that change with whatever else of an app is written."""
    return tuple(
        FieldChange(f"tag `{name}`", app.tags.get(name), value)
        for name, value in tags_to_be(wanted, app).items()
        if app.tags.get(name) != value
    )
