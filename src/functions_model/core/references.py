"""Images by name and content by digest, as the OCI specifications write both: `registry/repository:tag@sha256:...`."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any, NewType

Digest = NewType("Digest", str)

_LONGEST = 80
"""Characters of what is no digest that are shown."""
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def digest_of(content: bytes) -> Digest:
    """The digest of some bytes."""
    return Digest(f"sha256:{hashlib.sha256(content).hexdigest()}")


def parse_digest(text: str) -> Digest:
    """A digest from outside, checked.

    Raises:
        ValueError: The text is not `sha256:` and 64 lower-case hex digits.
    """
    if not _DIGEST.fullmatch(text):
        shown = "".join(filter(str.isprintable, text))[:_LONGEST]
        raise ValueError(f"`{shown}` is not a sha256 digest")
    return Digest(text)


def short(digest: str, length: int = 12) -> str:
    """The first hex digits, for people: `4f1c2a9b03de`."""
    return digest.removeprefix("sha256:")[:length]


def canonical_json(value: Any) -> bytes:
    """JSON whose bytes depend on the value alone: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


LIVE = "live-"
"""Begins the tag of an image that an app, or its candidate, runs."""


def live_tag(resource_id: str) -> str:
    """The live tag of an app, or of its candidate: `live-` and 12 hex digits that follow from its ARM id."""
    return f"{LIVE}{short(digest_of(resource_id.lower().encode()))}"


_HOST = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{1,5}))?")
_LAST_PORT = 65535
_REPOSITORY = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
"""https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests."""
_TAG = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}")


@dataclass(frozen=True, slots=True)
class ImageReference:
    """Where an image is, by tag, by digest, or both.

    Attributes:
        registry: Host, with a port where there is one.
        repository: `package` or `azure-functions/python`.
        tag: None when the digest alone names it.
        digest: None until the image is known.
    """

    registry: str
    repository: str
    tag: str | None = None
    digest: Digest | None = None

    @property
    def pinned(self) -> str:
        """`registry/repository@sha256:...`, the form that never changes its meaning.

        Raises:
            ValueError: The digest is not known.
        """
        if self.digest is None:
            raise ValueError(f"`{self}` has no digest")
        return f"{self.registry}/{self.repository}@{self.digest}"

    @property
    def tag_or_digest(self) -> str:
        """What the registry's manifest route takes; the digest when both are known."""
        return self.digest or self.tag or "latest"

    def __str__(self) -> str:
        """The shortest full form."""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.registry}/{self.repository}{tag}{digest}"


def parse_reference(text: str) -> ImageReference:
    """An image reference from outside. The registry must be named: no default registry is guessed.

    Raises:
        ValueError: Said in words fit for a user, without a full stop.
    """
    rest, _, digest = text.partition("@")
    registry, slash, path = rest.partition("/")
    named = "." in registry or ":" in registry or registry == "localhost"
    if not (slash and named and _is_host(registry)):
        raise ValueError(f"`{text}` does not start with a registry host such as `mcr.microsoft.com/`")
    repository, _, tag = path.partition(":")
    if not is_repository(repository):
        raise ValueError(f"`{repository}` is not a repository name (lower-case letters, digits, `.`, `_`, `-`, `/`)")
    if tag and not is_tag(tag):
        raise ValueError(f"`{tag}` is not a tag (up to 128 letters, digits, `_`, `.`, `-`)")
    return ImageReference(registry, repository, tag or None, parse_digest(digest) if digest else None)


def _is_host(text: str) -> bool:
    match = _HOST.fullmatch(text)
    return match is not None and int(match["port"] or 0) <= _LAST_PORT


def is_repository(text: str) -> bool:
    """Whether a registry accepts it as a repository name."""
    return bool(_REPOSITORY.fullmatch(text)) and len(text) <= 255


def is_tag(text: str) -> bool:
    """Whether a registry accepts it as a tag."""
    return bool(_TAG.fullmatch(text))
