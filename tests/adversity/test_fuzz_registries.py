"""Arbitrary answers of registries and indexes: each is read into a noun, or told; nothing else is raised.

What was found here stands as rows in the tables beside this file.
"""

from __future__ import annotations

import base64
import io
import json
import tarfile
import zlib
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_model.core.failures import RegistryFailed
from functions_model.core.references import ImageReference, canonical_json, digest_of
from functions_model.environment.index_answers import for_index
from functions_model.environment.request import EnvironmentRequest, IndexSettings
from functions_model.environment.uv_failures import Target, blamed, explain
from functions_model.image.assembly import Base, assemble
from functions_model.image.configs import ImageConfig, parse_config
from functions_model.image.foreign_tar import BROKEN, members_of
from functions_model.image.layers import Layer
from functions_model.image.manifests import OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST, Manifest
from functions_model.image.manifests import parse_manifest as parse
from functions_model.preflight.inventory import VERSION, Inventory
from functions_model.registry import Push, Record, RecordedLayer, find_manifest, find_record, pull_base
from functions_model.registry.access import Access, EntraExchange
from functions_model.registry.client import RegistryClient
from functions_model.registry.content import has_whole_blob
from functions_model.registry.tokens import life_of, parse_challenge
from support.fuzzing import Answered, answers, bodies, documents, fuzzed, headers, session_with, texts

if TYPE_CHECKING:
    from collections.abc import Callable

_Kind = TypeVar("_Kind", bound=Exception)
HOST = "contoso.azurecr.io"
DIGEST = digest_of(b"{}")
ENTRY = {"mediaType": OCI_CONFIG, "digest": DIGEST, "size": 2, "annotations": {"a": "b"}}
MANIFEST = {
    "schemaVersion": 2,
    "mediaType": OCI_MANIFEST,
    "config": ENTRY,
    "layers": [ENTRY],
    "annotations": {"a": "b"},
}
INDEX = {"mediaType": OCI_INDEX, "manifests": [{**ENTRY, "platform": {"os": "linux", "architecture": "amd64"}}]}
CONFIG = {
    "os": "linux",
    "architecture": "amd64",
    "created": "2026-01-01T00:00:00Z",
    "config": {"Env": ["A=1"], "Labels": {"a": "b"}, "User": "root", "Cmd": ["/bin/app"]},
    "rootfs": {"type": "layers", "diff_ids": [DIGEST]},
    "history": [{"created_by": "x"}, {"empty_layer": True}],
}
TOKEN = {"refresh_token": "r", "access_token": "a", "expires_in": 300}
LAYER = Layer("code", DIGEST, DIGEST, 2, OCI_LAYER_GZIP, lambda: cast("BinaryIO", io.BytesIO(b"{}")), 2, ratio=0.5)
RECORD = json.loads(Record((RecordedLayer("k", LAYER),), {"base": DIGEST}, b'{"a":1}').as_manifest())
INVENTORY = {
    "version": VERSION,
    "distributions": [["a", "1", 5, ["b"], ["GPU"], ["a"]]],
    "files": ["a.py"],
    "dynamic": ["a"],
    "barren": [],
    "compiled": [],
    "libraries": [["a", "a.so", ["libc.so.6"]]],
}


def asking(answer: Answered, credential: Any = None) -> RegistryClient:
    return RegistryClient(HOST, credential, session=session_with([answer]), sleep=lambda _: None)


IMAGE = ImageReference(HOST, "base", "4")
LOGIN = EntraExchange(lambda: "entra-token")


def push(client: RegistryClient) -> None:
    base = Base(IMAGE, DIGEST, Manifest(OCI_MANIFEST, LAYER.descriptor, (LAYER.descriptor,)), ImageConfig(CONFIG))
    image = assemble(base, [LAYER], env={}, labels={})
    Push(client, ImageReference(HOST, "package", "v1"), base_client=client).finish(image)


def refused(drive: Callable[[], object], kind: type[_Kind]) -> _Kind | None:
    """The error of that kind, with words that can be shown; None where none was raised."""
    try:
        drive()
    except kind as error:
        str(error).encode()
        return error
    return None


WAYS: list[tuple[Any, Any, Callable[[RegistryClient], object]]] = [
    (MANIFEST, None, lambda client: pull_base(client, IMAGE)),
    (INDEX, None, lambda client: pull_base(client, IMAGE)),
    (MANIFEST, None, lambda client: find_manifest(client, IMAGE)),
    (RECORD, None, lambda client: find_record(client, "base", "4")),
    (CONFIG, None, lambda client: has_whole_blob(client, Access("base"), DIGEST, 2)),
    (TOKEN, LOGIN, lambda client: find_manifest(client, IMAGE)),
    ({"errors": [{"code": "DENIED", "message": "no"}]}, None, push),
]


