"""Addresses of packages: which parts of them are secrets, and how they are shown without."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from functions_model.core.masking import SHORTEST, STARS

_WORD = re.compile(r"[a-z]{1,20}(?:[-._][a-z]{1,20})*|[\w.-]{1,7}")
"""A part of an address's path that is no token: `simple`, `pypi-remote`, `cu121`."""


def secrets_of(address: str) -> Iterator[str]:
    """What must not be shown of an address: password, query, and tokens in its path; each as it is, and decoded.

    A part of the path is taken for a token when it is no word: when it has digits or capital letters, or is long.
    Parts that are too short to be one are left out. An address that cannot be read has none.
    """
    try:
        parts = urlsplit(address)
        login = parts.password or parts.username or ""
    except ValueError:
        return
    for secret in (login, *_tokens(parts), *(value for _, value in parse_qsl(parts.query))):
        if len(secret) >= SHORTEST:
            yield secret
            yield unquote(secret)


def is_readable(address: str) -> bool:
    """Whether an address can be taken apart: `https://[x` cannot."""
    try:
        urlsplit(address)
    except ValueError:
        return False
    return True


def is_open(address: str) -> bool:
    """Whether all of an address may be shown: it has no login, no query and no token."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return not (parts.username or parts.password or parts.query or _tokens(parts))


def shown(address: str) -> str:
    """An address without its login, its query and the tokens in its path: `https://host/***/wheels`."""
    parts = urlsplit(address)
    path = "/".join(part if _WORD.fullmatch(part) or not part else STARS for part in parts.path.split("/"))
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{path}"


def _tokens(parts: SplitResult) -> list[str]:
    return [part for part in parts.path.split("/") if part and not _WORD.fullmatch(part)]
