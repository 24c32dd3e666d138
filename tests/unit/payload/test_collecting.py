"""What an app collects: what its settings say, and what becomes of a script's `Collector`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from functions_model.payload import collecting
from functions_model.payload.collecting import Collecting, be_quiet, begun, collecting_of, finish, process_name
from functions_model.payload.collector_package import PACKAGE, take_over
from functions_model.payload.sink import Limits, Sink
from support.collected import ScriptedStore

SAID = {
    "container": "modeldatacollector",
    "folder": "modelDataCollector/iris/default",
    "source": "/sites/iris",
    "rolling": "hour",
    "collections": {"Model_Inputs": 1, "rare": 0.25, "never": 0},
}
SETTINGS = {
    "FUNCTIONS_MODEL_COLLECT": json.dumps(SAID),
    "FUNCTIONS_MODEL_COLLECT_URL": "http://127.0.0.1:1/",
    "IDENTITY_ENDPOINT": "http://127.0.0.1:1/",
    "IDENTITY_HEADER": "h",
}


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    yield
    collecting._BEGUN.clear()


class TestWants:
    """`Collecting.wants`."""

    def test_a_collection_has_its_rate(self) -> None:
        """Without regard to case; what has no name is dropped, or kept at the rate of all others."""
        kept = collecting_of(SETTINGS)

        assert [True, False, False] == [kept.wants(name, "c") for name in ("model_inputs", "never", "other")]
        assert Collecting(kept.sink, others=1.0).wants("other", "")

    def test_a_sample_holds_whole_requests(self) -> None:
        """What belongs to one request is kept in every collection, or in none: else nothing could be joined."""
        kept = Collecting(Sink(ScriptedStore()), {"inputs": 0.25, "outputs": 0.25})
        ids = [f"request-{number}" for number in range(4000)]

        inputs = [kept.wants("inputs", one) for one in ids]

        assert inputs == [kept.wants("outputs", one) for one in ids]
        assert 800 < sum(inputs) < 1200
        assert 0 < sum(kept.wants("inputs", "") for _ in range(400)) < 250


class TestBeQuiet:
    """`be_quiet`, with settings that say what is collected."""

    def test_collectors_are_turned_on(self) -> None:
        """Nothing of theirs is sampled or captured a second time."""
        environ = dict(SETTINGS)

        be_quiet(environ)

        assert begun() is not None
        assert {"AZUREML_MDC_ENABLED": "true"} == {k: v for k, v in environ.items() if k.startswith("AZUREML_MDC")}
        finish()
        assert begun() is None

    @pytest.mark.parametrize("broken", [{"FUNCTIONS_MODEL_COLLECT": "{"}, {"IDENTITY_ENDPOINT": ""}])
    def test_settings_that_cannot_be_read_stop_nothing(
        self, broken: dict[str, str], caplog: pytest.LogCaptureFixture
    ) -> None:
        """The app scores, and the log says why nothing is collected."""
        environ = {name: value for name, value in {**SETTINGS, **broken}.items() if value}

        be_quiet(environ)

        assert begun() is None
        assert "Nothing is collected" in caplog.text
        assert "0" == environ["AZUREML_MDC_SAMPLE_RATE"]

    def test_the_app_collects_nothing_by_itself(self) -> None:
        """And imports nothing for it."""
        environ: dict[str, str] = {}

        be_quiet(environ)

        assert collecting.QUIET == environ

    def test_processes_have_names_of_their_own(self) -> None:
        """With the machine in it, and nothing that a blob's name would not take."""
        names = {process_name("0a/b-1c" * 10) for _ in range(5)}

        assert 5 == len(names)
        assert all(name.startswith("0ab1c0ab1c0a-") for name in names)


class Queue:
    """As azureml-ai-monitoring 1.0.0 has it, queue/queue.py, without waiting."""

    def __init__(self, room: int) -> None:
        self.room, self.kept = room, list[Any]()

    def enqueue(self, payload: Any) -> tuple[bool, str]:
        if len(self.kept) >= self.room:
            return False, "Too many requests lead to message queue is full, please reduce the number of requests."
        self.kept.append(payload)
        return True, "accepted"


class Payload:
    """As payload/payload.py there."""

    def __init__(self, name: str, content: object = '[{"a":1}]', correlation: str = "c") -> None:
        self.name, self._content, self.correlation = name, content, correlation
        self._data: Any = None

    def designation(self) -> str:
        return self.name

    def content(self) -> Any:
        if isinstance(self._content, Exception):
            raise self._content
        return self._content

    def contenttype(self) -> str:
        return "application/json"

    def correlation_id(self) -> str:
        return self.correlation

    def time(self) -> int:
        return 1_700_000_000

    def id(self) -> str:
        return "the id"

    def headers(self) -> dict[str, object]:
        return {"Tenant": 7}

    def type(self) -> str:
        return "pandas.core.frame.DataFrame"

    def agent(self) -> str:
        return "azureml-ai-monitoring/1.0.0"

    def model_version(self) -> str:
        return "default"


