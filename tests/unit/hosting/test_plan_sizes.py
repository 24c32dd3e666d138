"""What the sizes of plans have."""

from __future__ import annotations

import pytest

from functions_model.hosting.app_service.plan_sizes import memory_of


@pytest.mark.parametrize(
    ("sku", "gib"),
    [
        ("EP1", 3.5),
        ("ep3", 14),
        ("B1", 1.75),
        ("S3", 7),
        ("P1V2", 3.5),
        ("P0v3", 4),
        ("P3v3", 32),
        ("P5mv3", 256),
        ("P0V4", 4),
        ("P1mv4", 16),
        ("I6v2", 256),
        ("I1mv2", 16),
        ("Y1", None),
        ("", None),
    ],
)
def test_memory_of_an_instance(sku: str, gib: float | None) -> None:
    """In GiB, by the tables of Microsoft's pages; nothing of sizes without containers, and of none."""
    assert gib == memory_of(sku)
