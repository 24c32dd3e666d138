"""The process: `functions-model`, and `python -m functions_model`.

Until the doors are imported, which takes a moment, nobody else hears a signal: Python would answer with a traceback,
and the first process of a container would not answer at all.
"""

import _signal  # type: ignore[import-not-found] # what `signal` is made of: that one imports others first
import os

for _number in (_signal.SIGINT, _signal.SIGTERM):
    _signal.signal(_number, lambda *_: os._exit(130))

from functions_model.cli import program  # noqa: E402

if __name__ == "__main__":
    program()
