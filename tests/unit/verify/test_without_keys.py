"""An app without a machine key, whose keys Azure cannot list, is verified by what needs none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.spec import AuthLevel
from support.fake_arm import Answer
from support.fake_live_app import EXPECTED, MASTER, NAMES, App

if TYPE_CHECKING:
    from pathlib import Path

REFUSED = Answer(
    400, {"Code": "BadRequest", "Message": "Encountered an error (InternalServerError) from host runtime."}
)
ADOPTED: dict[str, Any] = {"has_machine_key": False}


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    file = tmp_path / "sample.json"
    file.write_text("1")
    return file


def withheld(routes: dict[str, list[Answer]] | None = None) -> App:
    refused = ("POST default/listkeys", "POST iris/syncfunctiontriggers", "POST staging/syncfunctiontriggers")
    return App({**{route: [REFUSED] for route in refused}, **(routes or {})})


class TestWithoutAMachineKey:
    def test_the_build_is_what_is_proven(self) -> None:
        """After some ten seconds; no question that takes a key reaches the app."""
        app = withheld()

        proof = app.verify(**ADOPTED)

        assert ("identity", "score") == proof.functions
        assert "" == proof.host_version
        assert 5 < proof.seconds < 15
        assert "Azure cannot list its keys" == proof.unproven
        assert {"/", "/api/identity"} == {one.path for one in app.asked if "/subscriptions/" not in one.path}

    def test_what_was_not_looked_at_is_said_with_the_command_and_its_price(self, sample: Path) -> None:
        """For a slot, the command names the slot."""
        proof = withheld().verify(
            replace(EXPECTED, sample_request=sample),
            names=NAMES.at("staging"),
            host_name="iris-staging.test",
            **ADOPTED,
        )

        assert (
            "Not looked at: the host's state, its functions and their errors, whether `init()` runs, the sample"
            " request. Azure cannot list the keys of `iris/staging`, whose settings have no "
            "MACHINEKEY_DecryptionKey. Adding one replaces all its keys: every caller needs a new key then. "
            "To add it: az functionapp config appsettings set --name iris --resource-group rg --slot staging "
            "--slot-settings MACHINEKEY_DecryptionKey=$(openssl rand -hex 32)" == proof.unseen
        )

    def test_an_anonymous_function_scores_the_sample(self, sample: Path) -> None:
        """Which needs no key."""
        proof = withheld().verify(replace(EXPECTED, auth_level=AuthLevel.ANONYMOUS, sample_request=sample), **ADOPTED)

        assert ('["setosa"]', "") == (proof.answer, proof.unproven)
        assert "the sample" not in proof.unseen

    def test_a_closed_app_is_unproven(self) -> None:
        """Its host believes nobody, and nobody is let in: that is no failure either."""
        forbidden = Answer(403, b"", {"x-ms-forbidden-ip": "203.0.113.7"})

        proof = withheld({"GET /": [forbidden], "GET host/status": [REFUSED]}).verify(**ADOPTED)

        assert "the app does not let this machine in, and its host does not believe Azure" in proof.unproven

    def test_another_build_is_not_let_through(self) -> None:
        """The build is all there is to see: it must be this one."""
        failure = withheld({"GET /api/identity": [Answer(200, {"build_id": "build-1"})]}).failure(**ADOPTED)

        assert "answers with the build `build-1`" in failure.reason

    def test_keys_that_are_listed_later_are_used(self) -> None:
        """A host that was only slow is looked at in full."""
        keys = [REFUSED] * 7 + [Answer(200, {"masterKey": MASTER})]

        proof = App({"POST default/listkeys": keys}).verify(**ADOPTED)

        assert ("4.1044", "") == (proof.host_version, proof.unseen)


class TestWithAMachineKey:
    def test_an_app_that_lists_no_keys_is_not_live(self) -> None:
        """Its host does not run, or Azure cannot reach it."""
        assert "Azure cannot list the host's keys yet" in withheld().failure().reason
