"""The story of a run, in order. Read `run.py`; `destroy.py` is the story of a removal.

What speaks to Azure is imported where a run has to do with it: an upload should begin at once.
"""

from functions_model.pipeline.run import run
from functions_model.pipeline.session import World

__all__ = ["World", "run"]
