"""A Service Bus message as a function's event: its body, and its properties by the names that .NET gives them."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING, Any

from azure.servicebus.amqp import AmqpMessageBodyType

from azure_sandbox.apps.listeners.calling import Event

if TYPE_CHECKING:
    from azure.servicebus import ServiceBusReceivedMessage


def event_of(message: ServiceBusReceivedMessage) -> Event:
    """What the function gets. Texts go as text and everything else as JSON, as in the real host."""
    values = {name: value for name, value in _properties(message).items() if value is not None}
    told = {
        name: ("string", value) if isinstance(value, str) else ("json", json.dumps(value, default=_plain))
        for name, value in values.items()
    }
    details = (
        f"MessageId: {message.message_id}, SequenceNumber: {message.sequence_number}, "
        f"DeliveryCount: {values['DeliveryCount']}, EnqueuedTimeUtc: {message.enqueued_time_utc}, "
        f"LockedUntilUtc: {message.locked_until_utc}, SessionId: {message.session_id or '(null)'}"
    )
    return Event(body_of(message), told, values, "(null)", details)


def body_of(message: ServiceBusReceivedMessage) -> bytes:
    """The message's bytes. A value that is no text and no bytes becomes JSON."""
    body = message.body
    if message.body_type is AmqpMessageBodyType.DATA:
        return b"".join(body)
    if isinstance(body, bytes):
        return body
    if isinstance(body, str):
        return body.encode()
    value = list(body) if message.body_type is AmqpMessageBodyType.SEQUENCE else body
    return json.dumps(value, default=_plain).encode()


def _properties(message: ServiceBusReceivedMessage) -> dict[str, Any]:
    own = {_plain(name): value for name, value in (message.application_properties or {}).items()}
    return {
        "MessageId": message.message_id,
        # AMQP counts deliveries that failed; .NET counts this one, too.
        "DeliveryCount": (message.delivery_count or 0) + 1,
        "ContentType": message.content_type,
        "CorrelationId": message.correlation_id,
        "Subject": message.subject,
        "Label": message.subject,
        "To": message.to,
        "ReplyTo": message.reply_to,
        "ReplyToSessionId": message.reply_to_session_id,
        "SessionId": message.session_id,
        "PartitionKey": message.partition_key,
        "SequenceNumber": message.sequence_number,
        "EnqueuedSequenceNumber": message.enqueued_sequence_number,
        "EnqueuedTimeUtc": _instant(message.enqueued_time_utc),
        "ExpiresAtUtc": _instant(message.expires_at_utc),
        "LockedUntil": _instant(message.locked_until_utc),
        "LockToken": str(message.lock_token),
        "DeadLetterSource": message.dead_letter_source,
        "DeadLetterReason": message.dead_letter_reason,
        "DeadLetterErrorDescription": message.dead_letter_error_description,
        "ApplicationProperties": own,
        "UserProperties": own,
    }


def _instant(moment: dt.datetime | None) -> str | None:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment else None


def _plain(value: object) -> str:
    """What JSON has no form for, as text."""
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).decode(errors="replace")
    return value.isoformat() if isinstance(value, dt.datetime) else str(value)
