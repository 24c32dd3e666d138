"""A redesign changes nothing: a dozen deployments ask for the same and give the same as when they were recorded.

`make record` writes the recording anew, for a change that is meant.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from azure_sandbox.base_images.interpreters import running_minor
from support.recorded_differences import differences
from support.recorded_story import PYTHON, STEPS, record

if TYPE_CHECKING:
    from support.recording import Step

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.timeout(900),
    pytest.mark.skipif(running_minor() != PYTHON, reason=f"the recorded images are for Python {PYTHON}"),
]

RECORDING = Path(__file__).parent / "golden" / "recording.json"


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Step]:
    """Every step, as it is now."""
    steps = record(tmp_path_factory.mktemp("recorded"))
    if os.environ.get("RECORD"):
        RECORDING.write_text(json.dumps(steps, indent=1, sort_keys=True) + "\n")
    return steps


@pytest.fixture(scope="module")
def kept(recorded: dict[str, Step]) -> dict[str, Any]:
    """The recording."""
    steps: dict[str, Any] = json.loads(RECORDING.read_text())
    return steps


def test_every_step_is_in_the_recording(recorded: dict[str, Step], kept: dict[str, Any]) -> None:
    """No more and no fewer."""
    assert sorted(kept) == sorted(recorded) == sorted(STEPS)


@pytest.mark.parametrize("step", STEPS)
def test_asks_for_the_same_and_gives_the_same(step: str, recorded: dict[str, Step], kept: dict[str, Any]) -> None:
    """Requests with their bodies, the order of those that depend on one another, exit code and outputs."""
    found = differences(kept[step], recorded[step])

    assert [] == found, "\n".join(found)


BEFORE: Step = {
    "code": 0,
    "outputs": {"changed": "true"},
    "requests": {"arm": [{"request": "GET /one"}, {"request": "PUT /two", "body": {"tags": {"a": "b"}}, "times": 1}]},
}


class TestDifferences:
    """What a failure says."""

    def said(self, *requests: dict[str, Any], **changes: Any) -> list[str]:
        return differences(BEFORE, {**BEFORE, **changes, "requests": {"arm": list(requests)}})

    def test_a_request_that_is_new_or_gone(self) -> None:
        """It is told with its body."""
        _, two = BEFORE["requests"]["arm"]

        assert ["arm: gone: GET /one", 'arm: new: PUT /three {"x": 1}'] == self.said(
            two, {"request": "PUT /three", "body": {"x": 1}}
        )

    def test_a_request_that_differs(self) -> None:
        """By its fields alone: what it sends, what it comes after, how often it is sent."""
        one, two = BEFORE["requests"]["arm"]
        now = {**two, "body": {"tags": {"a": "c"}}, "after": ["GET /one"], "times": 2}

        assert [
            'arm: PUT /two: after: null is now ["GET /one"]',
            'arm: PUT /two: body.tags.a: "b" is now "c"',
            "arm: PUT /two: times: 1 is now 2",
        ] == self.said(one, now)

    def test_outputs_and_the_exit_code(self) -> None:
        """They come first."""
        said = self.said(*BEFORE["requests"]["arm"], code=8, outputs={"changed": "false"})

        assert ["code: 0 is now 8", 'outputs.changed: "true" is now "false"'] == said
