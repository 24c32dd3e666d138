"""The app's model: it loads in the very build that is expected, and scores the sample request."""

from __future__ import annotations

import mimetypes
from pathlib import Path, PurePath

import requests

from functions_model.core.spec import AuthLevel
from functions_model.provision.endpoint import NotYet
from functions_model.verify.app import AppClient
from functions_model.verify.nouns import BUILD_HEADER

_CRASHES = 3
"""So often in a row does the host start the process of a worker again whose `init()` ended it (azure-functions-host,
RpcFunctionInvocationDispatcher.cs, three errors for one process); then it gives up."""


class WrongAnswer(Exception):
    """The model does not load, or the sample was not scored.

    Args:
        reason: Why, a clause without a full stop.
        body: What the app answered.
    """

    def __init__(self, reason: str, body: str = "") -> None:
        self.body = body
        super().__init__(reason)


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
    answer = app.get(route, _key(app, AuthLevel.ADMIN), max(seconds_left, app.endpoint.request_seconds))
    if BUILD_HEADER not in answer.headers:
        return _without_build(app, route, answer)
    app.crashes = 0
    if _other_build(app, answer):
        raise NotYet(f"another build has answered `{route}`")
    if answer.status_code >= 500:
        message = f"`{route}`, which loads the model, answered with the status {answer.status_code}"
        raise WrongAnswer(message, answer.text)
    return ""


def score(app: AppClient, sample: Path, seconds_left: float) -> str:
    """Post the sample once. The first request may load the model: it has as long as what is in front of the app waits.

    Returns:
        The answer as text.

    Raises:
        WrongAnswer: The status is not 2xx, or no answer came.
        NotYet: An instance of another build has answered, or the host has no key to give.
        NotLive: Azure refused to give a key.
    """
    route = app.expected.sample_route
    headers = {"content-type": content_type(sample), **_key(app, app.expected.auth_level)}
    try:
        answer = app.post(route, sample.read_bytes(), headers, max(seconds_left, app.endpoint.request_seconds))
    except requests.RequestException as exc:
        raise WrongAnswer(f"`{route}` gave no answer to `{sample.name}` ({type(exc).__name__})") from exc
    if _other_build(app, answer):
        raise NotYet(f"another build has answered `{sample.name}`")
    text = text_of(answer)
    if not 200 <= answer.status_code < 300:
        raise WrongAnswer(f"`{route}` answered `{sample.name}` with the status {answer.status_code}", text)
    return text


def content_type(sample: PurePath) -> str:
    """By the file's suffix; JSON is what most scripts read."""
    if sample.suffix.lower() in {".json", ""}:
        return "application/json"
    return mimetypes.guess_type(sample.name)[0] or "application/octet-stream"


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


def _other_build(app: AppClient, answer: requests.Response) -> bool:
    """Whether an old instance gave an answer, be it good or bad. What the host or the front end says has no build."""
    build = answer.headers.get(BUILD_HEADER, "" if answer.ok else app.expected.build_id)
    return build != app.expected.build_id


def _key(app: AppClient, level: AuthLevel) -> dict[str, str]:
    """What opens a function of that level, in a header; nothing for an app that everybody may call."""
    if not app.expected.needs_key:
        return {}
    function = app.expected.sample_function
    return {"x-functions-key": app.master_key() if level is AuthLevel.ADMIN else app.function_key(function)}


def text_of(answer: requests.Response) -> str:
    """An answer's body; of what is no text, its size and type."""
    try:
        return answer.content.decode("utf-8")
    except UnicodeDecodeError:
        kind = answer.headers.get("content-type", "bytes of no known type")
        return f"{len(answer.content)} bytes of {kind}"
