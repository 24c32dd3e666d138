"""Append blobs over HTTP: what is sent, and what is made of every answer. A small server of the test's answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

import pytest

from functions_model.payload.append_blobs import AppendBlobs, by_identity, by_key
from functions_model.payload.sink import Refused, TryLater
from support.peers import http_peer


@dataclass
class Account:
    """A storage account, and the identity endpoint, that keep what came and answer as they are told to."""

    url: str = ""
    requests: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)
    answers: list[tuple[int, str]] = field(default_factory=list)
    lives: int = 3600
    loses: bool = False

    def answer(self, path: str, query: str, headers: dict[str, str], body: bytes) -> tuple[int, str]:
        self.requests.append((path, query, headers))
        if self.answers:
            return self.answers.pop(0)
        if query != "comp=appendblock":
            there = path in self.blobs
            self.blobs.setdefault(path, b"")
            return (409, "BlobAlreadyExists") if there else (201, "")
        if len(self.blobs[path]) != int(headers["x-ms-blob-condition-appendpos"]):
            return 412, "AppendPositionConditionNotMet"
        self.blobs[path] += body
        return 201, ""


@pytest.fixture
def account() -> Iterator[Account]:
    kept = Account()

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            url = urlsplit(self.path)
            status, name = kept.answer(url.path, url.query, {k.lower(): v for k, v in self.headers.items()}, body)
            if kept.loses:
                kept.loses = False
                self.close_connection = True
                return
            self.send_response(status)
            self.send_header("x-ms-error-code", name)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self) -> None:
            kept.requests.append((self.path, "", {k.lower(): v for k, v in self.headers.items()}))
            told = {"access_token": f"token-{len(kept.requests)}", "expires_on": str(int(time.time()) + kept.lives)}
            body = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with http_peer(Handler) as address:
        kept.url = f"{address}/"
        yield kept


def blobs(account: Account) -> AppendBlobs:
    return AppendBlobs(account.url, "data", "instance-1-abc", lambda _: None)


class TestAppendBlobs:
    """`AppendBlobs`."""

    def test_a_blob_is_made_once_and_appended_to(self, account: Account) -> None:
        """Its name has the process in it, so that no other writes it."""
        store = blobs(account)

        store.append("a/b/2026/11/30/23", b"one\n")
        store.append("a/b/2026/11/30/23", b"two\n")
        store.append("a/b/2026/12/01/00", b"three\n")

        start = "/data/a/b"
        assert account.blobs == {
            f"{start}/2026/11/30/23/instance-1-abc-1.jsonl": b"one\ntwo\n",
            f"{start}/2026/12/01/00/instance-1-abc-2.jsonl": b"three\n",
        }
        making, appending = account.requests[0][2], account.requests[1][2]
        assert ("AppendBlob", "*") == (making["x-ms-blob-type"], making["if-none-match"])
        assert "0" == appending["x-ms-blob-condition-appendpos"]
        assert "x-ms-version" in appending
        assert "x-ms-date" in appending

    def test_a_block_whose_answer_was_lost_is_there_once(self, account: Account) -> None:
        """The service took it, and the connection broke: the next try finds it there."""
        store = blobs(account)
        store.append("f", b"one\n")
        account.loses = True
        with pytest.raises(TryLater):
            store.append("f", b"two\n")

        store.append("f", b"two\n")
        store.append("f", b"three\n")

        assert [b"one\ntwo\nthree\n"] == list(account.blobs.values())

    def test_a_blob_whose_making_was_answered_to_nobody_is_ours(self, account: Account) -> None:
        """409 for a name that no other has."""
        store = blobs(account)
        account.loses = True
        with pytest.raises(TryLater):
            store.append("f", b"one\n")

        store.append("f", b"one\n")

        assert [b"one\n"] == list(account.blobs.values())

    @pytest.mark.parametrize(
        "answer", [(404, "BlobNotFound"), (409, "BlockCountExceedsLimit"), (412, "ConditionNotMet")]
    )
    def test_one_that_is_gone_or_full_gets_a_successor(self, account: Account, answer: tuple[int, str]) -> None:
        """A rule of the account may remove it, and a block may find it full."""
        store = blobs(account)
        store.append("f", b"one\n")
        account.answers.append(answer)
        with pytest.raises(TryLater, match=answer[1]):
            store.append("f", b"two\n")

        store.append("f", b"two\n")

        assert [b"one\n", b"two\n"] == list(account.blobs.values())

    def test_a_blob_of_50000_blocks_gets_a_successor(self, account: Account) -> None:
        """More has none room for."""
        store = AppendBlobs(account.url, "data", "p", lambda _: None, most=2)

        for number in range(5):
            store.append("f", b"%d\n" % number)

        assert [b"0\n1\n", b"2\n3\n", b"4\n"] == list(account.blobs.values())

    @pytest.mark.parametrize(
        ("status", "kind"), [(403, TryLater), (404, TryLater), (429, TryLater), (503, TryLater), (400, Refused)]
    )
    def test_what_may_pass_is_tried_again(self, account: Account, status: int, kind: type[Exception]) -> None:
        """A role counts after minutes; a request that is wrong stays wrong."""
        account.answers.append((status, "Why"))

        with pytest.raises(kind, match=f"{status} Why"):
            blobs(account).append("f", b"one\n")

    def test_nobody_there_may_pass(self) -> None:
        """A network may be away for a while."""
        store = AppendBlobs("http://127.0.0.1:1/", "data", "p", lambda _: None)

        with pytest.raises(TryLater, match="ConnectionRefusedError"):
            store.append("f", b"one\n")

    def test_few_blobs_are_remembered(self, account: Account) -> None:
        """An app that runs for months has a new one each hour."""
        store = blobs(account)

        for number in range(100):
            store.append(f"f/{number}", b"one\n")

        assert 64 == len(store._blobs)


class TestByIdentity:
    """`by_identity`."""

    def test_a_token_is_asked_for_once(self, account: Account) -> None:
        """As App Service says, for the identity that is ours."""
        sign = by_identity(f"{account.url}msi/token", "the header", "the-client")
        store = AppendBlobs(account.url, "data", "p", sign)

        store.append("f", b"one\n")
        store.append("f", b"two\n")

        asked = [(path, headers) for path, _, headers in account.requests if path.startswith("/msi/token")]
        assert 1 == len(asked)
        query = parse_qs(urlsplit(asked[0][0]).query)
        assert query == {
            "resource": ["https://storage.azure.com/"],
            "api-version": ["2019-08-01"],
            "client_id": ["the-client"],
        }
        assert "the header" == asked[0][1]["x-identity-header"]
        assert "Bearer token-1" == account.requests[-1][2]["authorization"]

    def test_one_that_ends_soon_is_asked_for_anew(self, account: Account) -> None:
        """Five minutes before."""
        account.lives = 200
        store = AppendBlobs(account.url, "data", "p", by_identity(f"{account.url}msi/token", "h", ""))

        store.append("f", b"one\n")

        assert 2 == sum(path.startswith("/msi/token") for path, _, _ in account.requests)

    def test_none_to_be_had_may_pass(self, account: Account) -> None:
        """The identity endpoint may be late."""
        store = AppendBlobs(account.url, "data", "p", by_identity("http://127.0.0.1:1/", "h", ""))

        with pytest.raises(TryLater):
            store.append("f", b"one\n")


def test_a_process_that_ends_sends_what_it_has(account: Account) -> None:
    """Long before the next look at the queue; with the variables of an app."""
    said = {"collections": {"*": 1}, "container": "c", "folder": "f", "rolling": "hour", "source": "/sites/iris"}
    environ = {
        **os.environ,
        "FUNCTIONS_MODEL_COLLECT": json.dumps(said),
        "FUNCTIONS_MODEL_COLLECT_URL": account.url,
        "IDENTITY_ENDPOINT": f"{account.url}msi/token",
        "IDENTITY_HEADER": "h",
    }
    code = (
        "import os; from functions_model.payload import collecting, collected;"
        "collecting.be_quiet(os.environ);"
        "collecting.begun().sink.put(collected.Record('model_inputs', b'[1]', is_line=True, seconds=1700000000))"
    )
    begun = time.monotonic()

    subprocess.run([sys.executable, "-c", code], env=environ, check=True, timeout=20)

    (name, written), *others = account.blobs.items()
    assert time.monotonic() - begun < 5
    assert not others
    assert name.startswith("/c/f/model_inputs/2023/11/14/22/")
    assert [1] == json.loads(written)["data"]


def test_a_key_signs(account: Account) -> None:
    """With the account's name, and a signature that changes with the request. Azurite checks one in tests/contract."""
    store = AppendBlobs(account.url, "data", "p", by_key({"accountname": "iris", "accountkey": "a2V5"}))

    store.append("f", b"one\n")

    signatures = [headers["authorization"] for _, _, headers in account.requests]
    assert all(one.startswith("SharedKey iris:") for one in signatures)
    assert 2 == len(set(signatures))
