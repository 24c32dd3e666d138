"""Key vaults, as far as settings refer to them.

https://learn.microsoft.com/azure/app-service/app-service-key-vault-references: what cannot be resolved reaches the
app as the text of the reference itself.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_sandbox.contract import RoleBook, SiteDefinition

_REFERENCE = re.compile(r"@Microsoft\.KeyVault\((?P<what>.*)\)", re.IGNORECASE)
_URI = re.compile(r"https://(?P<vault>[\w-]+)\.vault\.[^/]+/secrets/(?P<secret>[\w-]+)(/[\w-]*)?/?")
_GET_SECRET = "Microsoft.KeyVault/vaults/secrets/getSecret/action"  # noqa: S105 - a permission's name


@dataclass(frozen=True, slots=True)
class _Vault:
    scope: str
    secrets: dict[str, str]


class KeyVaults:
    """The vaults, and who may read them.

    Args:
        roles: Says what the apps' identities may do.
    """

    def __init__(self, roles: RoleBook) -> None:
        self._roles = roles
        self._vaults: dict[str, _Vault] = {}
        self._lock = threading.Lock()

    def put(self, resource_id: str, secrets: Mapping[str, str]) -> None:
        """Let there be a vault with these secrets; its name is the last of its ARM id."""
        with self._lock:
            self._vaults[resource_id.rpartition("/")[2].lower()] = _Vault(resource_id, dict(secrets))

    def resolved(self, site: SiteDefinition) -> SiteDefinition:
        """The site with the secrets in place of the references that its identity may follow."""
        settings = {name: self._value(site, value) for name, value in site.app_settings.items()}
        strings = {name: self._value(site, value) for name, value in site.connection_strings.items()}
        return replace(site, app_settings=settings, connection_strings=strings)

    def _value(self, site: SiteDefinition, text: str) -> str:
        found = _place(text)
        with self._lock:
            vault = self._vaults.get(found[0].lower()) if found else None
        reader = site.identities.get(site.key_vault_identity)
        if found is None or vault is None or reader is None:
            return text
        allowed = self._roles.permits(reader.object_id, _GET_SECRET, vault.scope, data=True)
        return vault.secrets.get(found[1], text) if allowed else text


def _place(text: str) -> tuple[str, str] | None:
    """Vault and secret that a setting refers to; None for any other text."""
    reference = _REFERENCE.fullmatch(text.strip())
    if reference is None:
        return None
    parts = {name.strip().lower(): value for name, _, value in (p.partition("=") for p in reference["what"].split(";"))}
    if uri := _URI.fullmatch(parts.get("secreturi", "")):
        return uri["vault"], uri["secret"]
    vault, secret = parts.get("vaultname", ""), parts.get("secretname", "")
    return (vault, secret) if vault and secret else None
