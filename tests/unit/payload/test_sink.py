"""Collected records on their way to a store: nobody waits for it, memory has a bound, and what is lost is counted."""

from __future__ import annotations

import json
import logging
import threading
import time
from typing import Any

import pytest

from functions_model.payload.collected import Record, line
from functions_model.payload.sink import Limits, Refused, Sink, TryLater
from support.collected import ScriptedStore

QUICK = Limits(queue=64_000, send=32_000, pause=0.005, longest=0.02, tell=0.0)


def record(number: int = 0, **given: Any) -> Record:
    return Record(**{"collection": "model_inputs", "body": b'[{"a":%d}]' % number, "is_line": True, **given})


class TestSink:
    """`Sink`."""

    def test_records_of_a_collection_go_in_one_block(self) -> None:
        """In their order, below the folder of their hour."""
        store = ScriptedStore()
        sink = Sink(store, source="/sites/iris", folder="modelDataCollector/iris/blue", limits=QUICK)

        for number in range(5):
            sink.put(record(number, seconds=1_700_000_000))
        sink.put(record(9, collection="model_outputs", seconds=1_700_000_000))
        sink.close(2)

        folders = [folder for folder, _ in store.taken]
        assert folders[0] == "modelDataCollector/iris/blue/model_inputs/2023/11/14/22"
        assert folders[-1] == "modelDataCollector/iris/blue/model_outputs/2023/11/14/22"
        assert [one["data"] for one in store.lines] == [[{"a": number}] for number in (*range(5), 9)]
        assert (0, 0) == (sink.held, sink.lost)

    def test_a_store_that_hangs_costs_a_request_nothing(self) -> None:
        """The slowest of a thousand takes less than 5 ms; memory ends at its bound, and the rest is counted."""
        store = ScriptedStore(hang=threading.Event())
        sink = Sink(store, limits=Limits(queue=64_000, send=6_000, pause=0.001, tell=3600))
        worst, whole = 0.0, time.monotonic()
        for number in range(1000):
            begun = time.thread_time()
            sink.put(record(number))
            worst = max(worst, time.thread_time() - begun)

        # The first is what this thread did, whoever else was busy; the second, that it waited for nobody.
        assert worst < 0.005
        assert time.monotonic() - whole < 5
        assert sink.held <= 64_000
        assert sink.lost >= 890
        assert store.hang is not None
        store.hang.set()
        sink.close(2)

    def test_closing_has_a_bound(self, caplog: pytest.LogCaptureFixture) -> None:
        """A store that hangs holds up the end of the process no longer than it may, and what is lost is told."""
        store = ScriptedStore(hang=threading.Event())
        sink = Sink(store, limits=QUICK)
        sink.put(record())
        begun = time.monotonic()

        sink.close(0.05)

        assert time.monotonic() - begun < 1
        assert "1 collected records are lost: the process ended before the store took them." in caplog.text
        assert store.hang is not None
        store.hang.set()

    def test_what_waits_is_sent_at_the_end(self) -> None:
        """Without the pause that is usual between two looks."""
        store = ScriptedStore()
        sink = Sink(store, limits=Limits(pause=3600))
        sink.put(record(1))
        sink.put(record(2))

        sink.close(2)

        assert [[{"a": 1}], [{"a": 2}]] == [one["data"] for one in store.lines]

    def test_what_waits_can_be_waited_for(self) -> None:
        """Without ending anything; a store that hangs is waited for no longer than said."""
        store = ScriptedStore()
        sink = Sink(store, limits=Limits(pause=3600))
        sink.put(record(1))

        sink.flush(5)
        first = len(store.taken)
        store.hang = threading.Event()
        sink.put(record(2))
        sink.flush(0.01)

        assert (1, 1) == (first, len(store.taken))
        store.hang.set()
        sink.close(2)
        assert 2 == len(store.lines)

    def test_the_same_block_is_sent_again(self) -> None:
        """What came meanwhile goes into one of its own: a store can tell whether it has the first already."""
        store = ScriptedStore(problems=[TryLater("503 ServerBusy"), TryLater("TimeoutError")])
        sink = Sink(store, limits=QUICK)
        sink.put(record(1))
        _until(lambda: len(store.tried) >= 3)
        sink.put(record(2))
        sink.close(2)

        assert store.tried[0] == store.tried[1] == store.tried[2]
        assert [[{"a": 1}], [{"a": 2}]] == [one["data"] for one in store.lines]

    def test_a_store_that_refuses_loses_them_with_a_count(self, caplog: pytest.LogCaptureFixture) -> None:
        """And the next ones are sent."""
        store = ScriptedStore(problems=[Refused("400 InvalidInput")])
        sink = Sink(store, limits=QUICK)
        sink.put(record(1))
        _until(lambda: "lost" in caplog.text)
        sink.put(record(2))
        sink.close(2)

        assert "1 collected records are lost: the store refuses them. The store: 400 InvalidInput." in caplog.text
        assert [[{"a": 2}]] == [one["data"] for one in store.lines]

    def test_the_log_gets_a_line_a_minute_at_most(self, caplog: pytest.LogCaptureFixture) -> None:
        """However often the store fails, and however much is lost."""
        caplog.set_level(logging.WARNING)
        store = ScriptedStore(problems=[TryLater("403 AuthorizationPermissionMismatch")] * 1000)
        sink = Sink(store, limits=Limits(queue=6_000, send=1000, pause=0.001, longest=0.002, tell=60))
        for number in range(50):
            sink.put(record(number))
        _until(lambda: len(store.tried) > 5)

        assert 1 == len(caplog.records)
        assert "403 AuthorizationPermissionMismatch" in caplog.text
        sink.close(0.5)

    def test_a_large_load_needs_no_pause(self) -> None:
        """A megabyte that waits is sent at once, and in blocks that the service takes."""
        store = ScriptedStore()
        sink = Sink(store, limits=Limits(queue=900_000, send=50_000, block=20_000, pause=3600))
        for number in range(40):
            sink.put(record(number, body=b'["%s"]' % (b"x" * 5000)))
        _until(lambda: bool(store.taken))
        sink.close(2)

        assert max(len(block) for _, block in store.taken) <= 20_000
        assert 40 == len(store.lines)

    def test_one_that_fits_no_block_is_lost_alone(self, caplog: pytest.LogCaptureFixture) -> None:
        """And one that cannot be written."""
        store = ScriptedStore()
        sink = Sink(store, limits=Limits(block=2000, pause=0.005, tell=0))
        sink.put(record(1))
        sink.put(record(2, body=b'["%s"]' % (b"x" * 5000)))
        sink.put(record(3, more={"agent": object()}))
        sink.put(record(4))
        sink.close(2)

        assert [[{"a": 1}], [{"a": 4}]] == [one["data"] for one in store.lines]
        assert "1 collected records are lost: each is larger than a block" in caplog.text
        assert "1 collected records are lost: they could not be written as JSON" in caplog.text
        assert 0 == sink.held

    def test_nothing_runs_before_the_first_record(self) -> None:
        """An app that gets no request has no thread more."""
        before = threading.active_count()

        Sink(ScriptedStore()).close(1)

        assert before == threading.active_count()


