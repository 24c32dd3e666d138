"""Floor 5: the story of a run, in order. Read `run.py`."""

from functions_model.pipeline.parts import Parts
from functions_model.pipeline.run import run

__all__ = ["Parts", "run"]
