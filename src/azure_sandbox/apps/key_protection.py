"""How a functions host hides its keys: encrypted with a key that the app's settings, or App Service, give it.

Azure/azure-functions-host, src/WebJobs.Script.WebHost/Security/KeyManagement, `DataProtectionKeyValueConverter.cs` and
`DefaultKeyValueConverterFactory.cs`. The order of the encryption keys is that of `Util.GetDefaultKeyValue` in the
package Microsoft.Azure.Web.DataProtection, and of `InitializeProcess` in the host's Program.cs, line 117.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LOCAL, MACHINE = "AzureWebEncryptionKey", "MACHINEKEY_DecryptionKey"
"""Settings with an encryption key. Without either, the host takes the key that App Service gives the site
(WEBSITE_AUTH_ENCRYPTION_KEY) for its machine key."""


class Unreadable(Exception):
    """Stored keys were encrypted with another key."""


class Protector:
    """Encrypts and decrypts the keys of one site.

    Args:
        settings: The site's app settings.
        given: What App Service gives the site.
    """

    def __init__(self, settings: Mapping[str, str], given: str) -> None:
        name, key = next(((name, settings[name]) for name in (LOCAL, MACHINE) if settings.get(name)), (MACHINE, given))
        self.key_id = f"{name}={base64.b64encode(hashlib.sha256(key.encode()).digest()).decode()};"
        """Which key it is, as the host writes it beside the keys."""
        self._fernet = Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.upper().encode()).digest()))

    def entry(self, name: str, value: str) -> dict[str, Any]:
        """A key as it is stored."""
        return {"name": name, "value": self._fernet.encrypt(value.encode()).decode(), "encrypted": True}

    def entries(self, keys: Mapping[str, str]) -> list[dict[str, Any]]:
        """Keys as they are stored."""
        return [self.entry(name, value) for name, value in keys.items()]

    def value(self, entry: Mapping[str, Any]) -> str:
        """A stored key; one that is not encrypted is taken as it is.

        Raises:
            Unreadable: It was encrypted with another key.
        """
        text = str(entry["value"])
        if not entry.get("encrypted"):
            return text
        try:
            return self._fernet.decrypt(text.encode()).decode()
        except InvalidToken as error:
            raise Unreadable(str(entry["name"])) from error

    def values(self, entries: Iterable[Mapping[str, Any]]) -> dict[str, str]:
        """Stored keys by name.

        Raises:
            Unreadable: As for one.
        """
        return {str(entry["name"]): self.value(entry) for entry in entries}
