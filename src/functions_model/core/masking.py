"""Text without secrets: known ones in every form in which programs write them, and what is shaped like one."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

STARS = "***"
SHORTEST = 8
"""Characters. What is shorter (`1`, `true`, a brace) is too common: to blot it out damages a text and hides nothing."""

_HEADING = re.compile(r"-----(?:BEGIN|END) [A-Z0-9 ]+-----")
"""The first and the last line of a key, the same in each."""
_SHAPES = (
    re.compile(
        r"""(?ix)(\b(?:AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd)(?:=|["']?\s*:\s*["'])
        |\bsig=|\b_state=|[?&]code=)[^;&\s"')]+"""
    ),
    re.compile(r"(?i)\b(x-functions-key:\s*|bearer\s+(?!token\b)|basic\s+(?=[\w.~+/=-]{8}))\S+"),
    re.compile(r"()\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
)
"""Connection strings, shared access signatures, keys in JSON, addresses and headers, JSON web tokens."""


def shapeless(text: str) -> str:
    """The text with `***` for all that is shaped like a secret: for words of services, which repeat what they are sent.

    Not for our own pages: they show how a key is passed on.
    """
    for shape in _SHAPES:
        text = shape.sub(rf"\1{STARS}", text)
    return text


def without(text: str, secrets: Iterable[str]) -> str:
    """The text with `***` for each of these, in every form; see `forms`."""
    return blot(text, sorted({form for secret in secrets for form in forms(secret)}, key=len, reverse=True))


def blot(text: str, forms: Iterable[str]) -> str:
    """The text with `***` for each form; give the longest first, so that one that holds another is replaced whole."""
    for form in forms:
        text = text.replace(form, STARS)
    return text


def forms(value: str) -> frozenset[str]:
    """A secret in every form in which programs write it.

    As it is; each long line of it, but the headings of a key; within JSON (once and twice), Python's `repr`, HTML; in a
    URL; and as base64, wherever in the encoded text it begins. Forms that are short, and lines that are, are left out,
    as they mask what is no secret; the value itself never is.

    Args:
        value: A blank one has no forms.
    """
    if not value.strip():
        return frozenset()
    lines = [line.strip() for line in value.splitlines() if not _HEADING.fullmatch(line.strip())]
    found = {value.strip(), *lines}
    for text in (value, value.strip()):
        found |= {*_escaped(text), *_in_urls(text), *_in_base64(text.encode(errors="surrogatepass"))}
    return frozenset({value} | {form for form in found if len(form) >= SHORTEST})


def _escaped(text: str) -> set[str]:
    within = json.dumps(text)[1:-1]
    raw = repr(text.encode(errors="surrogatepass"))[2:-1]
    return {
        within,
        json.dumps(text, ensure_ascii=False)[1:-1],
        json.dumps(within)[1:-1],
        repr(text)[1:-1],
        raw,
        html.escape(text),
        html.escape(text, quote=False),
    }


def _in_urls(text: str) -> set[str]:
    content = text.encode(errors="surrogatepass")
    upper = {quote(content, safe=""), quote(content), quote_plus(content)}
    return upper | {re.sub("%..", lambda match: match[0].lower(), form) for form in upper}


def _in_base64(content: bytes) -> set[str]:
    """What of the encoded text follows from the content alone, for each of the three places where it may begin."""
    found = set()
    for before in range(3):
        start, end = -(-before * 8 // 6), (before + len(content)) * 8 // 6
        encoded = base64.b64encode(bytes(before) + content).decode()[start:end]
        found |= {encoded, encoded.replace("+", "-").replace("/", "_")}
    return found
