"""Shared access signatures of storage accounts: a link that a browser or curl can follow."""

from __future__ import annotations

import datetime as dt
from typing import Any

from azure_sandbox.arm.errors import invalid

_LETTERS = {"signedServices": "bqtf", "signedResourceTypes": "sco", "signedPermission": "rwdxylacupitf"}


def account_signature(account: str, keys: tuple[str, str], wanted: dict[str, Any]) -> str:
    """The query that opens the account, as the body of `listAccountSas` asks for it.

    Args:
        account: The account's name.
        keys: Both its keys; `keyToSign` chooses.
        wanted: The request's body.

    Raises:
        ArmError: Something is missing, or is no value that there is.
    """
    # Late: a control plane alone needs no storage client.
    from azure.storage.blob import generate_account_sas  # noqa: PLC0415

    letters = {name: _letters(name, wanted) for name in _LETTERS}
    chosen = str(wanted.get("keyToSign") or "key1").lower()
    if chosen not in {"key1", "key2"}:
        raise _refused("keyToSign", chosen)
    return generate_account_sas(
        account,
        keys[chosen == "key2"],
        letters["signedResourceTypes"],
        letters["signedPermission"],
        _time("signedExpiry", wanted),
        _time("signedStart", wanted) if wanted.get("signedStart") else None,
        wanted.get("signedIp"),
        services=letters["signedServices"],
        protocol=wanted.get("signedProtocol"),
    )


def _letters(name: str, wanted: dict[str, Any]) -> str:
    given = str(wanted.get(name) or "")
    if not given or not set(given) <= set(_LETTERS[name]):
        raise _refused(name, given)
    return given


def _time(name: str, wanted: dict[str, Any]) -> dt.datetime:
    given = str(wanted.get(name) or "")
    try:
        moment = dt.datetime.fromisoformat(given)
    except ValueError as error:
        raise _refused(name, given) from error
    # The signature knows whole seconds, and times without a zone as UTC.
    return moment.astimezone(dt.UTC) if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _refused(name: str, value: str) -> Exception:
    return invalid(f"The value '{value}' of {name} is not valid.", "InvalidValuesForRequestParameters")
