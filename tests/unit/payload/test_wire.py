"""Requests and answers as records: what is collected of an application, and that nothing of it changes."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from functions_model.payload.collecting import Collecting
from functions_model.payload.sink import Limits, Sink
from functions_model.payload.wire import with_records
from support.collected import ScriptedStore

if TYPE_CHECKING:
    from collections.abc import Iterable

BOTH = {"request": 1.0, "response": 1.0}


class Doubling:
    """An application that answers with what it got, twice, in two pieces."""

    def __init__(self) -> None:
        self.closed = 0

    def __call__(self, environ: Any, start_response: Any) -> Iterable[bytes]:
        body = Request(environ).get_data()
        if body == b"break":
            raise SystemExit(3)
        start_response("201 CREATED", [("Content-Type", "application/json"), ("x-ms-request-id", "the-id")])
        return _Pieces([body, body], self)


class _Pieces(list[bytes]):
    def __init__(self, pieces: list[bytes], owner: Doubling) -> None:
        super().__init__(pieces)
        self._owner = owner

    def close(self) -> None:
        self._owner.closed += 1


def sent(kept: Collecting, body: bytes = b"[1,\n 2]", path: str = "/score", **given: Any) -> tuple[Response, Doubling]:
    inner = Doubling()
    stream = io.BytesIO(body)
    environ = EnvironBuilder(
        method="POST", path=path, query_string="code=secret", input_stream=stream, content_length=len(body), **given
    ).get_environ()
    return Response.from_app(with_records(inner, kept), environ, buffered=True), inner


def lines(kept: Collecting, store: ScriptedStore) -> list[Any]:
    kept.sink.close(2)
    return store.lines


class TestWithRecords:
    """`with_records`."""

    def test_both_sides_of_a_request(self) -> None:
        """With one id, the server's own; the query, which may hold a key, is left out."""
        store = ScriptedStore()
        kept = Collecting(Sink(store), BOTH)

        answer, inner = sent(kept, content_type="application/json")
        asked, answered = lines(kept, store)

        assert (201, b"[1,\n 2][1,\n 2]", 1) == (answer.status_code, answer.get_data(), inner.closed)
        assert ("azureml.inference.request", [1, 2], "/score") == (asked["type"], asked["data"], asked["path"])
        assert ("azureml.inference.response", "[1,\n 2][1,\n 2]") == (answered["type"], answered["data"])
        assert ("the-id", "the-id", "201") == (
            asked["correlationid"],
            answered["correlationid"],
            answered["statuscode"],
        )
        assert "secret" not in str((asked, answered))

    @pytest.mark.parametrize(("rates", "names"), [({"request": 1.0}, ["request"]), ({"response": 1.0}, ["response"])])
    def test_one_side(self, rates: dict[str, float], names: list[str]) -> None:
        """As it is asked for."""
        store = ScriptedStore()
        kept = Collecting(Sink(store), rates)

        sent(kept)

        assert names == [one["type"].rpartition(".")[2] for one in lines(kept, store)]

    def test_other_paths_pass(self) -> None:
        """The schema and the server's own word."""
        store = ScriptedStore()
        kept = Collecting(Sink(store), BOTH)

        sent(kept, path="/swagger.json")

        assert [] == lines(kept, store)

    def test_a_script_that_collects_itself_gets_the_application_as_it_is(self) -> None:
        """`collect: script` alone costs no request anything here."""
        inner = Doubling()

        assert with_records(inner, Collecting(Sink(ScriptedStore()), others=1.0)) is inner

    def test_what_breaks_out_breaks_out(self) -> None:
        """And leaves no record: there is no answer."""
        store = ScriptedStore()
        kept = Collecting(Sink(store), BOTH)

        with pytest.raises(SystemExit):
            sent(kept, b"break")

        assert [] == lines(kept, store)

    def test_a_body_that_no_block_holds_is_lost_at_once(self) -> None:
        """It takes no memory, and the answer goes its way."""
        kept = Collecting(Sink(ScriptedStore(), limits=Limits(block=1000)), BOTH)

        answer, _ = sent(kept, b"x" * 4000)

        assert 8000 == len(answer.get_data())
        assert (0, 2) == (kept.sink.held, kept.sink.lost)
