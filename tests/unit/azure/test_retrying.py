"""Requests that are sent again: after throttling and faults, and once with a new token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from azure.core.credentials import AccessTokenInfo
from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.transport import RequestsTransport
from azure.mgmt.web.models import AppServicePlan, SiteConfigResource

from functions_model.azure.clients import AzureClients
from functions_model.azure.cloud import AZURE_CLOUD
from functions_model.azure.errors import explain
from functions_model.azure.login import MaskingCredential
from functions_model.core.failures import LoginFailed
from support.fake_arm import SUBSCRIPTION, Answer, Asked, FakeCredential, arm_error, session_for

if TYPE_CHECKING:
    from collections.abc import Callable

THROTTLED = arm_error(429, "TooManyRequests", "The request is being throttled.")
SETTINGS = Answer(200, {"properties": {"A": "1"}})
EXPIRED = Answer(
    401,
    {"error": {"code": "ExpiredAuthenticationToken", "message": "The access token expiry time is earlier than now."}},
    {"WWW-Authenticate": 'Bearer authorization_uri="https://login.test/", error="invalid_token"'},
)


class Sleepless(RequestsTransport):  # type: ignore[misc] # the SDK gives it by `__getattr__`
    """A transport that notes its pauses, and keeps what it gave."""

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        super().__init__(session=session_for(answer), session_owner=False)
        self.slept: list[float] = []
        self.given: list[Any] = []

    def send(self, request: Any, **options: Any) -> Any:
        self.given.append(super().send(request, **options))
        return self.given[-1]

    def sleep(self, duration: float) -> None:
        self.slept.append(duration)


class Cloud:
    """Clients whose requests are answered one by one, the last answer again and again."""

    def __init__(self, *answers: Answer, credential: Any = None) -> None:
        self.answers = list(answers)
        self.asked: list[Asked] = []
        self.told: list[str] = []
        self.transport = Sleepless(self._answer)
        options = {"transport": self.transport}
        who = credential or FakeCredential()
        self.clients = AzureClients(who, SUBSCRIPTION, AZURE_CLOUD, report=self.told.append, options=options)

    def _answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def settings(self) -> Any:
        """A POST that reads."""
        return self.clients.web.web_apps.list_application_settings("rg", "app").properties

    def write(self) -> None:
        self.clients.web.web_apps.update_configuration("rg", "app", SiteConfigResource())

    def make_plan(self) -> None:
        """A long operation: its first answer is streamed."""
        self.clients.web.app_service_plans.begin_create_or_update("rg", "p", AppServicePlan(location="x")).result(
            timeout=5
        )

    def tokens(self) -> list[str]:
        return [asked.headers["authorization"] for asked in self.asked]


def asking_for(seconds: str) -> Answer:
    return Answer(THROTTLED.status, THROTTLED.body, {"Retry-After": seconds})


class TestAnAnswerThatIsNotRead:
    @pytest.mark.parametrize("first", [Answer(503), EXPIRED], ids=["fault", "expired-token"])
    def test_gives_its_connection_back(self, first: Answer) -> None:
        """A streamed answer is closed before the request is sent again, and not at some time by the garbage."""
        done = Answer(200, {"id": "x", "properties": {"provisioningState": "Succeeded"}})
        cloud = Cloud(first, done, credential=Tokens().credential)

        cloud.make_plan()

        assert [(first.status, True), (200, True)] == [
            (one.status_code, one.is_closed) for one in cloud.transport.given
        ]

    @pytest.mark.parametrize("first", [Answer(503), EXPIRED], ids=["fault", "expired-token"])
    def test_may_be_of_the_sdks_older_kind(self, first: Answer) -> None:
        """The client for roles has answers that are read at once, and have nothing to close."""
        role = Answer(200, {"id": "x", "name": "x", "properties": {"principalId": "somebody"}})
        cloud = Cloud(first, role, credential=Tokens().credential)

        assigned = cloud.clients.authorization.role_assignments.get_by_id("scope/x")

        assert "somebody" == assigned.principal_id
        assert 2 == len(cloud.asked)


class TestThrottling:
    def test_is_waited_out_as_the_service_asks(self) -> None:
        """Retry-After is the pause, and it is told."""
        cloud = Cloud(asking_for("17"), SETTINGS)

        assert {"A": "1"} == cloud.settings()
        assert [17.0] == cloud.transport.slept
        assert ["Waiting 17 s: Azure is throttling requests (429)."] == cloud.told

    @pytest.mark.parametrize("send", [Cloud.settings, Cloud.write], ids=["POST", "PATCH"])
    def test_without_retry_after_is_waited_out_for_every_method(self, send: Callable[[Cloud], Any]) -> None:
        """POST and PATCH, which the SDK would not send again, are, after longer pauses each time."""
        cloud = Cloud(THROTTLED, THROTTLED, THROTTLED, SETTINGS)

        send(cloud)

        assert 4 == len(cloud.asked)
        assert [1.6, 3.2] == cloud.transport.slept

    def test_with_words_in_place_of_a_time_is_waited_out(self) -> None:
        """A Retry-After that nobody can read is no failure of its own."""
        cloud = Cloud(asking_for("soon"), asking_for("soon"), SETTINGS)

        cloud.settings()

        assert [1.6] == cloud.transport.slept

    def test_has_an_end(self) -> None:
        """After six tries the refusal is raised."""
        cloud = Cloud(THROTTLED)

        with pytest.raises(HttpResponseError):
            cloud.settings()

        assert 7 == len(cloud.asked)
        assert 44 == round(sum(cloud.transport.slept))

    def test_for_an_hour_is_told_at_once(self) -> None:
        """Nobody waits longer than five minutes for one request; the message says how long Azure asks to wait."""
        cloud = Cloud(asking_for("3600"))

        with pytest.raises(HttpResponseError) as caught:
            cloud.settings()

        assert [] == cloud.transport.slept
        assert "Wait 3600 s and run again" in explain(caught.value, "read the settings").remedy


class TestFaultsOfTheService:
    def test_are_waited_out(self) -> None:
        """A 503 with Retry-After is tried again, and told."""
        cloud = Cloud(Answer(503, headers={"Retry-After": "5"}), SETTINGS)

        cloud.settings()

        assert ["Waiting 5 s: Azure answers 503."] == cloud.told

    def test_do_not_include_conflicts(self) -> None:
        """A 409 is left to the one who writes, even with Retry-After."""
        cloud = Cloud(Answer(409, {"Code": "Conflict", "Message": "busy"}, {"Retry-After": "1"}))

        with pytest.raises(HttpResponseError):
            cloud.settings()

        assert 1 == len(cloud.asked)


class Inner:
    """A credential of the SDK: it gives the token that it has, whatever Resource Manager says of it."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.closed = False

    def get_token_info(self, *scopes: str, options: Any = None) -> AccessTokenInfo:
        return AccessTokenInfo(self.token, 2**31)

    def close(self) -> None:
        self.closed = True


