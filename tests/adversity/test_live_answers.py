"""Live apps whose answers are no answers of theirs: what the fuzz test beside this file has found."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from functions_model.verify.sources import Sources
from support.adversity import Row, each
from support.fake_arm import Answer
from support.fake_live_app import BUILD, EXPECTED, IMAGE, App

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Odd:
    """An app that does not come alive.

    Attributes:
        routes: What it answers.
        says: What must be told.
    """

    says: str
    routes: dict[str, Answer] = field(default_factory=dict)


def _raised(**otherwise: Any) -> dict[str, Answer]:
    """A script that fails, and what the app tells of it."""
    place = {"root": "code", "file": "score.py", "line": 3}
    raised = {"step": "run", "type": "KeyError", "text": "'data'", "place": place, **otherwise}
    failed = Answer(500, {"message": "no"}, {"x-functions-model-failure": "f1"} | BUILD)
    return {"POST /api/score": failed, "GET /api/check": Answer(200, {"failure": raised, "warnings": []}, BUILD)}


_NULL = Answer(200, b"null")
ROWS = [
    Row(
        "the Functions host says that it has run for a number of 400 digits",
        "it is waited for like one that has run for long",
        Odd(
            "it was not live after 20 s",
            {
                "GET /api/identity": Answer(500),
                "GET /admin/host/status": Answer(200, {"processUptime": int("9" * 400)}),
            },
        ),
    ),
    Row(
        "a script fails in a file whose name no disk can have",
        "the name is told as the app has it",
        Odd("KeyError: 'data' (AAAA", _raised(place={"root": "code", "file": "A" * 10_000, "line": 3})),
    ),
    Row(
        "a script fails in a file outside of its folder",
        "nothing is looked for there",
        Odd("(../../etc/passwd:3)", _raised(place={"root": "code", "file": "../../etc/passwd", "line": 3})),
    ),
]


_KEYS = "Azure cannot list the host's keys yet"
_OWN_KEYS = "Azure cannot list the keys of the function `score` yet"
ROWS += [
    Row("Resource Manager answers null for a host's keys", "named", Odd(_KEYS, {"POST default/listkeys": _NULL})),
    Row("the keys of a host are a list", "named", Odd(_KEYS, {"POST default/listkeys": Answer(200, [1])})),
    Row("Resource Manager answers null for a function's keys", "named", Odd(_OWN_KEYS, {"POST score/listkeys": _NULL})),
    Row(
        "the keys of a function are a text",
        "named",
        Odd(_OWN_KEYS, {"POST score/listkeys": Answer(200, {"properties": "x"})}),
    ),
]


@each(ROWS)
def test_an_app_that_does_not_come_alive(row: Row[Odd], tmp_path: Path) -> None:
    """It is told why, without a bug of ours."""
    (tmp_path / "score.py").write_text("def run(data):\n    return data\n")
    sources = Sources(tmp_path, tmp_path, tmp_path / "score.py")
    app = App({route: [answer] for route, answer in row.case.routes.items()})

    failure = app.failure(
        replace(EXPECTED, image=IMAGE, sample_request=tmp_path / "score.py", sources=sources), timeout=20
    )

    assert row.case.says in failure.reason
