"""What fuzz tests share: how many cases, and strategies for answers that are arbitrary, or valid but for one thing.

`make soak` (`SOAK=1`) tries ten times as many cases, other ones each time. CI tries the same ones in each run.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_Test = TypeVar("_Test", bound="Callable[..., object]")
_SOAK = 10
_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]


def fuzzed(cases: int) -> Callable[[_Test], _Test]:
    """Have a test of hypothesis try so many cases in CI, and ten times as many in a soak."""
    soak = bool(os.environ.get("SOAK"))
    return settings(
        max_examples=cases * (_SOAK if soak else 1),
        derandomize=not soak,
        database=None,
        deadline=None,
        suppress_health_check=_QUIET,
    )


DEEP = "[" * 100_000
HOSTILE_TEXTS = (
    "",
    " ",
    "null",
    "\0",
    "\x1b[2J\x1b]0;title\x07",
    "\r\n::error::injected",
    "²",
    "nan",
    "-1",
    "1e400",
    "9" * 400,
    "http://[::1",
    "https://host:99999999/x",
    "file:///etc/passwd",
    "//elsewhere.example/x",
    "../../../../etc/passwd",
    "/subscriptions/s/resourceGroups/g/providers/",
    "Wed, 21 Oct 2015 07:28:00 -0000",
    "sha256:" + "0" * 63,
    "sha256:zz",
    "{}",
    "${x}",
    "%s%n%(x)s",
    "\u202eltr",
    "\ud800",
    "A" * 10_000,
)
"""Texts that somebody, somewhere, takes for a number, a path, an address or a format."""


def texts() -> st.SearchStrategy[str]:
    """Texts, hostile ones among them."""
    return st.one_of(st.sampled_from(HOSTILE_TEXTS), st.text(max_size=20))


def scalars() -> st.SearchStrategy[Any]:
    """What JSON has besides lists and mappings, and what programs write that it does not have."""
    numbers = st.one_of(st.integers(-(2**70), 2**70), st.floats())
    return st.one_of(st.none(), st.booleans(), numbers, texts())


def documents() -> st.SearchStrategy[Any]:
    """Any document."""
    return st.recursive(
        scalars(),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts(), inner, max_size=3)),
        max_leaves=8,
    )


@st.composite
def near(draw: st.DrawFn, valid: Any, most: int = 3) -> Any:
    """A valid document with some things changed: another value, another type, a name that is gone or new.

    Args:
        draw: Hypothesis's.
        valid: The document; it stays as it is.
        most: Changes.
    """
    document = json.loads(json.dumps(valid))
    for _ in range(draw(st.integers(1, most))):
        places = list(_places(document, ()))
        place = draw(st.sampled_from(places))
        document = _changed(draw, document, place)
    return document


def _places(value: Any, above: tuple[Any, ...]) -> Iterable[tuple[Any, ...]]:
    yield above
    inner: Iterable[tuple[Any, Any]] = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    for name, one in inner:
        yield from _places(one, (*above, name))


def _changed(draw: st.DrawFn, document: Any, place: tuple[Any, ...]) -> Any:
    how = draw(st.sampled_from(["other", "other", "gone", "wrapped", "turned"]))
    if not place:
        return draw(documents()) if how == "other" else [document] if how == "wrapped" else document
    holder = document
    for name in place[:-1]:
        holder = holder[name]
    last = place[-1]
    if how == "gone":
        del holder[last]
    elif how == "wrapped":
        holder[last] = draw(st.sampled_from([[holder[last]], {"value": holder[last]}, [[[]]]]))
    elif how == "turned":
        holder[last] = _turned(holder[last])
    else:
        holder[last] = draw(documents())
    return document


def _turned(value: Any) -> Any:
    """The same in another type, as services in other languages have it."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return value.upper() if value else None
        case int() | float():
            return str(value)
        case dict():
            return [{"name": name, "value": one} for name, one in value.items()]
        case list():
            return dict(enumerate(value))
        case _:
            return {}


