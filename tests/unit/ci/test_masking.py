"""Masked values: in every form in which programs write them, and nothing besides them."""

from __future__ import annotations

import base64
import html
import io
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_model.ci.github import GitHubHost
from functions_model.ci.plain import PlainHost
from functions_model.cli.ending import tell_outputs
from functions_model.cli.masks import mask_settings
from functions_model.cli.once import run_once
from functions_model.core.secrets import Secret
from support.deployment import read_outputs
from support.wanted import TARGET, spec_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ID = "0a1b2c3d-1111-4222-8333-444455556666"
PEM = """\
-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7
q9Zk3Rz+u/A==
-----END PRIVATE KEY-----
"""
SECRET = 'pass"word/with\\all &<kinds> of=signs\u00e9'
FORMS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "JSON": lambda value: json.dumps({"value": value}),
    "JSON in Unicode": lambda value: json.dumps([value], ensure_ascii=False),
    "JSON in JSON": lambda value: json.dumps(json.dumps(value)),
    "Python's repr": lambda value: repr({"value": value}),
    "Python's repr of bytes": lambda value: repr(value.encode()),
    "a URL's path": lambda value: f"https://x.test/{quote(value)}/y",
    "a URL's query": lambda value: f"https://x.test/?a={quote(value, safe='')}&b",
    "a form": lambda value: f"a={quote_plus(value)}",
    "a URL in lower case": lambda value: re.sub("%..", lambda match: match[0].lower(), quote(value, safe="")),
    "HTML": lambda value: f"<b>{html.escape(value)}</b>",
    "base64": lambda value: base64.b64encode(value.encode()).decode(),
    "base64 of a pair": lambda value: base64.b64encode(f"user:{value}".encode()).decode(),
    "base64 for URLs": lambda value: base64.urlsafe_b64encode(f"me:{value}:you".encode()).decode(),
}


VALUES = {"signs": SECRET, "PEM": PEM, "lines": "line one of it\nline two of it"}


def shown(value: str, text: str) -> str:
    """What a console shows of a text when a value is masked."""
    stream = io.StringIO()
    host = PlainHost(stream)
    host.mask(value)
    host.info(text)
    return stream.getvalue()


class TestForms:
    """What a masked value looks like elsewhere."""

    @pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
    @pytest.mark.parametrize("form", FORMS)
    def test_none_shows_it(self, form: str, value: str) -> None:
        """Neither whole, nor any longer piece of it."""
        written = FORMS[form](value)

        left = shown(value, written)

        assert "***" in left
        assert [] == [part for part in _pieces(written) if part in left and part not in FORMS[form]("")]

    @given(st.text(min_size=12, max_size=60).filter(lambda text: len(text.strip()) > 11), st.sampled_from([*FORMS]))
    def test_of_any_text(self, value: str, form: str) -> None:
        """Whatever signs it is made of."""
        written = FORMS[form](value)

        assert written.strip() not in shown(value, written)

    def test_lines_of_a_key_each_by_itself(self) -> None:
        """A log has lines, and so has a key."""
        lines = [line for line in PEM.splitlines() if "PRIVATE" not in line]

        assert [] == [line for line in lines if line in shown(PEM, f"first: {line}\nlast")]


def _pieces(text: str) -> list[str]:
    return [text[at : at + 14] for at in range(len(text) - 14)]


class TestDamage:
    """What masking leaves alone."""

    @pytest.mark.parametrize("value", ['{\n"n": 1\n}\n', "a\nb\n", "-\n--\n---\n"])
    def test_short_lines(self, value: str) -> None:
        """A brace is no secret. The value as a whole is."""
        text = json.dumps({"a": "b", "n": 1}, indent=2) + "\n- -- ---"

        assert text + "\n" == shown(value, text)
        assert "it is ***" in shown(value, f"it is {value}")

    def test_what_the_runner_is_told(self, tmp_path: Path) -> None:
        """The runner masks each line of what it is told, however short: it is told the long lines alone."""
        stream = io.StringIO()

        GitHubHost({}, stream).mask('{\n"n": 1,\n"password": "hunter22"\n}')

        told = [line.removeprefix("::add-mask::") for line in stream.getvalue().splitlines()]
        assert '"password": "hunter22"' in told
        assert [] == [text for text in told if len(text) < 8 or "%0A" in text]

    @pytest.mark.parametrize("value", ["identity", "function-names", "anonymous"])
    def test_words_of_our_own(self, value: str) -> None:
        """A setting whose value is a word of the inputs and outputs hides nothing, and would damage outputs."""
        stream = io.StringIO()
        host = PlainHost(stream)
        spec = replace(spec_for(), target=replace(TARGET, app_settings={"KIND": Secret(value)}))

        mask_settings(spec, {}, host)
        host.info(f"function-names=identity,score {value}")

        assert f"function-names=identity,score {value}\n" == stream.getvalue()


