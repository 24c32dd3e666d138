"""Storage accounts: names, keys, and the emulator that makes them real."""

from __future__ import annotations

import base64
import re
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.errors import ArmError, invalid
from azure_sandbox.arm.locations import location_name
from azure_sandbox.arm.networks import connect, subnet_of
from azure_sandbox.arm.storage.rules import rules_of
from azure_sandbox.arm.store import Resource

if TYPE_CHECKING:
    from azure_sandbox.arm.ids import ResourceId
    from azure_sandbox.arm.store import Store
    from azure_sandbox.storage_contract import AccountRules, StorageEmulator, StorageEndpoints

NAMESPACE = "Microsoft.Storage"
TYPE = f"{NAMESPACE}/storageAccounts"
_NAME = re.compile(r"[a-z0-9]{3,24}")
SKUS = {
    "Standard_LRS",
    "Standard_GRS",
    "Standard_RAGRS",
    "Standard_ZRS",
    "Standard_GZRS",
    "Standard_RAGZRS",
    "Premium_LRS",
    "Premium_ZRS",
}
_KINDS = {"Storage", "StorageV2", "BlobStorage", "FileStorage", "BlockBlobStorage"}
_DEFAULTS = {
    "accessTier": "Hot",
    "allowBlobPublicAccess": False,
    "allowSharedKeyAccess": None,
    "minimumTlsVersion": "TLS1_0",
    "networkAcls": {"bypass": "AzureServices", "virtualNetworkRules": [], "ipRules": [], "defaultAction": "Allow"},
    "publicNetworkAccess": None,
    "supportsHttpsTrafficOnly": True,
}
_ENCRYPTION: dict[str, Any] = {
    "keySource": "Microsoft.Storage",
    "services": {name: {"enabled": True, "keyType": "Account"} for name in ("blob", "file")},
}
"""Every account is encrypted, whether the request says so or not."""
_CONTAINER = {"publicAccess": "None", "hasImmutabilityPolicy": False, "hasLegalHold": False}
_COMPUTED = {
    "privateEndpointConnections",
    "provisioningState",
    "primaryEndpoints",
    "primaryLocation",
    "statusOfPrimary",
    "creationTime",
}


@dataclass(slots=True)
class _Account:
    """What ARM does not show of an account."""

    keys: tuple[str, str]
    ready: bool = False
    containers: dict[str, dict[str, Any]] = field(default_factory=dict)
    networks: set[str] = field(default_factory=set)


