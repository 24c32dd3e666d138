"""What the user's script raised is told with the exception, the user's own line and the way out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.failures import Location
from functions_model.verify.noted import Place, Raised, Warned, noted_of
from functions_model.verify.script import told, warnings
from functions_model.verify.sources import Sources
from support.fake_arm import Answer
from support.fake_live_app import BUILD, EXPECTED, IMAGE, MASTER, App

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.core.failures import NotLive

FAILED = {"x-functions-model-failure": "f1"} | BUILD
DELIVERED = replace(EXPECTED, image=IMAGE)
PLACE = {"root": "code", "file": "score.py", "line": 3, "function": "run"}
RAISED = {"step": "run", "type": "KeyError", "text": "'data'", "place": PLACE, "traceback": "Traceback: KeyError\n"}
LIBRARY = "libgomp.so.1: cannot open shared object file: No such file or directory"


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    """A workspace with a script below `serving`, and a model."""
    for name, text in {
        "serving/score.py": "import os\n\ndef run(data):\n    return data\n",
        "models/m.py": "\n",
    }.items():
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text(text)
    return Sources(tmp_path, tmp_path / "serving", tmp_path / "serving/score.py", tmp_path / "models")


class TestFailures:
    """Of an app that tells what was raised."""

    def failure(self, sources: Sources, raised: object, **routes: list[Answer]) -> tuple[App, NotLive]:
        answers = {
            "POST /api/score": [Answer(500, {"message": "An unexpected error occurred"}, FAILED)],
            "GET /api/check": [Answer(200, {"failure": raised, "warnings": []}, BUILD)],
        }
        (sources.workspace / "sample.json").write_text("[]")
        app = App({**answers, **routes})
        return app, app.failure(replace(DELIVERED, sample_request=sources.workspace / "sample.json", sources=sources))

    def test_name_line_and_exception(self, sources: Sources) -> None:
        """In the reason, as a location, and with the traceback where the log has none; only the master key opens it."""
        app, failure = self.failure(sources, RAISED)

        reason = "`run()` of the entry script failed with `sample.json`: KeyError: 'data' (serving/score.py:3)"
        assert reason == failure.reason
        assert "Correct the entry script or the sample request." == failure.remedy
        assert Location(sources.workspace / "serving/score.py", 3) == failure.location
        assert failure.detail.startswith("Traceback: KeyError\n\nThe app's log ends with:\n")
        asked = [one for one in app.asked if one.path == "/api/check"]
        assert [MASTER] == [one.headers["x-functions-key"] for one in asked]

    def test_of_init_are_told_without_a_sample(self, sources: Sources) -> None:
        """They are those of the answer that loads the model."""
        raised = RAISED | {"step": "init", "type": "MemoryError", "text": ""}
        answers = [Answer(500, {"message": "Could not start"}, FAILED)]

        _, failure = self.failure(sources, raised, **{"GET /api/swagger.json": answers})

        assert "`init()` of the entry script failed: MemoryError (serving/score.py:3)" == failure.reason
        assert "make the model smaller" in failure.remedy

    @pytest.mark.parametrize(
        "answer",
        [Answer(404), Answer(200, b"Healthy", BUILD), Answer(200, {"failure": None}, BUILD), Answer(200, [1], BUILD)],
    )
    def test_of_other_apps_are_told_as_the_log_has_them(self, sources: Sources, answer: Answer) -> None:
        """An app without that door, or another instance of it, tells nothing."""
        _, failure = self.failure(sources, RAISED, **{"GET /api/check": [answer]})

        assert "`/api/score` answered `sample.json` with the status 500" == failure.reason

    def test_hold_no_secret(self, sources: Sources) -> None:
        """The app's keys are known, and other things have the shape of secrets."""
        text = f"no way in with {MASTER} or AccountKey=abcdefgh;x"

        _, failure = self.failure(sources, RAISED | {"text": text, "traceback": text})

        assert "no way in with *** or AccountKey=***;x" in failure.reason
        assert MASTER not in failure.detail
        assert "abcdefgh" not in failure.detail


