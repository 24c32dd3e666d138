"""Small images made by hand, and the few registry calls that put them there."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
RAW_TYPE = "application/vnd.oci.image.layer.v1.tar"
_LINKS = {b"-> ": tarfile.SYMTYPE, b"=> ": tarfile.LNKTYPE}


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def tar_of(files: Mapping[str, str | bytes], modes: dict[str, int] | None = None) -> bytes:
    """A tar of files; a path that ends with `.sh` is executable, one that ends with `/` is a folder.

    A text that begins with `-> ` is a symbolic link, one that begins with `=> ` a hard link.
    """
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for path, content in files.items():
            body = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(path.rstrip("/"))
            member.mode = (modes or {}).get(path, 0o755 if path.endswith((".sh", "/")) else 0o644)
            if path.endswith("/"):
                member.type = tarfile.DIRTYPE
            elif body[:3] in _LINKS:
                member.type, member.linkname = _LINKS[body[:3]], body[3:].decode()
            else:
                member.size = len(body)
            tar.addfile(member, io.BytesIO(body) if member.size else None)
    return stream.getvalue()


def packed(tar: bytes, form: str) -> tuple[str, bytes]:
    """A layer's media type and bytes: `gzip`, `stored` (gzip's frame alone) or `raw`."""
    if form == "raw":
        return RAW_TYPE, tar
    return LAYER_TYPE, gzip.compress(tar, 1 if form == "gzip" else 0, mtime=0)


def descriptor(media_type: str, content: bytes) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}


def image_of(
    layers: list[bytes],
    *,
    config: dict[str, Any] | None = None,
    base: tuple[dict[str, Any], dict[str, Any]] | None = None,
    forms: tuple[str, ...] = ("gzip",),
) -> tuple[bytes, dict[str, bytes]]:
    """The manifest and the blobs to send of an image: tars on top of a base's manifest and config, in these forms."""
    base_manifest, base_config = base or ({"layers": []}, {"rootfs": {"type": "layers", "diff_ids": []}})
    packs = [packed(tar, forms[index % len(forms)]) for index, tar in enumerate(layers)]
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
        "layers": [*base_manifest["layers"], *(descriptor(kind, layer) for kind, layer in packs)],
    }
    blobs = {digest_of(content): content for content in [config_bytes, *(layer for _, layer in packs)]}
    return json.dumps(manifest).encode(), blobs
