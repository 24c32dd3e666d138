"""What must never be seen: secrets in each form, in whatever is told on each host; and what masking leaves alone."""

from __future__ import annotations

import base64
import html
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest

from functions_model.cli.ending import tell_outputs
from functions_model.cli.masks import mask_inputs
from functions_model.core.masking import cut, shapeless
from support.adversity import Row, each
from support.sinks import HOSTS, tell_all

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.ci.host import CiHost

SECRET = "hunter22-hunter22-hunter22"
SIGNS = "pass\"word/with\\all &<kinds> of=signs+\u00e9's"
KEY_LINE = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7"
PEM = f"-----BEGIN PRIVATE KEY-----\n{KEY_LINE}\nq9Zk3Rz+u/A==\n-----END PRIVATE KEY-----\n"
JWT = "eyJhbGciOiJSUzI1NiJ9abcdef.eyJzdWIiOiJyZXBvOmNvbnRvc28ifQ.c2lnbmF0dXJl"
PLAN = json.dumps({"changes": [{"kind": "identity", "name": "iris", "n": 1}]}, indent=2)
IMAGE = "contoso.azurecr.io/iris@sha256:1f"


@dataclass(frozen=True)
class Given:
    """Settings of a deployment, and outputs that are written on each host.

    Attributes:
        settings: The input `app-settings`.
        outputs: By name.
        left_out: Names of those that nobody gets; all others arrive as they are.
        inputs: Others, by name.
    """

    settings: str
    outputs: dict[str, str]
    left_out: frozenset[str] = frozenset()
    inputs: dict[str, str] = field(default_factory=dict)


OUTPUTS: list[Row[Given]] = [
    Row(
        "a setting is a document of JSON over several lines, some of them one brace",
        "the plan is whole",
        Given('LIMITS: |\n  {\n  "n": 1\n  }\n', {"plan": PLAN}),
        "R1",
    ),
    Row(
        "a setting's value is the name of a function of ours",
        "the list of functions is whole",
        Given("KIND=identity", {"function-names": "check,identity,score,warmup"}),
        "R1",
    ),
    Row(
        "a setting's value is `true`",
        "`changed` is whole",
        Given("DEBUG=true", {"changed": "true", "has-changes": "true"}),
        "R1",
    ),
    Row(
        "a setting's value is one digit",
        "digests are whole",
        Given("WORKERS=1", {"digest": "sha256:1111", "image": IMAGE}),
        "R1",
    ),
    Row(
        "a setting's value is a hyphen",
        "names with hyphens are whole",
        Given("SEPARATOR='-'", {"image-tag": "2026-11-30"}),
        "R1",
    ),
    Row(
        "a setting repeats a public input",
        "an output with that input's value is whole",
        Given("REGISTRY=contoso.azurecr.io", {"image": IMAGE}, inputs={"registry": "contoso.azurecr.io"}),
        "R1",
    ),
    Row(
        "a setting's value is a mode of a run",
        "an output that says it is whole",
        Given("STEP=plan-destroy", {"state": "plan-destroy"}),
        "R1",
    ),
    Row(
        "a setting's value is a part of the tag",
        "tag and image are left out, each with a warning; all others are whole",
        Given(f"KEY={SECRET}", {"image-tag": f"v1-{SECRET}", "plan": PLAN}, frozenset({"image-tag"})),
        "R1",
    ),
    Row(
        "a secret stands in the plan as JSON writes it",
        "the plan is left out",
        Given(json.dumps({"KEY": SIGNS}), {"plan": json.dumps({"note": SIGNS}), "image": IMAGE}, frozenset({"plan"})),
        "R1",
    ),
    Row(
        "a secret stands in an address as URLs write it",
        "the address is left out",
        Given(
            json.dumps({"KEY": SIGNS}),
            {"app-url": f"https://x.test/?k={quote(SIGNS, safe='')}", "image": IMAGE},
            frozenset({"app-url"}),
        ),
        "R1",
    ),
    Row(
        "a line of a key stands in the lock",
        "the lock is left out",
        Given(json.dumps({"KEY": PEM}), {"lock": f"six==1\n# {KEY_LINE}\n", "image": IMAGE}, frozenset({"lock"})),
        "R1",
    ),
    Row(
        "two settings, and one value begins with the other",
        "an output with the shorter one is left out, whichever comes first",
        Given(f"A={SECRET}\nB={SECRET}-more", {"image-tag": f"{SECRET}", "image": IMAGE}, frozenset({"image-tag"})),
        "R1",
    ),
]