@pytest.mark.parametrize("way", range(len(WAYS)))
@given(data=st.data())
@fuzzed(15)
def test_any_answer_is_read_or_told(way: int, data: st.DataObject) -> None:
    """Whatever is asked for: a failure of the registry's family, with words that can be shown."""
    valid, credential, drive = WAYS[way]
    answer = data.draw(answers(valid, "Docker-Content-Digest", "Location", "Content-Length"))
    failure = refused(lambda: drive(asking(answer, credential)), RegistryFailed)

    assert failure is None or (failure.reason and failure.remedy)


@given(
    body=st.one_of(bodies(MANIFEST), bodies(INDEX)), kind=st.sampled_from([OCI_MANIFEST, OCI_INDEX, "", "text/html"])
)
@fuzzed(30)
def test_any_manifest_is_one_or_refused(body: bytes, kind: str) -> None:
    """What is taken can be written again."""
    if refused(lambda: parse(body, kind), ValueError) is None:
        assert parse(body, kind).as_bytes()


@given(body=bodies(CONFIG))
@fuzzed(30)
def test_any_configuration_is_one_or_refused(body: bytes) -> None:
    """What is taken can be asked for everything, and written again."""
    if refused(lambda: parse_config(body), ValueError) is not None:
        return
    found = parse_config(body)
    asked = (found.env, found.labels, found.diff_ids, found.history, found.run, found.platform)
    assert canonical_json([repr(one) for one in asked])
    assert canonical_json(dict(found.document))


@given(body=bodies(INVENTORY), is_packed=st.booleans())
@fuzzed(30)
def test_any_inventory_is_one_or_none(body: bytes, is_packed: bool) -> None:
    """What is taken can be kept again."""
    found = Inventory.from_bytes(zlib.compress(body) if is_packed else body)
    if found is not None:
        assert found == Inventory.from_bytes(found.as_bytes())


@given(given_headers=headers("WWW-Authenticate"), text=texts())
@fuzzed(30)
def test_any_challenge_is_one_or_none(given_headers: dict[str, str], text: str) -> None:
    """With a realm, where it is one."""
    for header in (*given_headers.values(), text, f'Bearer realm="{text}",service={text}'):
        found = parse_challenge(header)
        assert found is None or found.realm


@given(claims=documents(), text=texts())
@fuzzed(30)
def test_any_token_has_a_life_or_none(claims: Any, text: str) -> None:
    """It is read without being checked."""
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    for token in (f"a.{payload}.b", f"a.{text}.b", text):
        assert isinstance(life_of(token), float | None)


WORDS = (
    "Because alpha was not found in the package registry and you require alpha==1, we can conclude",
    "hint: An index URL (http://h/simple) could not be queried due to a lack of valid authentication credentials (401",
    "hint: An index (http://h/simple) returned a 403 Forbidden error.",
    "Failed to fetch: `http://h/simple/alpha/`",
    "Received some unexpected JSON from `http://h/simple/alpha/`",
    "alpha==1 has no usable wheels",
    "Hash mismatch for `alpha==1`",
    "uv was ended by the signal SIGABRT",
    "memory allocation of 99 bytes failed",
)


@given(lines=st.lists(st.one_of(st.sampled_from(WORDS), texts()), max_size=6))
@fuzzed(30)
def test_any_words_of_uv_are_told(lines: list[str]) -> None:
    """They hold what indexes say."""
    words = "\n".join(lines)
    failure = explain("resolve", [words], EnvironmentRequest(None, None, ()), Target("3.11", "x"))
    blamed(words)
    for_index(words, IndexSettings())

    assert failure.problems
    assert failure.remedy


@st.composite
def tars(draw: st.DrawFn) -> bytes:
    """Archives with some bytes changed, or more of them than there are."""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode=draw(st.sampled_from(["w", "w:gz"]))) as archive:
        for name in draw(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=120), max_size=4)):
            member = tarfile.TarInfo(name)
            member.size = draw(st.integers(0, 600))
            member.pax_headers = {"comment": "x" * draw(st.integers(0, 50))}
            archive.addfile(member, io.BytesIO(bytes(member.size)))
    content = bytearray(written.getvalue())
    for _ in range(draw(st.integers(0, 6))):
        content[draw(st.integers(0, len(content) - 1))] = draw(st.integers(0, 255))
    return bytes(content[: draw(st.integers(0, len(content)))])


@given(content=tars())
@fuzzed(30)
def test_any_layer_is_looked_through(content: bytes) -> None:
    """Or is broken."""
    try:
        for member, _ in members_of(cast("BinaryIO", io.BytesIO(content)), 1 << 20):
            assert isinstance(member.name, str)
    except BROKEN:
        pass
