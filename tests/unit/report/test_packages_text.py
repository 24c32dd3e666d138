"""What the dependencies weigh, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.pipeline.contents import DependenciesKnown
from functions_model.preflight.inventory import GPU, Distribution
from functions_model.report.image_text import environment_section
from functions_model.report.narration import lines_of
from support.events import deployment

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

XGBOOST = Distribution("xgboost", "3.0", 95_000_000, ("numpy", "nvidia-nccl-cu13"))
NCCL = Distribution("nvidia-nccl-cu13", "2.0", 344_000_000, (), frozenset({GPU}))
OTHERS = tuple(Distribution(f"p{n}", "1", n) for n in range(6))


def told(*distributions: Distribution) -> list[str]:
    """The lines of the log."""
    return lines_of(DependenciesKnown(distributions)).splitlines()


class TestLargest:
    def test_five_are_named(self) -> None:
        """The largest first, with the sum of all."""
        assert ["15 B of packages, installed. The largest packages: p5 5 B, p4 4 B, p3 3 B, p2 2 B, p1 1 B"] == told(
            *OTHERS
        )

    def test_nothing_is_said_of_nothing(self) -> None:
        """As where an engine compiles all of them."""
        assert [] == told()


class TestNotNeeded:
    """Libraries for GPUs, which no plan of Azure Functions has."""

    @pytest.mark.parametrize(
        ("among", "told_of"),
        [
            ((XGBOOST, NCCL), "asked for by `xgboost`. `xgboost-cpu` is the same without them."),
            ((Distribution("torch", "2.4", 1, ("nvidia-nccl-cu13",)), NCCL), "`torch-backend: cpu` takes"),
            ((NCCL,), "are libraries for GPUs, which Azure Functions does not have: nvidia-nccl-cu13 344 MB."),
        ],
    )
    def test_are_told_with_what_brings_them(self, among: Sequence[Distribution], told_of: str) -> None:
        """Judged by what is installed, whatever asked for it."""
        assert told_of in told(*among)[1]

    def test_small_ones_are_not(self) -> None:
        """A few kilobytes are worth no line."""
        assert 1 == len(told(Distribution("nvidia-ml-py", "1", 90_000, (), frozenset({GPU}))))

    @pytest.mark.parametrize(
        ("names", "told_of"),
        [
            (
                ("jupyterlab",),
                "`jupyterlab` is for development, and nothing imports it. Without it the image has 2 packages",
            ),
            (
                ("a", "b"),
                "`a` and `b` are for development, and nothing imports them. Without them the image has 2 packages",
            ),
        ],
    )
    def test_what_is_for_development_is_told_with_its_cost(self, names: tuple[str, ...], told_of: str) -> None:
        """All that only they need counts."""
        known = DependenciesKnown((XGBOOST, *OTHERS), names, (XGBOOST, OTHERS[5]))

        assert f"Note: {told_of} and 95 MB less." == lines_of(known).splitlines()[1]

    def test_the_page_has_them(self, tmp_path: Path) -> None:
        """Among what is to know of the environment."""
        page = environment_section(None, [*deployment(tmp_path), DependenciesKnown((XGBOOST, NCCL))])

        assert (
            "- 439 MB of packages, installed. The largest packages: nvidia-nccl-cu13 344 MB, xgboost 95 MB.\n" in page
        )
        assert "\n- 344 MB are libraries for GPUs" in page
