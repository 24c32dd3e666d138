"""Whether the app's model loads: `init()` has returned in the very build that is expected."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.spec import AuthLevel
from functions_model.provision.endpoint import NotYet
from functions_model.verify.nouns import BUILD_HEADER, OtherBuild
from functions_model.verify.sample import WrongAnswer, other_build

if TYPE_CHECKING:
    import requests

    from functions_model.verify.app import AppClient

_CRASHES = 3
"""So often in a row does the host start the process of a worker again whose `init()` ended it (azure-functions-host,
RpcFunctionInvocationDispatcher.cs, three errors for one process); then it gives up."""


def load_model(app: AppClient, trigger: str, seconds_left: float) -> str:
    """Have the app run `init()`, unless it has, and wait for its end.

    Args:
        app: It answers with the expected build.
        trigger: What the build says triggers it.
        seconds_left: How long it may take; never less than what is in front of the app waits.

    Returns:
        Why that could not be seen, a clause; empty when `init()` has returned.

    Raises:
        NotYet: It cannot be told yet.
        WrongAnswer: `init()` failed, or ended its process again and again.
    """
    # GET on either scores nothing. Both answer once there is a scoring server, and there is none before `init()`.
    route = "/api/swagger.json" if trigger == "http" else "/api/check"
    answer = app.get(route, _key(app), max(seconds_left, app.endpoint.request_seconds))
    if BUILD_HEADER not in answer.headers:
        return _without_build(app, route, answer)
    app.crashes = 0
    if other_build(app, answer):
        message = f"another build has answered `{route}`"
        raise OtherBuild(message)
    if answer.status_code >= 500:
        message = f"`{route}`, which loads the model, answered with the status {answer.status_code}"
        raise WrongAnswer(message, answer.text)
    return ""


def _without_build(app: AppClient, route: str, answer: requests.Response) -> str:
    """What it means that the scoring function itself did not answer."""
    reason = f"`{route}`, which loads the model, answers with the status {answer.status_code}"
    if not app.expected.image:
        # A version that ran before may have been made when there was no such door.
        return reason
    app.crashes = app.crashes + 1 if answer.status_code == 500 else 0
    if app.crashes >= _CRASHES:
        raise WrongAnswer(reason, answer.text)
    raise NotYet(reason)


def _key(app: AppClient) -> dict[str, str]:
    return {} if app.expected.auth_level is AuthLevel.ANONYMOUS else {"x-functions-key": app.master_key()}