class StorageAccounts:
    """All storage accounts.

    Args:
        store: Where resources are kept.
        emulator: Brings an account to life.
    """

    def __init__(self, store: Store, emulator: StorageEmulator) -> None:
        self._store = store
        self._emulator = emulator
        self._accounts: dict[str, _Account] = {}
        self._taken: set[str] = set()
        self._lock = threading.Lock()
        store.on_remove(TYPE, self._gone)

    def take_name(self, name: str) -> None:
        """Let somebody else in the world own that account name."""
        self._taken.add(name)

    def find(self, name: str) -> Resource | None:
        """The account with that name, in whatever group."""
        return next((one for one in self._store.list(resource_type=TYPE) if one.id.name == name), None)

    def check_name(self, name: str) -> tuple[str, str] | None:
        """Why a name cannot be had: reason and message; None when it can."""
        if not _NAME.fullmatch(name):
            return "AccountNameInvalid", (
                f"{name} is not a valid storage account name. Storage account name must be between 3 and 24 characters "
                "in length and use numbers and lower-case letters only."
            )
        if name in self._taken or self.find(name):
            return "AlreadyExists", f"The storage account named {name} is already taken."
        return None

    def put(self, resource_id: ResourceId, body: dict[str, Any]) -> tuple[Resource, bool]:
        """Create or update; the second value says which. A new account is `Creating` until `finish`.

        Raises:
            ArmError: The name, location, SKU or kind does not do, the name is taken, or the account is being made.
        """
        wanted = self._read(resource_id, body)
        with self._lock:
            known = self._store.find(resource_id)
            if known:
                self._check_ready(resource_id.name)
                return self._update(known, wanted), False
            self._check_free(resource_id)
            self._accounts[resource_id.name] = _Account((_key(), _key()))
            self._store.put(wanted)
        try:
            endpoints = self._emulator.create(resource_id.name, self.keys(resource_id.name))
        except Exception:
            self._store.remove(resource_id)
            raise
        wanted.properties["primaryEndpoints"] = _endpoints(endpoints)
        return wanted, True

    def finish(self, resource: Resource) -> None:
        """The account is ready."""
        resource.properties["provisioningState"] = "Succeeded"
        with self._lock:
            if account := self._accounts.get(resource.id.name):
                account.ready = True

    def patch(self, resource: Resource, body: dict[str, Any]) -> Resource:
        """Merge tags, SKU and properties."""
        resource.tags = body.get("tags", resource.tags)
        resource.extra["sku"] = {**resource.extra["sku"], **(body.get("sku") or {})}
        resource.properties.update(_settable(body))
        return resource

    def keys(self, account: str) -> tuple[str, str]:
        """Both account keys, base64."""
        return self._accounts[account].keys

    def rules(self, account: str) -> AccountRules | None:
        """Who may come in; None when there is no such account. Part of `storage_contract.StorageLaw`."""
        found = self.find(account)
        return rules_of(found, frozenset(self._accounts[account].networks)) if found else None

    def connect(self, account: str, network: str) -> None:
        """Lead a private endpoint in a virtual network to an account: how tests set a scene.

        Raises:
            LookupError: There is no such account.
        """
        found = self.find(account)
        if found is None:
            raise LookupError(account)
        self._accounts[account].networks.add(network.lower())
        connect(found, network)

    def subnet_of(self, app: str) -> str:
        """The subnet that an app has joined. Part of `storage_contract.StorageLaw`."""
        return subnet_of(self._store, app)

    def create_container(self, account: Resource, name: str, properties: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """Create a blob container; the second value is False when it was there.

        Raises:
            ArmError: InvalidResourceName.
        """
        if not re.fullmatch(r"[a-z0-9](?:-?[a-z0-9]){2,62}|\$root|\$web|\$logs", name) or len(name) > 63:
            raise invalid(f"The specified container name '{name}' is not valid.", "InvalidResourceName")
        created = self._emulator.create_container(account.id.name, name)
        shown = {**_CONTAINER, **properties}
        with self._lock:
            containers = self._accounts[account.id.name].containers
            containers[name] = {**containers.get(name, {}), **shown}
            return containers[name], created

    def remove_container(self, account: Resource, name: str) -> bool:
        """Delete a blob container with its blobs; False when it was not there."""
        with self._lock:
            self._accounts[account.id.name].containers.pop(name, None)
        return self._emulator.remove_container(account.id.name, name)

    def containers(self, account: Resource) -> dict[str, dict[str, Any]]:
        """All of them by name: the data plane makes containers, too."""
        there = self._emulator.containers(account.id.name)
        with self._lock:
            known = self._accounts[account.id.name].containers
            return {name: known.get(name, dict(_CONTAINER)) for name in there}

    def _read(self, resource_id: ResourceId, body: dict[str, Any]) -> Resource:
        sku, kind = (body.get("sku") or {}).get("name"), body.get("kind", "StorageV2")
        location = location_name(body.get("location"), TYPE)
        if not _NAME.fullmatch(resource_id.name):
            raise invalid(self._name_message(resource_id.name), "AccountNameInvalid")
        if sku not in SKUS:
            raise invalid(f"The SKU '{sku}' is not a valid value.", "InvalidValuesForRequestParameters")
        if kind not in _KINDS:
            raise invalid(f"The kind '{kind}' is not a valid value.", "InvalidValuesForRequestParameters")
        properties = {**_DEFAULTS, **_settable(body), "provisioningState": "Creating", "statusOfPrimary": "available"}
        properties["encryption"] = {**_ENCRYPTION, **_settings_of_encryption(properties)}
        properties |= {"primaryLocation": location, "creationTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())}
        tier = "Premium" if sku.startswith("Premium") else "Standard"
        extra = {"sku": {"name": sku, "tier": tier}, "kind": kind, "properties": properties}
        return Resource(resource_id, location, body.get("tags") or {}, extra)

    def _name_message(self, name: str) -> str:
        found = self.check_name(name)
        return found[1] if found else name

    def _check_ready(self, name: str) -> None:
        if not self._accounts[name].ready:
            message = (
                f"An operation is currently performing on this storage account {name} that requires exclusive access."
            )
            raise ArmError(409, "StorageAccountOperationInProgress", message)

    def _check_free(self, resource_id: ResourceId) -> None:
        known = self.find(resource_id.name)
        if known and known.id.subscription == resource_id.subscription:
            message = f"The account {resource_id.name} is already in another resource group in this subscription."
            raise ArmError(409, "StorageAccountInAnotherResourceGroup", message)
        if known or resource_id.name in self._taken:
            message = f"The storage account named {resource_id.name} is already taken."
            raise ArmError(409, "StorageAccountAlreadyTaken", message)

    @staticmethod
    def _update(known: Resource, wanted: Resource) -> Resource:
        if known.location != wanted.location:
            message = (
                f"The resource '{known.id.name}' already exists in location '{known.location}'. A resource with the "
                f"same name cannot be created in location '{wanted.location}'."
            )
            raise ArmError(409, "InvalidResourceLocation", message)
        known.tags, known.extra["sku"] = wanted.tags, wanted.extra["sku"]
        known.properties.update({k: v for k, v in wanted.properties.items() if k not in _COMPUTED})
        return known

    def _gone(self, resource: Resource) -> None:
        with self._lock:
            self._accounts.pop(resource.id.name, None)
        self._emulator.remove(resource.id.name)


def _settings_of_encryption(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (properties.get("encryption") or {}).items() if name != "services"}


def _settable(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (body.get("properties") or {}).items() if name not in _COMPUTED}


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(64)).decode()


def _endpoints(endpoints: StorageEndpoints) -> dict[str, str]:
    return {"blob": endpoints.blob, "queue": endpoints.queue, "table": endpoints.table}
