"""`verify-trigger`: what a probe needs is asked for before anything is made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.inputs.reading import read_inputs
from support.inputs import DEPLOY, PACKAGE, problems

if TYPE_CHECKING:
    from pathlib import Path

_SEND = {**DEPLOY, "verify-trigger": "send", "sample-request": "sample.json"}
BLOB = {**_SEND, "trigger": "blob", "input-path": "inp/{name}.json", "output-path": "out/{NAME}.json"}
QUEUE = {**_SEND, "trigger": "service-bus-queue", "input-queue-name": "in", "output-queue-name": "out"}


class TestAProbe:
    @pytest.mark.parametrize("values", [BLOB, QUEUE, {**BLOB, "slot-name": "next", "swap": "true"}])
    @pytest.mark.parametrize("mode", ["deploy", "plan"])
    def test_is_sent_when_it_is_asked_for(self, workspace: Path, values: dict[str, str], mode: str) -> None:
        """The run says at its beginning that it will write."""
        spec = read_inputs({**values, "mode": mode}, workspace=workspace)

        assert spec.sends_probe
        [note] = spec.notes
        assert note.startswith("`verify-trigger` is `send`: once the app is live, a deployment writes one ")

    @pytest.mark.parametrize("word", ["", "look"])
    def test_is_not_sent_by_itself(self, workspace: Path, word: str) -> None:
        """Nothing is written into anybody's data, and nothing is said of it."""
        spec = read_inputs({**BLOB, "verify-trigger": word}, workspace=workspace)

        assert (False, ()) == (spec.sends_probe, spec.notes)

    def test_is_no_affair_of_who_only_packages(self, workspace: Path) -> None:
        """There is no app."""
        values = {**PACKAGE, "trigger": "blob", "input-path": "inp/{name}", "verify-trigger": "send"}

        assert not read_inputs(values, workspace=workspace).sends_probe

    @pytest.mark.parametrize(
        ("values", "words"),
        [
            ({**BLOB, "sample-request": ""}, "there is no sample request to send. Give `sample-request`, or"),
            ({**QUEUE, "slot-name": "next"}, "the trigger is off in a slot. Set `swap: true`"),
            ({**QUEUE, "slot-name": "next", "swap": "false"}, "the trigger is off in a slot"),
            ({**BLOB, "output-path": ""}, "there is no `output-path`: no answer could be seen. Give `output-path`, or"),
            ({**QUEUE, "output-queue-name": ""}, "there is no `output-queue-name`: no answer could be seen"),
            ({**BLOB, "input-path": "inp/a.json", "output-path": "out/b"}, "`input-path` is always the same blob"),
            ({**BLOB, "output-path": "out/{rand-guid}"}, "`output-path` does not say which blob was scored"),
            ({**BLOB, "verify-trigger": "maybe"}, "`maybe` is not one of its values. Use `look` or `send`."),
            ({**_SEND, "trigger": "http"}, "it cannot be combined with `trigger: http`, which does not use it"),
        ],
    )
    def test_that_could_not_be_known_again_is_refused(
        self, workspace: Path, values: dict[str, str], words: str
    ) -> None:
        """With the way out."""
        found = problems(values, workspace)

        assert ["verify-trigger"] == list(found)
        assert words in found["verify-trigger"]