class Tokens:
    """Makes credentials, each with a token of its own."""

    def __init__(self) -> None:
        self.made: list[Inner] = []
        self.credential = MaskingCredential(self._build, lambda _: None, self._explain)

    def _build(self) -> Inner:
        self.made.append(Inner(f"token-{len(self.made) + 1}"))
        return self.made[-1]

    @staticmethod
    def _explain(exc: Exception) -> LoginFailed:
        return LoginFailed("log in to Azure", str(exc), "Retry.")


class TestATokenThatHoldsNoLonger:
    def test_is_renewed_once(self) -> None:
        """A token that is refused in mid-run is replaced, and the request is sent again."""
        tokens = Tokens()
        cloud = Cloud(SETTINGS, EXPIRED, SETTINGS, credential=tokens.credential)

        cloud.settings()
        cloud.settings()
        cloud.settings()

        assert ["Bearer token-1", "Bearer token-1", "Bearer token-2", "Bearer token-2"] == cloud.tokens()

    def test_is_not_renewed_for_ever(self) -> None:
        """A new token that is refused as well is an error, after one more request."""
        tokens = Tokens()
        cloud = Cloud(EXPIRED, credential=tokens.credential)

        with pytest.raises(HttpResponseError) as caught:
            cloud.settings()

        assert 2 == len(cloud.asked)
        assert "token-expired" == explain(caught.value, "read the settings").cause

    def test_is_given_up_once_by_many_requests(self) -> None:
        """Requests that were sent with the same token share the new one; a token of somebody else is not given up."""
        tokens = Tokens()
        token = tokens.credential.get_token("scope").token

        answers = [tokens.credential.renew(token), tokens.credential.renew(token), tokens.credential.renew("theirs")]

        assert [True, True, False] == answers
        assert 2 == len(tokens.made)

    def test_leaves_nothing_open(self) -> None:
        """The credentials that were given up are closed with the last."""
        tokens = Tokens()
        tokens.credential.renew(tokens.credential.get_token("scope").token)

        tokens.credential.close()

        assert [True, True] == [inner.closed for inner in tokens.made]

    def test_is_told_apart_from_a_quota(self) -> None:
        """A 401 without a challenge costs no second request and no new token."""
        tokens = Tokens()
        quota = Answer(
            401, {"Code": "Unauthorized", "Message": "Operation cannot be completed without additional quota."}
        )
        cloud = Cloud(quota, credential=tokens.credential)

        with pytest.raises(HttpResponseError) as caught:
            cloud.settings()

        assert (1, 1) == (len(cloud.asked), len(tokens.made))
        assert "quota" == explain(caught.value, "create the plan `p`").cause
