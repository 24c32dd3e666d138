"""What `mode: destroy` needs to know: the names of the resources of one deployment, and how far it may go."""

from __future__ import annotations

from dataclasses import dataclass

from functions_model.core.login import Login
from functions_model.core.names import Names, Resources
from functions_model.core.spec import Mode


@dataclass(frozen=True, slots=True)
class RemovalSpec:
    """The resources of one deployment. Every name is complete: derived ones have been derived.

    Attributes:
        mode: `destroy`, or `plan-destroy`, which removes nothing.
        names: With a candidate, that alone is to go; without one the whole deployment.
        resources: Those of every trigger: some may never have been made. What is in another group stays.
        with_data: Whether what holds data goes, too: storage accounts, namespaces, workspaces.
    """

    mode: Mode
    login: Login
    names: Names
    resources: Resources
    with_data: bool = False
