"""Answers of services: read once and bounded, parsed once, and told by who gave them when they are none of theirs.

What is asked over HTTP is asked of a service, and may be answered by whatever lies in between: a proxy's page, nothing
at all, a file of many gigabytes, packed or not. `core.sending` reads each answer with the limits that stand here.
"""

from __future__ import annotations

import html
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.exceptions import ChunkedEncodingError, ContentDecodingError, InvalidJSONError
from urllib3.exceptions import DecodeError, HTTPError, ProtocolError

from functions_model.core.masking import cut, shapeless
from functions_model.core.strict_json import TOO_DEEP, parse_json

MOST_BYTES = 64 << 20
"""Of an answer that is read whole, unpacked. The longest that a service gives us, a list of Resource Manager's or an
app's log, has some megabytes."""
MOST_SECONDS = 300.0
"""From the first byte of a body to its last, where it is read whole."""
_PIECE = 1 << 16
_SHOWN = 120
"""Characters of a page."""

MISREADING = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""What taking a document apart raises that has another form than it should."""


NAMES = {
    dict: "a mapping",
    list: "a list",
    str: "a text in quotes",
    bool: "a truth value",
    int: "a number",
    float: "a number",
}
"""What is in a document, for people."""


class AnswerUnreadable(InvalidJSONError, ValueError):
    """An answer is not what it must be, or has no end.

    Args:
        reason: Who answered what, a clause without a full stop. Never holds a secret.
        remedy: Whole sentences.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason, self.remedy = reason, remedy
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Said:
    """An answer in hand, whichever client brought it.

    Attributes:
        host: Who was asked, with its port where it has one.
        status: Of HTTP.
        content: The body, unpacked.
        headers: Their names in lower case.
    """

    host: str
    status: int
    content: bytes
    headers: Mapping[str, str]

    @classmethod
    def of(cls, response: requests.Response) -> Said:
        """An answer of `requests`; one that is streamed is read here.

        Raises:
            requests.RequestException: It breaks off, cannot be unpacked, or has no end (`AnswerUnreadable`).
        """
        headers = {name.lower(): value for name, value in response.headers.items()}
        return cls(host_of(response.url), response.status_code, whole(response), headers)

    @property
    def by_gateway(self) -> bool:
        """Whether something on the way answered instead: the services speak JSON, and pages are for people."""
        return self.status in {407, 502, 504} or self.is_page or not _PROXYS.isdisjoint(self.headers)

    @property
    def reason(self) -> str:
        """Who said what, a clause: "`host` answered with the status 500 and a text that is not JSON, `Oops`"."""
        return f"{self._who} with the status {self.status} and {self._what}"

    @property
    def remedy(self) -> str:
        """What to do when it is not what it must be."""
        if self.status == 407:
            return (
                "The proxy wants a login: write it into `HTTPS_PROXY` (`http://NAME:PASSWORD@HOST:PORT`), or have "
                f"`{_bare(self.host)}` pass it by in `NO_PROXY`."
            )
        if self.by_gateway and self.status >= 500:
            return f"Run again. If it happens again, ask who runs this network about the way to `{_bare(self.host)}`."
        if self.by_gateway:
            return (
                f"Ask who runs this network to let this machine reach `{_bare(self.host)}`, or have that host pass the "
                "proxy by in `NO_PROXY`."
            )
        return f"Run again. If it happens again, check that `{self.host}` is the service that is meant."

    def document(self) -> Any:
        """What it holds.

        Raises:
            AnswerUnreadable: It is not JSON.
        """
        try:
            return parse_json(self.content)
        except ValueError as exc:
            raise AnswerUnreadable(self.reason, self.remedy) from exc

    def mapping(self) -> dict[str, Any]:
        """What it holds, which must be a mapping.

        Raises:
            AnswerUnreadable: It is not JSON, or something else.
        """
        document = self.document()
        if not isinstance(document, dict):
            raise AnswerUnreadable(self.reason, self.remedy)
        return document

    @property
    def is_mapping(self) -> bool:
        """Whether it holds what nearly every service answers with."""
        try:
            return isinstance(self.document(), dict)
        except ValueError:
            return False

    @property
    def is_page(self) -> bool:
        """Whether it is one for people."""
        return "html" in self.headers.get("content-type", "").lower() or _PAGE.match(self.content) is not None

    @property
    def _who(self) -> str:
        if not self.by_gateway:
            return f"`{self.host}` answered"
        name = _line(self.headers.get("via") or self.headers.get("server") or "")
        return f"a proxy or gateway{f' (`{name}`)' if name else ''} answered instead of `{self.host}`"

    @property
    def _what(self) -> str:
        if not self.content.strip():
            return "an empty body"
        if self.is_page:
            words = _words_of_page(self.content)
            return f"a page of HTML, `{words}`" if words else "a page of HTML"
        try:
            document = parse_json(self.content)
        except ValueError as exc:
            why = f" ({exc})" if str(exc) == TOO_DEEP else ""
            words = _line(self.content[:_READ].decode("utf-8", "replace"))
            return f"a text that is not JSON{why}, `{words}`" if words else f"bytes that are not JSON{why}"
        return NAMES.get(type(document), "`null`")


