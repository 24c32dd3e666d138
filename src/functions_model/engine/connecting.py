"""The engine of this machine, through Docker's own client."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import docker
import requests
from docker.errors import DockerException

from functions_model.core.cancel import CANCEL
from functions_model.core.failures import EnvironmentFailed, Problem
from functions_model.core.sending import changes

EngineApi: TypeAlias = Any
"""Docker's `APIClient`; most of its methods have no types."""

_SECONDS = 3600
"""Between two signs of life from the engine: a package can be compiled for long without a word."""
_REMEDY = (
    "Run on a machine with Docker (GitHub's Ubuntu runners have it), or set `DOCKER_HOST`. "
    "The container action reaches `/var/run/docker.sock` alone: with rootless Docker, use the native action. "
    "Without apt packages, Dockerfile and packages to compile, `builder: layers` needs no engine."
)


@dataclass(frozen=True, slots=True)
class EngineSession:
    """An engine that answers, and what every step with it needs.

    Attributes:
        api: The engine.
        work: A folder for files on the way.
        log: Takes the engine's output, line by line.
        environ: The process environment: proxies, uv's settings.
    """

    api: EngineApi
    work: Path
    log: Callable[[str], None]
    environ: Mapping[str, str]


class _Api(docker.APIClient):
    """Docker's client, which begins nothing after a cancel."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        with CANCEL.request(writes=changes(request.method or "", request.url or "")) as sent:
            response: requests.Response = super().send(request, **options)
            sent.status = response.status_code
            return response


class _Client(docker.DockerClient):
    """Finds the engine as Docker's own commands do, and speaks to it by `_Api`."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.api = _Api(*arguments, **options)


@contextmanager
def open_engine(work: Path, log: Callable[[str], None], environ: Mapping[str, str]) -> Iterator[EngineSession]:
    """A session with the engine, closed at the end.

    Args:
        work: A folder for files on the way; made when it is not there.
        log: Takes the engine's output, line by line.
        environ: `DOCKER_HOST`, `DOCKER_TLS_VERIFY` and `DOCKER_CERT_PATH` say which engine.

    Raises:
        EnvironmentFailed: No engine answers, or it runs no Linux containers.
    """
    host = environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    _knock(host)
    try:
        client = _Client.from_env(timeout=_SECONDS, environment=dict(environ))
    except (DockerException, OSError) as error:
        raise _unreachable(host, error) from error
    try:
        system = _system(client.api, host)
        if system != "linux":
            raise _failure(f"the engine at `{host}` runs {system} containers", "Switch it to Linux containers.")
        work.mkdir(parents=True, exist_ok=True)
        yield EngineSession(client.api, work, log, environ)
    finally:
        client.close()


def _knock(host: str) -> None:
    """Try a local engine's socket first: Docker's client leaves its own open when nobody answers there."""
    if not host.startswith("unix://"):
        return
    with socket.socket(socket.AF_UNIX) as attempt:
        try:
            attempt.connect(host.removeprefix("unix://"))
        except OSError as error:
            raise _unreachable(host, error) from error


def _system(api: EngineApi, host: str) -> str:
    try:
        return str(api.version().get("Os", "linux"))
    except (DockerException, requests.RequestException, OSError) as error:
        raise _unreachable(host, error) from error


def _unreachable(host: str, error: Exception) -> EnvironmentFailed:
    return _failure(f"no container engine answers at `{host}`", _REMEDY, str(error))


def _failure(what: str, remedy: str, detail: str = "") -> EnvironmentFailed:
    return EnvironmentFailed("build with the container engine", [Problem(what, remedy, "builder")], detail=detail)
