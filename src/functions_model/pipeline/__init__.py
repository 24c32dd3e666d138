"""Floor 5: the story of a run, in order. Read `run.py`; `destroy.py` is the story of a removal."""

from functions_model.pipeline.destroy import destroy
from functions_model.pipeline.parts import Parts
from functions_model.pipeline.run import run

__all__ = ["Parts", "destroy", "run"]
