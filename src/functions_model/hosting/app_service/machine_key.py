"""The machine key, with which a Linux host encrypts the keys of its callers.

A host that finds another one, or one where there was none, cannot read the keys that it has stored: it makes new ones,
and every caller gets 401 (Azure/azure-functions-host, SecretManager.cs, lines 125 and 215). So it is written when an
app, or a slot, is made, and never on one that is there.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from functions_model.core.failures import Problem
from functions_model.hosting.app_service.nouns import ObservedApp
from functions_model.provision.host import Wanted
from functions_model.provision.observed import Observed

MACHINE_KEY = "MACHINEKEY_DecryptionKey"
"""Resource Manager proves itself to a Linux host with it: without, it may not be able to list keys.
https://github.com/Azure/azure-functions-host/issues/3518."""
ENCRYPTION = (MACHINE_KEY, "AzureWebEncryptionKey")
"""Settings that a host takes an encryption key from. The second goes before the first, and nobody makes it for us:
`Util.GetDefaultKeyValue` in Microsoft.Azure.Web.DataProtection."""


def new_machine_key() -> str:
    """64 hexadecimal digits, as `az functionapp create` makes it."""
    return secrets.token_hex(32).upper()


def encryption_keys(*settings: Mapping[str, object]) -> tuple[str, ...]:
    """Those that must stay where they are: the machine key, and what else any of these settings has."""
    return tuple(name for name in ENCRYPTION if name == MACHINE_KEY or any(name in one for one in settings))


def machine_key_problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """The user's own value is another one than the app has: every caller would lose its key."""
    if (app := observed.of(ObservedApp)) is None:
        return ()
    given = {name: wanted.target.app_settings[name] for name in ENCRYPTION if name in wanted.target.app_settings}
    return tuple(_problem(wanted, name) for name, value in given.items() if value.reveal() != app.settings.get(name))


def _problem(wanted: Wanted, name: str) -> Problem:
    what = f"`app-settings` would change {name} of `{wanted.names.app}`: its host could not read its keys any more"
    remedy = (
        "Take it out of `app-settings`. Or set it by hand; every caller needs a new key then: az functionapp config "
        f"appsettings set {wanted.names.at().flags} "
        f"--slot-settings {name}=<value>"
    )
    return Problem(what, remedy, "app-settings")