_PAGES = (
    b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>",
    b"<html><body>Access to this site is <b>denied</b> by policy 'Cloud storage'. Token: ?sig=abcdefgh12345678</body>",
    b"<?xml version='1.0'?><Error><Code>ServerBusy</Code></Error>",
)


def bodies(valid: Any = None) -> st.SearchStrategy[bytes]:
    """Bodies of answers: JSON near the valid document, any JSON, pages, nothing, cut off, in other encodings, deep."""
    of_json = st.one_of(near(valid), near(valid), documents()) if valid is not None else documents()
    encodings = st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-16", "utf-8-sig", "latin-1"])
    encoded = st.builds(lambda value, name: json.dumps(value).encode(name), of_json, encodings)
    raw = st.builds(lambda value: json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass"), of_json)
    cut = st.builds(lambda body, at: body[: at % (len(body) + 1)], encoded, st.integers(0, 10_000))
    strange = st.sampled_from([b"", b"null", b"[]", b"{}", b"\xff\xfe\x00", b"1e999", b"NaN", DEEP.encode(), *_PAGES])
    return st.one_of(encoded, encoded, encoded, raw, cut, strange, st.binary(max_size=40))


def packed() -> st.SearchStrategy[tuple[Callable[[bytes], bytes], str]]:
    """How a body is packed, and what `Content-Encoding` says of it, which may be untrue."""
    ways: list[tuple[Callable[[bytes], bytes], str]] = [
        (lambda body: body, ""),
        (gzip.compress, "gzip"),
        (zlib.compress, "deflate"),
        (lambda body: body, "gzip"),
        (lambda body: gzip.compress(body)[:-4], "gzip"),
        (lambda body: gzip.compress(gzip.compress(body)), "gzip, gzip"),
        (lambda body: body, "br"),
        (lambda body: body, ", ".join(["gzip"] * 9)),
    ]
    return st.sampled_from(ways)


_HEADERS = (
    "Retry-After",
    "Location",
    "Azure-AsyncOperation",
    "Content-Type",
    "WWW-Authenticate",
    "ETag",
    "Content-Range",
    "Link",
    "Set-Cookie",
    "Docker-Content-Digest",
    "x-ms-request-id",
    "Via",
)
"""Headers that somebody reads."""


def headers(*more: str) -> st.SearchStrategy[dict[str, str]]:
    """Some headers, with values that HTTP can carry.

    Args:
        more: Names besides the usual ones.
    """
    plain = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=20)
    hostile = st.sampled_from([text for text in HOSTILE_TEXTS if text.isprintable() and _is_latin(text)])
    words = ["application/json", "text/html", "application/json; charset=klingon", 'Bearer realm="', "Bearer", "0", "1"]
    values = st.one_of(st.sampled_from(words), hostile, plain)
    return st.dictionaries(st.sampled_from((*_HEADERS, *more)), values.map(str.strip), max_size=3)


def _is_latin(text: str) -> bool:
    return all(ord(char) < 0x100 for char in text)


@dataclass(frozen=True)
class Answered:
    """An answer of HTTP.

    Attributes:
        status: Its status.
        body: As it goes over the line.
        headers: What it says of itself.
    """

    status: int
    body: bytes
    headers: dict[str, str]


def answers(valid: Any = None, *more: str) -> st.SearchStrategy[Answered]:
    """Answers: mostly of success, and near the valid document.

    Args:
        valid: A document that the service gives on good days.
        more: Names of headers besides the usual ones.
    """
    statuses = st.sampled_from([200, 200, 200, 201, 202, 204, 400, 401, 403, 404, 407, 409, 429, 500, 502, 503])

    def made(status: int, body: bytes, way: tuple[Callable[[bytes], bytes], str], given: dict[str, str]) -> Answered:
        pack, name = way
        return Answered(status, pack(body), {**given, **({"Content-Encoding": name} if name else {})})

    return st.builds(made, statuses, bodies(valid), st.one_of(st.just((bytes, "")), packed()), headers(*more))
