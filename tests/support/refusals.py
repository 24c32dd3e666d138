"""Refusals of Azure, and the words that a run makes of them."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
from urllib3 import HTTPResponse

from functions_model.azure.assignees import assignee
from functions_model.azure.data import DataRefused
from functions_model.azure.errors import explain
from functions_model.registry.access import Access
from functions_model.registry.errors import refusal
from functions_model.verify.causes import named_cause
from functions_model.verify.probe import Owner
from support.fake_live_app import App
from support.sdk_errors import raised

if TYPE_CHECKING:
    from collections.abc import Callable

SCOPE = "/subscriptions/s/resourceGroups/g"
NOT_A_ROLE = ("az role assignment create", "Contributor", "Reader")


@dataclass(frozen=True)
class Refusal:
    """An answer of Azure, and the words that a run makes of it.

    Attributes:
        told: What the run says.
        words: What must stand in it.
        never: What must not.
    """

    told: Callable[[], str]
    words: tuple[str, ...]
    never: tuple[str, ...] = ()


def by_arm(status: int, body: Any, *words: str, never: tuple[str, ...] = ()) -> Refusal:
    """Resource Manager refuses a write."""
    return Refusal(lambda: str(explain(raised(status, body), "create the plan `p`")), words, never)


def by_policy(body: Any, *words: str, never: tuple[str, ...] = ()) -> Refusal:
    """Azure Policy refuses a write: no role helps."""
    return by_arm(403, body, *words, never=(*never, *NOT_A_ROLE))


def by_registry(status: int, body: Any, *words: str, never: tuple[str, ...] = ()) -> Refusal:
    """A registry refuses this machine."""
    answer = requests.Response()
    answer.status_code, answer.url = status, "https://contoso.azurecr.io/v2/"
    answer.raw = HTTPResponse(io.BytesIO(json.dumps(body).encode()), preload_content=False)
    access = Access("package", push=True)
    return Refusal(lambda: str(refusal(answer, "contoso.azurecr.io", "push the image", access)), words, never)


def by_data(words_of_service: str, *words: str, never: tuple[str, ...] = ()) -> Refusal:
    """Storage or Service Bus refuses the probe of this machine."""
    owner = Owner("storage account `iris`", "/id", ("Storage Blob Data Contributor",), assignee("o-1"))

    def told() -> str:
        failure = owner.refused(DataRefused("write a blob", words_of_service, 403))
        return f"{failure}. {failure.remedy}"

    return Refusal(told, words, never)


def in_log(log: str, *words: str, never: tuple[str, ...] = ()) -> Refusal:
    """Something refuses the app, whose log tells it."""

    def told() -> str:
        cause = named_cause(log, App().endpoint())
        return f"{cause.meaning}. {cause.remedy}" if cause else ""

    return Refusal(told, words, never)


def judge(case: Refusal) -> None:
    """See that the words name what refused and the way out, and nothing that would not help."""
    told = case.told()

    assert [word for word in case.words if word not in told] == [], told
    assert [word for word in case.never if word in told] == [], told
