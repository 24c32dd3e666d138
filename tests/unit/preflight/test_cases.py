"""Each case of `tests/preflight/cases.md`: what is broken is found, on its line, and what is sound is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from functions_model.core.build import Preflight
from functions_model.preflight.finding import ends
from support.preflight_cases import Case, cases, lines_of, look

BROKEN, SOUND = cases("Broken"), cases("Sound")


class TestBroken:
    @pytest.mark.parametrize("case", BROKEN, ids=lambda case: case.name)
    def test_is_found(self, case: Case, tmp_path: Path) -> None:
        """With its line, and what to do; and nothing else is found."""
        assert case.found.splitlines() == lines_of(look(case, tmp_path), tmp_path)

    @pytest.mark.parametrize("case", [case for case in BROKEN if case.shows_a_way_out], ids=lambda case: case.name)
    def test_the_way_out_works(self, case: Case, tmp_path: Path) -> None:
        """Whoever does what the message says is done."""
        found = look(case.when_mended, tmp_path)

        assert [] == [one.line for one in found if ends(one, Preflight.STRICT)]


class TestSound:
    @pytest.mark.parametrize("case", SOUND, ids=lambda case: case.name)
    def test_no_alarm(self, case: Case, tmp_path: Path) -> None:
        """Not even where warnings end the run."""
        assert [] == [one.line for one in look(case, tmp_path) if ends(one, Preflight.STRICT)]
