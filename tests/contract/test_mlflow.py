"""An MLflow model without an entry script answers as under `mlflow models serve`, and as Azure ML's no-code service."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from support.mlflow_servers import SERVER, VERSIONS, Request, Servers, mlflow_python
from support.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

pytestmark = pytest.mark.exhaustive

OLDER = {
    "mlflow-1": (".venv-mlflow-1", ("mlflow==1.30.1", "setuptools<82", "scikit-learn==1.3.2", SERVER)),
    "mlflow-2.3": (".venv-mlflow-2.3", ("mlflow==2.3.2", "setuptools<82", "scikit-learn==1.3.2", SERVER)),
}
"""The last of MLflow 1, and one of MLflow 2 whose server is none that can be called as a function."""
EXAMPLE = ROOT / "examples" / "mlflow-iris"
COLUMNS = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]
ROWS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]]
NAMED = {name: [row[place] for row in ROWS] for place, name in enumerate(COLUMNS)}
RECORDS = [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]
SPLIT = {"columns": COLUMNS, "index": [0, 1], "data": ROWS}
CSV = "\n".join([",".join(COLUMNS), *(",".join(map(str, row)) for row in ROWS)])
FORMATS = {
    "dataframe_split": Request({"dataframe_split": SPLIT}),
    "split without an index": Request({"dataframe_split": {"columns": COLUMNS, "data": ROWS}}),
    "dataframe_records": Request({"dataframe_records": RECORDS}),
    "inputs, a tensor": Request({"inputs": ROWS}),
    "inputs, named": Request({"inputs": NAMED}),
    "instances, a tensor": Request({"instances": ROWS}),
    "instances, named": Request({"instances": RECORDS}),
    "CSV": Request(CSV, "text/csv"),
    "charset": Request({"dataframe_split": SPLIT}, "application/json; charset=UTF-8"),
}
REFUSED = {
    "a column is missing": Request({"dataframe_split": {"columns": COLUMNS[:2], "data": [[1, 2]]}}),
    "a text for a number": Request({"dataframe_split": {"columns": COLUMNS, "data": [["a", 1, 2, 3]]}}),
    "rows of other lengths": Request({"dataframe_split": {"columns": COLUMNS, "data": [[1, 2]]}}),
    "records that are no list": Request({"dataframe_records": {"a": 1}}),
    "no known format": Request({"rows": ROWS}),
    "two formats": Request({"inputs": ROWS, "instances": ROWS}),
    "a list": Request(ROWS),
    "a number": Request(1),
    "not JSON": Request("{nope"),
    "empty": Request(""),
    "an empty CSV": Request("", "text/csv"),
}
KINDS = ["integer", "long", "float", "double", "boolean", "string", "datetime", "binary", "optional"]
VALUES = [1, 2, 1.5, 2.5, True, "a", "2026-11-22T10:00:00", "cmF3", None]


@contextlib.contextmanager
def started(
    versions: Mapping[str, tuple[str, tuple[str, ...]]], folders: pytest.TempPathFactory
) -> Iterator[dict[str, Servers]]:
    """Both servers under each version of MLflow, started side by side."""
    with contextlib.ExitStack() as stack:
        yield {
            name: stack.enter_context(Servers(mlflow_python(*version), folders.mktemp(name)))
            for name, version in versions.items()
        }


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Servers]]:
    """Both servers under recent releases."""
    with started(VERSIONS, tmp_path_factory) as servers:
        yield servers


@pytest.fixture(scope="module")
def running_older(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Servers]]:
    """Both servers under old releases."""
    with started(OLDER, tmp_path_factory) as servers:
        yield servers


@pytest.fixture(scope="module", params=VERSIONS)
def servers(request: pytest.FixtureRequest, running: dict[str, Servers]) -> Servers:
    """Both servers under one version of MLflow, with models that it made."""
    return running[request.param]


@pytest.fixture(scope="module", params=OLDER)
def older(request: pytest.FixtureRequest, running_older: dict[str, Servers]) -> Servers:
    """Both servers under one old release, with models that it made."""
    return running_older[request.param]


def odd(wanted: str, **more: Any) -> Request:
    """A request for one of the answers of the odd model."""
    return Request({"dataframe_split": {"columns": ["wanted"], "data": [[wanted]]}, **more})


class TestFormatsOfMlflow:
    """What `mlflow models serve` takes."""

    @pytest.mark.parametrize("model", ["columns", "unsigned", "tensor"])
    def test_formats_get_the_same_answer(self, servers: Servers, model: str) -> None:
        """What MLflow's server scores is scored alike; what it refuses over the signature is refused in its words."""
        answers = dict(zip(FORMATS, servers.ask(model, *FORMATS.values()), strict=True))
        scored = {name: (ours, theirs) for name, (ours, theirs) in answers.items() if theirs.status == 200}
        refused = {name: (ours, theirs) for name, (ours, theirs) in answers.items() if theirs.status != 200}

        assert len(scored) >= 6
        assert {name: (200, {"predictions": [0, 2]}) for name in scored} == {
            name: (ours.status, ours.json) for name, (ours, _) in scored.items()
        }
        assert {name: theirs.json for name, (_, theirs) in scored.items()} == {
            name: ours.json for name, (ours, _) in scored.items()
        }
        if model != "unsigned":
            assert {name: (400, theirs.refusal) for name, (_, theirs) in refused.items()} == {
                name: (ours.status, ours.refusal) for name, (ours, _) in refused.items()
            }

    def test_what_does_not_fit_is_refused_in_the_same_words(self, servers: Servers) -> None:
        """A body that cannot be read, or breaks the signature, gets MLflow's status, code and message."""
        answers = dict(zip(REFUSED, servers.ask("columns", *REFUSED.values()), strict=True))

        assert {name: (400, theirs.refusal) for name, (_, theirs) in answers.items()} == {
            name: (ours.status, ours.refusal) for name, (ours, _) in answers.items()
        }
        assert {"application/json"} == {ours.type for ours, _ in answers.values()}

    def test_types_are_cast_by_the_signature(self, servers: Servers) -> None:
        """The model gets each column in the type of its signature, base64 as bytes, and an optional one as missing."""
        requests = [
            Request({"dataframe_split": {"columns": KINDS, "data": [VALUES]}}),
            Request({"dataframe_records": [dict(zip(KINDS, VALUES, strict=True))]}),
            Request({"inputs": {kind: [value] for kind, value in zip(KINDS[:-1], VALUES, strict=False)}}),
        ]
        answers = servers.ask("typed", *requests)

        assert [theirs.json for _, theirs in answers] == [ours.json for ours, _ in answers]
        assert "b'raw'" == answers[0][0].json["predictions"][1][7]

    def test_parameters_reach_the_model(self, servers: Servers) -> None:
        """`params` are checked against the signature and completed by its defaults."""
        [(ours, theirs), (wrong, _)] = servers.ask(
            "odd", odd("params", params={"scale": 2}), odd("params", params={"scale": "x"})
        )

        assert {"predictions": {"scale": 2.0, "name": "x"}} == ours.json == theirs.json
        assert 400 == wrong.status

    @pytest.mark.parametrize("wanted", ["table", "series", "array", "dates", "bytes", "text"])
    def test_every_answer_becomes_json(self, servers: Servers, wanted: str) -> None:
        """Tables, arrays, dates and bytes are written as MLflow writes them; NaN and infinity are null."""
        [(ours, theirs)] = servers.ask("odd", odd(wanted))

        assert (200, theirs.json) == (ours.status, ours.json)
        assert "NaN" not in ours.text
        assert "Infinity" not in ours.text

    def test_other_content_types_are_refused(self, servers: Servers) -> None:
        """An image, or another charset, gets status 415 with MLflow's words, as JSON."""
        requests = [Request(CSV, "image/png"), Request({"inputs": ROWS}, "application/json; charset=latin-1")]
        answers = servers.ask("columns", *requests)

        assert [(415, theirs.text) for _, theirs in answers] == [
            (ours.status, ours.json["message"]) for ours, _ in answers
        ]