@pytest.mark.parametrize("host", HOSTS)
@each(OUTPUTS)
def test_outputs_arrive_whole_or_not_at_all(row: Row[Given], host: str, tmp_path: Path) -> None:
    """On each host; who misses one is told which."""
    given = row.case

    def use(ci: CiHost) -> None:
        mask_inputs({"app-settings": given.settings, **given.inputs}, ci)
        tell_outputs(given.outputs, ci)
        ci.tell_annotations()

    told = HOSTS[host](tmp_path, use)
    kept = {name: value for name, value in given.outputs.items() if name not in given.left_out}

    assert [] == [name for name in given.left_out if f"The output `{name}` is left out" not in told.shown]
    assert told.shown.count("is left out") == len(given.left_out) * (2 if host == "GitHub" else 1)
    if host in {"GitHub", "Azure Pipelines"}:
        assert kept == told.outputs
    else:
        # A console's file has the outputs that need no quotes.
        assert told.outputs == {name: kept[name] for name in told.outputs}


@dataclass(frozen=True)
class Shown:
    """A text in which a masked value stands.

    Attributes:
        secret: The value.
        text: What is told.
        gone: Pieces that nobody may see.
        stays: Pieces that everybody sees.
    """

    secret: str
    text: str
    gone: tuple[str, ...]
    stays: tuple[str, ...] = ()


def _wrapped(secret: str, text: str, *stays: str) -> Shown:
    """All of what is told is a form of the secret, but for these."""
    pieces = {text[at : at + 12] for at in range(max(1, len(text) - 11))}
    return Shown(secret, text, tuple(piece for piece in pieces if not any(piece in one for one in stays)), stays)


