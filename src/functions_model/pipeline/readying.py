"""How far a blob or queue trigger has come before anybody has seen it listen: it is ready, or it cannot work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.failures import NotLive
from functions_model.provision import readiness
from functions_model.verify import Reach, Reached

if TYPE_CHECKING:
    from functions_model.azure.clients import AzureClients
    from functions_model.provision import ResourcePlan


def reached(plan: ResourcePlan, clients: AzureClients) -> Reached | None:
    """What Resource Manager says of what the trigger needs; None with an HTTP trigger.

    Args:
        plan: It was applied.
        clients: Of the subscription.

    Raises:
        NotLive: The trigger cannot work; every reason is told.
    """
    if plan.wanted.data is None:
        return None
    found = readiness(plan, clients)
    if found.problems:
        reason = "; ".join(problem.what for problem in found.problems)
        remedy = " ".join(dict.fromkeys(problem.remedy for problem in found.problems))
        raise NotLive(f"verify the trigger of the function app `{plan.wanted.names.app}`", reason, remedy)
    return Reached(Reach.UNKNOWN if found.unseen else Reach.READY, found.unseen)