class TestFormatOfAzureMl:
    """`input_data`, as Azure ML's no-code deployment takes it."""

    @pytest.mark.parametrize("model", ["columns", "unsigned", "tensor"])
    def test_answer_is_the_predictions_alone(self, servers: Servers, model: str) -> None:
        """A table in split form, with or without its index, is answered with a JSON list."""
        tables = [SPLIT, {"columns": COLUMNS, "data": ROWS}]
        answers = servers.ours(model, *(Request({"input_data": table}) for table in tables))

        assert [(200, [0, 2])] * 2 == [(answer.status, answer.json) for answer in answers]

    def test_tensors_and_named_tensors(self, servers: Servers) -> None:
        """A list is a tensor, and another mapping is named tensors."""
        [named] = servers.ours("columns", Request({"input_data": NAMED}))
        [tensor] = servers.ours("tensor", Request({"input_data": ROWS}))

        assert [[0, 2], [0, 2]] == [named.json, tensor.json]

    def test_parameters_reach_the_model(self, servers: Servers) -> None:
        """`params` beside `input_data` are the model's parameters."""
        body = {"input_data": {"columns": ["wanted"], "index": [0], "data": [["params"]]}, "params": {"scale": 3}}
        [answer] = servers.ours("odd", Request(body))

        assert {"scale": 3.0, "name": "x"} == answer.json

    def test_what_does_not_fit_is_refused(self, servers: Servers) -> None:
        """A missing column, a wrong type and a second format are told to the caller with status 400."""
        bodies = [
            {"input_data": {"columns": COLUMNS[:2], "data": [[1, 2]]}},
            {"input_data": {"columns": COLUMNS, "data": [["a", 1, 2, 3]]}},
            {"input_data": ROWS, "inputs": ROWS},
        ]
        answers = servers.ours("columns", *map(Request, bodies))

        assert [400, 400, 400] == [answer.status for answer in answers]
        assert "missing inputs" in answers[0].json["message"]
        assert "sepal length (cm)" in answers[1].json["message"]
        assert "both `input_data` and `inputs`" in answers[2].json["message"]


