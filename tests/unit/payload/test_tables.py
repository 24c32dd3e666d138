"""Tables of an MLflow model that brings no script: what becomes of them and of their predictions."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from functions_model.payload.collecting import Collecting
from functions_model.payload.sink import Sink
from functions_model.payload.tables import SCRIPT, lead_tables, take
from support.collected import ScriptedStore


class Table:
    """As much of a DataFrame as is asked for."""

    def __init__(self, names: list[str], rows: list[list[Any]]) -> None:
        self.columns = SimpleNamespace(tolist=lambda: names)
        self._names, self._rows = names, rows
        self.size = len(names) * len(rows)

    def to_numpy(self, dtype: type) -> Any:
        return SimpleNamespace(tolist=lambda: self._rows)

    def to_json(self, orient: str) -> str:
        assert orient == "records"
        return '[{"by":"pandas"}]'


TABLE = Table(["a", "b"], [[1, 2], [3, 4]])


def taken(table: Any, predictions: Any, rates: dict[str, float]) -> tuple[list[Any], Sink]:
    store = ScriptedStore()
    kept = Collecting(Sink(store), rates)
    take(kept, table, predictions)
    kept.sink.flush(2)
    return store.lines, kept.sink


class TestTake:
    """`take`."""

    @pytest.mark.parametrize(
        ("predictions", "rows"),
        [
            ([0, 1], [{"prediction": 0}, {"prediction": 1}]),
            (SimpleNamespace(tolist=lambda: [[0.1, 0.9], [0.8, 0.2]]), [{"0": 0.1, "1": 0.9}, {"0": 0.8, "1": 0.2}]),
            (Table(["price"], [[7], [8]]), [{"price": 7}, {"price": 8}]),
        ],
        ids=["list", "array", "table"],
    )
    def test_a_row_has_its_prediction(self, predictions: Any, rows: list[Any]) -> None:
        """One id for all records of a request, and both sides in one row where that is asked for."""
        found, _ = taken(TABLE, predictions, {"model_inputs": 1, "model_outputs": 1, "model_inputs_outputs": 1})

        inputs, outputs, both = (one["data"] for one in found)
        assert ([{"a": 1, "b": 2}, {"a": 3, "b": 4}], rows) == (inputs, outputs)
        assert [{**row, **answer} for row, answer in zip(inputs, outputs, strict=True)] == both
        assert 1 == len({one["correlationid"] for one in found})

    def test_a_large_table_is_pandas_own(self) -> None:
        """It is faster there."""
        found, _ = taken(Table(["a"], [[1]] * 300), [], {"model_inputs": 1})

        assert [{"by": "pandas"}] == found[0]["data"]

    def test_tensors_are_no_tables(self) -> None:
        """Nor does Azure ML collect them."""
        assert [] == taken({"x": [1]}, [1], {"model_inputs": 1})[0]

    def test_whatever_comes_the_request_goes_on(self, caplog: pytest.LogCaptureFixture) -> None:
        """Predictions that are no JSON are lost, and counted."""
        found, sink = taken(TABLE, [object()], {"model_inputs": 1, "model_outputs": 1})
        sink.close(1)

        assert 1 == len(found)
        assert "1 collected records are lost: they could not be written as JSON." in caplog.text


class TestLeadTables:
    """`lead_tables`."""

    @pytest.mark.parametrize(
        ("kept", "led"),
        [({"others": 1.0}, True), ({"rates": {"model_outputs": 0.1}}, True), ({"rates": {"request": 1.0}}, False)],
    )
    def test_only_where_they_are_wanted(self, kept: dict[str, Any], led: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        """Our script is told; it costs nothing else."""
        script = ModuleType(SCRIPT)
        monkeypatch.setitem(sys.modules, SCRIPT, script)

        lead_tables(Collecting(Sink(ScriptedStore()), **kept))

        assert led == hasattr(script, "collect")

    def test_a_script_of_the_users_is_none_of_ours(self) -> None:
        """Nothing is there to be told."""
        assert SCRIPT not in sys.modules

        lead_tables(Collecting(Sink(ScriptedStore()), others=1.0))
