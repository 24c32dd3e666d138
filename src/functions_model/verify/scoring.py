"""The app's model: it loads in the very build that is expected, and scores the sample request."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from pathlib import Path, PurePath

import requests

from functions_model.core.answers import Said
from functions_model.core.failures import NotLive
from functions_model.core.spec import AuthLevel
from functions_model.core.unanswered import why
from functions_model.provision import RunContext
from functions_model.provision.endpoint import NotYet
from functions_model.verify.app import READ_SECONDS, AppClient
from functions_model.verify.noted import Noted, Times, noted_of
from functions_model.verify.nouns import BUILD_HEADER, CHECK
from functions_model.verify.sample import sample_content
from functions_model.verify.waiting import told_while

FAILURE_HEADER = "x-functions-model-failure"
"""In which an answer tells the id of what was raised."""
_CRASHES = 3
"""So often in a row does the host start the process of a worker again whose `init()` ended it (azure-functions-host,
RpcFunctionInvocationDispatcher.cs, three errors for one process); then it gives up."""

_EARLY = 5.0
"""Seconds: by so much may what is in front of the app count differently."""
_MOMENT = 2.0
"""Seconds that a version which goes has to tell its times: a run does not wait for it."""
_HTTP = (
    "No setting changes that, and no caller gets such an answer by HTTP: let `run()` take less, or send less at a time."
    " With a blob or queue trigger there is no such limit, but `functionTimeout` in `host-json`."
)
_BY_HTTP = (
    "The sample is scored by HTTP, which no setting gives more time; the trigger has the `functionTimeout` of"
    " `host-json`. Use a sample that takes less, or leave `sample-request` out."
)


class WrongAnswer(Exception):
    """The model does not load, or the sample was not scored.

    Args:
        reason: Why, a clause without a full stop.
        body: What the app answered.
        remedy: What to do, where that is known: sentences.
        failure: By this id the app tells what was raised; empty when nothing was, or it does not tell.
        sample: The name of the file that was scored; empty when none was.
    """

    def __init__(self, reason: str, body: str = "", *, remedy: str = "", failure: str = "", sample: str = "") -> None:
        self.body, self.remedy, self.failure, self.sample = body, remedy, failure, sample
        super().__init__(reason)


def load_model(app: AppClient, trigger: str, seconds_left: float, context: RunContext) -> str:
    """Have the app run `init()`, unless it has, and wait for its end.

    Args:
        app: It answers with the expected build.
        trigger: What the build says triggers it.
        seconds_left: How long it may take; never less than what is in front of the app waits.
        context: What the run lends: it is told what is waited for.

    Returns:
        Why that could not be seen, a clause; empty when `init()` has returned.

    Raises:
        NotYet: It cannot be told yet.
        WrongAnswer: `init()` failed, or ended its process again and again.
    """
    # GET on either scores nothing. Both answer once there is a scoring server, and there is none before `init()`.
    route = app.route("swagger.json" if trigger == "http" and not app.guarded else CHECK)
    seconds = max(seconds_left, app.endpoint.request_seconds)
    with told_while(context.report, "`init()` to return", app.endpoint.request_seconds):
        answer = app.get(route, _key(app, AuthLevel.ADMIN), seconds)
    if BUILD_HEADER not in answer.headers:
        return _without_build(app, route, answer)
    app.crashes = 0
    if _other_build(app, answer):
        raise NotYet(f"another build has answered `{route}`")
    if answer.status_code >= 500:
        message = f"`{route}`, which loads the model, answered with the status {answer.status_code}"
        raise WrongAnswer(message, answer.text, failure=answer.headers.get(FAILURE_HEADER, ""))
    return ""


def score(app: AppClient, sample: Path, seconds_left: float, context: RunContext) -> str:
    """Post the sample once. `run()` has as long as what is in front of the app waits.

    Args:
        app: `init()` has returned in it.
        sample: The file to post.
        seconds_left: How long it may take; never less than what is in front of the app waits.
        context: What the run lends: it is told what is waited for.

    Returns:
        The answer as text.

    Raises:
        WrongAnswer: The status is not 2xx, or no answer came.
        NotYet: An instance of another build has answered, or the host has no key to give.
        NotLive: Azure refused to give a key, or the sample cannot be read any more.
    """
    route = app.route(app.sample_function)
    headers = {"content-type": content_type(sample), **_key(app, app.expected.auth_level)}
    content = sample_content(sample)
    seconds, asked_at = max(seconds_left, app.endpoint.request_seconds), context.clock()
    try:
        with told_while(context.report, f"`run()` to answer `{sample.name}`", app.endpoint.request_seconds):
            answer = app.post(route, content, headers, seconds)
    except requests.RequestException as exc:
        _refuse_late(app, sample, context.clock() - asked_at)
        raise WrongAnswer(f"`{route}` gave no answer to `{sample.name}` ({why(exc)})") from exc
    if answer.status_code >= 500 and BUILD_HEADER not in answer.headers:
        _refuse_late(app, sample, context.clock() - asked_at)
    if _other_build(app, answer):
        raise NotYet(f"another build has answered `{sample.name}`")
    text = text_of(answer)
    if not 200 <= answer.status_code < 300:
        message = f"`{route}` answered `{sample.name}` with the status {answer.status_code}"
        raise WrongAnswer(message, text, failure=answer.headers.get(FAILURE_HEADER, ""), sample=sample.name)
    return text


def _refuse_late(app: AppClient, sample: Path, took: float) -> None:
    """Say of a request that was given up in front of the app that its answer can never arrive."""
    longest = app.endpoint.request_seconds
    if took < longest - _EARLY:
        return
    host = app.endpoint.words["host"]
    reason = f"`run()` did not answer `{sample.name}` within {longest:.0f} s, and {host} gives a request up then"
    raise WrongAnswer(reason, remedy=_HTTP if app.expected.sample_function == "score" else _BY_HTTP)


def noted(app: AppClient, failure: str = "") -> Noted:
    """What the app tells of its script, to those who hold the master key; nothing where it does not.

    An app that was made before there was such a door tells nothing, and neither does one whose keys are not known.

    Args:
        app: It was asked before.
        failure: The id of what was raised; empty for the warnings alone.
    """
    return _noted_by(app, lambda answer: not _other_build(app, answer), failure)


def times_of_other(app: AppClient) -> Times | None:
    """What a build that still answers tells of its start; None where it does not, within a moment.

    Args:
        app: Another build than the expected one has just answered.
    """
    own = {None, app.expected.build_id}
    return _noted_by(app, lambda answer: answer.headers.get(BUILD_HEADER) not in own, seconds=_MOMENT).times


def _noted_by(
    app: AppClient, is_meant: Callable[[requests.Response], bool], failure: str = "", seconds: float = READ_SECONDS
) -> Noted:
    """What the build tells that is meant; nothing where another one answers, or none."""
    if app.closed or not app.knows_keys:
        return Noted()
    try:
        headers = {"x-functions-key": app.master_key()}
        answer = app.get(f"{app.route(CHECK)}?noted={failure}", headers, seconds)
        return noted_of(Said.of(answer).document()) if answer.ok and is_meant(answer) else Noted()
    except (NotYet, NotLive, ValueError):
        return Noted()


def content_type(sample: PurePath) -> str:
    """By the file's suffix; JSON is what most scripts read."""
    if sample.suffix.lower() in {".json", ""}:
        return "application/json"
    return mimetypes.guess_type(sample.name)[0] or "application/octet-stream"


