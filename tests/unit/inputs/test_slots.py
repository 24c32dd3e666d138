"""Inputs that say which deployment slot takes the new version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.inputs.reading import read_inputs
from support.inputs import DEPLOY, problems

if TYPE_CHECKING:
    from pathlib import Path


def read(workspace: Path, **inputs: str) -> tuple[str | None, bool]:
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    target = read_inputs({**DEPLOY, **given}, workspace=workspace).target
    assert target is not None
    return target.names.candidate, target.hosting.swap


class TestSlot:
    def test_none_is_meant_unless_one_is_named(self, workspace: Path) -> None:
        """The app itself takes the new version."""
        assert ("", False) == read(workspace)

    def test_is_swapped_when_asked(self, workspace: Path) -> None:
        """`true` and `false`, in any case."""
        assert ("staging", False) == read(workspace, slot_name="staging")
        assert ("staging", True) == read(workspace, slot_name="staging", swap="True")
        assert ("staging", False) == read(workspace, slot_name="staging", swap="false")

    @pytest.mark.parametrize(
        ("inputs", "subject", "words"),
        [
            ({"swap": "true"}, "swap", "there is no slot to swap with"),
            ({"slot-name": "staging", "swap": "soon"}, "swap", "neither `true` nor `false`"),
            ({"slot-name": "Production"}, "slot-name", "is the app itself"),
            ({"slot-name": "my_slot"}, "slot-name", "is not a deployment slot's name"),
            ({"slot-name": "s" * 59}, "slot-name", "longer than 63 characters"),
        ],
    )
    def test_what_cannot_be_is_refused(self, workspace: Path, inputs: dict[str, str], subject: str, words: str) -> None:
        """Before anything is touched."""
        found = problems({**DEPLOY, **inputs}, workspace)

        assert [subject] == list(found)
        assert words in found[subject]

    def test_swap_false_needs_no_slot(self, workspace: Path) -> None:
        """A workflow may pass it on in any case."""
        assert ("", False) == read(workspace, swap="false")
