"""The difference between what is wanted and what is there."""

from __future__ import annotations

from dataclasses import dataclass, field

from functions_model.provision.changes import ChangeSet
from functions_model.provision.host import Wanted
from functions_model.provision.observed import Observed


@dataclass(frozen=True, slots=True)
class ResourcePlan(ChangeSet):
    """The difference between what is wanted and what is there."""

    wanted: Wanted = field(repr=False)
    observed: Observed = field(repr=False)
