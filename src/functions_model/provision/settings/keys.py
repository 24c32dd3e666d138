"""Keys and passwords, with `access: keys`: read when a setting is compared with them, or made of them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from azure.core.exceptions import ResourceNotFoundError

from functions_model.azure.clients import AzureClients
from functions_model.core.secrets import Secret
from functions_model.provision.host import Wanted
from functions_model.provision.kinds import service_bus_namespace, storage_account
from functions_model.provision.kinds.service_bus_namespace import ObservedNamespace
from functions_model.provision.kinds.storage_account import ObservedAccounts
from functions_model.provision.nouns import BlobData, QueueData
from functions_model.provision.observed import LiveApp, Observed
from functions_model.provision.places import subscription_in
from functions_model.provision.settings import collecting
from functions_model.provision.settings.connection_strings import REGISTRY, Keys, ObservedKeys, rule_of
from functions_model.provision.settings.host_storage import HOST_STORAGE
from functions_model.provision.settings.trigger import CONNECTION, sets_connection

ROOT_RULE = "RootManageSharedAccessKey"
"""Every namespace has it. Its right Manage lets the platform see how long a queue is, and so scale the app by that:
https://learn.microsoft.com/azure/azure-functions/functions-target-based-scaling#service-bus-queues-and-topics."""

NEEDS: tuple[type, ...] = (ObservedAccounts, ObservedNamespace, LiveApp)
"""What must be known before keys are looked for."""


def observe(clients: AzureClients, wanted: Wanted, seen: Observed, *, mask: Callable[[str], None]) -> ObservedKeys:
    """Those that a live setting must be compared with. A setting that is not there differs, whatever the key is."""
    if not (wanted.by_keys and wanted.registry.admin):
        return ObservedKeys()
    owners = {owner for setting, owner in _owners(wanted, seen) if setting in seen.live_settings}
    return _read(clients, wanted, seen, owners & _there(wanted, seen), mask)


def complete(clients: AzureClients, wanted: Wanted, observed: Observed, *, mask: Callable[[str], None]) -> Observed:
    """The same with every key that the app's settings are made of."""
    if not wanted.by_keys:
        return observed
    owners = {owner for _, owner in _owners(wanted, observed)} - set(observed.all_of(ObservedKeys).by_owner)
    return observed.having(_read(clients, wanted, observed, owners, mask))


def _owners(wanted: Wanted, observed: Observed) -> list[tuple[str, str]]:
    """Each setting with a secret in it, and what that opens."""
    host = storage_account.key(wanted.resources.storage_account)
    owners = [(HOST_STORAGE, host), *wanted.host.settings_with_keys(wanted)]
    if account := wanted.target.collect and wanted.resources.collect_storage_account:
        owners.append((collecting.CONNECTION, storage_account.key(account)))
    if sets_connection(wanted, observed):
        match wanted.data:
            case BlobData(account=account):
                owners.append((CONNECTION, storage_account.key(account)))
            case QueueData(namespace=namespace):
                owners.append((CONNECTION, service_bus_namespace.key(namespace)))
    return owners


def _there(wanted: Wanted, seen: Observed) -> set[str]:
    there = {REGISTRY, *(storage_account.key(name) for name in seen.all_of(ObservedAccounts).by_name)}
    if isinstance(wanted.data, QueueData) and seen.of(ObservedNamespace) is not None:
        there.add(service_bus_namespace.key(wanted.data.namespace))
    return there


def _read(
    clients: AzureClients, wanted: Wanted, observed: Observed, owners: set[str], mask: Callable[[str], None]
) -> ObservedKeys:
    """Side by side; each is masked before anybody else has it."""
    reads = {owner: _reader(owner, clients, wanted, observed) for owner in sorted(owners)}
    with ThreadPoolExecutor(max_workers=len(reads) or 1, thread_name_prefix="keys") as threads:
        asked = {owner: threads.submit(read) for owner, read in reads.items()}
    found = {owner: answer.result() for owner, answer in asked.items()}
    for keys in found.values():
        for value in keys.values:
            mask(value.reveal())
    return ObservedKeys(found)


def _reader(owner: str, clients: AzureClients, wanted: Wanted, observed: Observed) -> Callable[[], Keys]:
    namespace = observed.of(ObservedNamespace)
    if owner == REGISTRY:
        return partial(_registry_keys, clients, wanted)
    for name, account in observed.all_of(ObservedAccounts).by_name.items():
        if owner == storage_account.key(name):
            return partial(_account_keys, clients, account.id)
    if namespace is not None:
        rule = rule_of(observed.live_settings.get(CONNECTION, ""), namespace) or ROOT_RULE
        return partial(_rule_keys, clients, namespace.id, rule)
    message = f"there is nothing that the keys of {owner} could be read from"
    raise ValueError(message)


def _registry_keys(clients: AzureClients, wanted: Wanted) -> Keys:
    group, name = _place(wanted.registry.id)
    there = clients.of(subscription_in(wanted.registry.id))
    found = there.registries.registries.list_credentials(resource_group_name=group, registry_name=name)
    return _keys(str(found.username), [password.value for password in found.passwords or ()])


def _account_keys(clients: AzureClients, account_id: str) -> Keys:
    group, name = _place(account_id)
    found = clients.storage.storage_accounts.list_keys(resource_group_name=group, account_name=name)
    return _keys(name, [key.value for key in found.keys_property or ()])


def _rule_keys(clients: AzureClients, namespace_id: str, rule: str) -> Keys:
    """A rule that a live string names may be gone; the root rule takes its place."""
    group, name = _place(namespace_id)
    namespaces = clients.service_bus.namespaces
    try:
        found = namespaces.list_keys(resource_group_name=group, namespace_name=name, authorization_rule_name=rule)
    except ResourceNotFoundError:
        if rule == ROOT_RULE:
            raise
        return _rule_keys(clients, namespace_id, ROOT_RULE)
    return _keys(rule, [found.primary_key, found.secondary_key])


def _keys(name: str, values: list[str | None]) -> Keys:
    return Keys(name, tuple(Secret(value) for value in values if value))


def _place(resource_id: str) -> tuple[str, str]:
    """Resource group and name of an ARM id."""
    parts = resource_id.strip("/").split("/")
    return parts[3], parts[-1]