class TestLine:
    """`line`."""

    def test_fields_are_azure_mls(self) -> None:
        """Those of the records in Azure/azureml-assets, model_monitoring's `raw_mdc_data`."""
        more = {"collectdatatype": "pandas.core.frame.DataFrame", "agent": "a", "modelversion": "default"}
        one = Record("model_inputs", b'[{"a":1}]', correlation="c", seconds=1_700_000_000, more=more, is_line=True)

        assert json.loads(line(one, "/sites/iris")) == {
            "specversion": "1.0",
            "id": one.id,
            "source": "/sites/iris",
            "type": "azureml.inference.model_inputs",
            "datacontenttype": "application/json",
            "time": "2023-11-14T22:13:20Z",
            "data": [{"a": 1}],
            "contentrange": "bytes 0-8/9",
            "correlationid": "c",
            "xrequestid": "c",
            **more,
        }

    @pytest.mark.parametrize(
        ("body", "content_type", "field_", "data"),
        [
            (b'{\n "data": [1,\n 2]}', "application/json; charset=utf-8", "data", {"data": [1, 2]}),
            (b"not { json\n", "application/json", "data", "not { json\n"),
            ("Zürich".encode(), "text/plain", "data", "Zürich"),
            (b"\xff\xd8", "image/jpeg", "data_base64", "/9g="),
            (b"[" * 100_000, "application/json", "data", "[" * 100_000),
        ],
    )
    def test_whatever_comes_is_one_line(self, body: bytes, content_type: str, field_: str, data: object) -> None:
        """JSON as JSON, text as text, and anything else as base64."""
        written = line(Record("request", body, content_type), "")

        assert (1, data) == (written.count(b"\n"), json.loads(written)[field_])

    def test_folders_follow_the_rolling_rate(self) -> None:
        """An hour is what the monitors read."""
        one = record(seconds=1_700_000_000)

        folders = [one.folder(rolling) for rolling in ("minute", "hour", "day", "other")]

        assert ["2023/11/14/22/13", "2023/11/14/22", "2023/11/14", "2023/11/14/22"] == folders


def _until(done: Any) -> None:
    until = time.monotonic() + 5
    while not done() and time.monotonic() < until:
        time.sleep(0.002)
    assert done()
