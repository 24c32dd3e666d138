"""The files about a run, in the folder that `report-directory` names: by names that never change."""

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
