"""What Azure's SDK raises, in the words that Azure answered."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import AzureError, HttpResponseError
from azure.mgmt.web.models import AppServicePlan

from support.fake_arm import Answer, clients_for

if TYPE_CHECKING:
    from collections.abc import Callable


def error_of(call: Callable[[], object]) -> tuple[int, str]:
    """Status and code with which a call fails, in Resource Manager's own shape."""
    with pytest.raises(HttpResponseError) as caught:
        call()
    return status_of(caught.value), code_of(caught.value)


def web_error(call: Callable[[], object]) -> tuple[int, str, str]:
    """Status, `Code` and `Message` with which a call fails, in App Service's own shape; the SDK leaves it unparsed."""
    with pytest.raises(HttpResponseError) as caught:
        call()
    body = body_of(caught.value)
    return status_of(caught.value), body["Code"], body["Message"]


def status_of(failure: HttpResponseError) -> int:
    assert failure.status_code is not None
    return failure.status_code


def code_of(failure: HttpResponseError) -> str:
    assert failure.error is not None
    return str(failure.error.code)


def body_of(failure: HttpResponseError) -> Any:
    """The answer's JSON."""
    assert failure.response is not None
    return json.loads(failure.response.text())


def raised(status: int, body: Any, headers: dict[str, str] | None = None) -> AzureError:
    """What the SDK really raises for such an answer."""
    clients = clients_for(lambda _: Answer(status, body, headers or {}))
    with pytest.raises(AzureError) as caught:
        clients.web.app_service_plans.begin_create_or_update("rg", "plan", AppServicePlan(location="x")).result()
    return caught.value
