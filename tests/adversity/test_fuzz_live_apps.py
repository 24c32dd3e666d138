"""Live apps that answer as nobody wrote it, their keys, their host and their log: each is live, or a failure says why.

An app, whatever is in front of it, and the Functions host that Resource Manager asks.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_model.hosting.app_service.endpoint import AppServiceEndpoint
from functions_model.verify import verify
from functions_model.verify.asking import ask
from functions_model.verify.noted import noted_of
from functions_model.verify.script import in_the_app, told, warnings
from functions_model.verify.sources import Sources
from support.fake_arm import Answer, Asked, LastAsked, session_for
from support.fake_live_app import BUILD, EXPECTED, IMAGE, NAMES, App
from support.fuzzing import Oddity, a_failure_at_most, documents, fuzzed, near, oddities

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions_model.verify import Expected

RAISED = {
    "failure": {
        "step": "run",
        "type": "FileNotFoundError",
        "text": "libgomp.so.1: cannot open shared object file",
        "place": {"root": "code", "file": "score.py", "line": 3},
        "module": "",
        "missing": "a.bin",
        "there": ["b.bin"],
        "answer": "ndarray",
        "traceback": "Traceback: x\n",
    },
    "warnings": [{"kind": "WARNING", "text": "old", "place": {"root": "model", "file": "m.py", "line": 1}}],
}
FAILED = {"x-functions-model-failure": "f1"} | BUILD
SERVED = {
    "alive": {},
    "init failed": {"GET /api/swagger.json": Answer(500, {"message": "no"}, FAILED)},
    "run failed": {"POST /api/score": Answer(500, {"message": "no"}, FAILED)},
    "crashes": {"GET /api/identity": Answer(500), "GET /": Answer(503, b"Function host is not running")},
    "closed": {"GET /": Answer(403, b"", {"x-ms-forbidden-ip": "1"})},
    "isolated": {"GET /admin/host/status": Answer(403)},
    "in error": {"GET /admin/functions/score/status": Answer(200, {"errors": ["The listener for function 'score'"]})},
}
"""What an app may be like before anything about it is odd."""
_STATUS = Answer(200, {"state": "Running", "version": "4.1044", "processUptime": 1000})
_ADMIN = {
    "GET /admin/host/status": _STATUS,
    "GET host/status": _STATUS,
    "GET admin/functions": Answer(200, [{"name": "score"}]),
}
"""What the host tells, to Resource Manager, too."""
ROUTES = sorted({*App().routes, *_ADMIN})


_ASKED = LastAsked()


@dataclass
class OddApp(App):
    """An app of which some answers are odd.

    Attributes:
        odd: By route, and how often; each is near the true answer.
    """

    odd: Mapping[str, tuple[Oddity, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        noted = Answer(200, RAISED, BUILD)
        self.routes.setdefault("GET /api/check", [noted])
        self.struck: dict[str, int] = {}
        self._counting = threading.Lock()

    def endpoint(self, **options: Any) -> AppServiceEndpoint:
        """The app, by clients that were built before."""
        _ASKED.answer = self.answer
        return AppServiceEndpoint(_ASKED.clients, NAMES, **options)

    def answer(self, asked: Asked) -> Answer:
        """The true answer, or another one."""
        path = "/".join(asked.path.split("/")[-2:]) if "/subscriptions/" in asked.path else asked.path
        route = f"{asked.method} {path}"
        true = super().answer(asked) if route in self.routes else Answer(404)
        if asked.query.startswith("noted"):
            true = Answer(200, RAISED, BUILD)
        odd, times = self.odd.get(route, (None, 0))
        with self._counting:
            self.struck[route] = struck = self.struck.get(route, 0) + 1
        if odd is None or struck > times:
            return true
        drawn = odd.of(true.body)
        return Answer(drawn.status, drawn.body, {**true.headers, **drawn.headers})


def odd_apps() -> st.SearchStrategy[OddApp]:
    """Apps of each kind, with some answers that are odd once, twice, or for ever."""
    odd = st.tuples(oddities("x-functions-model-build", "x-functions-model-failure"), st.sampled_from([1, 2, 999]))
    served = st.sampled_from([*SERVED, "alive", "alive"]).map(SERVED.__getitem__)
    return st.builds(
        lambda routes, some: OddApp({route: [one] for route, one in {**_ADMIN, **routes}.items()}, odd=some),
        served,
        st.dictionaries(st.sampled_from(ROUTES), odd, min_size=1, max_size=3),
    )


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    """A workspace with a script, a model and a sample."""
    folder = tmp_path_factory.mktemp("workspace")
    for name in ("serving/score.py", "models/m.py", "sample.json"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text("def run(data):\n    return data\n")
    return Sources(folder, folder / "serving", folder / "serving/score.py", folder / "models")


def _expected(sources: Sources, *, delivered: bool) -> Expected:
    sample = sources.workspace / "sample.json"
    return replace(EXPECTED, image=IMAGE if delivered else "", sample_request=sample, sources=sources)


@given(app=odd_apps(), delivered=st.booleans())
@fuzzed(80)
def test_verifying(sources: Sources, app: OddApp, delivered: bool) -> None:
    """An app is live, and what it says can be told; or a failure says why it is not."""
    with a_failure_at_most(quotes=True):
        found = verify(
            app.endpoint(),
            _expected(sources, delivered=delivered),
            timeout=20,
            context=app.context,
            session=session_for(app.answer),
        )
        "".join([found.answer, *found.functions, found.host_version, *(one.text for one in found.warnings)]).encode()
    "".join(app.ci.lines).encode()


@given(app=odd_apps())
@fuzzed(60)
def test_asking(app: OddApp) -> None:
    """Whoever asks an app by hand gets its answer, or is told why there is none."""
    with a_failure_at_most(quotes=True):
        session = session_for(app.answer)
        told = ask(app.endpoint(), b"1", "application/json", mask=app.ci.mask, clock=app.clock, session=session)
        (told.text + told.raised + told.trigger).encode()


@given(document=st.one_of(near(RAISED), documents()))
@fuzzed(40)
def test_what_a_script_raised(sources: Sources, document: Any) -> None:
    """It is told as far as it has a form that is known."""
    found = noted_of(document)
    if found.raised:
        words = told(found.raised, sources, "sample.json")
        (words.reason + words.remedy + in_the_app(found.raised)).encode(errors="surrogatepass")
    assert len(warnings(found.warned, sources)) <= 11
