"""Images into the engine and layers out of it: the tars of `docker load` and `docker save`.

The engine needs no login, no route and no certificate for the registry that way, and it gets exactly the image that the
plan names. Measured with a base of 54 MB packed: 2.7 s, all of it the engine's unpacking.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager
from io import BufferedReader
from pathlib import Path
from typing import IO, TypeAlias, cast

import requests
from docker.errors import APIError, ImageNotFound

from functions_model.core.failures import EnvironmentFailed, Problem
from functions_model.core.references import Digest, parse_digest, short
from functions_model.engine.connecting import EngineApi, EngineSession
from functions_model.image.assembly import Base
from functions_model.image.compression import Compression, pack
from functions_model.image.layers import Layer, PieceStream
from functions_model.image.manifests import OCI_LAYER_GZIP, Descriptor

BaseLayers: TypeAlias = "Callable[[Descriptor], AbstractContextManager[Iterator[bytes]]]"
"""Opens a blob of the base image; its blocks come as the registry has them."""

BASE_TAG = "functions-model/base"
"""The one name that loaded bases have in the engine: an older one loses it, and can be pruned."""
_UNIT = 512
_ACTION = "bring the base image into the container engine"


def load_base(session: EngineSession, base: Base, blobs: BaseLayers | None) -> str:
    """The base's ID in the engine, brought there unless the engine has it.

    Args:
        session: The engine.
        base: What to bring.
        blobs: Reads the base's configuration and layers; None lets the engine pull them itself.

    Raises:
        EnvironmentFailed: The engine refuses the image, or cannot pull it.
    """
    api = session.api
    if found := _found(api, base):
        return found
    try:
        if blobs is None:
            session.log(f"The container engine pulls the base image {base.reference}.")
            repository = f"{base.reference.registry}/{base.reference.repository}"
            api.pull(repository, tag=base.digest)
            return str(api.inspect_image(f"{repository}@{base.digest}")["Id"])
        megabytes = round(sum(layer.size for layer in base.manifest.layers) / 1e6)
        session.log(f"The container engine is given the base image {base.reference} ({megabytes} MB).")
        for line in api.load_image(_archive(base, blobs), quiet=True):
            if "error" in line:
                raise _refused(str(line["error"]))
    except (APIError, requests.RequestException) as error:
        raise _refused(str(error)) from error
    loaded = _found(api, base)
    if not loaded:
        raise _refused(f"after it was loaded, the engine has no image {short(base.digest)}")
    return loaded


def _found(api: EngineApi, base: Base) -> str:
    """The base's ID, when the engine has it; else nothing.

    Engines name an image by its configuration's digest; those with containerd's store by its manifest's.
    """
    names = (base.manifest.config.digest, base.digest, BASE_TAG)
    return next((found for name in names if (found := _same(api, name, base))), "")


def _same(api: EngineApi, name: str, base: Base) -> str:
    try:
        image = api.inspect_image(name)
    except (ImageNotFound, APIError):
        return ""
    same_layers = tuple(image["RootFS"].get("Layers") or ()) == base.config.diff_ids
    same_run = list(image["Config"].get("Env") or ()) == list(base.config.run.get("Env") or ())
    same_labels = (image["Config"].get("Labels") or {}) == base.config.labels
    return str(image["Id"]) if same_layers and same_run and same_labels else ""


def _archive(base: Base, blobs: BaseLayers) -> Iterator[bytes]:
    """The tar, as it is sent: the layers stay packed and are never all in memory."""
    config = base.manifest.config
    names = [f"{layer.digest.removeprefix('sha256:')}.tar" for layer in base.manifest.layers]
    config_name = f"{config.digest.removeprefix('sha256:')}.json"
    written: set[str] = set()
    for name, descriptor in [(config_name, config), *zip(names, base.manifest.layers, strict=True)]:
        if name in written:
            continue
        written.add(name)
        yield _header(name, descriptor.size)
        with blobs(descriptor) as blocks:
            yield from blocks
        yield bytes(-descriptor.size % _UNIT)
    index = json.dumps([{"Config": config_name, "RepoTags": [f"{BASE_TAG}:latest"], "Layers": names}]).encode()
    yield _header("manifest.json", len(index))
    yield index + bytes(-len(index) % _UNIT)
    yield bytes(2 * _UNIT)


def _header(name: str, size: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size = size
    return member.tobuf(tarfile.PAX_FORMAT)


def _refused(said: str) -> EnvironmentFailed:
    remedy = "Check the engine's disk and version; `docker system df` shows what fills the disk."
    return EnvironmentFailed(_ACTION, [Problem(said.strip().rstrip("."), remedy, "builder")])


_BLOCK = 1 << 20
_BLOB = re.compile(r"blobs/sha256/([0-9a-f]{64})")
"""Engines from version 25 on name each layer by its digest; older ones by a random folder."""
_LAYER = re.compile(r".+/layer\.tar")
_BROKEN_GZIP = (EOFError, gzip.BadGzipFile, zlib.error)
_GZIP = b"\x1f\x8b"


def export_layers(
    session: EngineSession, image: str, wanted: Mapping[Digest, str], *, known: Collection[str] = ()
) -> dict[Digest, Layer]:
    """Some layers of an image. Memory stays flat; one layer at a time lies unpacked in the session's `work`.

    Args:
        session: The engine. Its `work` must last as long as the layers are used.
        image: Its ID.
        wanted: The name of each wanted layer, by the digest of its tar.
        known: Digests of what is not wanted, packed or not, so that a large base is not read for nothing.

    Raises:
        EnvironmentFailed: The engine broke off, or does not give a layer.
    """
    found: dict[Digest, Layer] = {}
    try:
        with tarfile.open(fileobj=PieceStream(iter(session.api.get_image(image, _BLOCK))), mode="r|") as archive:
            for member in archive:
                if member.isreg() and _may_be_wanted(member.name, known):
                    content = cast("BufferedReader", archive.extractfile(member))
                    found |= _layer(content, wanted, session.work)
    except (APIError, requests.RequestException, tarfile.TarError, *_BROKEN_GZIP) as error:
        raise _failure(str(error)) from error
    if missing := wanted.keys() - found.keys():
        raise _failure(f"the engine does not give the layer {min(missing)}")
    return found


def _may_be_wanted(name: str, known: Collection[str]) -> bool:
    blob = _BLOB.fullmatch(name)
    return f"sha256:{blob[1]}" not in known if blob else bool(_LAYER.fullmatch(name))


def _layer(content: BufferedReader, wanted: Mapping[Digest, str], work: Path) -> dict[Digest, Layer]:
    """The layer of a tar, when it is wanted. Which it is shows at its end, so it is written down first."""
    check = hashlib.sha256()
    with tempfile.TemporaryFile(dir=work) as plain:
        for block in _unpacked(content):
            check.update(block)
            plain.write(block)
        diff_id = parse_digest(f"sha256:{check.hexdigest()}")
        if diff_id not in wanted:
            return {}
        size = plain.tell()
        plain.seek(0)
        path, digest = _packed(plain, work)
    return {diff_id: _described(wanted[diff_id], digest, diff_id, path, size)}


def _unpacked(content: BufferedReader) -> Iterator[bytes]:
    """The plain tar: engines with containerd's store give layers as they keep them, with gzip, which may be a row."""
    if content.peek(len(_GZIP)).startswith(_GZIP):
        yield from _pieces(cast("IO[bytes]", gzip.GzipFile(fileobj=content)))
    else:
        yield from _pieces(content)


def _packed(plain: IO[bytes], work: Path) -> tuple[Path, Digest]:
    check = hashlib.sha256()
    with tempfile.NamedTemporaryFile(prefix="below-", suffix=".tar.gz", dir=work, delete=False) as packed:
        for piece in pack(_pieces(plain), Compression.GZIP):
            check.update(piece)
            packed.write(piece)
    return Path(packed.name), parse_digest(f"sha256:{check.hexdigest()}")


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    while block := stream.read(_BLOCK):
        yield block


def _described(name: str, digest: Digest, diff_id: Digest, path: Path, plain_size: int) -> Layer:
    return Layer(
        name=name,
        digest=digest,
        diff_id=diff_id,
        size=path.stat().st_size,
        media_type=OCI_LAYER_GZIP,
        open=lambda: path.open("rb"),
        tree_size=plain_size,
        compression=Compression.GZIP,
    )


def _failure(said: str) -> EnvironmentFailed:
    action = "take the built layers out of the container engine"
    return EnvironmentFailed(action, [Problem(said.rstrip("."), "Check the engine's disk, and run again.", "builder")])