WAYS_OUT: dict[str, tuple[dict[str, Any], str, str]] = {
    "module": (
        {"step": "import", "type": "ModuleNotFoundError", "text": "No module named 'x'", "module": "x"},
        "the entry script cannot import `x`: ModuleNotFoundError: No module named 'x' (serving/score.py:3)",
        "Add the package to the environment file",
    ),
    "library": (
        {"step": "import", "type": "OSError", "text": LIBRARY},
        f"the entry script cannot be imported: OSError: {LIBRARY} (serving/score.py:3)",
        "Debian's package `libgomp1` has it: `builder: docker` with `apt-packages: libgomp1` installs it.",
    ),
    "library of a GPU": (
        {"step": "init", "type": "ImportError", "text": LIBRARY.replace("gomp", "cuda")},
        "`init()` of the entry script failed: ImportError",
        "no plan of Functions has one: use the CPU version",
    ),
    "library without a version": (
        {"step": "init", "type": "OSError", "text": LIBRARY.replace("gomp.so.1", "odd.so")},
        "OSError: libodd.so: cannot",
        "Find Debian's package of it",
    ),
    "variable": (
        {"step": "import", "type": "KeyError", "text": "'DATABASE_HOST'"},
        "the entry script cannot be imported: KeyError: 'DATABASE_HOST' (serving/score.py:3)",
        "set it with `app-settings`",
    ),
    "name that is gone": (
        {"step": "import", "type": "ImportError", "text": "cannot import name 'a' from 'b'"},
        "the entry script cannot be imported: ImportError: cannot import name 'a' from 'b'",
        "Correct the import, or the versions in the environment file.",
    ),
    "path one folder too short": (
        {"step": "init", "type": "FileNotFoundError", "missing": "m.json", "there": ["a.txt", "model/m.json"]},
        "`init()` of the entry script failed: FileNotFoundError (serving/score.py:3)",
        "`m.json` is not in AZUREML_MODEL_DIR. There is `model/m.json`.",
    ),
    "path that is like none": (
        {"step": "init", "missing": "weights", "there": [f"{n}.bin" for n in range(9)]},
        "`init()` of the entry script failed",
        "There are `0.bin`, `1.bin`, `2.bin`, `3.bin`, `4.bin` and 4 more.",
    ),
    "path elsewhere": (
        {"step": "init", "type": "FileNotFoundError", "text": "[Errno 2] No such file or directory: 'a.csv'"},
        "`init()` of the entry script failed: FileNotFoundError: [Errno 2] No such file or directory: 'a.csv' (",
        "Correct `init()`. Files of the model are under AZUREML_MODEL_DIR.",
    ),
    "no model at all": ({"step": "init", "missing": "weights"}, "", "and no other file is."),
    "array": (
        {
            "step": "answer",
            "type": "TypeError",
            "text": "Object of type ndarray is not JSON serializable",
            "place": None,
        }
        | {"answer": "ndarray"},
        "is no JSON: TypeError: Object of type ndarray is not JSON serializable (serving/score.py:3)",
        "Return `.tolist()` of the array.",
    ),
    "number": (
        {"step": "answer", "answer": "float32"},
        "",
        "Return `.item()` of the number (of an array, `.tolist()`).",
    ),
    "table": ({"step": "answer", "answer": "DataFrame"}, "", 'Return `.to_dict(orient="records")` of the DataFrame.'),
    "bytes": ({"step": "answer", "answer": "bytes"}, "", "or `AMLResponse(data, 200)`"),
    "time": ({"step": "answer", "answer": "datetime"}, "", "Return `.isoformat()` of the time."),
    "class": ({"step": "answer", "answer": "Prediction"}, "", "`.tolist()` of arrays, `.to_dict()` of DataFrames"),
    "script without run": ({"step": "script"}, "the entry script does not fit", "it needs `init()` and `run(data)`"),
    "server": ({"step": "server"}, "the inference server failed", "The app's log below has more."),
}


@pytest.mark.parametrize("case", WAYS_OUT)
def test_each_kind_has_a_way_out(sources: Sources, case: str) -> None:
    """As the app tells it."""
    facts, reason, remedy = WAYS_OUT[case]
    raised = noted_of({"failure": {"type": "", "text": "", "place": PLACE} | facts}).raised
    assert raised

    words = told(raised, sources)

    assert reason in words.reason
    assert remedy in words.remedy
    assert Location(sources.workspace / "serving/score.py", 3) == words.location


