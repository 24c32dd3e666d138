"""Files of a running app exchanged in place: its worker starts again, its container does not.

Azure has nothing like it for containers. It is for whoever edits a script and waits.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from azure_sandbox.apps.host_client import HostGone

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_sandbox.apps.engine import Container
    from azure_sandbox.apps.host_client import HostClient

SECONDS = 120.0
"""So long may the worker take to load the app: twice what the host gives it."""
_LOOK_SECONDS = 0.05


def exchange(container: Container, host: HostClient, files: Mapping[str, bytes]) -> str:
    """Write the files and have the host start its worker again; why that failed, empty when the host has settled.

    Args:
        container: Where the files go.
        host: In it.
        files: Absolute path -> content.
    """
    before = host.run()
    for path, content in files.items():
        container.write(path, content)
    try:
        host.ask("POST", "/admin/host/restart")
    except HostGone as gone:
        return f"its host does not answer: {gone}"
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with suppress(HostGone):
            if host.run() not in {None, before} and host.state() in {"Running", "Error"}:
                return ""
        time.sleep(_LOOK_SECONDS)
    return f"its host was not up again after {SECONDS:.0f} s"
