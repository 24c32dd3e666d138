"""Azure ML workspaces: registered models and environments, and the storage account that holds the models' files."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.errors import invalid
from azure_sandbox.arm.ids import ResourceId, parse_id
from azure_sandbox.arm.locations import location_name
from azure_sandbox.arm.machine_learning.assets import Assets
from azure_sandbox.arm.machine_learning.content import upload_of
from azure_sandbox.arm.store import Resource

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from azure_sandbox.arm.machine_learning.content import Upload
    from azure_sandbox.arm.storage.state import StorageAccounts
    from azure_sandbox.arm.store import Store
    from azure_sandbox.storage_contract import StorageEmulator

NAMESPACE = "Microsoft.MachineLearningServices"
TYPE = f"{NAMESPACE}/workspaces"
IMAGE = "mcr.microsoft.com/azureml/openmpi4.1.0-ubuntu22.04:latest"
_ACCOUNT_BODY = {"sku": {"name": "Standard_LRS"}, "kind": "StorageV2"}


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(slots=True)
class Workspace:
    """One workspace.

    Attributes:
        resource: As ARM has it.
        account: The ARM id of its storage account.
        container: The blob container of its datastore.
        models: Registered ones.
        environments: Registered ones.
        waiting: Files that are written when the storage account comes to life.
    """

    resource: Resource
    account: ResourceId
    container: str
    models: Assets = field(default_factory=lambda: Assets("model", _utc_now))
    environments: Assets = field(default_factory=lambda: Assets("environment", _utc_now))
    waiting: list[Upload] = field(default_factory=list)
    lives: bool = False

    @property
    def id(self) -> str:
        """Its ARM id."""
        return str(self.resource.id)


class Workspaces:
    """All workspaces.

    Args:
        store: Where resources are kept.
        accounts: Storage accounts, as ARM has them.
        emulator: Takes the files.
    """

    def __init__(self, store: Store, accounts: StorageAccounts, emulator: StorageEmulator) -> None:
        self._store = store
        self._accounts = accounts
        self._emulator = emulator
        self._known: dict[str, Workspace] = {}
        self._lock = threading.RLock()
        store.on_remove(TYPE, lambda gone: self._forget(str(gone.id)))

    def put(self, resource_id: ResourceId, body: dict[str, Any]) -> Resource:
        """Create a workspace on a storage account that is there, or change tags and texts.

        Raises:
            ArmError: The location or the storage account does not do.
        """
        with self._lock:
            known = self._store.find(resource_id)
            if known:
                known.tags = body.get("tags", known.tags)
                return known
            named = str((body.get("properties") or {}).get("storageAccount") or "")
            account = parse_id(named)
            if account is None or self._store.find(account) is None:
                message = f"The storage account '{named}' of the workspace was not found."
                raise invalid(message, "ValidationError")
            return self.create(resource_id, str(body.get("location") or ""), account, body).resource

    def create(
        self, resource_id: ResourceId, location: str, account: ResourceId, body: Mapping[str, Any] | None = None
    ) -> Workspace:
        """A new workspace. Its storage account may come to life later, by `open`.

        Raises:
            ArmError: There is no such location.
        """
        given = body or {}
        properties = {
            "friendlyName": resource_id.name,
            **(given.get("properties") or {}),
            "storageAccount": str(account),
            "workspaceId": str(uuid.uuid4()),
            "hbiWorkspace": False,
            "publicNetworkAccess": "Enabled",
            "provisioningState": "Succeeded",
        }
        extra = {"kind": "Default", "sku": {"name": "Basic", "tier": "Basic"}, "properties": properties}
        region = location_name(location, TYPE)
        resource = self._store.put(Resource(resource_id, region, dict(given.get("tags") or {}), extra))
        made = Workspace(resource, account, f"azureml-blobstore-{properties['workspaceId']}")
        with self._lock:
            self._known[made.id.lower()] = made
        return made

    def get(self, resource_id: ResourceId) -> Workspace:
        """The workspace with that id.

        Raises:
            ArmError: ResourceNotFound.
        """
        self._store.get(resource_id)
        with self._lock:
            return self._known[str(resource_id).lower()]

    def open(self, workspace: Workspace) -> Resource:
        """Its storage account, which the first caller brings to life: most sandboxes never need it."""
        with self._lock:
            if not workspace.lives:
                self._bring_to_life(workspace)
                workspace.lives = True
            while workspace.waiting:
                self._write(workspace, workspace.waiting[0])
                workspace.waiting.pop(0)
        return self._store.get(workspace.account)

    def key(self, workspace: Workspace) -> str:
        """A key of its storage account."""
        return self._accounts.keys(self.open(workspace).id.name)[0]

    def register_model(
        self,
        workspace: Workspace,
        name: str,
        content: Path | Mapping[str, bytes],
        *,
        version: str | None = None,
        kind: str = "custom_model",
        archived: bool = False,
    ) -> str:
        """Register files as a version of a model; they are written when storage is first asked for.

        Returns:
            The version's ARM id.

        Raises:
            ValueError: There are no files, or that version is there.
        """
        upload = upload_of(content)
        properties: dict[str, Any] = {
            "modelType": kind,
            "modelUri": upload.uri(workspace.id),
            "flavors": {},
            "stage": None,
        }
        made = workspace.models.add(name, version, {**properties, "jobName": None}, archived=archived)
        with self._lock:
            workspace.waiting.append(upload)
        return str(made.wire(workspace.id, "models")["id"])

    def register_environment(
        self,
        workspace: Workspace,
        name: str,
        conda_text: str | None,
        *,
        image: str = IMAGE,
        version: str | None = None,
        archived: bool = False,
    ) -> str:
        """Register an environment; without a conda file it is an image alone.

        Returns:
            The version's ARM id.

        Raises:
            ValueError: That version is there.
        """
        properties = {
            "condaFile": conda_text,
            "image": image,
            "environmentType": "UserCreated",
            "osType": "Linux",
            "autoRebuild": "Disabled",
        }
        made = workspace.environments.add(name, version, properties, archived=archived)
        return str(made.wire(workspace.id, "environments")["id"])

    def _bring_to_life(self, workspace: Workspace) -> None:
        account = self._store.find(workspace.account)
        if account is None:
            body = {**_ACCOUNT_BODY, "location": workspace.resource.location}
            account, _ = self._accounts.put(workspace.account, body)
            self._accounts.finish(account)
        self._accounts.create_container(account, workspace.container, {})

    def _write(self, workspace: Workspace, upload: Upload) -> None:
        for blob, content in upload.blobs.items():
            self._emulator.upload(workspace.account.name, workspace.container, blob, content)

    def _forget(self, workspace_id: str) -> None:
        with self._lock:
            self._known.pop(workspace_id.lower(), None)
