"""Answers of Azure's services: what is no document, has another form or no end is a failure by whom it came from."""

from __future__ import annotations

import gzip
import json
import zlib
from dataclasses import dataclass, field
from typing import Any

import pytest
from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from functions_model.azure.errors import explain
from functions_model.azure.sending import CancelledTransport
from functions_model.core.failures import Failure, PlanRefused
from functions_model.provision import observe
from functions_model.provision.access.rights import rights_at
from functions_model.provision.elsewhere import seen_subscriptions
from functions_model.provision.kinds.generic import listed
from support.adversity import Row, each
from support.fake_arm import Answer, clients_for
from support.fuzzing import DEEP
from support.raw_answers import answering, bomb, http
from support.wanted import wanted

PAGE = b"<!DOCTYPE html><html><head><title>Access denied by Contoso</title></head><body>x</body></html>"
HTML = {"Content-Type": "text/html"}
_A_PROXY = "a proxy or gateway"


@dataclass(frozen=True)
class Told:
    """What Resource Manager's address answers to everything.

    Attributes:
        says: What must be told.
        body: Of the answer.
        status: Of the answer.
        headers: Of the answer.
    """

    says: str
    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


READS = [
    Row("a proxy's page with 200 comes from Resource Manager", "told as a page", Told(_A_PROXY, PAGE, 200, HTML), "R2"),
    Row("a proxy's page with 403 comes from Resource Manager", "no role asked", Told(_A_PROXY, PAGE, 403, HTML), "R2"),
    Row("a proxy's page with 404 comes from Resource Manager", "nothing is new", Told(_A_PROXY, PAGE, 404, HTML), "R2"),
    Row("a proxy's page with 407 comes from Resource Manager", "`HTTPS_PROXY`", Told("HTTPS_PROXY", PAGE, 407), "R2"),
    Row("a gateway's page with 502 is all there is", "its title", Told("Access denied by", PAGE, 502, HTML), "R2"),
    Row("a gateway's page with 503 says it is JSON", "its title", Told("Access denied by", PAGE, 503), "R2"),
    Row("Resource Manager answers null", "told", Told("`null`", b"null"), "R2"),
    Row("Resource Manager answers with nothing at all", "told", Told("an empty body", b""), "R2"),
    Row("Resource Manager answers with a list for a resource", "told", Told("a list", b"[]"), "R2"),
    Row("Resource Manager's answer is nested 100,000 times", "told", Told("200 levels", DEEP.encode()), "R2"),
    Row("Resource Manager's refusal is nested 100,000 times", "told", Told("200 levels", DEEP.encode(), 400), "R2"),
    Row("an answer ends in its middle", "its beginning", Told('`{"id": "/sub`', b'{"id": "/sub'), "R2"),
    Row("the tags of an app are a list", "named", Told("a list as `tags`", {"tags": ["a"]}), "R2"),
    Row("the properties of an app are a text", "named", Told("as `properties`", {"properties": "x"}), "R2"),
    Row("the location of an app is a number", "named", Told("a number as `location`", {"location": 5}), "R2"),
    Row("an answer holds NaN", "told as no JSON", Told("not JSON", b'{"id": NaN}'), "R2"),
    Row("an answer has a charset that nobody knows", "told", Told(
        "answered", {"id": "/x"}, 200, {"Content-Type": "application/json; charset=klingon"}), "R2"),
    Row("a service asks to wait until `abc`", "its status", Told("500", {}, 500, {"Retry-After": "abc"}), "R2"),
    Row("a service asks to wait for a superscript two", "it", Told("429", {}, 429, {"Retry-After": "\xb2"}), "R2"),
    Row("a refusal repeats an account's key", "the key is cut", Told(
        "AccountKey=***", {"error": {"code": "C", "message": "AccountKey=abcdefghijkl==;x"}}, 400), "R12"),
    Row("a refusal holds escape codes of a terminal", "they are gone", Told(
        "a[2Jb", {"error": {"code": "C", "message": "a\x1b[2Jb"}}, 400), "R18"),
]  # fmt: skip


@each(READS)
def test_looking_at_what_is_there(row: Row[Told]) -> None:
    """The plan is refused with who said what; nothing was taken for absent."""
    case = row.case
    clients = clients_for(lambda _: Answer(case.status, case.body, case.headers))

    with pytest.raises(PlanRefused) as caught:
        observe(clients, wanted())

    assert case.says in str(caught.value)
    assert "management.azure.com" in str(caught.value) or case.status >= 400
    assert str(caught.value).replace("\n", "").isprintable()


@dataclass(frozen=True)
class List:
    """A page of a list.

    Attributes:
        page: What it holds.
        says: What must be told.
    """

    page: Any
    says: str


