"""Runs that fail before anything needs Azure, in this process: mode `package` against a registry in memory."""

from __future__ import annotations

import io
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from functions_model.ci.github import GitHubHost
from functions_model.cli.once import run_once
from functions_model.core.references import canonical_json, digest_of
from functions_model.image import manifests
from functions_model.image.files import FileTree, Link, TreeFile
from functions_model.image.layers import LayerPlan, build_layer
from functions_model.image.manifests import Descriptor, Manifest
from support.golden import matches_golden, normal
from support.project import write_echo_project

if TYPE_CHECKING:
    from support.registry_server import RegistryServer

GOLDEN = Path(__file__).parents[1] / "e2e" / "golden"


@dataclass(frozen=True, slots=True)
class Ended:
    """How a run ended.

    Attributes:
        code: The exit code.
        log: All that was written.
    """

    code: int
    log: str

    @property
    def errors(self) -> str:
        """The annotations, as the runner reads them."""
        return "\n".join(line for line in self.log.splitlines() if line.startswith("::error"))

    def says(self, golden: str, names: dict[str, str]) -> bool:
        """Whether its annotations are those of the golden file.

        Args:
            golden: The file's name.
            names: What is written for values that differ from run to run.
        """
        return matches_golden(GOLDEN / f"{golden}.txt", normal(self.errors, names))


def packaging(server: RegistryServer, folder: Path) -> dict[str, str]:
    """The echo project in a folder, and the inputs to package it on the registry's base image."""
    inputs = write_echo_project(folder)
    del inputs["sample-request"]
    where = {"registry": server.host, "base-image": f"{server.host}/base:4", "python-version": "3.11"}
    return {**inputs, **where, "mode": "package"}


def run_here(folder: Path, inputs: dict[str, str]) -> Ended:
    """One run, as a step of a GitHub job would show it."""
    stream, files = io.StringIO(), {"GITHUB_WORKSPACE": str(folder)}
    for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        path = folder.with_name(f"{folder.name}-{name.lower()}")
        path.touch()
        files[name] = str(path)
    code = run_once(inputs, {}, GitHubHost(files, stream), folder).code
    return Ended(code, stream.getvalue())


def put_base(server: RegistryServer, work: Path) -> None:
    """Puts `base:4` into the registry: one program that has a shell, for an engine to build on."""
    program = shutil.which("busybox")
    content = Path(program) if program else b"#!"
    tree = [TreeFile("bin/busybox", content, executable=True), TreeFile("bin/sh", Link("busybox"))]
    layer = build_layer(LayerPlan("system", FileTree.of(tree)), work)
    run = {"Env": ["PATH=/bin", "FUNCTIONS_WORKER_RUNTIME_VERSION=3.11"]}
    rootfs = {"type": "layers", "diff_ids": [layer.diff_id]}
    config = canonical_json({"os": "linux", "architecture": "amd64", "config": run, "rootfs": rootfs})
    described = Descriptor(manifests.OCI_CONFIG, digest_of(config), len(config))
    packed = Descriptor(layer.media_type, layer.digest, layer.size)
    with layer.open() as stream:
        server.blobs["base", layer.digest] = stream.read()
    server.blobs["base", described.digest] = config
    manifest = Manifest(manifests.OCI_MANIFEST, described, (packed,)).as_bytes()
    for name in ("4", digest_of(manifest)):
        server.manifests["base", name] = (manifests.OCI_MANIFEST, manifest)