class TestBeyondMlflow:
    """Where ours is meant to differ."""

    def test_model_that_raises_is_a_failure_of_the_server(self, servers: Servers) -> None:
        """The caller gets the inference server's own 500 without the error's text, which is in the log."""
        [(ours, theirs)] = servers.ask("odd", odd("error"))

        assert (500, 400) == (ours.status, theirs.status)
        assert "secret of the model" not in ours.text
        assert "ZeroDivisionError: secret of the model" in servers.log.read_text()

    def test_types_that_say_nothing_are_guessed(self, servers: Servers) -> None:
        """JSON and CSV are told apart without a useful content type: blobs, messages and curl seldom send one."""
        types = [None, "application/octet-stream", "application/x-www-form-urlencoded"]
        bodies = [json.dumps({"dataframe_split": SPLIT}), CSV]
        answers = servers.ours("columns", *(Request(body, kind) for kind in types for body in bodies))

        assert [(200, {"predictions": [0, 2]})] * 6 == [(answer.status, answer.json) for answer in answers]

    def test_body_that_is_not_text_is_refused(self, servers: Servers) -> None:
        """Bytes that are not UTF-8 get status 400, as JSON and as CSV."""
        answers = servers.ours("columns", Request(b"\xff\xfe"), Request(b"\xff\xfe", "text/csv"))

        assert [400, 400] == [answer.status for answer in answers]
        assert all("not UTF-8" in answer.json["message"] for answer in answers)

    def test_only_post_scores(self, servers: Servers) -> None:
        """GET gets status 405, and OPTIONS is answered for browsers."""
        requests = [Request("", None, "GET"), Request("", None, "OPTIONS")]

        assert [405, 200] == [answer.status for answer in servers.ours("columns", *requests)]


class TestWhatLiesBeside:
    """Code, artifacts and loaders in the model's folder."""

    @pytest.mark.parametrize("model", ["artifact", "loader"])
    def test_files_are_found(self, servers: Servers, model: str) -> None:
        """`code` is on the path for imports; a model gets its artifacts, and a loader of its own its data."""
        [(ours, theirs)] = servers.ask(model, Request({"dataframe_split": SPLIT}))

        assert (200, {"predictions": ["some words", "some words"]}) == (ours.status, ours.json)
        assert theirs.json == ours.json

    @pytest.mark.parametrize(
        ("model", "path", "windows"),
        [
            ("artifact", "path: artifacts/words.txt", "path: artifacts\\words.txt"),
            ("loader", "data: data/words.txt", "data: data\\words.txt"),
            ("typed", "model_code_path: .*", "model_code_path: C:\\Users\\me\\typed.py"),
        ],
    )
    def test_paths_written_on_windows(
        self, servers: Servers, tmp_path: Path, model: str, path: str, windows: str
    ) -> None:
        """A model that was logged on Windows is loaded, which MLflow itself cannot do on Linux."""
        folder = tmp_path / "model"
        shutil.copytree(servers.models / model, folder)
        text, count = re.subn(path, lambda _: windows, (folder / "MLmodel").read_text())
        (folder / "MLmodel").write_text(text)
        request = Request({"dataframe_split": {"columns": KINDS, "data": [VALUES]}})
        [(ours, theirs)] = servers.ask(folder, request)

        assert (1, 0, 200) == (count, theirs.status, ours.status)
        assert ours.json == servers.ours(model, request)[0].json


