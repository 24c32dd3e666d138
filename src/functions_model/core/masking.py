"""Text without secrets: known ones in every form in which programs write them, and what is shaped like one."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote, quote_plus

STARS = "***"
SHORTEST = 8
"""Characters. What is shorter (`1`, `true`, a brace) is too common: to blot it out damages a text and hides nothing."""
CUT = " [...]"
"""Stands where the rest of a text was cut off. No full stop: those at the end of a clause are taken away."""

_HEADING = re.compile(r"-----(?:BEGIN|END) [A-Z0-9 ]+-----")
"""The first and the last line of a key, the same in each."""
_NAMES = (
    "AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd|client_?secret|client_?assertion"
    "|(?:access|refresh|id)_?token"
)
_VALUE = r"""(?![$<{*%]|\.\.\.)(?:[^;&\s"'`)\\]|\\(?!["']))+"""
"""What a page of ours says in its place (`$KEY`, `<key>`) is none."""
_SHAPES = (
    re.compile(rf"""(?i)(\b(?:{_NAMES})(?:=(?:\\?["'])?|\\?["']?\s*:\s*\\?["'])|\bsig=|\b_state=|[?&]code=){_VALUE}"""),
    re.compile(rf"(?i)(\bx-functions-key\\?[\"']?:\s*(?:\\?[\"'])?){_VALUE}"),
    re.compile(r"(?i)\b(bearer\s+)(?!tokens?\b|auth|realm\b|[$<{*])[^\s\"'`]+"),
    re.compile(r"\b((?i:basic)\s+)(?=[\w.~+/-]*(?:[\d=]|[a-z][A-Z]))[\w.~+/=-]{8,}"),
    re.compile(r"()(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"),
    re.compile(r"""(?i)(\b[a-z][a-z0-9+.-]{0,15}://)(?!\*)(?:[^/@:\s`"'<>]*:[^/@\s`"'<>]+|[^/@:\s`"'<>]{12,})(?=@)"""),
    re.compile(
        r"(-----BEGIN [A-Z ]*PRIVATE KEY-----)(?:(?:\s|\\[rn])+[\w+/=]{20,})+"
        r"(?:(?:\s|\\[rn])+[\w+/=]+(?=(?:\s|\\[rn])+-----END))?"
    ),
    re.compile(r"()(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{86}=="),
)
"""Connection strings, OAuth's parameters, shared access signatures, keys in JSON, addresses and headers, JSON web
tokens, logins in addresses, private keys, and keys of storage accounts and namespaces (64 bytes)."""


def shapeless(text: str) -> str:
    """The text with `***` for all that is shaped like a secret, as services repeat what they are sent.

    What our own pages show in place of one, such as `$KEY`, stays.
    """
    for shape in _SHAPES:
        text = shape.sub(rf"\1{STARS}", text)
    return text


def without(text: str, secrets: Iterable[str]) -> str:
    """The text with `***` for each of these, in every form; see `forms`."""
    return blot(text, {form for secret in secrets for form in forms(secret)})


def blot(text: str, forms: Iterable[str]) -> str:
    """The text with `***` for each form. Those that touch are one: of two that overlap, nothing is left.

    Before `CUT`, a long beginning of a form is one, too: whoever cuts a text does not know what it cuts.
    """
    forms = tuple(forms)
    spans = [span for form in forms if form in text for span in _whole(text, form)]
    if CUT in text:
        spans += [span for form in forms for span in _begun(text, form)]
    parts: list[str] = []
    end = 0
    for start, after in sorted(spans):
        if start > end or not parts:
            parts += [text[end:start], STARS]
        end = max(end, after)
    return "".join([*parts, text[end:]]) if parts else text


def _whole(text: str, form: str) -> Iterator[tuple[int, int]]:
    at = text.find(form)
    while at >= 0:
        yield at, at + len(form)
        at = text.find(form, at + 1)


def _begun(text: str, form: str) -> Iterator[tuple[int, int]]:
    """Where the text was cut within the form."""
    for end, _ in _whole(text, CUT):
        for at, _ in _whole(form, text[max(0, end - SHORTEST) : end]):
            start = end - SHORTEST - at
            if start >= 0 and form.startswith(text[start:end]):
                yield start, end


def cut(text: str, longest: int) -> str:
    """The text, or its beginning and `CUT`.

    Args:
        text: For people.
        longest: Characters of it.
    """
    return text if len(text) <= longest else f"{text[:longest]}{CUT}"


def in_one_line(text: str, longest: int) -> str:
    """What somebody else said, as the end of a clause: without secrets by their shape, line breaks and the full stop.

    Args:
        text: Of a service or a tool.
        longest: See `cut`; secrets are taken out first, as half of a key is not known for one any more.
    """
    return cut(" ".join(shapeless(text).split()).rstrip("."), longest)


def forms(value: str) -> frozenset[str]:
    """A secret in every form in which programs write it.

    As it is; in one line, unless that is short; each long line of it, but the headings of a key; within JSON (once and
    twice, and as .NET and Go write it), Python's `repr`, HTML and XML, a shell's quotes; in a URL; and as base64,
    wherever in the encoded text it begins. Forms that are short, and lines that are, are left out, as they mask what is
    no secret; the value itself never is.

    Args:
        value: A blank one has no forms.
    """
    if not value.strip():
        return frozenset()
    lines = [line.strip() for line in value.splitlines() if not _HEADING.fullmatch(line.strip())]
    in_one, apart = " ".join(value.split()), "\n".join(value.splitlines())
    found = {value.strip(), *lines, *(text for text in (in_one, apart) if len(text) >= 2 * SHORTEST)}
    for text in (value, value.strip()):
        found |= {*_escaped(text), *_in_urls(text), *_in_base64(text.encode(errors="surrogatepass"))}
    return frozenset({value} | {form for form in found if len(form) >= SHORTEST})


def _escaped(text: str) -> set[str]:
    """As texts of programs and pages; and these within JSON or `repr`, as when an answer or an exception holds one."""
    within = json.dumps(text)[1:-1]
    once = {
        text,
        within,
        json.dumps(text, ensure_ascii=False)[1:-1],
        *_in_repr(text),
        *_in_repr(text.encode(errors="surrogatepass")),
        html.escape(text),
        html.escape(text, quote=False),
    }
    twice = {form for one in once for form in (json.dumps(one)[1:-1], json.dumps(one, ensure_ascii=False)[1:-1])}
    return {
        *once,
        *twice,
        *(form for one in once for form in _in_repr(one)),
        _by_numbers(within, "X"),
        _by_numbers(within, "x"),
        html.escape(text).replace("&#x27;", "&#39;"),
        html.escape(text).replace("&#x27;", "&apos;"),
        text.replace("'", "'\"'\"'"),
        text.replace("'", "''"),
    }


def _in_repr(text: str | bytes) -> tuple[str, str]:
    """In single quotes and in double ones: what stands beside it decides which Python takes."""
    if isinstance(text, bytes):
        parts = [repr(part)[2:-1] for part in text.split(b"'")]
    else:
        parts = [repr(part)[1:-1] for part in text.split("'")]
    return "\\'".join(parts), "'".join(parts)


def _by_numbers(within: str, case: str) -> str:
    r"""JSON with numbers for signs of HTML: `\u003C` (System.Text.Json, for quotes, too) or `\u003c` (Go)."""
    signs, text = "<>&", within
    if case == "X":
        signs, text = "<>&'+`", _NUMBER.sub(lambda found: f"\\u{found[1].upper()}", within.replace('\\"', "\\u0022"))
    return "".join(f"\\u{ord(sign):04{case}}" if sign in signs else sign for sign in text)


_NUMBER = re.compile(r"\\u([0-9a-f]{4})")


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
