"""Every host."""

from __future__ import annotations

from functions_model.core.spec import OnPlan, Target
from functions_model.hosting.app_service.host import APP_SERVICE
from functions_model.provision.releases import ReleasingHost

_BY_PART: dict[type, ReleasingHost] = {OnPlan: APP_SERVICE}
HOSTS = tuple(_BY_PART.values())
"""All of them. A removal, which is told of no host, looks at the first."""


def host_of(target: Target | None) -> ReleasingHost:
    """Where a target's app runs.

    Raises:
        ValueError: There is no target: an error of the caller.
    """
    if target is None:
        raise ValueError("a deployment needs a target")
    return _BY_PART[type(target.hosting)]
