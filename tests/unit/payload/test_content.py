"""Blobs and messages as content: bytes, type and headers."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from azure.functions.blob import InputStream
from azure.functions.servicebus import ServiceBusMessage

from functions_model.payload.blobs import blob_content
from functions_model.payload.content import content_type_of, header_value, is_header_name
from functions_model.payload.messages import broker_properties, message_content

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def message(body: bytes = b"{}", **known: Any) -> ServiceBusMessage:
    """A message as the worker gives it."""
    return ServiceBusMessage(
        **{"body": body, "message_id": "1", "application_properties": {}, "user_properties": {}, **known}
    )


class TestContentType:
    """`content_type_of`."""

    @pytest.mark.parametrize("given", ["text/csv", "image/png", "application/json; charset=utf-8", "text/plain"])
    def test_type_that_says_something_stays(self, given: str) -> None:
        """What the sender chose counts, whatever the bytes are."""
        assert given == content_type_of(given, b"{}")

    @pytest.mark.parametrize(
        "given",
        [
            None,
            "",
            "application/octet-stream",
            "Application/X-WWW-Form-Urlencoded; a=b",
            "text/\u20ac",
            "text/csv\r\nX-Injected: 1",
        ],
    )
    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            (b'{"a": 1}', "application/json"),
            (b"\xef\xbb\xbf \n[1]", "application/json"),
            (b'"text"', "application/json"),
            (b"", "application/json"),
            (b"a,b\n1,2\n", "application/octet-stream"),
            (b"\x89PNG", "application/octet-stream"),
        ],
    )
    def test_else_the_first_bytes_decide(self, given: str | None, body: bytes, expected: str) -> None:
        """What clients say by themselves, or what is no header, says nothing."""
        assert expected == content_type_of(given, body)


class TestHeaders:
    """Names and values."""

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            ("plain text, 50%", "plain text, 50%"),
            ("", ""),
            ("Zürich", '"Z\\u00fcrich"'),
            ("a\r\nX-Injected: 1", '"a\\r\\nX-Injected: 1"'),
            (3, "3"),
            (2.5, "2.5"),
            (False, "false"),
            (None, "null"),
            ({"a": [1]}, '{"a": [1]}'),
        ],
    )
    def test_value_is_text_or_json(self, value: object, expected: str) -> None:
        """Printable ASCII text is as it is, everything else is JSON in ASCII."""
        assert expected == header_value(value)

    @pytest.mark.parametrize("name", ["Host", "content-LENGTH", "Content-Type", "Connection", "a b", "", "ü", "a:b"])
    def test_names_of_http_are_not_free(self, name: str) -> None:
        """Names that the request itself needs, and those that are none."""
        assert not is_header_name(name)

    def test_other_names_are_free(self) -> None:
        """Whatever else is a token."""
        assert all(is_header_name(name) for name in ("tenant", "X-Mine", "line_no", "a.b"))


class TestBlob:
    """`blob_content`."""

    def test_blob_without_properties_is_scored_too(self) -> None:
        """A worker may tell nothing but the bytes."""
        content = blob_content(InputStream(data=b"\xff"))

        assert (b"\xff", "application/octet-stream") == (content.body, content.content_type)
        assert (("x-ms-blob-name", ""), ("x-ms-blob-uri", "")) == content.headers

    def test_bytes_are_not_copied(self) -> None:
        """50 MB are held once."""
        body = bytes(1000)

        assert body is blob_content(InputStream(data=body)).body

    def test_metadata_that_is_no_header_is_left_out(self) -> None:
        """The others are there."""
        content = blob_content(InputStream(data=b"", name="in/a", metadata={"a b": "1", "tenant": "x"}))

        assert ["x-ms-blob-name", "x-ms-blob-uri", "x-ms-meta-tenant"] == [name for name, _ in content.headers]


class TestMessage:
    """`message_content`."""

    def test_what_the_broker_does_not_tell_is_left_out(self) -> None:
        """An absent property is absent, not null."""
        assert {"MessageId": "1"} == broker_properties(message(correlation_id="", to=None))

    def test_label_is_the_subject(self) -> None:
        """One thing has two names; Service Bus's REST API knows the older."""
        assert "s" == broker_properties(message(subject="s"))["Label"]

    def test_time_to_live_is_in_seconds(self) -> None:
        """From the host's words, or from the end that it tells instead."""
        assert 90.0 == broker_properties(message(time_to_live=timedelta(seconds=90)))["TimeToLive"]
        both = message(enqueued_time_utc=NOON, expires_at_utc=NOON + timedelta(days=2))
        assert 172_800.0 == broker_properties(both)["TimeToLive"]

    def test_times_are_http_dates(self) -> None:
        """In any zone that the host gives them in; without one they are UTC."""
        east = timezone(timedelta(hours=2))
        times = [NOON, NOON.astimezone(east), NOON.replace(tzinfo=None)]

        assert ["Sun, 22 Nov 2026 12:00:00 GMT"] * 3 == [
            broker_properties(message(locked_until=time))["LockedUntilUtc"] for time in times
        ]

    def test_older_workers_name_properties_otherwise(self) -> None:
        """`UserProperties` is what there is before `ApplicationProperties`."""
        content = message_content(message(application_properties=None, user_properties={"tenant": "x"}))

        assert ("tenant", "x") in content.headers

    def test_sender_cannot_pretend_to_be_the_broker(self) -> None:
        """The broker's own header comes once."""
        content = message_content(message(application_properties={"BROKERPROPERTIES": "mine"}))

        [(name, value)] = content.headers
        assert ("BrokerProperties", {"MessageId": "1"}) == (name, json.loads(value))
