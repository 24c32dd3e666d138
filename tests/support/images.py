"""Small images for tests: a base that is already in a registry, and layers to put on it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from functions_model.core.references import ImageReference, canonical_json, digest_of
from functions_model.core.work import Report, silent
from functions_model.image import manifests
from functions_model.image.assembly import Base, Image, assemble
from functions_model.image.compression import Compression
from functions_model.image.configs import ImageConfig
from functions_model.image.files import FileTree, TreeFile
from functions_model.image.layers import Layer, LayerPlan, build_layer
from functions_model.image.manifests import Descriptor, Manifest
from functions_model.registry import Push, PushedImage

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.registry.client import RegistryClient
    from support.registry_server import RegistryServer

NOISE = random.Random(3).randbytes(3 << 20)  # noqa: S311


def stored_base(server: RegistryServer, repository: str = "base") -> ImageReference:
    """Puts a base of two layers behind an index into a registry, and says where."""
    contents = [b"lower" * 1000, b"upper" * 1000]
    config = canonical_json(
        {
            "os": "linux",
            "architecture": "amd64",
            "config": {"Env": ["PATH=/bin"]},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(content) for content in contents]},
        }
    )
    layers = tuple(Descriptor(manifests.OCI_LAYER_TAR, digest_of(content), len(content)) for content in contents)
    descriptor = Descriptor(manifests.OCI_CONFIG, digest_of(config), len(config))
    manifest = Manifest(manifests.OCI_MANIFEST, descriptor, layers).as_bytes()
    entry = {"mediaType": manifests.OCI_MANIFEST, "digest": digest_of(manifest), "size": len(manifest)}
    index = canonical_json(
        {"schemaVersion": 2, "manifests": [{**entry, "platform": {"os": "linux", "architecture": "amd64"}}]}
    )
    for content in (*contents, config):
        server.blobs[repository, digest_of(content)] = content
    server.manifests[repository, digest_of(manifest)] = (manifests.OCI_MANIFEST, manifest)
    server.manifests[repository, "4"] = (manifests.OCI_INDEX, index)
    return ImageReference(server.host, repository, "4")


def model_layer(folder: Path, content: bytes = NOISE, form: Compression = Compression.STORED) -> Layer:
    """A layer with a model on disk."""
    path = folder / "model.bin"
    path.write_bytes(content)
    return build_layer(LayerPlan("model", FileTree.of([TreeFile("m/model.bin", path)]), form), folder / "spool")


def push_image(
    client: RegistryClient,
    image: Image,
    target: ImageReference,
    *,
    base_client: RegistryClient,
    report: Report = silent,
) -> PushedImage:
    """A whole push in one call, without a cache, records or attachments."""
    return Push(client, target, base_client=base_client, report=report).finish(image)


def push_base(
    client: RegistryClient, reference: ImageReference, folder: Path, *, architecture: str = "amd64"
) -> ImageReference:
    """Puts a base of one layer into a real registry."""
    config = {"os": "linux", "architecture": architecture, "config": {"Env": ["PATH=/bin"], "Cmd": ["/bin/app"]}}
    manifest = Manifest(manifests.OCI_MANIFEST, Descriptor(manifests.OCI_CONFIG, digest_of(b""), 0), ())
    scratch = Base(reference, digest_of(b""), manifest, ImageConfig(config))
    layer = build_layer(LayerPlan("system", FileTree.of([TreeFile("bin/app", b"#!", executable=True)])), folder / "b")
    push_image(client, assemble(scratch, [layer], env={}, labels={}), reference, base_client=client)
    return reference


def image_on(base: Base, folder: Path, content: bytes = NOISE, *, form: Compression = Compression.STORED) -> Image:
    """An image with two layers of ours on a base."""
    tree = FileTree.of([TreeFile("app/score.py", b"pass\n" * 400, executable=True)])
    code = build_layer(LayerPlan("code", tree), folder / "spool")
    return assemble(base, [model_layer(folder, content, form), code], env={"A": "1"}, labels={"l": "1"})
