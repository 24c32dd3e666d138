"""Containers in a real Docker engine. Everything made is labelled, so that nothing stays behind."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import tarfile
import threading
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docker
import docker.errors
import docker.utils
import requests

from azure_sandbox.apps.engine import PullFailed, StartFailed, unheard
from azure_sandbox.functions_host.way_out import FOLDER as WAY_OUT

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_sandbox.apps.engine import ContainerSpec

LABEL = "functions-model-sandbox"
OWNER_LABEL = f"{LABEL}.owner"
_STOP_SECONDS = 2
_TAIL = 2000


class DockerContainer:
    """One container in the engine."""

    def __init__(self, container: Any, port: int) -> None:
        self._container = container
        self._port = port
        self._last_log = ""

    @property
    def address(self) -> str:
        """Where the published port answers."""
        return f"http://127.0.0.1:{self._port}"

    def exit_code(self) -> int | None:
        """None while it runs; 137 when it was removed from outside."""
        try:
            self._container.reload()
        except docker.errors.NotFound:
            return 137
        state = self._container.attrs["State"]
        return None if state["Running"] else int(state["ExitCode"])

    def log(self) -> str:
        """The last lines of its output."""
        with contextlib.suppress(docker.errors.APIError):
            self._last_log = self._container.logs(tail=_TAIL).decode(errors="replace")
        return self._last_log

    def write(self, path: str, content: bytes) -> None:
        """Put a file into it."""
        self._container.put_archive("/", _tar({path: content}))

    def stop(self) -> None:
        """Stop and remove it."""
        with contextlib.suppress(docker.errors.APIError):
            self._container.stop(timeout=_STOP_SECONDS)
        self.log()
        with contextlib.suppress(docker.errors.APIError):
            self._container.remove(force=True, v=True)


class DockerEngine:
    """A Docker engine, through its own API.

    Args:
        patience: Seconds to wait for the removal of what a killed sandbox left: an engine can hang over one container.

    Raises:
        docker.errors.DockerException: No engine answers.
    """

    title = "Docker"

    def __init__(self, patience: int = 10) -> None:
        self._client = docker.from_env(timeout=600)
        # The engine is on this machine, as apps answer on localhost: there is no proxy to look for at each request.
        self._client.api.trust_env = False
        self._client.ping()
        self._id = uuid.uuid4().hex
        self._pulled: set[str] = set()
        _remove_leftovers(patience)

    def pull(self, image: str, login: tuple[str, str] | None) -> None:
        """Pull by digest or tag; a registry on localhost needs no trusted certificate.

        Raises:
            PullFailed: With the engine's words.
        """
        auth = {"username": login[0], "password": login[1]} if login else None
        try:
            self._client.images.pull(image, auth_config=auth)
        except (docker.errors.APIError, docker.errors.ImageNotFound) as error:
            raise PullFailed(_said(error)) from error
        self._pulled.add(image)

    def start(self, spec: ContainerSpec) -> DockerContainer:
        """Create, fill and start a container.

        Raises:
            StartFailed: With the engine's words.
        """
        try:
            container = self._create(spec)
            if spec.files:
                container.put_archive("/", _tar(spec.files))
            container.start()
            if spec.hear is not unheard:
                threading.Thread(target=_listen, args=(container, spec.hear), name="hear", daemon=True).start()
            container.reload()
        except docker.errors.APIError as error:
            raise StartFailed(_said(error)) from error
        published = container.attrs["NetworkSettings"]["Ports"].get(f"{spec.port}/tcp")
        if not published:
            # It ended before its port was up: the exit code tells more than the port.
            return DockerContainer(container, 0)
        return DockerContainer(container, int(published[0]["HostPort"]))

    def close(self) -> None:
        """Remove this engine's containers and the images that it pulled."""
        self._remove({"label": f"{LABEL}={self._id}"})
        for image in self._pulled:
            with contextlib.suppress(docker.errors.APIError):
                self._client.images.remove(image)
        self._client.close()

    def _create(self, spec: ContainerSpec) -> Any:
        return self._client.containers.create(
            spec.image,
            environment=spec.environ,
            ports={f"{spec.port}/tcp": ("127.0.0.1", 0)},
            labels={LABEL: self._id, OWNER_LABEL: _owner(os.getpid())},
            name=f"{spec.name}_{uuid.uuid4().hex[:8]}",
            tmpfs={"/home": ""} if spec.empty_home else {},
            volumes={str(spec.way_out): {"bind": WAY_OUT, "mode": "ro"}} if spec.way_out else {},
            extra_hosts={"host.docker.internal": "host-gateway"},
        )

    def _remove(self, filters: dict[str, str | list[str] | bool]) -> None:
        for container in self._client.containers.list(all=True, filters=filters, ignore_removed=True):
            with contextlib.suppress(docker.errors.APIError):
                container.remove(force=True, v=True)


def _listen(container: Any, hear: Callable[[str], None]) -> None:
    """Tell each line until the container ends."""
    rest = b""
    with contextlib.suppress(docker.errors.APIError, requests.RequestException, OSError):
        for block in container.logs(stream=True, follow=True):
            *lines, rest = (rest + block).split(b"\n")
            for line in lines:
                hear(line.decode(errors="replace"))
    if rest:
        hear(rest.decode(errors="replace"))


def _remove_leftovers(patience: int) -> None:
    """Remove containers whose sandbox ended without cleaning up, but for those that the engine hangs over."""
    with contextlib.closing(docker.APIClient(timeout=patience, **docker.utils.kwargs_from_env())) as api:
        api.trust_env = False
        with contextlib.suppress(docker.errors.APIError, requests.Timeout):
            for container in api.containers(all=True, filters={"label": OWNER_LABEL}):
                host, _, process = container["Labels"][OWNER_LABEL].partition("/")
                if host == socket.gethostname() and not _lives(process):
                    with contextlib.suppress(docker.errors.APIError):
                        api.remove_container(container["Id"], force=True, v=True)


def _owner(pid: int) -> str:
    return f"{socket.gethostname()}/{pid}.{_birth(pid)}"


def _lives(process: str) -> bool:
    """Whether the process `pid.birth` is still the one that it was."""
    pid, _, birth = process.partition(".")
    try:
        os.kill(int(pid), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return birth == _birth(int(pid))


def _birth(pid: int) -> str:
    """When a process began, in the kernel's ticks; empty where /proc is missing."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""


def _tar(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for path, content in files.items():
            member = tarfile.TarInfo(path.lstrip("/"))
            # Whoever the image's user is, it checks certificates and runs the app's files. Only secrets are root's.
            private = "/Secrets/" in path and not path.endswith(".pem")
            member.size, member.mode, member.mtime = len(content), 0o600 if private else 0o644, time.time()
            tar.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def _said(error: docker.errors.APIError) -> str:
    return str(error.explanation or error)
