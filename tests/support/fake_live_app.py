"""A function app and its Resource Manager for tests of `verify`: answers by route, a clock that nobody waits for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from functions_model.core.failures import NotLive
from functions_model.core.names import Names
from functions_model.core.spec import AuthLevel
from functions_model.hosting.app_service.endpoint import AppServiceEndpoint
from functions_model.provision import RunContext
from functions_model.verify import Expected, Verified, verify
from support.ci import RecordingCi
from support.fake_arm import Answer, Asked, clients_for, session_for

MASTER = "master-key-value"
KEY = "function-key-value"
NAMES = Names("", "rg", "iris")
EXPECTED = Expected("build-2", ("identity", "score"), AuthLevel.FUNCTION)
BUILD = {"x-functions-model-build": "build-2"}
IMAGE = "contoso.azurecr.io/package@sha256:two"
STARTING = Answer(
    400, {"Code": "BadRequest", "Message": "Encountered an error (ServiceUnavailable) from host runtime."}
)


@dataclass
class Clock:
    """A clock that moves only when somebody sleeps."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class App:
    """An app and its Resource Manager: answers by route, the last one for ever.

    Attributes:
        takes: Seconds, by the clock that nobody waits for, that an answer at a route takes.
    """

    routes: dict[str, list[Answer]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    cleared: dict[str, tuple[str, Answer]] = field(default_factory=dict)
    takes: dict[str, float] = field(default_factory=dict)
    clock: Clock = field(default_factory=Clock)
    ci: RecordingCi = field(default_factory=RecordingCi)

    def __post_init__(self) -> None:
        alive = {
            "GET /": Answer(200, b"landing page"),
            "GET /admin/host/status": Answer(200, {"state": "Running", "version": "4.1044"}),
            "GET /admin/functions": Answer(200, [{"name": "score"}, {"name": "identity"}, {"name": "check"}]),
            "GET /admin/functions/score/status": Answer(200, {}),
            "GET /admin/functions/identity/status": Answer(404),
            "GET /admin/functions/check/status": Answer(200, {"errors": None}),
            "GET /api/identity": Answer(200, {"build_id": "build-2", "trigger": "http"}),
            "GET /api/swagger.json": Answer(200, {"swagger": "2.0"}, BUILD),
            "GET /api/check": Answer(200, b"Healthy", BUILD),
            "POST /admin/host/restart": Answer(200, {}),
            "POST /admin/host/synctriggers": Answer(200, {"status": "success"}),
            "POST /api/check": Answer(200, ["setosa"], BUILD),
            "POST /api/score": Answer(200, ["setosa"], BUILD),
            "GET sites/iris": Answer(200, {"properties": {"state": "Running", "defaultHostName": "iris.test"}}),
            "POST default/listkeys": Answer(200, {"masterKey": MASTER, "functionKeys": {}}),
            "POST score/listkeys": Answer(200, {"default": KEY}),
            "POST iris/syncfunctiontriggers": Answer(204),
            "GET config/web": Answer(200, {"properties": {"linuxFxVersion": f"DOCKER|{IMAGE}"}}),
            "POST iris/containerlogs": Answer(200, b"pulled\nstarted\n", {"content-type": "application/octet-stream"}),
        }
        self.routes = {route: [answer] for route, answer in alive.items()} | self.routes

    def answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        path = "/".join(asked.path.split("/")[-2:]) if "/subscriptions/" in asked.path else asked.path
        if after := self.cleared.get(f"{asked.method} {path}"):
            self.routes[after[0]] = [after[1]]
        self.clock.now += self.takes.get(f"{asked.method} {path}", 0.0)
        answers = self.routes[f"{asked.method} {path}"]
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def clears(self, question: str, route: str, answer: Answer) -> None:
        """Once it is asked this question, it answers so at that route."""
        self.cleared[question] = (route, answer)

    @property
    def context(self) -> RunContext:
        """What a run lends."""
        return RunContext(report=self.ci.info, mask=self.ci.mask, clock=self.clock, sleep=self.clock.sleep)

    def endpoint(self, **options: Any) -> AppServiceEndpoint:
        """The app; options as its endpoint takes them."""
        return AppServiceEndpoint(clients_for(self.answer), **({"names": NAMES} | options))

    def verify(self, expected: Expected = EXPECTED, *, timeout: float = 60, **options: Any) -> Verified:
        """Verify it; options as its endpoint takes them."""
        return verify(
            self.endpoint(**options),
            expected,
            timeout=timeout,
            context=self.context,
            session=session_for(self.answer),
        )

    def count(self, method: str, end: str) -> int:
        """How often that was asked."""
        return sum(asked.method == method and asked.path.endswith(end) for asked in self.asked)

    def asked_at(self, path: str) -> list[Asked]:
        """What was asked at just that path."""
        return [asked for asked in self.asked if asked.path == path]

    def failure(self, expected: Expected = EXPECTED, **options: Any) -> NotLive:
        with pytest.raises(NotLive) as caught:
            self.verify(expected, **options)
        return caught.value