_PROXYS = frozenset({"proxy-authenticate", "x-squid-error"})
_PAGE = re.compile(
    rb"\s*(?:\xef\xbb\xbf)?\s*(?:<!--.{0,2000}?-->\s*)?<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE | re.DOTALL
)
_TITLE = re.compile(r"<(title|h1)\b[^>]*>(.*?)</\1\s*>", re.IGNORECASE | re.DOTALL)
_HIDDEN = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)|<[^>]*(?:>|\Z)", re.IGNORECASE | re.DOTALL)
_READ = 1 << 13
"""Bytes of a page that are looked at for its words."""


def _words_of_page(content: bytes) -> str:
    text = content[:_READ].decode("utf-8", "replace")
    for found in _TITLE.finditer(text):
        if words := _line(html.unescape(_HIDDEN.sub(" ", found[2]))):
            return words
    return _line(html.unescape(_HIDDEN.sub(" ", text)))


def _line(text: str) -> str:
    """The first words on one line: without secrets, backticks, and what a terminal would obey."""
    flat = " ".join(shapeless(text).replace("`", "'").split())
    return cut(printable(flat).replace("\ufffd", "").strip(), _SHOWN)


def printable(text: str) -> str:
    """Without what a terminal would obey, and what cannot be written."""
    return "".join(char for char in text if char.isprintable())


def host_of(url: str | None) -> str:
    """The host of an address, with its port where it has one and never with a login."""
    try:
        return urlsplit(url or "").netloc.rpartition("@")[2]
    except ValueError:
        return ""


def _bare(host: str) -> str:
    return re.sub(r":\d+\Z", "", host)


def whole(
    response: requests.Response,
    most: int = MOST_BYTES,
    seconds: float = MOST_SECONDS,
    clock: Callable[[], float] = time.monotonic,
) -> bytes:
    """The body of an answer, unpacked. It is read once: the next time it is at hand, and `response.content`, too.

    Args:
        response: Streamed, or read already.
        most: Bytes, unpacked.
        seconds: For all of it.
        clock: Seconds.

    Raises:
        AnswerUnreadable: It is longer, or takes longer.
        requests.RequestException: It breaks off, or cannot be unpacked.
    """
    inner: Any = response  # `requests` has no word of its own for an answer with a limit
    if not inner._content_consumed:  # noqa: SLF001
        inner._content = b"".join(_bounded(response, most, seconds, clock))  # noqa: SLF001
        inner._content_consumed = True  # noqa: SLF001
    content = response.content or b""
    if len(content) > most:
        raise _endless(response, most)
    return content


def _bounded(response: requests.Response, most: int, seconds: float, clock: Callable[[], float]) -> Iterator[bytes]:
    taken, end = 0, clock() + seconds
    for piece in _pieces(response):
        taken += len(piece)
        if taken > most:
            response.close()
            raise _endless(response, most)
        if clock() > end:
            response.close()
            reason = f"the answer of `{host_of(response.url)}` had no end after {seconds:.0f} s"
            raise AnswerUnreadable(reason, "Run again. If it happens again, check the network between here and there.")
        yield piece


def _endless(response: requests.Response, most: int) -> AnswerUnreadable:
    host = host_of(response.url)
    size = f"{most >> 20} MiB" if most >> 20 else f"{most >> 10} KiB"
    return AnswerUnreadable(
        f"`{host}` answered with more than {size} (status {response.status_code}), unpacked",
        f"Check that `{host}` is the service that is meant, and that nothing answers in its place.",
    )


def _pieces(response: requests.Response) -> Iterator[bytes]:
    """As they come: a read that waits for a whole block would wait without end for a body that drips."""
    read = getattr(response.raw, "read1", None)
    if read is None:  # what tests put in place of a connection
        yield from response.iter_content(_PIECE)
        return
    try:
        while piece := read(_PIECE, decode_content=True):
            yield piece
    except DecodeError as exc:
        raise ContentDecodingError(exc, response=response) from exc
    except ProtocolError as exc:
        raise ChunkedEncodingError(exc, response=response) from exc
    except HTTPError as exc:
        raise requests.ConnectionError(exc, response=response) from exc
