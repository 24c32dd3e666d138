"""The worker's start: set the module search path, then work. The host runs it as `python worker.py FD APP_ROOT`."""

from __future__ import annotations

import importlib
import os
import socket
import sys
from pathlib import Path

HERE = str(Path(__file__).resolve().parent)


def main(descriptor: str, app: str) -> None:
    """Serve the host behind that file descriptor."""
    paths = importlib.import_module("azure_functions_worker.paths")
    sys.path[:] = paths.module_path(sys.path, HERE, app, os.environ, sys.version_info[:2])
    dispatcher = importlib.import_module("azure_functions_worker.dispatcher")
    dispatcher.start(socket.socket(fileno=int(descriptor)), app)


if __name__ == "__main__":
    main(*sys.argv[1:])
