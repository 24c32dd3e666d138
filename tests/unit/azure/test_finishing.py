"""A long operation has an end, whatever Azure says of it."""

from __future__ import annotations

import time
from typing import Any

import pytest
from azure.core.polling import LROPoller, PollingMethod

from functions_model.azure.errors import explain
from functions_model.azure.finishing import finished
from functions_model.azure.misread import Misread


class _AtWork(PollingMethod[str]):
    """Says `InProgress` until a moment."""

    def __init__(self, until: float) -> None:
        self._until = until

    def initialize(self, client: Any, initial_response: Any, deserialization_callback: Any) -> None:
        """Begin."""

    def run(self) -> None:
        while not self.finished():
            time.sleep(0.01)

    def status(self) -> str:
        return "Succeeded" if self.finished() else "InProgress"

    def finished(self) -> bool:
        return time.monotonic() >= self._until

    def resource(self) -> str:
        return "made"


def _poller(seconds: float) -> LROPoller[str]:
    return LROPoller(None, None, str, _AtWork(time.monotonic() + seconds))


def test_its_end_is_waited_for() -> None:
    """And what it gives is given."""
    assert "made" == finished(_poller(0.1), 10)


def test_one_without_an_end_is_told() -> None:
    """As what Azure says, with what to do."""
    with pytest.raises(Misread) as raised:
        finished(_poller(2), 0.1)

    told = explain(raised.value, "create the plan `p`")
    assert "Could not create the plan `p`: Azure still says after 0 minutes that it is at work." in str(told)
    assert "then run again." in told.remedy
