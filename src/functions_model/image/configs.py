"""Configurations of images: how one is run, and what it is made of.

https://github.com/opencontainers/image-spec/blob/main/config.md
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from functions_model.core.references import Digest, parse_digest
from functions_model.image.documents import field_of, parse_object, texts_of
from functions_model.image.manifests import Platform

LARGEST_CONFIG = 4 << 20
"""Bytes: as large as a manifest may be. Those of real images have a few kilobytes."""


@dataclass(frozen=True, slots=True)
class ImageConfig:
    """How an image is run and what it is made of.

    Attributes:
        document: The JSON object as it came.
    """

    document: Mapping[str, Any]

    @property
    def platform(self) -> Platform:
        """What it runs on."""
        return Platform(str(self.document.get("os")), str(self.document.get("architecture")))

    @property
    def run(self) -> dict[str, Any]:
        """The `config` object: Env, Cmd, WorkingDir, Labels."""
        return dict(self.document.get("config") or {})

    @property
    def env(self) -> dict[str, str]:
        """The environment variables, in their order."""
        return dict(entry.partition("=")[::2] for entry in self.run.get("Env") or ())

    @property
    def labels(self) -> dict[str, str]:
        """The labels."""
        return dict(self.run.get("Labels") or {})

    @property
    def diff_ids(self) -> tuple[Digest, ...]:
        """Digests of the layers' plain tars, the lowest first."""
        return tuple(Digest(diff_id) for diff_id in (self.document.get("rootfs") or {}).get("diff_ids") or ())

    @property
    def history(self) -> tuple[dict[str, Any], ...]:
        """How each layer came to be; entries with `empty_layer` have no layer."""
        return tuple(self.document.get("history") or ())


def parse_config(content: bytes) -> ImageConfig:
    """An image configuration from a registry.

    Raises:
        ValueError: It is not a JSON object, or a part of it is not what engines take; the text says so, a clause.
    """
    document = parse_object(content)
    for name in ("os", "architecture", "created"):
        field_of(document, name, str)
    run = field_of(document, "config", dict) or {}
    _texts(run, "Env")
    texts_of(run, "Labels")
    field_of(run, "User", str)
    for digest in _texts(field_of(document, "rootfs", dict) or {}, "diff_ids"):
        parse_digest(digest)
    if not all(isinstance(entry, dict) for entry in field_of(document, "history", list) or ()):
        raise ValueError("its field `history` has something else than mappings")
    return ImageConfig(document)


def _texts(plain: Mapping[str, Any], name: str) -> list[str]:
    found = field_of(plain, name, list) or []
    if not all(isinstance(value, str) for value in found):
        raise ValueError(f"its field `{name}` has something else than texts")
    return found