class TestOlderReleases:
    """MLflow before 2.6, whose server is a Flask app."""

    @pytest.mark.parametrize("model", ["columns", "unsigned", "tensor"])
    def test_formats_get_the_same_answer(self, older: Servers, model: str) -> None:
        """What that release takes is scored alike; what MLflow 1 has no name for is understood, too."""
        requests = [*FORMATS.values(), Request(SPLIT), Request(RECORDS)]
        answers = older.ask(model, *requests)
        scored = [(ours, theirs) for ours, theirs in answers if theirs.status == 200]

        assert len(scored) >= 4
        assert [(200, theirs.json) for _, theirs in scored] == [(ours.status, ours.json) for ours, _ in scored]
        assert (200, {"predictions": [0, 2]}) == (answers[0][0].status, answers[0][0].json)
        assert (200, {"predictions": [0, 2]}) == (answers[2][0].status, answers[2][0].json)

    def test_formats_of_azureml(self, older: Servers) -> None:
        """`input_data` gets the predictions alone."""
        requests = [Request({"input_data": SPLIT}), Request({"input_data": {"columns": COLUMNS, "data": ROWS}})]

        assert [(200, [0, 2])] * 2 == [(answer.status, answer.json) for answer in older.ours("columns", *requests)]

    def test_faults_are_told_apart(self, older: Servers) -> None:
        """A body that does not fit gets MLflow's words without a traceback; another type gets 415."""
        missing, unreadable, image = older.ours(
            "columns", REFUSED["a column is missing"], REFUSED["not JSON"], Request(CSV, "image/png")
        )

        assert [400, 400, 415] == [missing.status, unreadable.status, image.status]
        assert "missing inputs" in missing.json["message"]
        assert "Traceback" not in missing.text + unreadable.text

    @pytest.mark.parametrize("model", ["artifact", "loader"])
    def test_files_beside_the_model(self, older: Servers, model: str) -> None:
        """Code, artifacts and loaders are found."""
        [answer] = older.ours(model, Request({"input_data": SPLIT}))

        assert ["some words", "some words"] == answer.json

    def test_model_that_raises_is_a_failure_of_the_server(self, older: Servers) -> None:
        """Without a signature only the model can tell that a column is missing, which its log says."""
        [answer] = older.ours("artifact", Request({"input_data": {"columns": ["fail"], "data": [[1]]}}))

        assert 500 == answer.status
        assert "ZeroDivisionError: secret of the model" in older.log.read_text()


class TestExample:
    """`examples/mlflow-iris`."""

    def test_requests_of_the_readme_get_its_answers(self, running: dict[str, Servers]) -> None:
        """The sample and the CSV are answered as shown, by the version of MLflow that the model names."""
        readme = (EXAMPLE / "README.md").read_text()
        expected = [json.loads(one) for one in re.findall(r"```json\n(.*?)```", readme, re.DOTALL)]
        [csv] = re.findall(r"\$'(.*?)'", readme)
        requests = [
            Request((EXAMPLE / "sample-request.json").read_text()),
            Request(csv.replace("\\n", "\n"), "text/csv"),
            Request({"dataframe_split": {"columns": ["sepal_length"], "data": [[5.1]]}}),
        ]
        answers = running["mlflow-3"].ours(EXAMPLE / "model", *requests)

        assert expected == [answer.json for answer in answers[:2]]
        assert 400 == answers[2].status
        assert "petal_width" in answers[2].json["message"]

    def test_one_version_of_each_package_is_named(self) -> None:
        """The README, the training script, the model's requirements and the model itself agree."""
        needed = (EXAMPLE / "model" / "requirements.txt").read_text().split()

        assert " ".join(needed) in (EXAMPLE / "README.md").read_text()
        assert " ".join(needed) in (EXAMPLE / "train.py").read_text()
        assert set(needed) <= set(VERSIONS["mlflow-3"][1])
        assert "sklearn_version: 1.9.1" in (EXAMPLE / "model" / "MLmodel").read_text()
