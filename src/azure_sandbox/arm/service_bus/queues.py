"""A queue's properties: defaults, limits, and what the broker is told of them.

Limits: learn.microsoft.com/azure/service-bus-messaging/service-bus-quotas.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Any

import isodate

from azure_sandbox.arm.service_bus.errors import bad_entity, not_covered
from azure_sandbox.arm.service_bus.rules import Rules
from azure_sandbox.contract import QueueDefinition

FOREVER = "P10675199DT2H48M5.4775807S"
"""The longest time span that .NET knows: what ARM shows for "never"."""
_NAME = re.compile(r"[A-Za-z0-9](?:[\w.\-]{0,258}[A-Za-z0-9])?")
_SECOND, _LONGEST_LOCK = dt.timedelta(seconds=1), dt.timedelta(minutes=5)
_DEFAULTS: dict[str, Any] = {
    "lockDuration": "PT1M",
    "maxSizeInMegabytes": 1024,
    "requiresDuplicateDetection": False,
    "requiresSession": False,
    "defaultMessageTimeToLive": FOREVER,
    "deadLetteringOnMessageExpiration": False,
    "enableBatchedOperations": True,
    "duplicateDetectionHistoryTimeWindow": "PT10M",
    "maxDeliveryCount": 10,
    "status": "Active",
    "autoDeleteOnIdle": FOREVER,
    "enablePartitioning": False,
    "enableExpress": False,
}
_OTHERS = {"maxMessageSizeInKilobytes", "forwardTo", "forwardDeadLetteredMessagesTo", "userMetadata"}
_COMPUTED = {"countDetails", "createdAt", "updatedAt", "accessedAt", "sizeInBytes", "messageCount"}
_NUMBERS = {
    "maxDeliveryCount": range(1, 2001),
    "maxSizeInMegabytes": range(1024, 81921, 1024),
}
_STATES = {"Active", "Disabled", "SendDisabled", "ReceiveDisabled"}
"""learn.microsoft.com/azure/service-bus-messaging/entity-suspend: the others are not for clients to set."""
_NOT_COVERED = {
    "requiresSession": "sessions",
    "requiresDuplicateDetection": "duplicate detection",
    "forwardTo": "forwarding",
    "forwardDeadLetteredMessagesTo": "forwarding of dead-lettered messages",
}


@dataclass(slots=True)
class Queue:
    """A queue that lives.

    Attributes:
        definition: What the broker knows.
        shown: Its properties on the wire, without counts.
        rules: Its own access rules.
    """

    definition: QueueDefinition
    shown: dict[str, Any]
    rules: Rules = field(default_factory=Rules)


def read_queue(name: str, properties: dict[str, Any], tier: str) -> tuple[QueueDefinition, dict[str, Any]]:
    """What a PUT asks for, completed: for the broker, and for the wire.

    Args:
        name: The queue's name.
        properties: The body's.
        tier: The namespace's.

    Raises:
        ArmError: A name or a value that is not allowed in that tier, or that the sandbox has no broker for.
    """
    if not _NAME.fullmatch(name):
        message = (
            f"The queue name '{name}' is not valid: letters, digits, `.`, `-`, `_`; a letter or digit at its ends."
        )
        raise bad_entity(message)
    given = {key: value for key, value in properties.items() if key not in _COMPUTED and value is not None}
    _check_members(given)
    shown = {**_DEFAULTS, "maxMessageSizeInKilobytes": _message_kilobytes(given, tier), **given}
    return _definition(name, shown), shown


def _definition(name: str, shown: dict[str, Any]) -> QueueDefinition:
    lock, lives = _duration("lockDuration", shown), _duration("defaultMessageTimeToLive", shown)
    if not 5 * _SECOND <= lock <= _LONGEST_LOCK:
        message = f"The lock duration {shown['lockDuration']} is not between 5 seconds and 5 minutes."
        raise bad_entity(message)
    if lives < _SECOND:
        message = f"The time to live {shown['defaultMessageTimeToLive']} is below one second."
        raise bad_entity(message)
    return QueueDefinition(
        name=name,
        lock_seconds=lock / _SECOND,
        max_delivery_count=int(shown["maxDeliveryCount"]),
        max_message_bytes=int(shown["maxMessageSizeInKilobytes"]) * 1024,
        time_to_live=None if lives >= isodate.parse_duration(FOREVER) else lives / _SECOND,
        dead_letter_expired=bool(shown["deadLetteringOnMessageExpiration"]),
        status=str(shown["status"]),
    )


def _check_members(given: dict[str, Any]) -> None:
    unknown = given.keys() - _DEFAULTS.keys() - _OTHERS
    if unknown:
        message = f"A queue has no {', '.join(sorted(unknown))}."
        raise bad_entity(message)
    for member, allowed in _NUMBERS.items():
        if member in given and (not isinstance(given[member], int) or given[member] not in allowed):
            message = f"The value '{given[member]}' of {member} is not allowed."
            raise bad_entity(message)
    for member, what in _NOT_COVERED.items():
        if given.get(member):
            raise not_covered(what)
    if given.get("status", "Active") not in _STATES:
        message = f"The value '{given['status']}' of status is not allowed."
        raise bad_entity(message)


def _message_kilobytes(given: dict[str, Any], tier: str) -> int:
    premium = tier == "Premium"
    wanted = given.get("maxMessageSizeInKilobytes", 1024 if premium else 256)
    if not premium and wanted != 256:
        message = f"MaxMessageSizeInKilobytes can only be set in the tier Premium. The tier is {tier}."
        raise bad_entity(message)
    if not isinstance(wanted, int) or (premium and not 1024 <= wanted <= 102_400):
        message = f"The value '{wanted}' of maxMessageSizeInKilobytes is not between 1024 and 102400."
        raise bad_entity(message)
    return wanted


def _duration(member: str, shown: dict[str, Any]) -> dt.timedelta:
    try:
        length = isodate.parse_duration(str(shown[member]))
    except (isodate.ISO8601Error, OverflowError) as error:
        message = f"The value '{shown[member]}' of {member} is not a duration such as PT1M."
        raise bad_entity(message) from error
    if not isinstance(length, dt.timedelta):
        message = f"The value '{shown[member]}' of {member} has years or months, whose length is not known."
        raise bad_entity(message)
    return length
