"""What `mode: destroy` needs to know: the names of the resources of one deployment, and how far it may go."""

from __future__ import annotations

from dataclasses import dataclass, field

from functions_model.core.names import Names
from functions_model.core.spec import Login, Mode


@dataclass(frozen=True, slots=True)
class RemovalSpec:
    """The resources of one deployment. Every name is complete: derived ones have been derived.

    Attributes:
        mode: `destroy`, or `plan-destroy`, which removes nothing.
        storage_accounts: The host storage account, and that of a blob trigger, which may never have been made.
        service_bus_namespace: That of a Service Bus queue trigger, which may never have been made either.
        application_insights: The component that the app writes to; empty when the deployment was given none.
        log_analytics_workspace: That of a component that was made, which may never have been.
        with_data: Whether what holds data goes, too: storage accounts, namespaces, workspaces.
        other_groups: What the inputs place in another group, `<group>/<name>` by input (`plan-name`). It stays.
        names: With a slot, that alone is to go; without one the whole deployment.
    """

    mode: Mode
    login: Login
    names: Names
    plan_name: str
    identity_name: str
    storage_accounts: tuple[str, ...]
    service_bus_namespace: str
    application_insights: str = ""
    log_analytics_workspace: str = ""
    with_data: bool = False
    other_groups: dict[str, str] = field(default_factory=dict)