TEXTS: list[Row[Shown]] = [
    Row(
        "the log repeats each line of a key by itself",
        "no line of it is seen, but its heading",
        Shown(PEM, f"loading {KEY_LINE}\n  then q9Zk3Rz+u/A==\ndone", (KEY_LINE, "q9Zk3Rz"), ("loading", "done")),
        "R12",
    ),
    Row("a setting within JSON", "nothing of it is seen", _wrapped(SIGNS, json.dumps(SIGNS)[1:-1]), "R12"),
    Row(
        "a setting within JSON that is a text in JSON",
        "nothing of it is seen",
        _wrapped(SIGNS, json.dumps(json.dumps(SIGNS)[1:-1])[1:-1]),
        "R12",
    ),
    Row("a setting in Python's repr", "nothing of it is seen", _wrapped(SIGNS, repr(SIGNS)[1:-1]), "R12"),
    Row("a setting as bytes in Python's repr", "nothing is seen", _wrapped(SIGNS, repr(SIGNS.encode())[2:-1]), "R12"),
    Row(
        "a script answers with the repr of a setting, in JSON",
        "nothing of it is seen",
        _wrapped(SIGNS, json.dumps(repr(f"it's {SIGNS}"))[6:-1]),
    ),
    Row(
        "the repr of an exception holds a text with a setting in it",
        "nothing of it is seen",
        _wrapped(SIGNS, repr(ValueError(f"it's {SIGNS}"))[17:-2]),
    ),
    Row("a setting in an address", "nothing of it is seen", _wrapped(SIGNS, quote(SIGNS, safe="")), "R12"),
    Row("a setting in a form", "nothing of it is seen", _wrapped(SIGNS, quote_plus(SIGNS)), "R12"),
    Row(
        "a setting as base64",
        "nothing of it is seen",
        Shown(SIGNS, base64.b64encode(SIGNS.encode()).decode(), (base64.b64encode(SIGNS.encode()).decode()[:12],)),
        "R12",
    ),
    Row(
        "a setting behind a user's name as base64, as in a header",
        "nothing of it is seen",
        Shown(
            SECRET,
            base64.b64encode(f"user:{SECRET}".encode()).decode(),
            (base64.b64encode(f"user:{SECRET}".encode()).decode()[8:24],),
        ),
        "R12",
    ),
    Row("a setting on a page of HTML", "nothing of it is seen", _wrapped(SIGNS, html.escape(SIGNS)), "R12"),
    Row(
        "a setting in XML, as storage answers",
        "nothing of it is seen",
        _wrapped(SIGNS, html.escape(SIGNS).replace("&#x27;", "&apos;")),
    ),
    Row(
        "a setting as .NET writes JSON, with numbers for signs",
        "nothing of it is seen",
        _wrapped(
            SIGNS, "".join(rf"\u{ord(c):04X}" if c in "\"&<>'+\u00e9" else c for c in SIGNS.replace("\\", "\\\\"))
        ),
    ),
    Row(
        "a setting in a shell's quotes",
        "nothing of it is seen",
        _wrapped(SIGNS, SIGNS.replace("'", "'\"'\"'")),
    ),
    Row(
        "a secret is the beginning of another",
        "the longer one is gone whole",
        Shown(f"{SECRET}-more-of-it", f"a {SECRET}-more-of-it b", ("hunter22", "more-of-it"), ("a ", " b")),
    ),
    Row(
        "a text was cut in the middle of a secret",
        "its beginning is gone, too",
        Shown(SECRET, cut(f"the answer is {SECRET} and more", 30), ("hunter22",), ("the answer is ",)),
    ),
    Row(
        "a secret has signs of regular expressions",
        "it is found as it is, and nothing else is",
        Shown(r"a+b(c)*[d]{2}\d.$^|", r"x a+b(c)*[d]{2}\d.$^| y aab(c) z", ("[d]{2}",), ("x ", " y aab(c) z")),
    ),
    Row(
        "a secret is not of this alphabet",
        "it is found, also where JSON has numbers for it",
        Shown(
            "пароль-密码-🔑", f"x {json.dumps('пароль-密码-🔑')} пароль-密码-🔑 y", (r"\u043f", "пароль"), ("x ", " y")
        ),
    ),
    Row(
        "colours of a terminal stand within a secret",
        "it is gone with them",
        Shown(SECRET, f"x {SECRET[:9]}\x1b[31m{SECRET[9:]}\x1b[0m y", (SECRET[:9], SECRET[9:]), ("x ", " y")),
    ),
    Row(
        "a secret of several short lines is told in one",
        "it is gone",
        Shown("ab12cd\nef34gh\nij56kl\n", "x ab12cd ef34gh ij56kl y", ("ab12cd",), ("x ", " y")),
    ),
    Row(
        "a secret with line ends of Windows is told with ours",
        "it is gone",
        Shown("ab12cd\r\nef34gh\r\nij56kl", "x ab12cd\nef34gh\nij56kl y", ("ef34gh",), ("x ", " y")),
    ),
    Row(
        "a traceback of the user's script shows a setting in the repr of its arguments",
        "the setting is gone, the traceback is not",
        Shown(
            SIGNS,
            f'Traceback (most recent call last):\n  File "score.py", line 3, in init\nKeyError: {SIGNS!r}\n',
            ('pass\\"word', "signs+"),
            ('File "score.py", line 3', "KeyError: "),
        ),
    ),
]


@pytest.mark.parametrize("host", HOSTS)
@each(TEXTS)
def test_no_form_of_a_masked_value_is_seen(row: Row[Shown], host: str, tmp_path: Path) -> None:
    """In the log, beside it, on the page, in outputs and in the log that is kept."""
    case = row.case

    told = HOSTS[host](tmp_path, lambda ci: tell_all(ci, case.text, [case.secret]))

    assert [] == [piece for piece in case.gone if piece in told.shown]
    assert [] == [piece for piece in case.stays if piece not in told.shown]


@dataclass(frozen=True)
class Said:
    """What a service says that nobody has masked.

    Attributes:
        text: Its words.
        gone: Pieces that nobody may see.
        stays: Pieces that everybody sees.
    """

    text: str
    gone: tuple[str, ...] = ()
    stays: tuple[str, ...] = ()


KEY = base64.b64encode(bytes(range(64))).decode()

