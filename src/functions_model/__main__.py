"""The process: `functions-model`, and `python -m functions_model`.

Until the doors are imported, which takes a moment, nobody else hears a signal: Python would answer with a traceback,
and the first process of a container would not answer at all. Nothing is imported from the folder that it is called in,
which `python -m` and a `PYTHONPATH=.` put first: a `secrets.py` there is the user's, and not Python's.
"""

import _signal  # type: ignore[import-not-found] # what `signal` is made of: that one imports others first
import os
import sys

for _number in (_signal.SIGINT, _signal.SIGTERM):
    _signal.signal(_number, lambda *_: os._exit(130))

_OURS = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))  # noqa: PTH120 - pathlib imports half a library
try:
    _HERE = os.path.realpath(".")
except OSError:  # the folder is gone, which `main` tells
    _HERE = _OURS
if _HERE != _OURS:
    sys.path[:] = [_path for _path in sys.path if os.path.realpath(_path) != _HERE]

from functions_model.cli import program  # noqa: E402

if __name__ == "__main__":
    program()
