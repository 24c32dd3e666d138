"""The files about a run, in the folder that `report-directory` names: by names that never change."""

from __future__ import annotations

from pathlib import Path

PLAN, PLAN_PAGE, LOCK, BILL_OF_MATERIALS, IMAGE, LOG = NAMES = (
    "plan.json",
    "plan.md",
    "requirements.lock",
    "sbom.json",
    "image.txt",
    "log.txt",
)
MARKER = ".functions-model-report"
"""The file that says that those of these names beside it are ours, to replace and to remove."""

BESIDE = f"{MARKER}-"
"""How the name of a file begins while it is written."""


def is_of_a_report(place: Path) -> bool:
    """Whether an earlier run has written the file, or has written into the folder. No image holds it."""
    ours = place.name in (*NAMES, MARKER) or place.name.startswith(BESIDE)
    return (place / MARKER).is_file() or (ours and place.with_name(MARKER).is_file())
