"""A probe of a trigger: it is sent once, waited for, and taken away, whatever comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError
from azure.servicebus.exceptions import ServiceBusAuthenticationError, ServiceBusAuthorizationError

from functions_model.azure.assignees import assignee
from functions_model.azure.data import DataRefused
from functions_model.core.failures import NotLive
from functions_model.verify import Reach, Reached, Verified
from functions_model.verify.probe import Owner, ProbeFailed, prove_trigger
from support.fake_arm import Answer
from support.fake_live_app import App

LIVE = Verified(("score",), "https://i/api/score", "[1]", 1, 2.0, "https://i", "4.1", scored=True)
READY = replace(LIVE, reached=Reached(Reach.UNKNOWN, ("the roles (no right)",)))
OWNER = Owner("storage account `iris`", "/subscriptions/s/iris", ("Reader of Blobs", "Writer"), assignee("object-1"))


@dataclass
class Script:
    """A probe whose fate is written down."""

    answers: int = 0
    """Looks that find nothing."""
    grave: str = ""
    refusal: str = ""
    left: str = ""
    roles: tuple[str, ...] = OWNER.roles
    place: str = "blob `input/p.json`"
    done: list[str] = field(default_factory=list)

    def send(self) -> None:
        self.done.append("send")
        if self.refusal:
            raise ProbeFailed(self.refusal, "Ask an owner.")

    def answered(self) -> bool:
        self.done.append("look")
        return self.done.count("look") > self.answers

    def lost(self) -> str:
        return self.grave

    def clean(self) -> str:
        self.done.append("clean")
        return self.left


def prove(probe: Script, log: bytes = b"pulled\nstarted\n", timeout: float = 30) -> tuple[Verified, App]:
    kind = {"content-type": "application/octet-stream"}
    app = App({"POST iris/containerlogs": [Answer(200, log, kind)]})
    endpoint = app.endpoint(secrets=("s3cret-value",))
    return prove_trigger(endpoint, READY, probe, OWNER, timeout=timeout, context=app.context), app


def failure(probe: Script, **how: Any) -> NotLive:
    with pytest.raises(NotLive) as caught:
        prove(probe, **how)
    return caught.value


class TestAProbe:
    def test_that_is_answered_proves_the_trigger(self) -> None:
        """What could not be looked at stays said; a wait shows in the log."""
        probe = Script(answers=12, left="The answer is left.")
        verified, app = prove(probe)

        assert Reached(Reach.PROVEN, ("the roles (no right)",), "The answer is left.") == verified.reached
        assert ["send", *["look"] * 13, "clean"] == probe.done
        assert [
            "Sending a probe through the trigger: blob `input/p.json`.",
            "Waiting for the answer to the blob `input/p.json`.",
            "The blob `input/p.json` was answered after 12.0 s.",
        ] == app.ci.lines

    def test_that_is_not_answered_is_no_proof(self) -> None:
        """It is taken away, and the container log says why."""
        probe = Script(answers=99, left="The blob is left.")
        failed = failure(probe, log=b"said s3cret-value")

        assert "the blob `input/p.json` was not answered within 30 s" == failed.reason
        assert failed.remedy.endswith("with `verify-timeout`. The blob is left.")
        assert ("clean", True) == (probe.done[-1], "said ***" in failed.detail)

    def test_that_the_app_could_not_score_is_told_in_its_words(self) -> None:
        """Those about this probe; others were there before."""
        lines = "ScoringFailed: Could not score blob `input/{}.json`: status {}. {}"
        log = "\n".join(lines.format(*one) for one in (("p", 500, "No."), ("p", 422, "Too few."), ("q", 400, "Bad.")))

        assert failure(Script(answers=99), log=log.encode()).reason == (
            "the blob `input/p.json` was not answered within 30 s, and the app said: "
            "Could not score blob `input/p.json`: status 422. Too few"
        )

    def test_is_not_waited_for_when_its_end_is_known(self) -> None:
        """The app has given it up."""
        probe = Script(answers=99, grave="the message is in the dead-letter queue")

        assert "the message is in the dead-letter queue" == failure(probe).reason
        assert ["send", "look", "clean"] == probe.done

    def test_that_may_not_be_sent_is_cleaned_too(self) -> None:
        """What came of a write that failed is not known."""
        probe = Script(refusal="this login may not write it")

        assert "this login may not write it" == failure(probe).reason
        assert ["send", "clean"] == probe.done


def quoted(role: str) -> str:
    return f'"{role}"' if " " in role else role


class TestARefusal:
    @pytest.mark.parametrize(
        "exc",
        [
            HttpResponseError("AuthorizationPermissionMismatch: no"),
            ServiceBusAuthorizationError(message="Unauthorized access. 'Send' claim(s) are required."),
        ],
    )
    def test_by_a_role_names_it_with_the_command(self, exc: Any) -> None:
        """At the very resource, for the very login."""
        failed = OWNER.refused(DataRefused.of("write it", exc))
        command = "az role assignment create --assignee-object-id object-1 --assignee-principal-type ServicePrincipal"

        assert failed.reason.startswith("this login may not write it (")
        for role in OWNER.roles:
            assert f"{command} --role {quoted(role)} --scope {OWNER.id}" in failed.remedy

    @pytest.mark.parametrize(
        "exc",
        [
            HttpResponseError("AuthorizationFailure: no"),
            ServiceBusAuthenticationError(
                message="Put token failed: Ip has been prevented to connect to the endpoint."
            ),
        ],
    )
    def test_by_a_network_names_no_role(self, exc: Any) -> None:
        """A role would not help."""
        failed = OWNER.refused(DataRefused.of("write it", exc))

        assert "does not let this machine in" in failed.reason
        assert "az role" not in failed.remedy

    def test_by_anything_else_is_told_as_it_is(self) -> None:
        """Nobody is sent to an owner for a fault of the service."""
        failed = OWNER.refused(DataRefused.of("write it", HttpResponseError("busy")))

        assert "the storage account `iris` does not answer as it must: could not write it (busy)" == failed.reason
