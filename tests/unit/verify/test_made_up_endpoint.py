"""An app on a host that there is not: nothing of verification belongs to one host."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from functions_model.core.failures import Cause, NotLive, Overtaken
from functions_model.provision.endpoint import ContainerLog, HostKeys, NotYet
from functions_model.verify import Expected, Verified, verify
from support.fake_arm import Answer, session_for
from support.fake_live_app import EXPECTED, IMAGE, KEY, MASTER, App

WORDS = {"host": "Cloud 9", "subnet": "the cloud", "memory": "Rain less"}
RAIN = ContainerLog("it rains on hunter22")


@dataclass
class MadeUp:
    """An endpoint without Azure."""

    name: str = "the app `iris`"
    secrets: tuple[str, ...] = ("hunter22",)
    request_seconds: float = 30.0
    memory_gib: float | None = 0.5
    keyless: str = ""
    admin_opening: str = "Open the door."
    causes: tuple[Cause, ...] = (Cause("rain", r"it rains", "it rains in {host}", "Wait for the sun in {host}."),)
    words: Mapping[str, str] = field(default_factory=WORDS.copy)
    runs: str = IMAGE
    kept: ContainerLog = RAIN
    busy: int = 0

    def find(self) -> str:
        return "https://iris.test"

    def turns_away(self, status: int, headers: Mapping[str, str]) -> bool:
        return status == 403 and "x-cloud-9" in headers

    def asks_for_login(self, status: int, headers: Mapping[str, str]) -> bool:
        return status == 401 and "x-cloud-9-login" in headers

    def let_through(self, paths: Sequence[str]) -> str:
        return f"cloud9 open {' '.join(paths)}"

    def keys(self) -> HostKeys:
        if self.busy:
            self.busy -= 1
            raise NotYet("nobody has the keys yet")
        return HostKeys(MASTER)

    def function_key(self, function: str) -> str:
        return KEY

    def admin(self, path: str, method: str = "GET", *, absent: int | None = None) -> Any:
        raise NotLive(f"ask {path}", "nobody may", "Ask somebody else.")

    def sync_triggers(self) -> None:
        """Nothing listens to them."""

    def image(self) -> str:
        return self.runs

    def log(self) -> ContainerLog:
        return self.kept


def verified(
    endpoint: MadeUp, routes: dict[str, list[Answer]] | None = None, expected: Expected = EXPECTED
) -> Verified:
    app = App(routes or {})
    return verify(endpoint, expected, timeout=20, context=app.context, session=session_for(app.answer))


def failure(endpoint: MadeUp, routes: dict[str, list[Answer]] | None = None, expected: Expected = EXPECTED) -> NotLive:
    with pytest.raises(NotLive) as caught:
        verified(endpoint, routes, expected)
    return caught.value


class TestAnApp:
    def test_is_verified_without_azure(self) -> None:
        """Once its keys are known."""
        proof = verified(MadeUp(busy=2))

        assert ("https://iris.test", 3, "4.1044") == (proof.app_url, proof.attempts, proof.host_version)

    def test_fails_in_the_words_of_its_host(self) -> None:
        """With its own causes, and no secret of its settings."""
        failed = failure(MadeUp(), {"GET /": [Answer(503)]})

        assert "verify the app `iris`" == failed.action
        assert failed.reason.startswith("it rains in Cloud 9 (it was not live after 20 s")
        assert ("Wait for the sun in Cloud 9.", "it rains on ***") == (failed.remedy, failed.detail.splitlines()[-1])

    def test_without_a_log_is_told_how_to_have_one(self) -> None:
        """By the command of its host."""
        failed = failure(MadeUp(kept=ContainerLog("", "cloud log --on")), {"GET /": [Answer(503)]})

        assert failed.remedy.endswith("turn it on and run again: cloud log --on")

    def test_may_be_somebody_elses_by_now(self) -> None:
        """By the image that its host was told to run."""
        other = {"GET /api/identity": [Answer(200, {"build_id": "other"})]}

        with pytest.raises(Overtaken, match="it runs `theirs`"):
            verified(MadeUp(runs="theirs"), other, replace(EXPECTED, image=IMAGE))

    def test_may_let_in_nobody(self) -> None:
        """As its host says it; then nobody may ask for it either."""
        forbidden = Answer(403, b"", {"x-cloud-9": "no"})

        assert (
            "this login may not have its host asked: nobody may" in verified(MadeUp(), {"GET /": [forbidden]}).unproven
        )

    def test_may_keep_its_administration_to_azure(self) -> None:
        """Then its host says what opens that."""
        failed = failure(MadeUp(), {"GET /admin/host/status": [Answer(403)]})

        assert failed.remedy == "Ask somebody else. Open the door."
