"""Images of a container engine, run and looked into without any registry or Azure."""

from __future__ import annotations

import hashlib
import io
import tarfile
import time
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

import docker
import requests

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from docker import APIClient

_SECONDS = 60
_PAUSE = 0.05


@contextmanager
def engine() -> Iterator[APIClient]:
    """The engine of this machine."""
    with closing(docker.APIClient(timeout=120)) as api:
        yield api


def build(api: APIClient, folder: Path) -> str:
    """`docker build` of a folder; the image's ID."""
    lines = list(api.build(path=str(folder), decode=True, rm=True, forcerm=True))
    assert not any("error" in line for line in lines), "".join(
        str(line.get("stream", line.get("error", ""))) for line in lines
    )
    return [str(line["aux"]["ID"]) for line in lines if "aux" in line][-1]


@contextmanager
def running(api: APIClient, image: str) -> Iterator[str]:
    """The function app of an image, as `docker run` starts it; its address, once it answers."""
    host = api.create_host_config(port_bindings={80: ("127.0.0.1", None)})
    container = api.create_container(image, ports=[80], host_config=host)["Id"]
    try:
        api.start(container)
        port = api.inspect_container(container)["NetworkSettings"]["Ports"]["80/tcp"][0]["HostPort"]
        address = f"http://127.0.0.1:{port}"
        _wait(api, container, address)
        yield address
    finally:
        api.remove_container(container, force=True, v=True)


def _wait(api: APIClient, container: str, address: str) -> None:
    until = time.monotonic() + _SECONDS
    while time.monotonic() < until:
        try:
            if requests.get(f"{address}/api/identity", timeout=5).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(_PAUSE)
    raise AssertionError(api.logs(container).decode())


def files_of(api: APIClient, image: str, *folders: str) -> dict[str, tuple[str, str]]:
    """All that lies below folders of an image: mode and owner, and what it holds, by path."""
    container = api.create_container(image)["Id"]
    try:
        packed = {folder: b"".join(api.get_archive(container, folder)[0]) for folder in folders}
    finally:
        api.remove_container(container, force=True, v=True)
    return {path: facts for folder, content in packed.items() for path, facts in _members(folder, content)}


def text_of(api: APIClient, image: str, path: str) -> str:
    """One file of an image."""
    container = api.create_container(image)["Id"]
    try:
        packed = b"".join(api.get_archive(container, path)[0])
    finally:
        api.remove_container(container, force=True, v=True)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        content = archive.extractfile(archive.getmembers()[0])
        assert content is not None, path
        return content.read().decode()


def settings_of(api: APIClient, image: str) -> dict[str, Any]:
    """How an image is run: its variables, and whatever else of it decides."""
    config = api.inspect_image(image)["Config"]
    variables = dict(variable.split("=", 1) for variable in config["Env"])
    kept = ("Cmd", "Entrypoint", "WorkingDir", "User", "ExposedPorts", "Volumes", "Healthcheck")
    return {"Env": variables, **{name: config.get(name) for name in kept}}


def _members(folder: str, packed: bytes) -> Iterator[tuple[str, tuple[str, str]]]:
    above = folder.rpartition("/")[0]
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() else None
            held = hashlib.sha256(content.read()).hexdigest() if content else member.linkname
            yield f"{above}/{member.name}", (f"{member.mode:o} {member.uid}:{member.gid}", held)


def running_with(api: APIClient, text: str) -> list[str]:
    """The containers in which a process runs that has this in its command."""
    found = []
    for container in api.containers():
        with suppress(docker.errors.APIError):  # it ends while it is asked
            found += [container["Id"] for process in api.top(container)["Processes"] or () if text in str(process)]
    return found
