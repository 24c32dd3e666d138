"""Floor 6: plans and outcomes as text."""

from functions_model.report.calling import blob_example, content_type
from functions_model.report.narration import narrate
from functions_model.report.outputs import outputs
from functions_model.report.page import summary
from functions_model.report.stopped import stopped

__all__ = ["blob_example", "content_type", "narrate", "outputs", "stopped", "summary"]
