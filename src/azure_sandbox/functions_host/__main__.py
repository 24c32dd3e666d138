"""`python -m functions_host`: what the image's start script runs."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path

from .console import Console
from .host import ScriptHost
from .options import (
    HostJsonInvalid,
    HostOptions,
    port_of,
    read_blob_options,
    read_options,
    read_queue_options,
    script_root,
    secrets_file,
)
from .server import HostServer
from .way_out import open_ways


def main() -> None:
    """Serve until told to stop."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    open_ways()
    environ = os.environ
    problem = ""
    try:
        options = read_options(environ)
    except HostJsonInvalid as invalid:
        options, problem = _without_host_json(), str(invalid)
    console = Console(sys.stdout, enabled=options.console or bool(problem))
    host = ScriptHost(options, console, environ, _worker_script())
    server = HostServer(host, ("0.0.0.0", options.port))  # noqa: S104 - the container's own network
    host.problem = problem
    threading.Thread(target=host.start, name="start", daemon=True).start()
    server.serve_forever()


def _without_host_json() -> HostOptions:
    """Options for a host that cannot use its host.json: enough to tell so."""
    root = script_root(os.environ)
    port = port_of(os.environ)
    secrets = secrets_file(os.environ)
    version = os.environ.get("HOST_VERSION") or "4.0.0.0"
    defaults = read_blob_options({}), read_queue_options({})
    return HostOptions(root, port, "api", None, 0, True, True, {}, version, secrets, *defaults)  # noqa: FBT003


def _worker_script() -> Path:
    minor = f"{sys.version_info.major}.{sys.version_info.minor}"
    version = os.environ.get("FUNCTIONS_WORKER_RUNTIME_VERSION") or minor
    root = Path(__file__).resolve().parents[1]
    return root / "workers" / "python" / version / "LINUX" / "X64" / "worker.py"


if __name__ == "__main__":
    main()
