"""Shared access rules: names, rights and keys of a namespace or a queue."""

from __future__ import annotations

import base64
import re
import secrets
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.service_bus.errors import bad_entity, entity_not_found
from azure_sandbox.contract import AccessRule

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT_RULE = "RootManageSharedAccessKey"
RIGHTS = ("Listen", "Manage", "Send")
MAX_RULES = 12
"""Per namespace or queue: learn.microsoft.com/azure/service-bus-messaging/service-bus-quotas."""
_NAME = re.compile(r"[A-Za-z0-9](?:[\w.-]{0,48}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class NamedRule:
    """A rule in its own spelling."""

    name: str
    rule: AccessRule

    @property
    def rights(self) -> list[str]:
        """In the order in which ARM shows them."""
        return [right for right in RIGHTS if right in self.rule.rights]

    def keys(self, endpoint: str, entity: str | None) -> dict[str, Any]:
        """What listKeys answers.

        Args:
            endpoint: `sb://host:port/`.
            entity: A queue's name, for a queue's rule.
        """
        path = f";EntityPath={entity}" if entity else ""
        start = f"Endpoint={endpoint};SharedAccessKeyName={self.name};SharedAccessKey="
        primary, secondary = self.rule.keys
        return {
            "primaryConnectionString": f"{start}{primary}{path}",
            "secondaryConnectionString": f"{start}{secondary}{path}",
            "primaryKey": primary,
            "secondaryKey": secondary,
            "keyName": self.name,
        }


class Rules:
    """The rules of one namespace or queue, by name in any case. Safe for threads."""

    def __init__(self) -> None:
        self._known: dict[str, NamedRule] = {}
        self._lock = threading.Lock()

    def put(self, name: str, rights: object) -> NamedRule:
        """Create it with new keys, or change its rights and keep them.

        Raises:
            ArmError: The name or the rights do not do, or there are too many rules.
        """
        wanted = _checked(name, rights)
        with self._lock:
            known = self._known.get(name.lower())
            if known is None and len(self._known) >= MAX_RULES:
                message = f"There can be no more than {MAX_RULES} authorization rules."
                raise bad_entity(message)
            keys = known.rule.keys if known else (_key(), _key())
            made = self._known[name.lower()] = NamedRule(known.name if known else name, AccessRule(keys, wanted))
            return made

    def find(self, name: str) -> NamedRule | None:
        """The rule with that name."""
        return self._known.get(name.lower())

    def get(self, name: str) -> NamedRule:
        """The rule with that name.

        Raises:
            ArmError: There is none.
        """
        found = self.find(name)
        if found is None:
            raise entity_not_found(name)
        return found

    def remove(self, name: str) -> bool:
        """Forget it; False when it was not there."""
        return self._known.pop(name.lower(), None) is not None

    def all(self) -> list[NamedRule]:
        """In the order in which they were made."""
        return list(self._known.values())

    def regenerate(self, name: str, which: object, key: object = None) -> NamedRule:
        """Replace one key, by the given one or a new one.

        Raises:
            ArmError: There is no such rule or key.
        """
        if which not in {"PrimaryKey", "SecondaryKey"}:
            message = f"The key type '{which}' is not one of PrimaryKey, SecondaryKey."
            raise bad_entity(message)
        new = str(key or _key())
        with self._lock:
            known = self.get(name)
            primary, secondary = known.rule.keys
            keys = (new, secondary) if which == "PrimaryKey" else (primary, new)
            made = self._known[name.lower()] = replace(known, rule=replace(known.rule, keys=keys))
            return made


def _checked(name: str, rights: object) -> frozenset[str]:
    if not _NAME.fullmatch(name):
        message = f"The rule name '{name}' is not valid: up to 50 letters, digits, `.`, `-`, `_`."
        raise bad_entity(message)
    given: Iterable[Any] = rights if isinstance(rights, list) else ()
    wanted = frozenset(str(right) for right in given)
    if not wanted or not wanted <= set(RIGHTS):
        message = f"The rights {sorted(wanted)} are not valid: some of {', '.join(RIGHTS)} are needed."
        raise bad_entity(message)
    if "Manage" in wanted and wanted != set(RIGHTS):
        message = "The right Manage needs Listen and Send as well."
        raise bad_entity(message)
    return wanted


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()
