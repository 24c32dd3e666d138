"""A request's way to MLflow's server: a large body is read once."""

from __future__ import annotations

import json
import sys
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from support.mlflow_servers import SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Callable

    Asks = Callable[..., Any]

SPLIT = {"columns": ["a"], "data": [[1.5]]}
OURS = ("mlflow_score_requests", "mlflow_score_refusals", "mlflow_score_server")


@pytest.fixture(params=[True, False], ids=["takes documents", "takes text"])
def asks(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Asks:
    """What MLflow's server, of a release that takes documents or of one before, gets for a body and a type."""
    server, pyfunc = ModuleType("scoring_server"), ModuleType("mlflow.pyfunc")
    seen: list[Any] = []
    server.invocations = lambda data, *_: seen.append(data) or SimpleNamespace(response="", status=200)  # type: ignore[attr-defined,func-returns-value]
    if request.param:
        server._decode_json_input = None  # type: ignore[attr-defined]
    pyfunc.scoring_server = server  # type: ignore[attr-defined]
    monkeypatch.syspath_prepend(str(SCRIPTS))
    monkeypatch.setitem(sys.modules, "mlflow", ModuleType("mlflow"))
    monkeypatch.setitem(sys.modules, "mlflow.pyfunc", pyfunc)
    for name in OURS:
        monkeypatch.delitem(sys.modules, name, raising=False)
    from mlflow_score_requests import read_request
    from mlflow_score_server import score

    def asked(body: bytes, content_type: str = "application/json") -> Any:
        one = read_request(body, content_type, ())
        score(one.body, one.content_type, None, None)
        return seen[-1]

    asked.takes_documents = request.param  # type: ignore[attr-defined]
    return asked


@pytest.mark.parametrize(
    ("sent", "given"),
    [
        ({"input_data": SPLIT}, {"dataframe_split": SPLIT}),
        ({"input_data": [[1]], "params": {"a": 1}}, {"inputs": [[1]], "params": {"a": 1}}),
    ],
)
def test_azure_mls_format_is_read_once(asks: Asks, sent: dict[str, Any], given: dict[str, Any]) -> None:
    """In MLflow's words, as a document where MLflow takes one."""
    got = asks(json.dumps(sent).encode())

    assert (given if asks.takes_documents else json.dumps(given)) == got  # type: ignore[attr-defined]


def test_mlflows_own_formats_are_read_once(asks: Asks) -> None:
    """MLflow's server reads the text of some formats twice; older ones, once, and get it as it came."""
    text = json.dumps({"dataframe_split": SPLIT}, indent=1)

    assert (json.loads(text) if asks.takes_documents else text) == asks(text.encode())  # type: ignore[attr-defined]


@pytest.mark.parametrize("text", ["", "[1]", "{nope", "{}", '{"a": '])
def test_what_is_no_document_is_mlflows_to_refuse(asks: Asks, text: str) -> None:
    """In its own words, which repeat the text."""
    assert text == asks(text.encode())


def test_other_types_stay_as_they_came(asks: Asks) -> None:
    """Text is text, and bytes of no known type are bytes."""
    assert '{"inputs": [1]}' == asks(b'{"inputs": [1]}', "text/csv")
    assert b'{"inputs": [1]}' == asks(b'{"inputs": [1]}', "application/other")
