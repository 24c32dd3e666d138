"""Any secret in any text, told in any way, is never seen; any text of others is never a command, a tag or a link."""

from __future__ import annotations

import base64
import html
import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from functions_model.core.masking import SHORTEST, STARS, cut, forms, shapeless, without
from functions_model.report.markdown import cell, link, prose
from support.fuzzing import HOSTILE_TEXTS, fuzzed
from support.pages import kinds_on
from support.runner_masker import RunnerMasker
from support.sinks import HOSTS, tell_all

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.exhaustive

_SIGNS = "\"'\\/&<>%+=$`{}[]()*.?^|#:;,@!~ \n\r\t\x1b\u200b\u00e9\u5bc6\U0001f511abcXYZ019-_"
SECRETS = st.one_of(
    st.text(min_size=SHORTEST, max_size=40),
    st.text(_SIGNS, min_size=SHORTEST, max_size=60),
    st.lists(st.text(_SIGNS, min_size=1, max_size=30), min_size=2, max_size=4).map("\n".join),
).filter(lambda text: len(text.strip()) >= SHORTEST and STARS not in text and "[...]" not in text)


def _lower(escape: re.Match[str]) -> str:
    return escape[0].lower()


WRITTEN: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": lambda value: json.dumps({"a": value}),
    "JSON in Unicode": lambda value: json.dumps([value], ensure_ascii=False),
    "JSON in JSON": lambda value: json.dumps(json.dumps(value)),
    "repr": lambda value: repr((value,)),
    "bytes": lambda value: repr(value.encode(errors="surrogatepass")),
    "path": lambda value: quote(value.encode(errors="surrogatepass")),
    "query": lambda value: re.sub("%..", _lower, quote(value.encode(errors="surrogatepass"), safe="")),
    "form": lambda value: quote_plus(value.encode(errors="surrogatepass")),
    "HTML": html.escape,
    "base64": lambda value: base64.b64encode(value.encode(errors="surrogatepass")).decode(),
    "header": lambda value: base64.b64encode(f"me:{value}".encode(errors="surrogatepass")).decode(),
}
"""How a program writes a value."""
_PARTS = (
    *("::", "##", "vso[", "[", "]", "add-mask", "set-output name=a", "task.complete result=Failed", "%0A", "%"),
    *("\n", "\r", "\x85", "\u2028", "\x0c", " ", "\t", "\u3000", "\ufeff", "\u200b", "\u0301", "\x1b[0m", "\x1b"),
    *("#", ":", "group", "endgroup", "error", ";", "=", "x", "\x9b2J", "\x1b]0;", "\x07", "\u202e"),
)
TEXTS = st.one_of(
    st.sampled_from(HOSTILE_TEXTS), st.text(max_size=40), st.lists(st.sampled_from(_PARTS), max_size=12).map("".join)
)
MARKS = st.lists(
    st.sampled_from(
        [
            *"`*_[]()<>!#|\\~-=+&;:/ \n\tab1",
            *("<img src=x>", "](http://x)", "![a](b)", "``", "&lt;", "https://a_b", "***", "1. ", "> ", "---", "<!--"),
            *("```", "~~~", "\\`", "</details>", "<a href=x>", "[a]: http://x", "\r", "  \n"),
        ]
    ),
    max_size=14,
).map("".join)


@fuzzed(40)
@given(st.lists(SECRETS, min_size=1, max_size=3), st.sampled_from([*WRITTEN]), st.text(max_size=10), st.data())
def test_no_secret_is_seen(secrets: list[str], how: str, beside: str, data: st.DataObject) -> None:
    """On each host, in whatever form it is told, in the log, on the page and in outputs."""
    secret = data.draw(st.sampled_from(secrets))
    written = WRITTEN[how](secret)
    text = f"{beside}{written}{beside}"
    for name, host in HOSTS.items():
        with tempfile.TemporaryDirectory() as folder:
            told = host(Path(folder), lambda ci: tell_all(ci, text, secrets))
            harmless = host(Path(folder), lambda ci: tell_all(ci, f"{beside}{beside}", secrets))

        found = [form for form in {*forms(secret), written.strip()} if len(form) >= SHORTEST and form in told.shown]
        # A word of ours, or of what is told beside it, is no leak.
        assert [] == [form for form in found if form not in harmless.shown], name


@fuzzed(200)
@given(SECRETS, SECRETS, st.text(max_size=20), st.integers(0, 80))
def test_nothing_is_left_of_secrets_that_touch_or_are_cut(one: str, other: str, beside: str, length: int) -> None:
    """Of two that overlap, and of one whose end was cut off."""
    shared = one + other[len(other) // 2 :]
    cut_off = cut(f"{beside}{one}", length)

    assert without(shared, [one, shared[len(one) // 2 :]]) == STARS
    left = without(cut_off, [one])
    assert not any(one[:size] in left for size in range(SHORTEST, len(one) + 1) if one[:size] not in beside)


@fuzzed(200)
@given(st.lists(SECRETS, max_size=3), st.text(max_size=60))
def test_what_holds_no_secret_is_whole(secrets: list[str], text: str) -> None:
    """Nothing is starred out that is no form of a secret."""
    assume(not any(form in text for secret in secrets for form in forms(secret)))

    assert without(text, secrets) == text


@fuzzed(200)
@given(SECRETS, st.sampled_from([*WRITTEN]))
def test_what_github_would_drop_is_left_out_here(secret: str, how: str) -> None:
    """The runner drops job outputs that hold what we have told it to mask; nobody is told but by the log."""
    written = WRITTEN[how](secret)
    runner = RunnerMasker([])
    for line in secret.splitlines():
        if len(line.strip()) >= SHORTEST:
            runner.add(line.strip())

    assert without(written, [secret]) != written or not runner.masks(written)


@fuzzed(100)
@given(TEXTS)
def test_no_text_is_a_command(text: str) -> None:
    """What a host obeys is what it obeys when a harmless text is told."""
    for name, host in HOSTS.items():
        with tempfile.TemporaryDirectory() as folder:
            told = host(Path(folder), lambda ci: tell_all(ci, text))
            usual = host(Path(folder), lambda ci: tell_all(ci, "harmless"))

        assert told.commands == usual.commands, name
        assert set(told.outputs) <= {"digest"}, name


@fuzzed(300)
@given(MARKS)
@example("`\r-")
def test_no_text_is_a_mark_of_the_page(text: str) -> None:
    """As prose, in a cell, and as the words and the address of a link."""
    for page in (prose(text), f"- {prose(text)}", f"> {prose(text)}".replace("\n", "\n> ")):
        kinds = kinds_on(page)
        assert ([], [], [], []) == (kinds.links, kinds.pictures, kinds.tags, kinds.headings), page
    for inside in (cell(text), link(text, f"https://p.test/{text}")):
        kinds = kinds_on(f"| a | b |\n|---|---|\n| {inside} | x |")
        assert ([], [], []) == (kinds.pictures, kinds.tags, kinds.uneven), inside
        assert [] == [address for address in kinds.links if not address.startswith("https://p.test/")]


@fuzzed(200)
@given(st.text(max_size=60), st.sampled_from(["sig=", "AccountKey=", "Bearer ", "Password=", "https://u:"]), SECRETS)
@example("", "AccountKey=", "\\0000000")
def test_shapes_are_cut_once(text: str, name: str, value: str) -> None:
    """A text that was cut stays as it is when it is cut again."""
    once = shapeless(f"{text} {name}{value}@x.test {text}")

    assert shapeless(once) == once
