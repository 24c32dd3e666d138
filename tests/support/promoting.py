"""Stages: subscriptions of the sandbox, each with a registry of its own, to which an image is promoted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from azure_sandbox.arm.authorization.definitions import OWNER, ROLES
from azure_sandbox.arm.ids import ResourceId
from azure_sandbox.endpoints import LOCATION
from support.deployment import Run, run_action

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

_OF_THE_MAKING = ("base-image", "python-version")


class Stage:
    """A subscription with a registry and one app. Its workspace has a sample and nothing else: no model, no script.

    Args:
        sandbox: Whose subscription it is.
        folder: The workspace.
        name: Of the subscription; group, registry and app are named after it.
        role: What the deployer holds in the subscription; None for nothing.
    """

    def __init__(self, sandbox: Sandbox, folder: Path, name: str, *, role: str | None = OWNER) -> None:
        self.sandbox, self.folder, self.name = sandbox, folder, name
        self.subscription = sandbox.add_subscription(name, role=role)
        self.group, self.app = f"{name}-group", f"{name}-app"
        sandbox.arm.subscriptions.get(self.subscription).groups.put(self.group, LOCATION, {})
        names = (f"{name}registry",)
        registry = ResourceId(self.subscription, self.group, "Microsoft.ContainerRegistry", ("registries",), names)
        made = sandbox.arm.registries.create(registry, LOCATION, {"sku": {"name": "Premium"}})
        self.registry_id, self.registry = str(registry), str(made.properties["loginServer"])
        (folder / "sample.json").write_text('{"x": 1}')

    def grant(self, *names: str) -> None:
        """Give the deployer more roles in the subscription."""
        deployer = self.sandbox.directory.principal_of_client(self.sandbox.endpoints.client_id)
        for role in ROLES.values():
            if deployer and role.name in names:
                self.sandbox.roles.grant(deployer.object_id, role.id, f"/subscriptions/{self.subscription}")

    def run(self, image: str, **inputs: str) -> Run:
        """One run with an image that is there."""
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        own = {name: text for name, text in self.sandbox.endpoints.inputs().items() if name not in _OF_THE_MAKING}
        here = {
            "subscription-id": self.subscription,
            "resource-group": self.group,
            "registry": self.registry,
            "app-name": self.app,
            "sample-request": "sample.json",
            "image": image,
        }
        return run_action(self.folder, {**own, **here, **given}, self.sandbox.endpoints.environ())
