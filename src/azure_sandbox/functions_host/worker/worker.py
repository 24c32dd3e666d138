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
    check_python(Path(HERE).parents[1].name, sys.version_info[:2])
    paths = importlib.import_module("azure_functions_worker.paths")
    sys.path[:] = paths.module_path(sys.path, HERE, app, os.environ, sys.version_info[:2])
    dispatcher = importlib.import_module("azure_functions_worker.dispatcher")
    dispatcher.start(socket.socket(fileno=int(descriptor)), app)


def check_python(made_for: str, running: tuple[int, int]) -> None:
    """End when another Python minor runs the worker than the one in its path: the real one brings grpc for that alone.

    Args:
        made_for: The folder's name; one that is no version says nothing.
        running: The interpreter's minor version.
    """
    version = ".".join(str(part) for part in running)
    if made_for.replace(".", "").isdigit() and made_for != version:
        sys.exit(
            f"ImportError: cannot import name 'cygrpc' from 'grpc._cython'. This worker is for Python {made_for}, and "
            f"{sys.executable} is Python {version}."
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
