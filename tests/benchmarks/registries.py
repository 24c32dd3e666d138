"""Debian's docker-registry, as the one registry of both sides, and what lies in it."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests

from benchmarks.bases import forget_base
from benchmarks.counting import Counted, counting_proxy
from support.docker_registry import running_registry

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from urllib3.response import BaseHTTPResponse

_LARGE = 8 << 20
_MANIFESTS = "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json"


@dataclass(slots=True)
class BenchRegistry:
    """A running registry.

    Attributes:
        host: `localhost:PORT`, which engines talk plain HTTP with.
        folder: Where its blobs are.
        base: The base image's name; empty until there is one.
    """

    host: str
    folder: Path
    base: str = ""

    def large_blobs(self) -> set[Path]:
        """The folders of blobs over 8 MiB."""
        files = self.folder.glob("docker/registry/v2/blobs/sha256/*/*/data")
        return {file.parent for file in files if file.stat().st_size > _LARGE}

    def keep_only(self, blobs: set[Path]) -> None:
        """Remove the other large blobs. Every run sends a new model, and 1 GiB of each would fill the disk."""
        for folder in self.large_blobs() - blobs:
            shutil.rmtree(folder)

    def manifest(self, repository: str, tag: str) -> dict[str, Any]:
        """An image's manifest."""
        url = f"http://{self.host}/v2/{repository}/manifests/{tag}"
        answer = requests.get(url, headers={"Accept": _MANIFESTS}, timeout=30)
        answer.raise_for_status()
        manifest: dict[str, Any] = answer.json()
        return manifest

    @contextmanager
    def blob(self, repository: str, digest: str) -> Iterator[BaseHTTPResponse]:
        """A blob's bytes, as they are stored."""
        url = f"http://{self.host}/v2/{repository}/blobs/{digest}"
        with requests.get(url, stream=True, timeout=300) as answer:
            answer.raise_for_status()
            yield answer.raw


@contextmanager
def registry(folder: Path) -> Iterator[BenchRegistry]:
    """A registry of its own; its data is removed at the end, and the base image in the engine as well."""
    with running_registry(folder) as host:
        started = BenchRegistry(_by_name(host), folder / "data")
        try:
            yield started
        finally:
            if started.base:
                forget_base(started.base)
    shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def counting_registry(folder: Path) -> Iterator[tuple[BenchRegistry, Counted]]:
    """A registry that is reached through a proxy that counts requests and bytes."""
    with registry(folder) as behind, counting_proxy(behind.host) as (host, counted):
        front = BenchRegistry(host, behind.folder)
        try:
            yield front, counted
        finally:
            if front.base:
                forget_base(front.base)


def _by_name(host: str) -> str:
    return host.replace("127.0.0.1", "localhost")