def _without_build(app: AppClient, route: str, answer: requests.Response) -> str:
    """What it means that the scoring function itself did not answer."""
    reason = f"`{route}`, which loads the model, answers with the status {answer.status_code}"
    if answer.status_code == 504:
        reason = f"`init()` has not returned within {app.endpoint.request_seconds:.0f} s, and goes on"
    if not app.expected.image:
        # A version that ran before may have been made when there was no such door.
        return reason
    app.crashes = app.crashes + 1 if answer.status_code == 500 else 0
    if app.crashes >= _CRASHES:
        raise WrongAnswer(reason, answer.text)
    raise NotYet(reason)


def _other_build(app: AppClient, answer: requests.Response) -> bool:
    """Whether an old instance gave an answer, be it good or bad. What the host or the front end says has no build.

    Where any build will do, none is another one.
    """
    if not app.expected.build_id:
        return False
    build = answer.headers.get(BUILD_HEADER, "" if answer.ok else app.expected.build_id)
    return build != app.expected.build_id


def _key(app: AppClient, level: AuthLevel) -> dict[str, str]:
    """What opens a function of that level, in a header; nothing for an app that everybody may call."""
    if not app.expected.needs_key and not app.guarded:
        return {}
    function, level = app.expected.sample_function, AuthLevel.ADMIN if app.guarded else level
    return {"x-functions-key": app.master_key() if level is AuthLevel.ADMIN else app.function_key(function)}


def text_of(answer: requests.Response) -> str:
    """An answer's body; of what is no text, its size and type."""
    if is_text(answer):
        return answer.content.decode("utf-8")
    kind = answer.headers.get("content-type", "bytes of no known type")
    return f"{len(answer.content)} bytes of {kind}"


def is_text(answer: requests.Response) -> bool:
    """Whether an answer's body can be read as text."""
    try:
        answer.content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
