"""What a run did to the resources: the nouns that `apply` gives."""

from __future__ import annotations

from dataclasses import dataclass, field

from functions_model.provision.changes import Change, Written
from functions_model.provision.kinds import role_assignment
from functions_model.provision.observed import LiveApp


@dataclass(frozen=True, slots=True)
class Applied:
    """What a run did.

    Attributes:
        written: In the order in which they were done; empty when everything was as wanted.
        kept: What was left alone.
        seconds: Wall time.
        app: The app as it was left, when one that was there has been updated; None for an app that is new or was kept.
        host_name: Where an app answers that is new; empty for another.
    """

    written: tuple[Written, ...]
    kept: tuple[Change, ...]
    seconds: float
    app: LiveApp | None = field(default=None, repr=False)
    host_name: str = ""

    @property
    def changed(self) -> bool:
        """Whether anything was written."""
        return bool(self.written)

    @property
    def assigned_roles(self) -> tuple[str, ...]:
        """The roles that were assigned, which may take some minutes to count: `AcrPull on contoso`."""
        changes = (written.change for written in self.written)
        return tuple(change.name for change in changes if change.kind == role_assignment.KIND)