LISTS = [
    Row(
        "the next page of a list is at another host",
        "it is not asked: the token would go there",
        List({"value": [], "nextLink": "https://evil.example/x"}, "next page is at `evil.example`"),
    ),
    Row(
        "the next page of a list is itself",
        "it is not read for ever",
        List({"value": [], "nextLink": "SELF"}, "or is the same again"),
    ),
    Row("a list is a mapping", "named", List({"value": {"a": 1}}, "a mapping as `value`"), "R2"),
    Row("a list holds numbers", "an answer of no known form", List({"value": [1]}, "form that is not known"), "R2"),
]


@each(LISTS)
def test_reading_a_list(row: Row[List]) -> None:
    """Resources, subscriptions: no token goes elsewhere, and no list goes on for ever."""
    asked: list[str] = []

    def answer(request: Any) -> Answer:
        asked.append(request.path)
        url = f"https://management.azure.com{request.path}?{request.query}"
        return Answer(200, json.loads(json.dumps(row.case.page).replace("SELF", url)))

    clients = clients_for(answer)
    with pytest.raises(AzureError) as caught:
        [one["id"] for one in _understood(lambda: list(seen_subscriptions(clients)))]
    assert row.case.says in explain(caught.value, "list").reason
    assert len(asked) == 1


def _understood(read: Any) -> Any:
    from functions_model.azure.misread import understanding

    return understanding(read)()


def test_rights_that_are_no_rights_are_not_told() -> None:
    """Then the write tells."""
    answers = [Answer(200, body) for body in ({"value": [1]}, {"value": 5}, b"null", PAGE)]
    clients = clients_for(lambda _: answers.pop())
    while answers:
        assert rights_at(clients, "/subscriptions/s") is None


def test_pages_of_resources_keep_to_resource_manager() -> None:
    """By requests of our own as by the SDK."""
    clients = clients_for(lambda _: Answer(200, {"value": [], "nextLink": "https://evil.example/"}))
    with pytest.raises(AzureError, match=r"evil\.example"):
        list(listed(clients, "/x", "2020-01-01"))


@dataclass(frozen=True)
class Packed:
    """An answer as it goes over the line.

    Attributes:
        answer: Its bytes.
        says: What must be told; empty where it is read.
    """

    answer: bytes
    says: str = ""


_DOCUMENT = b'{"a": 1}'
PACKED = [
    Row(
        "a service answers with gzip",
        "it is unpacked",
        Packed(http(gzip.compress(_DOCUMENT), headers={"Content-Encoding": "gzip"})),
        "R13",
    ),
    Row(
        "a service answers with deflate",
        "it is unpacked",
        Packed(http(zlib.compress(_DOCUMENT), headers={"Content-Encoding": "deflate"})),
        "R13",
    ),
    Row(
        "a bomb of gzip comes in an answer of Azure",
        "no more than the limit is unpacked",
        Packed(http(bomb(80), headers={"Content-Encoding": "gzip"}), "more than 64 MiB"),
        "R13",
    ),
    Row(
        "a bomb of gzip comes in a refusal of Azure",
        "no more than the limit is unpacked",
        Packed(http(bomb(80), 500, {"Content-Encoding": "gzip"}), "more than 64 MiB"),
        "R13",
    ),
    Row(
        "an answer of Azure says gzip and is none",
        "told as an answer that breaks",
        Packed(http(_DOCUMENT, headers={"Content-Encoding": "gzip"}), "gzip"),
        "R13",
    ),
    Row(
        "an answer of Azure is announced with 40 GB and ends",
        "told as a connection that broke",
        Packed(http(_DOCUMENT, length=40 << 30), "broke"),
        "R13",
    ),
]


@each(PACKED)
def test_an_answer_over_the_line(row: Row[Packed]) -> None:
    """By the transport that all clients of Azure's SDK have."""
    with answering(row.case.answer) as server, CancelledTransport() as transport:
        if not row.case.says:
            assert transport.send(HttpRequest("GET", server.url)).json() == {"a": 1}
            return
        with pytest.raises(AzureError) as caught:
            transport.send(HttpRequest("GET", server.url))
    assert row.case.says in explain(caught.value, "ask").reason


@pytest.mark.parametrize("status", [200, 403, 404, 502, 503])
def test_a_page_is_an_error_of_the_sdk(status: int) -> None:
    """Whatever its status: whoever calls a client expects these errors, and no others."""
    clients = clients_for(lambda _: Answer(status, PAGE, HTML))

    with pytest.raises(AzureError) as caught:
        clients.resource.resource_groups.get("x")

    assert _A_PROXY in explain(caught.value, "ask").reason


def test_no_failure_here_is_a_bug() -> None:
    """Each that these tables expect has an exit code of its own."""
    assert issubclass(PlanRefused, Failure)
    assert PlanRefused.exit_code != Failure.exit_code
