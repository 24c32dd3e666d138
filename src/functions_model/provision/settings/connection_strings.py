"""Connection strings of storage accounts and Service Bus namespaces: read, compared, written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from functions_model.core.secrets import Secret
from functions_model.provision.kinds.service_bus_namespace import ObservedNamespace
from functions_model.provision.kinds.storage_account import ObservedStorage
from functions_model.provision.observed import Piece

REGISTRY = "registry"
"""What its keys are known by."""


@dataclass(frozen=True, slots=True)
class Keys:
    """What opens an account, a namespace or a registry.

    Attributes:
        name: The account's, the access rule's or the user's.
        values: Keys or passwords, of which any one counts. The first is the one to use.
    """

    name: str
    values: tuple[Secret, ...]


@dataclass(frozen=True, slots=True)
class ObservedKeys(Piece):
    """The keys that had to be read, by what they open: `storage account/x`, `Service Bus namespace/x`, `registry`."""

    by_owner: Mapping[str, Keys] = field(default_factory=dict)

    def over(self, earlier: ObservedKeys | None) -> ObservedKeys:
        """These and those that were known before."""
        return ObservedKeys({**(earlier or ObservedKeys()).by_owner, **self.by_owner})


def parts_of(text: str) -> Mapping[str, str]:
    """The parts by lower-case name; a value may hold `=`. Empty for what is no connection string."""
    pairs = (part.partition("=") for part in text.split(";") if "=" in part)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


def account_of(text: str) -> str:
    """The storage account that a connection string opens; empty when it is not one, or does not say which."""
    parts = parts_of(text)
    return parts.get("accountname", "").lower() if "accountkey" in parts else ""


def namespace_of(text: str) -> str:
    """Host, with a port where there is one, of the Service Bus namespace that a connection string opens; or empty."""
    parts = parts_of(text)
    return urlsplit(parts.get("endpoint", "")).netloc.lower() if "sharedaccesskey" in parts else ""


def account_string(name: str, account: ObservedStorage, keys: Keys, live: str) -> str:
    """The one that is live while one of the account's keys is in it, else a new one with the first key."""
    if account_of(live) == name.lower() and _holds(parts_of(live).get("accountkey", ""), keys):
        return live
    where, services = _addresses(name, account)
    start = f"DefaultEndpointsProtocol=https;{where}AccountName={name};AccountKey={keys.values[0].reveal()}"
    return f"{start}{services}"


def namespace_string(namespace: ObservedNamespace, keys: Keys, live: str) -> str:
    """The one that is live while a key of its rule is in it, else a new one with the rule's first key."""
    if rule_of(live, namespace) == keys.name and _holds(parts_of(live).get("sharedaccesskey", ""), keys):
        return live
    key = keys.values[0].reveal()
    return f"Endpoint=sb://{namespace.host}/;SharedAccessKeyName={keys.name};SharedAccessKey={key}"


def rule_of(text: str, namespace: ObservedNamespace) -> str:
    """The access rule in a connection string of the namespace; empty for another's, and for one of a single queue."""
    parts = parts_of(text)
    opens_all = namespace_of(text) == namespace.host.lower() and "entitypath" not in parts
    return parts.get("sharedaccesskeyname", "") if opens_all else ""


def _holds(key: str, keys: Keys) -> bool:
    return key in {value.reveal() for value in keys.values}


def _addresses(name: str, account: ObservedStorage) -> tuple[str, str]:
    """`EndpointSuffix=...;` where the account's hosts follow from it, else every service by itself.

    An account with a DNS zone of its own has hosts such as `x.z12.blob.storage.azure.net`, which no suffix leads to.
    """
    host, start = urlsplit(account.blob).netloc.lower(), f"{name.lower()}.blob."
    if host.startswith(start):
        return f"EndpointSuffix={host.removeprefix(start)};", ""
    services = {"Blob": account.blob, "Queue": account.queue, "Table": account.table, "File": account.file}
    return "", "".join(f";{service}Endpoint={url}" for service, url in services.items() if url)
