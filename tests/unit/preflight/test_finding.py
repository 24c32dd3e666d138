"""What becomes of what was found."""

from __future__ import annotations

from pathlib import Path

import pytest

from functions_model.core.build import Preflight
from functions_model.core.failures import Location, PreflightFailed, Problem
from functions_model.preflight.finding import Finding, Weight, settle
from support.ci import RecordingCi

FOUND = [
    Finding(weight, Problem(f"{weight.name} is wrong", "Mend it.", location=Location(Path("score.py"), int(weight))))
    for weight in Weight
]


class TestSettle:
    @pytest.mark.parametrize(
        ("how", "ending"), [(Preflight.STANDARD, ["FAILURE"]), (Preflight.STRICT, ["DOUBT", "WARNING", "FAILURE"])]
    )
    def test_what_ends_the_run(self, how: Preflight, ending: list[str]) -> None:
        """A failure always, a warning or a doubt where it is strict, and all of them at once; a note never."""
        with pytest.raises(PreflightFailed) as caught:
            settle(FOUND, how, RecordingCi())

        assert [f"{name} is wrong" for name in ending] == [problem.what for problem in caught.value.problems]

    def test_what_does_not_end_it_is_told(self) -> None:
        """A warning on its line, a note and a doubt in the log."""
        ci = RecordingCi()
        settle(FOUND[:3], Preflight.STANDARD, ci)

        assert [
            f"Note: {name} is wrong (score.py:{line}). Mend it." for line, name in ((1, "NOTE"), (2, "DOUBT"))
        ] == ci.lines
        assert ["WARNING is wrong (score.py:3). Mend it."] == ci.annotations

    def test_none_is_silent(self) -> None:
        """Nothing is told, and nothing ends."""
        ci = RecordingCi()
        settle(FOUND, Preflight.NONE, ci)

        assert ([], []) == (ci.lines, ci.annotations)

    def test_the_line_of_a_linter(self) -> None:
        """File, line, weight, and what to do."""
        assert "score.py:4: failure: FAILURE is wrong. Mend it." == FOUND[3].line