SHAPES: list[Row[Said]] = [
    Row(
        "Resource Manager repeats a connection string with its AccountKey",
        "the key is cut, the account's name stays",
        Said(
            f"value 'AccountName=iris;AccountKey={KEY};X=y' is invalid", (KEY[:12],), ("AccountName=iris;", "invalid")
        ),
        "R12",
    ),
    Row(
        "Resource Manager repeats a shared access signature",
        "what was signed stays, the signature does not",
        Said("https://x.test/c/b?sv=2026&sig=abc%2Fdef%3D&se=1", ("abc%2F",), ("sv=2026", "se=1")),
        "R12",
    ),
    Row(
        "Service Bus repeats its SharedAccessKey",
        "the key is cut",
        Said(f"Endpoint=sb://x/;SharedAccessKeyName=Root;SharedAccessKey={KEY}", (KEY[:12],), ("KeyName=Root",)),
        "R12",
    ),
    Row(
        "a key of an account stands by itself in a sentence",
        "it is cut by its length",
        Said(f"the key {KEY} does not fit", (KEY[:12],), ("the key ", " does not fit")),
        "R12",
    ),
    Row(
        "a registry repeats the bearer token that it was sent",
        "the token is cut, and `bearer token` in a sentence is not",
        Said("Authorization: Bearer abc.def-123 is no bearer token of ours", ("abc.def",), ("is no bearer token of",)),
        "R12",
    ),
    Row(
        "a header has a login as base64",
        "it is cut, and `Basic authentication` is not",
        Said(
            "Basic dXNlcjpwYXNzd29yZA== refused: Basic authentication is off", ("dXNl",), ("Basic authentication is",)
        ),
        "R12",
    ),
    Row(
        "uv repeats a JSON web token",
        "it is cut",
        Said(f"unexpected {JWT} in header", (JWT[:20],), (" in header",)),
        "R12",
    ),
    Row(
        "uv repeats the login in an index's address",
        "it is cut, the host stays",
        Said("Failed to fetch `https://me:hunter22@x.test/simple/six/`", ("hunter22",), ("@x.test/simple/six/",)),
        "R12",
    ),
    Row(
        "git repeats the token in a repository's address",
        "it is cut; the user `git`, who is everybody, stays",
        Said("https://ghp_0123456789ab@github.com/x ssh://git@github.com/y", ("ghp_",), ("ssh://git@github.com/y",)),
    ),
    Row(
        "a script prints the connection string of a database",
        "the password is cut",
        Said("Server=tcp:x.test;Password=hun/ter22!;Encrypt=yes", ("hun/ter22",), ("Server=tcp:x.test", "Encrypt=yes")),
    ),
    Row(
        "a traceback shows a call with a password",
        "the password is cut",
        Said("connect(host='x', password='hunter22')", ("hunter22",), ("connect(host='x'",)),
    ),
    Row(
        "Entra ID repeats a form with a client secret",
        "the secret is cut",
        Said(
            "grant_type=client_credentials&client_secret=a8Q~b.c&scope=x", ("a8Q~",), ("client_credentials", "scope=x")
        ),
    ),
    Row(
        "a service answers with tokens in JSON that is a text",
        "each is cut",
        Said('{\\"access_token\\": \\"abc123\\", \\"expires_in\\": 3}', ("abc123",), ("expires_in",)),
    ),
    Row(
        "a script prints a private key that nobody has given",
        "its lines are cut, what follows stays",
        Said(f"{PEM}and more", (KEY_LINE, "q9Zk3Rz"), ("and more",)),
    ),
    Row(
        "a key of a function stands in an address",
        "it is cut",
        Said("GET https://iris.test/api/score?code=abcDEF123== 401", ("abcDEF",), ("/api/score", "401")),
    ),
    Row(
        "our own page says how a key is passed on",
        "nothing of that is cut",
        Said('curl -H "x-functions-key: $KEY" https://x.test/?code=<key>', (), ("x-functions-key: $KEY",)),
    ),
]


@pytest.mark.parametrize("host", HOSTS)
@each(SHAPES)
def test_what_is_shaped_like_a_secret_is_cut(row: Row[Said], host: str, tmp_path: Path) -> None:
    """Whoever said it: nobody has told us that it is one."""
    case = row.case

    told = HOSTS[host](tmp_path, lambda ci: ci.info(case.text))

    assert [] == [piece for piece in case.gone if piece in told.shown]
    assert [] == [piece for piece in case.stays if piece not in told.shown]
    assert shapeless(shapeless(case.text)) == shapeless(case.text)
