"""Small images made by hand, and the few registry calls that put them there."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from typing import Any

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def tar_of(files: dict[str, str | bytes]) -> bytes:
    """A tar of files; a path that ends with `.sh` is executable."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for path, content in files.items():
            body = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(path)
            member.size = len(body)
            member.mode = 0o755 if path.endswith(".sh") else 0o644
            tar.addfile(member, io.BytesIO(body))
    return stream.getvalue()


def descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def image_of(
    layers: list[bytes],
    *,
    config: dict[str, Any] | None = None,
    base: tuple[dict[str, Any], dict[str, Any]] | None = None,
) -> tuple[bytes, dict[str, bytes]]:
    """The manifest and the blobs to send of an image: tars on top of a base's manifest and config."""
    base_manifest, base_config = base or ({"layers": []}, {"rootfs": {"type": "layers", "diff_ids": []}})
    packed = [gzip.compress(tar, 1, mtime=0) for tar in layers]
    diff_ids = [*base_config["rootfs"]["diff_ids"], *(digest_of(tar) for tar in layers)]
    merged = {**base_config.get("config", {}), **(config or {})}
    body = {
        "architecture": "amd64",
        "os": "linux",
        "config": merged,
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
    }
    config_bytes = json.dumps(body).encode()
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": descriptor(CONFIG_TYPE, config_bytes),
        "layers": [*base_manifest["layers"], *(descriptor(LAYER_TYPE, layer) for layer in packed)],
    }
    blobs = {digest_of(content): content for content in [config_bytes, *packed]}
    return json.dumps(manifest).encode(), blobs