@dataclass
class Table:
    """As much of a DataFrame as is asked for."""

    names: list[Any]
    rows: list[list[Any]]

    @property
    def size(self) -> int:
        return len(self.names) * len(self.rows)

    @property
    def columns(self) -> Any:
        return SimpleNamespace(tolist=lambda: self.names)

    def to_numpy(self, dtype: type) -> Any:
        assert dtype is object
        return SimpleNamespace(tolist=lambda: self.rows)


@dataclass
class Package:
    """The package's two ends; the classes are new ones each time, as they are changed."""

    queue: Any = field(default_factory=lambda: type("MdcQueue", (Queue,), {}))
    sender: Any = field(default_factory=lambda: type("MdcSender", (), {"send": lambda *_: (False, "no program")}))

    def load(self, name: str) -> object:
        """As `importlib.import_module`."""
        return SimpleNamespace(MdcQueue=self.queue, MdcSender=self.sender) if name.startswith(PACKAGE) else None


def taken(kept: Collecting) -> Package:
    """A package that was taken over."""
    package = Package()
    take_over(kept, package.load)
    return package


class TestCollectorPackage:
    """`take_over`."""

    def test_a_record_has_what_the_package_sends(self) -> None:
        """Its headers are fields, and the data is what its thread has written."""
        store = ScriptedStore()
        sink = Sink(store, source="/sites/iris", limits=Limits(pause=0.005))
        package = taken(Collecting(sink, others=1.0))
        made = package.queue(10)

        assert (True, "accepted") == made.enqueue(Payload("model_inputs"))
        package.sender().send(made.kept[0])
        sink.close(2)

        (one,) = store.lines
        assert {"id": "the id", "correlationid": "c", "tenant": "7", "modelversion": "default"}.items() <= one.items()
        assert {"data": [{"a": 1}], "agent": "azureml-ai-monitoring/1.0.0"}.items() <= one.items()
        assert "2023-11-14T22:13:20Z" == one["time"]

    def test_a_full_queue_is_no_error_of_the_scripts(self) -> None:
        """The package would raise in `run()`: the record is lost, and counted."""
        sink = Sink(ScriptedStore())
        package = taken(Collecting(sink, others=1.0))

        assert (True, "accepted") == package.queue(0).enqueue(Payload("model_inputs"))

        assert 1 == sink.lost

    def test_what_is_not_wanted_is_dropped(self) -> None:
        """Before anybody writes it as JSON. Azure ML would end `init()` for a collection that is not enabled."""
        made = taken(Collecting(Sink(ScriptedStore()), {"model_inputs": 1.0})).queue(10)

        assert (True, "dropped_sampling") == made.enqueue(Payload("other"))

        assert [] == made.kept

    @pytest.mark.parametrize(
        ("table", "written"),
        [
            (Table(["a", "b"], [[1, 0.5], [2, "x"]]), [{"a": 1, "b": 0.5}, {"a": 2, "b": "x"}]),
            (Table(["a"], [[None]]), [{"a": None}]),
            (Table(["a", "a"], [[1, 2]]), None),
            (Table([0], [[1]]), None),
            (Table(["a"], [[float("nan")]]), None),
            (Table(["a"], [[object()]]), None),
            (Table(["a"], [[1]] * 201), None),
        ],
    )
    def test_small_tables_need_no_other_thread(self, table: Table, written: object) -> None:
        """All others are left to pandas, in the package's own thread."""
        store = ScriptedStore()
        sink = Sink(store)
        made = taken(Collecting(sink, others=1.0)).queue(10)
        payload = Payload("model_inputs")
        payload._data = SimpleNamespace(_data=table)

        made.enqueue(payload)
        sink.close(2)

        assert written == (store.lines[0]["data"] if store.lines else None)
        assert (written is None) == (made.kept == [payload])

    def test_data_that_is_no_json_is_lost_alone(self) -> None:
        """Two columns of one name, say: pandas raises, which would end the package's thread."""
        sink = Sink(ScriptedStore())
        package = taken(Collecting(sink, others=1.0))

        assert package.sender().send(Payload("x", ValueError("DataFrame columns must be unique")))[0]

        assert 1 == sink.lost

    @pytest.mark.parametrize(
        ("problem", "told"),
        [
            (ModuleNotFoundError("no pandas", name="pandas"), True),
            (AttributeError("MdcQueue"), True),
            (ModuleNotFoundError("no azureml", name="azureml"), False),
            (ModuleNotFoundError("no monitoring", name=PACKAGE), False),
        ],
    )
    def test_a_package_that_does_not_work_is_told(
        self, problem: Exception, told: bool, caplog: pytest.LogCaptureFixture
    ) -> None:
        """It may lack pandas: the app scores. One that is not installed is nobody's concern."""

        def load(_: str) -> object:
            raise problem

        take_over(Collecting(Sink(ScriptedStore())), load)

        assert told == ("does not work here" in caplog.text)


def test_an_app_that_collects_nothing_imports_nothing_for_it(tmp_path: Path) -> None:
    """Its start is as fast as before."""
    code = (
        "import sys, functions_model.payload.collecting as c; c.be_quiet({});"
        "names = ('sink', 'append_blobs', 'collector_package');"
        "print([n for n in names if f'functions_model.payload.{n}' in sys.modules])"
    )
    told = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=tmp_path).stdout
    assert "[]" == told.strip()
