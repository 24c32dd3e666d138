"""Floor 6: plans and outcomes as text."""

from functions_model.report.narration import narrate
from functions_model.report.outputs import outputs
from functions_model.report.page import summary

__all__ = ["narrate", "outputs", "summary"]