class TestInputs:
    """What is masked before anything is said."""

    @pytest.mark.parametrize(
        ("text", "secret"),
        [
            ("API_KEY=hunter22-hunter22\nbroken", "hunter22-hunter22"),
            ("API_KEY: hunter22-hunter22\n- broken", "hunter22-hunter22"),
            (f"KEY={PEM}", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7"),
            (f"KEY={PEM}", "q9Zk3Rz+u/A"),
            ("KEY=first\nc2Vjb25kbGluZW9maXQ=", "c2Vjb25kbGluZW9maXQ"),
        ],
    )
    def test_settings_that_are_refused(self, text: str, secret: str, tmp_path: Path) -> None:
        """A text that is no list of settings may hold secrets all the same."""
        stream = io.StringIO()

        host = PlainHost(stream)

        ending = run_once({"mode": "deploy", "app-settings": text}, {}, host, tmp_path)
        host.info(f"a later line with {secret} in it")

        assert 2 == ending.code
        assert secret not in stream.getvalue()
        assert "a later line with ***" in stream.getvalue()

    def test_addresses_of_indexes(self, tmp_path: Path) -> None:
        """The environment of a step names indexes too, with tokens in their addresses."""
        stream = io.StringIO()
        host = PlainHost(stream)

        run_once({"mode": "deploy"}, {"UV_DEFAULT_INDEX": "https://x.test/Tok3nTok3n/simple"}, host, tmp_path)
        host.info("Could not fetch https://x.test/Tok3nTok3n/simple/six/")

        assert "Could not fetch https://x.test/***/simple/six/" in stream.getvalue()


class TestOutputs:
    """Outputs, which later steps read."""

    def test_that_would_show_a_secret(self, tmp_path: Path) -> None:
        """It is left out, whole, and somebody is told which: changed, it would make the next step fail."""
        warnings = told(tmp_path, {"app-url": "https://hunter22.test", "image-tag": "v1"}, masked="hunter22")

        assert {"image-tag": "v1"} == read_outputs((tmp_path / "out").read_text())
        assert [True] == ["The output `app-url` is left out" in line for line in warnings]
        assert "hunter22" not in "".join(warnings)

    @pytest.mark.parametrize("secret", ["{", "identity", "1"])
    def test_are_never_changed_by_what_is_short_or_a_word_of_ours(self, tmp_path: Path, secret: str) -> None:
        """App settings of such values: a plan and a list of functions hold them, too."""
        stream, out = io.StringIO(), tmp_path / "out"
        host = GitHubHost({"GITHUB_OUTPUT": str(out)}, stream)
        spec = replace(spec_for(), target=replace(TARGET, app_settings={"A": Secret(secret)}))
        values = {"plan": '{\n "n": 1\n}', "function-names": "identity,score"}

        mask_settings(spec, {}, host)
        tell_outputs(values, host)

        assert values == read_outputs(out.read_text())

    @pytest.mark.parametrize("form", [ID, ID.upper(), base64.b64encode(f"x{ID}".encode()).decode()])
    def test_that_hold_an_id_are_told_as_such(self, tmp_path: Path, form: str) -> None:
        """GitHub drops a job output that holds what is masked, and many mask their ids. The output stays."""
        values = {"image": f"contoso.azurecr.io/{form}", "image-tag": "v1"}

        warnings = told(tmp_path, values, ids={"client-id": ID, "tenant-id": "2" * 8})

        assert values == read_outputs((tmp_path / "out").read_text())
        assert [True] == [
            "The output `image` contains the value of `client-id`. GitHub drops" in line for line in warnings
        ]

    def test_of_a_console_are_kept_from_nobody(self) -> None:
        """There is no other job that could miss one."""
        stream = io.StringIO()

        tell_outputs({"image": ID}, PlainHost(stream), {"client-id": ID})

        assert stream.getvalue() == f"image={ID}\n"


def told(folder: Path, outputs: dict[str, str], *, masked: str = "", ids: dict[str, str] | None = None) -> list[str]:
    """The warnings of a job that writes these outputs."""
    stream = io.StringIO()
    host = GitHubHost({"GITHUB_OUTPUT": str(folder / "out")}, stream)
    host.mask(masked)
    tell_outputs(outputs, host, ids)
    host.tell_annotations()
    return [line for line in stream.getvalue().splitlines() if line.startswith("::warning")]
