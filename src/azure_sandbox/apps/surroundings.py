"""What every app of a platform shares."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.apps.engine import Engine
    from azure_sandbox.apps.host_storage import HostStorage
    from azure_sandbox.apps.identity_endpoint import IdentityEndpoint
    from azure_sandbox.apps.key_vaults import KeyVaults
    from azure_sandbox.apps.service_bus_access import ServiceBusDoor
    from azure_sandbox.apps.storage_accounts import StorageDoor
    from azure_sandbox.certificates import TlsFiles
    from azure_sandbox.contract import Directory
    from azure_sandbox.pace import Pace


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every app of a platform shares."""

    engine: Engine
    directory: Directory
    storage: HostStorage
    door: StorageDoor
    namespaces: ServiceBusDoor
    key_vaults: KeyVaults
    identities: IdentityEndpoint
    way_out: Path
    pace: Pace
    tls: TlsFiles
