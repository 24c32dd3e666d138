"""What fuzz tests share: how many cases, and strategies for answers that are arbitrary, or valid but for one thing.

`make soak` (`SOAK=1`) tries some ten thousand cases, other ones each time. CI tries a tenth, the same ones in each run.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import zlib
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import requests
import urllib3
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from requests.adapters import BaseAdapter

from functions_model.core.failures import Failure
from functions_model.core.sending import new_session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

_Test = TypeVar("_Test", bound="Callable[..., object]")
_BUG = 70
_QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture]


def fuzzed(cases: int) -> Callable[[_Test], _Test]:
    """Have a test of hypothesis try its share of all cases: of 10,000 in a soak, of 1,000 in CI.

    Args:
        cases: The share, of about 3,000.
    """
    soak = bool(os.environ.get("SOAK"))
    return settings(
        max_examples=cases * 10 // 3 if soak else cases // 3,
        derandomize=not soak,
        database=None,
        deadline=None,
        suppress_health_check=_QUIET,
    )


@contextmanager
def a_failure_at_most(*, quotes: bool = False) -> Iterator[None]:
    """Let what is inside succeed, or fail as a run may: with an exit code of its own, and words that can be written.

    Args:
        quotes: It quotes names, or a log, of others as they are: a CI host shows them without what a terminal obeys.
    """
    try:
        yield
    except Failure as failure:
        words = f"{failure} {failure.detail}"
        words.encode()
        if failure.exit_code == _BUG or not (quotes or words.replace("\n", " ").isprintable()):
            message = f"exit code {failure.exit_code}: {words!r}"
            raise AssertionError(message) from failure


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
    return st.one_of(st.integers(0, len(HOSTILE_TEXTS) - 1).map(HOSTILE_TEXTS.__getitem__), st.text(max_size=20))


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


@dataclass(frozen=True)
class Change:
    """One thing that is otherwise in a document.

    Attributes:
        at: The place, by its number among all; counted around.
        how: `other`, `gone`, `wrapped` or `turned` into another type.
        other: What comes there.
    """

    at: int
    how: str
    other: Any

    def of(self, document: Any) -> Any:
        """The changed document; the one that is given may change, too."""
        places = list(_places(document, ()))
        place = places[self.at % len(places)]
        if not place:
            return self._of_value(document, whole=True)
        holder = document
        for name in place[:-1]:
            holder = holder[name]
        if self.how == "gone":
            del holder[place[-1]]
        else:
            holder[place[-1]] = self._of_value(holder[place[-1]], whole=False)
        return document

    def _of_value(self, value: Any, *, whole: bool) -> Any:
        if self.how == "wrapped":
            return {"value": value} if self.at % 2 else [value]
        if self.how == "turned":
            return _turned(value)
        return value if whole and self.how == "gone" else self.other


def changes() -> st.SearchStrategy[Change]:
    """Changes that fit any document."""
    hows = st.sampled_from(["other", "other", "gone", "wrapped", "turned"])
    return st.builds(Change, st.integers(0, 300), hows, documents())


def near(valid: Any, most: int = 3) -> st.SearchStrategy[Any]:
    """A valid document with some things changed: another value, another type, a name that is gone or new.

    Args:
        valid: The document; it stays as it is.
        most: Changes.
    """
    return st.lists(changes(), min_size=1, max_size=most).map(lambda some: changed(valid, some))


def changed(valid: Any, some: Iterable[Change]) -> Any:
    """A valid document with these changes; it stays as it is."""
    document = json.loads(json.dumps(valid))
    for change in some:
        document = change.of(document)
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


STRANGE = (
    *(b"", b"null", b"[]", b"{}", b'"x"', b"0", b"true", b"\xff\xfe\x00", b"1e999", b"NaN", b"[null]", DEEP.encode()),
    *(b'{"a":' * 100_000, b'{"value": null}', b'{"value": 5}', b'{"value": [null, 5, []]}', b'{"properties": []}'),
    *(b'{"error": "x"}', b'{"error": []}', b'{"error": {"code": 5, "message": null, "details": {}}}'),
    *(b'\xef\xbb\xbf{"a": 1}', '{"a": 1}'.encode("utf-16"), b'{"a": "\\ud800"}', b'{"a": "\xff"}', b'{"id": "/sub'),
    *_PAGES,
)
"""Bodies that are no answers of a service."""


def bodies(valid: Any = None) -> st.SearchStrategy[bytes]:
    """Bodies of answers: JSON near the valid document, any JSON, pages, nothing, cut off, in other encodings, deep."""
    return oddities().map(lambda odd: odd.body(valid))


def packed() -> st.SearchStrategy[tuple[Callable[[bytes], bytes], str]]:
    """How a body is packed, and what `Content-Encoding` says of it, which may be untrue."""
    ways: list[tuple[Callable[[bytes], bytes], str]] = [
        (bytes, ""),
        (gzip.compress, "gzip"),
        (zlib.compress, "deflate"),
        (bytes, "gzip"),
        (lambda body: gzip.compress(body)[:-4], "gzip"),
        (lambda body: gzip.compress(gzip.compress(body)), "gzip, gzip"),
        (bytes, "br"),
        (bytes, ", ".join(["gzip"] * 9)),
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
    carried = [text for text in HOSTILE_TEXTS if text.isprintable() and _is_latin(text)]
    hostile = st.integers(0, len(carried) - 1).map(carried.__getitem__)
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


@dataclass(frozen=True)
class Oddity:
    """What is odd about an answer: drawn once, it fits any answer.

    Attributes:
        status: Of the answer.
        headers: Of the answer.
        changes: Of the valid document.
        document: In place of a valid document, where there is none.
        way: How its text becomes bytes.
        strange: Bytes in place of all that; None for none.
        cut: Where it ends; 0 for its own end.
        packed: How it is packed, and what is said of that.
    """

    status: int
    headers: dict[str, str]
    changes: list[Change]
    document: Any
    way: str
    strange: bytes | None
    cut: int
    packed: tuple[Callable[[bytes], bytes], str]

    def of(self, valid: Any = None) -> Answered:
        """The answer, near a valid document where there is one."""
        pack, name = self.packed
        return Answered(
            self.status, pack(self.body(valid)), {**self.headers, **({"Content-Encoding": name} if name else {})}
        )

    def body(self, valid: Any = None) -> bytes:
        """Its body, before it is packed."""
        if self.strange is not None:
            return self.strange
        document = self.document if valid is None or isinstance(valid, bytes) else changed(valid, self.changes)
        if self.way == "raw":
            body = json.dumps(document, ensure_ascii=False).encode("utf-8", "surrogatepass")
        else:
            body = json.dumps(document).encode(self.way)
        return body[: self.cut % (len(body) + 1)] if self.cut else body


def oddities(*more: str) -> st.SearchStrategy[Oddity]:
    """Answers of success, mostly, with something wrong in the document; some are worse.

    Args:
        more: Names of headers besides the usual ones.
    """
    statuses = st.sampled_from([200, 200, 200, 201, 202, 204, 400, 401, 403, 404, 407, 409, 429, 500, 502, 503])
    strange = st.one_of(st.integers(0, len(STRANGE) - 1).map(STRANGE.__getitem__), st.binary(max_size=40))
    return st.builds(
        Oddity,
        st.one_of(st.just(200), statuses),
        headers(*more),
        st.lists(changes(), min_size=1, max_size=3),
        documents(),
        st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-16", "utf-8-sig", "raw"]),
        st.one_of(st.none(), st.none(), strange),
        st.one_of(st.just(0), st.just(0), st.integers(0, 10_000)),
        st.one_of(st.just((bytes, "")), packed()),
    )


class OddHost(BaseAdapter):
    """In the place of every host: gives one answer after the other to whatever is asked, the last one for ever.

    Args:
        some: The answers.
    """

    def __init__(self, some: Sequence[Answered]) -> None:
        super().__init__()
        self._some, self.asked = list(some), 0

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        self.asked += 1
        assert self.asked < 400, "it is asked without an end"
        return response_of(self._some.pop(0) if len(self._some) > 1 else self._some[0], request)

    def close(self) -> None:
        """Nothing is open."""


def response_of(answer: Answered, request: requests.PreparedRequest) -> requests.Response:
    """An answer as `requests` has it."""
    response = requests.Response()
    response.status_code, response.url, response.request = answer.status, request.url or "", request
    body = b"" if request.method == "HEAD" else answer.body
    response.headers.update(answer.headers)
    response.raw = urllib3.HTTPResponse(
        io.BytesIO(body), answer.headers, answer.status, preload_content=False, decode_content=False
    )
    return response


def session_with(some: Sequence[Answered]) -> requests.Session:
    """A session of the product's, all of whose requests are answered so."""
    session, host = new_session(), OddHost(some)
    for scheme in ("https://", "http://"):
        session.mount(scheme, host)
    return session


def answers(valid: Any = None, *more: str) -> st.SearchStrategy[Answered]:
    """The same, as answers near a valid document.

    Args:
        valid: A document that the service gives on good days.
        more: Names of headers besides the usual ones.
    """
    return oddities(*more).map(lambda odd: odd.of(valid))
