"""A live app, asked by hand: one request, with a key that nobody sees."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import requests

from functions_model.core.failures import NotLive
from functions_model.core.spec import AuthLevel
from functions_model.core.unanswered import why
from functions_model.provision.endpoint import Endpoint, NotYet
from functions_model.verify.app import AppClient, fresh_session
from functions_model.verify.logs import scrubbed
from functions_model.verify.nouns import CHECK, IDENTITY, Expected
from functions_model.verify.scoring import FAILURE_HEADER, is_text, noted, text_of
from functions_model.verify.script import in_the_app

_ANY_BUILD = Expected(build_id="", functions=(), auth_level=AuthLevel.FUNCTION)
_FROM_WITHIN = "Run this from a network that the app lets in: that of its private endpoint, or an address of its rules."


@dataclass(frozen=True, slots=True)
class Answer:
    """What an app answered.

    Attributes:
        route: Where it answered: that of `score`, or of `check` with a blob or queue trigger.
        trigger: What else starts the app's `score`; `http` for nothing else.
        status: Of HTTP.
        text: The body; of what is no text, its size and type.
        seconds: From the request to the end of the answer.
        raised: What the script raised, a sentence, and what to do; empty when it did not, or the app does not tell.
        body: The body as it came; of what is text, without secrets.
        headers: Of the answer, without secrets.
    """

    route: str
    trigger: str
    status: int
    text: str
    seconds: float
    raised: str = ""
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


def ask(
    endpoint: Endpoint,
    body: bytes,
    content_type: str,
    *,
    mask: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
    session: requests.Session | None = None,
) -> Answer:
    """Have the app score one request.

    Args:
        endpoint: The app.
        body: What is scored.
        content_type: Of the body.
        mask: Takes each key as soon as it is known.
        clock: Seconds.
        session: Sends the requests to the app.

    Raises:
        NotLive: It is missing or stopped, lets in nobody from here, was not made by this tool, wants a key that Azure
            does not tell, or gave no answer at all.
    """
    with session or fresh_session() as opened:
        app = AppClient(endpoint, endpoint.find(), _ANY_BUILD, mask, opened)
        trigger = _trigger(app)
        function = "score" if trigger == "http" else CHECK
        answer, seconds = _scored(app, function, body, content_type, clock)
        if app.endpoint.asks_for_login(answer.status_code, answer.headers) and function != CHECK:
            function = CHECK
            answer, seconds = _scored(app, function, body, content_type, clock)
        if app.endpoint.asks_for_login(answer.status_code, answer.headers):
            raise _login_asked(app)
        raised = noted(app, failure).raised if (failure := answer.headers.get(FAILURE_HEADER)) else None
        text, words = (
            scrubbed(one, app.all_secrets) for one in (text_of(answer), in_the_app(raised) if raised else "")
        )
        body = text.encode() if is_text(answer) else answer.content
        headers = tuple((name, scrubbed(value, app.all_secrets)) for name, value in answer.headers.items())
        return Answer(app.route(function), trigger, answer.status_code, text, seconds, words, body, headers)


def _trigger(app: AppClient) -> str:
    """What its build says triggers it."""
    try:
        answer = app.get(app.route(IDENTITY), seconds=app.endpoint.request_seconds)
        if app.endpoint.turns_away(answer.status_code, answer.headers):
            raise _failed(app, "it does not let this machine in", _FROM_WITHIN)
        if app.endpoint.asks_for_login(answer.status_code, answer.headers):
            raise _login_asked(app)
        if answer.status_code == 404:
            _find_routes(app)
        document = app.get_json(app.route(IDENTITY))
    except NotYet as exc:
        remedy = "An app that has just been started needs some seconds. `functions-model logs` shows what it writes."
        raise _failed(app, str(exc), remedy) from exc
    return str(document.get("trigger") or "http") if isinstance(document, dict) else "http"


def _login_asked(app: AppClient) -> NotLive:
    """Nobody reaches the app with a key."""
    paths = [app.route(IDENTITY), app.route(CHECK)]
    remedy = (
        "Call it with a token of its callers. Or have that authentication leave to the app what keeps to the master key"
        f" by itself: {app.endpoint.let_through(paths)}"
    )
    return _failed(app, f"the authentication of {app.endpoint.words['host']} in front of it has callers log in", remedy)


def _find_routes(app: AppClient) -> None:
    """Ask the host below which prefix its functions answer.

    Raises:
        NotLive: It has no function that every app of this tool has, or Azure refuses to ask it.
        NotYet: It does not say.
    """
    before, listed = app.route(IDENTITY), app.admin_json("/admin/functions")
    app.heed_routes(listed)
    if app.route(IDENTITY) == before:
        remedy = "Call it with its own address and key: it was not deployed by this tool."
        raise _failed(app, f"it has no `{before}`, which every app of this tool has", remedy)


def _scored(
    app: AppClient, function: str, body: bytes, content_type: str, clock: Callable[[], float]
) -> tuple[requests.Response, float]:
    """The answer, and seconds. The function's key goes first; the master key where that one does not open it."""
    keys = (app.master_key,) if function == CHECK else (lambda: app.function_key(function), app.master_key)
    for key in keys:
        headers, refused = {"content-type": content_type}, None
        try:
            headers["x-functions-key"] = key()
        except (NotYet, NotLive) as exc:
            refused = exc  # an app that everybody may call needs none
        started = clock()
        try:
            answer = app.post(app.route(function), body, headers, app.endpoint.request_seconds)
        except requests.RequestException as exc:
            remedy = "`functions-model logs` shows what it writes."
            raise _failed(app, f"no answer came ({why(exc)})", remedy) from exc
        seconds = clock() - started
        if answer.status_code != 401:
            break
        if refused:
            remedy = refused.remedy if isinstance(refused, NotLive) else app.endpoint.keyless
            raise _failed(app, f"it wants a key, and {refused}", remedy) from refused
    return answer, seconds


def _failed(app: AppClient, reason: str, remedy: str) -> NotLive:
    return NotLive(f"call {app.endpoint.name}", reason, remedy)
