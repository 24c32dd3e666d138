"""The last check: one request scored by the live function."""

from __future__ import annotations

import mimetypes
from typing import TYPE_CHECKING

import requests

from functions_model.core.spec import AuthLevel
from functions_model.verify.nouns import BUILD_HEADER, OtherBuild

if TYPE_CHECKING:
    from pathlib import Path, PurePath

    from functions_model.verify.app import AppClient


class WrongAnswer(Exception):
    """The sample request was not scored. The text says why, a clause without a full stop."""

    def __init__(self, reason: str, body: str = "") -> None:
        self.body = body
        super().__init__(reason)


def score(app: AppClient, sample: Path, seconds_left: float) -> str:
    """Post the sample once. The first request may load the model: it has as long as what is in front of the app waits.

    Returns:
        The answer as text.

    Raises:
        WrongAnswer: The status is not 2xx, or no answer came.
        OtherBuild: An instance of another build has answered.
        NotYet: The host has no key to give.
        NotLive: Azure refused to give a key.
    """
    route = app.expected.sample_route
    headers = {"content-type": content_type(sample), **_key(app)}
    try:
        answer = app.post(route, sample.read_bytes(), headers, max(seconds_left, app.endpoint.request_seconds))
    except requests.RequestException as exc:
        raise WrongAnswer(f"`{route}` gave no answer to `{sample.name}` ({type(exc).__name__})") from exc
    if other_build(app, answer):
        message = f"another build has answered `{sample.name}`"
        raise OtherBuild(message)
    text = _text(answer)
    if not 200 <= answer.status_code < 300:
        raise WrongAnswer(f"`{route}` answered `{sample.name}` with the status {answer.status_code}", text)
    return text


def other_build(app: AppClient, answer: requests.Response) -> bool:
    """Whether an old instance gave an answer, be it good or bad. What the host or the front end says has no build."""
    said = answer.headers.get(BUILD_HEADER, "" if answer.ok else app.expected.build_id)
    return said != app.expected.build_id


def content_type(sample: PurePath) -> str:
    """By the file's suffix; JSON is what most scripts read."""
    if sample.suffix.lower() in {".json", ""}:
        return "application/json"
    return mimetypes.guess_type(sample.name)[0] or "application/octet-stream"


def _key(app: AppClient) -> dict[str, str]:
    match app.expected.auth_level:
        case AuthLevel.ANONYMOUS:
            return {}
        case AuthLevel.ADMIN:
            return {"x-functions-key": app.master_key()}
        case AuthLevel.FUNCTION:
            return {"x-functions-key": app.function_key(app.expected.sample_function)}


def _text(answer: requests.Response) -> str:
    try:
        return answer.content.decode("utf-8")
    except UnicodeDecodeError:
        kind = answer.headers.get("content-type", "bytes of no known type")
        return f"{len(answer.content)} bytes of {kind}"
