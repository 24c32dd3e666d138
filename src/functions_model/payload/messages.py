"""A Service Bus message as content to score. The headers are those of Service Bus's REST API.

https://learn.microsoft.com/rest/api/servicebus/message-headers-and-properties
"""

from __future__ import annotations

import json
from datetime import datetime, timezone
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from .content import Content, content_type_of, header_value, is_header_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    import azure.functions as func

BROKER_PROPERTIES = "BrokerProperties"


def message_content(message: func.ServiceBusMessage) -> Content:
    """The message's body, with what the broker knows and the sender's own properties as headers."""
    headers = [(BROKER_PROPERTIES, json.dumps(broker_properties(message)))]
    headers += _own_properties(message.application_properties or message.user_properties or {})
    name = f"message `{message.message_id}`"
    body = message.get_body()
    return Content(name, body, content_type_of(message.content_type, body), tuple(headers))


def broker_properties(message: func.ServiceBusMessage) -> dict[str, Any]:
    """Those that the message has: text, numbers, times as HTTP dates, and `TimeToLive` in seconds."""
    found = {
        "MessageId": message.message_id,
        "CorrelationId": message.correlation_id,
        "Label": message.label or message.subject,
        "DeliveryCount": message.delivery_count,
        "SequenceNumber": message.sequence_number,
        "EnqueuedSequenceNumber": message.enqueued_sequence_number,
        "EnqueuedTimeUtc": _date(message.enqueued_time_utc),
        "ScheduledEnqueueTimeUtc": _date(message.scheduled_enqueue_time_utc),
        "LockedUntilUtc": _date(message.locked_until),
        "TimeToLive": _seconds_to_live(message),
        "PartitionKey": message.partition_key,
        "SessionId": message.session_id,
        "To": message.to,
        "ReplyTo": message.reply_to,
        "ReplyToSessionId": message.reply_to_session_id,
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def _own_properties(properties: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [
        (name, header_value(value))
        for name, value in properties.items()
        if is_header_name(name) and name.lower() != BROKER_PROPERTIES.lower()
    ]


def _date(time: datetime | None) -> str | None:
    return format_datetime(_utc(time), usegmt=True) if time else None


def _seconds_to_live(message: func.ServiceBusMessage) -> float | None:
    """The host tells the end of a message's life rather than its length."""
    if message.time_to_live is not None:
        return message.time_to_live.total_seconds()
    begin, end = message.enqueued_time_utc, message.expires_at_utc
    return (_utc(end) - _utc(begin)).total_seconds() if begin and end else None


def _utc(time: datetime) -> datetime:
    """Service Bus's times are UTC, whether the host says so or not."""
    utc = timezone.utc  # noqa: UP017 - `datetime.UTC` is newer than Python 3.10
    return time.replace(tzinfo=utc) if time.tzinfo is None else time.astimezone(utc)
