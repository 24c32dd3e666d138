"""Whole runs whose registry or index answers with something strange: the exit code is never that of a bug of ours."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from functions_model.core.references import digest_of
from support.adversity import Row, each
from support.images import stored_base
from support.package_index import package_index
from support.packager import Packager
from support.registry_server import Fault, RegistryServer, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

pytestmark = pytest.mark.exhaustive


@dataclass(frozen=True)
class Run:
    """A run, and how it must end.

    Attributes:
        change: Done to the registry before it.
        code: The exit code.
        says: Must stand in the log.
        environ: Variables of the runner.
    """

    change: Callable[[RegistryServer], object]
    code: int
    says: str
    environ: Mapping[str, str] = field(default_factory=dict)


def labels_of_numbers(server: RegistryServer) -> None:
    """A base that some other tool has made: each digest is right."""
    config = json.dumps({"os": "linux", "architecture": "amd64", "config": {"Labels": {"a": 5}}}).encode()
    manifest = json.loads(
        server.manifests["base", json.loads(server.manifests["base", "4"][1])["manifests"][0]["digest"]][1]
    )
    manifest["config"] |= {"digest": digest_of(config), "size": len(config)}
    server.blobs["base", digest_of(config)] = config
    server.manifests["base", "4"] = (manifest["mediaType"], json.dumps(manifest).encode())


def broken_locations(server: RegistryServer) -> None:
    location = {"Location": "http://[::1"}
    server.faults += [Fault("POST", "blobs/uploads", 202, location) for _ in range(20)]


def nonsense_digests(server: RegistryServer) -> None:
    digest = {"Docker-Content-Digest": "nonsense"}
    server.faults += [Fault("HEAD", "manifests", 200, digest) for _ in range(20)]


RUNS = [
    Row(
        "a base has numbers for labels, in a whole run",
        "exit code 5",
        Run(labels_of_numbers, 5, "its field `Labels`"),
        "R2",
    ),
    Row(
        "uploads lead to `http://[::1`, in a whole run",
        "exit code 5",
        Run(broken_locations, 5, "address that cannot"),
        "R2",
    ),
    Row("digests are `nonsense`, in a whole run", "exit code 5", Run(nonsense_digests, 5, "not a sha256 digest"), "R2"),
    Row(
        "an index wants a login, in a whole run",
        "exit code 3, and the way to log in",
        Run(lambda _: None, 3, "wants a login (401)", {"UV_DEFAULT_INDEX": "INDEX", "UV_OFFLINE": "0"}),
        "R7",
    ),
]


@each(RUNS)
def test_a_run(row: Row[Run], tmp_path: Path) -> None:
    """It ends with one error that says who said what."""
    with package_index(tmp_path / "index") as index:
        index.refuses = 401
        for server in serving():
            stored_base(server)
            row.case.change(server)
            packager = Packager.of(tmp_path / "workspace", server.host, f"{server.host}/base:4")
            environ = {name: value.replace("INDEX", index.simple) for name, value in row.case.environ.items()}
            cache = {"UV_CACHE_DIR": str(tmp_path / "cache")} if environ else {}
            run = packager.with_environ(**environ, **cache).run(image_tag="v1")

            assert row.case.code == run.code, run.log
            assert row.case.says in run.log
            assert "Traceback" not in run.log
