"""Whether a Docker engine is there to be asked at all."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

import docker
import docker.errors

if TYPE_CHECKING:
    from collections.abc import Mapping

_SOCKET = "unix:///var/run/docker.sock"


def docker_missing(environ: Mapping[str, str]) -> str:
    """Why Docker cannot be used here, as a clause; nothing when it can.

    A local engine's socket is tried first: Docker's client leaves its own open when nobody answers there.

    Args:
        environ: `DOCKER_HOST` names another engine than the local one.
    """
    host = environ.get("DOCKER_HOST") or _SOCKET
    if host.startswith("unix://") and not _listens(host.removeprefix("unix://")):
        return f"no Docker engine answers at {host}"
    try:
        with contextlib.closing(docker.from_env(timeout=10, environment=dict(environ))) as client:
            client.ping()
    except (docker.errors.DockerException, OSError) as error:
        return f"no Docker engine answers ({type(error).__name__})"
    return ""


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as attempt:
        try:
            attempt.connect(path)
        except OSError:
            return False
    return True
