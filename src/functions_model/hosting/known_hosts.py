"""Every host."""

from __future__ import annotations

from functions_model.core.spec import Target
from functions_model.hosting.app_service.host import APP_SERVICE
from functions_model.provision.releases import ReleasingHost

HOSTS: tuple[ReleasingHost, ...] = (APP_SERVICE,)
"""All of them. A removal looks at each."""


def host_of(target: Target | None) -> ReleasingHost:  # noqa: ARG001 - there is one
    """Where a target's app runs, or would."""
    return APP_SERVICE