class TestPlaces:
    """Lines of the app as lines of the workspace."""

    @pytest.mark.parametrize(
        ("place", "shown", "located"),
        [
            (Place("code", "score.py", 3), "serving/score.py:3", True),
            (Place("model", "m.py", 1), "models/m.py:1", True),
            (Place("code", "made/by_init.py", 4), "made/by_init.py:4", False),
            (Place("code", "../serving/score.py", 4), "../serving/score.py:4", False),
            (Place("other", "score.py", 4), "score.py:4", False),
            (None, "", False),
        ],
    )
    def test_are_those_of_files_that_are_there(
        self, sources: Sources, place: Place | None, shown: str, *, located: bool
    ) -> None:
        """What is not there has no annotation."""
        assert (shown, located) == (sources.shown(place), sources.location(place) is not None)

    def test_of_our_own_script_are_not_shown(self, tmp_path: Path) -> None:
        """An MLflow model without a script of the user's is scored by one of ours."""
        words = told(Raised("run", "ValueError", "x", Place("code", "mlflow_score.py", 9)), Sources(tmp_path))

        assert ("`run()` of the entry script failed: ValueError: x", None) == (words.reason, words.location)


class TestWarnings:
    """Of a script that runs."""

    def test_the_apps_own_word_is_told_as_it_stands(self, sources: Sources) -> None:
        """It is no warning of the script."""
        [own] = warnings([Warned("functions_model", "There are no metrics. Add the package.")], sources)

        assert "There are no metrics. Add the package." == own.text

    def test_are_told_up_to_ten(self, sources: Sources) -> None:
        """With their line, and how many more there are."""
        shown = [Warned("UserWarning", "made  with\n1.8.0", Place("code", "score.py", 3)), Warned("ERROR", "no disk")]

        found = warnings([*shown, *(Warned("FutureWarning", str(n)) for n in range(11))], sources)

        assert [
            "The script warned (serving/score.py:3): UserWarning: made with 1.8.0",
            "The script logged an error: no disk",
            "The script warned: FutureWarning: 0",
        ] == [one.text for one in found[:3]]
        assert "The script gave 3 more warnings: `functions-model logs` shows what it writes." == found[-1].text
        assert (11, 3) == (len(found), found[0].location.line if found[0].location else None)

    def test_of_a_live_app_are_part_of_the_proof(self, sources: Sources) -> None:
        """Asked for once it is live, for a version whose script is at hand."""
        told = {"failure": None, "warnings": [{"kind": "UserWarning", "text": f"old {MASTER}", "place": None}]}
        app = App({"GET /api/check": [Answer(200, told, BUILD)]})

        assert ["The script warned: UserWarning: old ***"] == [
            one.text for one in app.verify(replace(DELIVERED, sources=sources)).warnings
        ]
        assert () == app.verify(DELIVERED).warnings


class TestOddAnswers:
    """Answers with the status 200 that many clients cannot read, or that say nothing."""

    @pytest.mark.parametrize(
        ("answer", "said"),
        [
            (
                "[NaN, 1]",
                "which is no JSON: many clients refuse it. Return None instead (serving/score.py:3).",
            ),
            ('"[-Infinity]"', "has `-Infinity`"),
            ("{}", "is `{}`, as when `run()` returns nothing. Check that it returns its result (serving/score.py:3)."),
            ('{"a": [null, 1.5]}', ""),
            ('"NaN"', ""),
            ("no JSON: NaN", ""),
            ("[]", ""),
        ],
    )
    def test_are_told_where_run_is(self, sources: Sources, answer: str, said: str) -> None:
        """They come from the server as they are, and are no failure."""
        sample = sources.workspace / "sample.json"
        sample.write_text("[]")
        app = App({"POST /api/score": [Answer(200, answer.encode(), BUILD)]})

        found = app.verify(replace(DELIVERED, sample_request=sample, sources=sources)).warnings

        assert bool(said) == bool(found)
        assert all(said in one.text and one.location for one in found)
