"""What registries, and whatever answers in their place, can send, and what must come of it: never a bug of ours."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.azure.cloud import AZURE_CLOUD, Cloud
from functions_model.core.failures import RegistryFailed
from functions_model.core.references import ImageReference
from functions_model.core.secrets import RegistryLogin, Secret
from functions_model.image.manifests import OCI_CONFIG, OCI_MANIFEST
from functions_model.registry import Push, find_manifest, pull_base
from functions_model.registry.access import Access, EntraExchange
from functions_model.registry.client import RegistryClient
from functions_model.registry.content import has_blob
from support.adversity import Row, each
from support.fuzzing import DEEP
from support.images import image_on, stored_base
from support.registry_server import Fault, RegistryServer, serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from functions_model.image.assembly import Image

TOLD = "one error that names the registry and what it said; no bug of ours"
PAGE = b"<!DOCTYPE html><html><head><title>Access denied</title></head></html>"
_ENDLESS = 99
BOMB = gzip.compress(bytes(80 << 20))
ENTRA, BASIC = EntraExchange(lambda: "entra-token"), RegistryLogin("me", Secret("hunter22"))


@dataclass
class World:
    """A registry with a base in it, an image to push, and a client that does not really wait."""

    server: RegistryServer
    image: Image
    slept: list[float] = field(default_factory=list)

    def client(self, credential: Any = None) -> RegistryClient:
        return RegistryClient(self.server.host, credential, sleep=self.slept.append)

    @property
    def base(self) -> ImageReference:
        return ImageReference(self.server.host, "base", "4")

    def pull(self) -> None:
        pull_base(self.client(), self.base)

    def look(self) -> None:
        find_manifest(self.client(), self.base)

    def look_for_blob(self) -> None:
        has_blob(self.client(), Access("base"), self.image.base.manifest.layers[0].digest)

    def push(self) -> None:
        client = self.client()
        Push(client, ImageReference(self.server.host, "package", "v1"), base_client=client).finish(self.image)

    def log_in(self, credential: Any = ENTRA) -> None:
        self.server.auth = "bearer"
        find_manifest(self.client(credential), self.base)


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    for server in serving():
        base = pull_base(RegistryClient(server.host), stored_base(server))
        yield World(server, image_on(base, tmp_path_factory.mktemp("image")))


@pytest.fixture
def world(stored: World) -> Iterator[World]:
    with stored.server.as_it_was():
        stored.server.seen.clear()
        stored.server.valid.add("a")
        yield stored


@dataclass(frozen=True)
class Answer:
    """An answer, and what asks for it.

    Attributes:
        drive: What is done with the registry.
        method: Of the request.
        path: A pattern for its path.
        says: A pattern that the failure must show.
        status: Of the answer.
        body: Of the answer.
        headers: Of the answer.
        tries: How often it is asked: once where another attempt mends nothing.
    """

    drive: Callable[[World], object]
    method: str
    path: str
    says: str
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    tries: int = 1


def manifest(body: bytes, says: str, **more: Any) -> Answer:
    """In the place of a base's manifest."""
    headers = {"Content-Type": OCI_MANIFEST, **more.pop("headers", {})}
    return Answer(World.pull, "GET", "manifests/4", says, body=body, headers=headers, **more)


def token(body: object, says: str = "the token service answered", **more: Any) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Answer(World.log_in, "POST", "/oauth2/", says, body=content, **more)


def location(value: str, says: str = "address that cannot be read, or without encryption") -> Answer:
    # Four blobs begin side by side.
    return Answer(World.push, "POST", "blobs/uploads", says, 202, headers={"Location": value}, tries=4)


ANSWERS = [
    Row(
        "a manifest's digest header is `nonsense`",
        TOLD,
        Answer(
            World.look,
            "HEAD",
            "manifests",
            "`nonsense` is not a sha256 digest",
            headers={"Docker-Content-Digest": "nonsense"},
        ),
        "R2",
    ),
    Row(
        "a manifest's digest header has escape codes",
        TOLD,
        Answer(
            World.look,
            "HEAD",
            "manifests",
            "is not a sha256 digest",
            headers={"Docker-Content-Digest": "sha512:\x1b[2J"},
        ),
        "R2",
    ),
    Row("an upload's Location is `http://[::1`", TOLD, location("http://[::1"), "R2"),
    Row("an upload's Location has a port of eight digits", TOLD, location("https://host:99999999/x"), "R2"),
    Row("an upload's Location is a file", TOLD, location("file:///etc/passwd"), "R2"),
    Row(
        "an upload's Location is a host of FTP",
        TOLD,
        location("ftp://elsewhere.example/x"),
        "R2",
    ),
    Row(
        "a blob leads to `http://[::1`",
        TOLD,
        Answer(
            World.pull,
            "GET",
            "/blobs/",
            "names an address that cannot be one",
            307,
            headers={"Location": "http://[::1"},
        ),
        "R2",
    ),
    Row(
        "a blob leads to itself, over and over",
        TOLD,
        Answer(World.pull, "GET", "/blobs/", "without an end", 307, headers={"Location": "LOOP"}, tries=_ENDLESS),
        "R2",
    ),
    Row(
        "a base's manifest is a page of a proxy",
        TOLD,
        manifest(PAGE, "a proxy or gateway .* instead of", headers={"Content-Type": "text/html"}),
        "R2",
    ),
    Row("a base's manifest is `null`", TOLD, manifest(b"null", "not a JSON object"), "R2"),
    Row("a base's manifest is empty", TOLD, manifest(b"", "not JSON"), "R2"),
    Row("a base's manifest is 100,000 nested `[`", TOLD, manifest(DEEP.encode(), "not JSON"), "R2"),
    Row(
        "a base's manifest is longer than any registry takes",
        TOLD,
        manifest(b" " * (5 << 20), "more than 4 MiB"),
        "R13",
    ),
    Row(
        "a base's manifest is packed, and unpacks to 80 MB",
        TOLD,
        manifest(BOMB, "more than 4 MiB", headers={"Content-Encoding": "gzip"}),
        "R13",
    ),
    Row(
        "a base's manifest says that it is packed, and is not",
        TOLD,
        manifest(b"{}", "cannot be unpacked", headers={"Content-Encoding": "gzip"}),
        "R13",
    ),
    Row(
        "an error's text unpacks to 80 MB",
        TOLD,
        manifest(BOMB, "answered 418", status=418, headers={"Content-Encoding": "gzip"}),
        "R13",
    ),
    Row(
        "an error while a push begins unpacks to 80 MB",
        TOLD,
        Answer(World.push, "POST", "uploads", "more than 64 MiB", 418, BOMB, {"Content-Encoding": "gzip"}, 5),
        "R13",
    ),
    Row("an error is 100,000 nested `[`", TOLD, manifest(DEEP.encode(), "answered 418", status=418), "R2"),
    Row(
        "an error's list of errors is a mapping",
        TOLD,
        manifest(b'{"errors":{"code":1}}', "answered 418", status=418),
        "R2",
    ),
    Row(
        "an error's code is a list of lists",
        TOLD,
        manifest(b'{"errors":[{"code":[[1]],"message":{"a":2}}]}', "answered 418", status=418),
        "R2",
    ),
    Row(
        "a proxy's page says 403 in place of the registry",
        TOLD,
        manifest(PAGE, "a proxy or gateway .* instead of", status=403),
        "R2",
    ),
    Row(
        "a proxy wants a login before the registry is asked",
        TOLD,
        manifest(PAGE, "The proxy wants a login", status=407),
        "R2",
    ),
    Row(
        "a registry is in trouble and says so in HTML",
        TOLD,
        manifest(PAGE, "a proxy or gateway .* answered", status=502, tries=5),
        "R2",
    ),
    Row(
        "a registry wants to be asked again in `²` seconds",
        TOLD,
        manifest(b"", "answered 503", status=503, headers={"Retry-After": "5 years"}, tries=5),
        "R2",
    ),
    Row(
        "a token's life is `soon`",
        "the token serves for a minute",
        token({"refresh_token": "r", "access_token": "a", "expires_in": "soon"}, ""),
        "R2",
    ),
    Row(
        "a token's life is 10^400 seconds",
        "the token serves for a minute",
        token(b'{"refresh_token":"r","access_token":"a","expires_in":1' + b"0" * 400 + b"}", ""),
        "R2",
    ),
    Row(
        "a token's life is below zero",
        "the token serves for a minute",
        token({"refresh_token": "r", "access_token": "a", "expires_in": -5}, ""),
        "R2",
    ),
    Row(
        "a token's life is a list",
        "the token serves for a minute",
        token({"refresh_token": "r", "access_token": "a", "expires_in": [1]}, ""),
        "R2",
    ),
    Row("a token is a number", TOLD, token({"refresh_token": 5}, "without a token"), "R2"),
    Row("a token has two lines", TOLD, token({"refresh_token": "a\r\nX-Evil: 1"}, "something that is no token"), "R2"),
    Row(
        "a token has letters that no header carries",
        TOLD,
        token({"refresh_token": "\u4e2d"}, "something that is no token"),
        "R2",
    ),
    Row(
        "a token has 200,000 letters",
        TOLD,
        token({"refresh_token": "a" * 200_000}, "something that is no token"),
        "R13",
    ),
    Row("a token service answers with a page", TOLD, token(PAGE, "a proxy or gateway .* instead of"), "R2"),
    Row("a token service answers `null`", TOLD, token(b"null", "`null`"), "R2"),
    Row("a token service answers with nothing", TOLD, token(b"", "an empty body"), "R2"),
    Row(
        "a token service's answer unpacks to 80 MB",
        TOLD,
        token(BOMB, "more than 64 MiB", headers={"Content-Encoding": "gzip"}),
        "R13",
    ),
]


@each(ANSWERS)
def test_an_answer(row: Row[Answer], world: World) -> None:
    """A RegistryFailed with words that fit, or the run goes on; and no wait for what no wait mends."""
    case = row.case
    headers = {**case.headers}
    if headers.get("Location") == "LOOP":
        config = world.image.base.manifest.config.digest
        headers["Location"] = f"http://{world.server.host}/v2/base/blobs/{config}"
    world.server.faults += [Fault(case.method, case.path, case.status, headers, case.body) for _ in range(200)]

    if not case.says:
        case.drive(world)
        return
    with pytest.raises(RegistryFailed) as failed:
        case.drive(world)
    text = str(failed.value)
    assert re.search(case.says, text), text
    assert "".join(text.split()).isprintable()
    if case.tries < _ENDLESS:
        asked = [seen for seen in world.server.seen if seen.method == case.method and re.search(case.path, seen.path)]
        assert len(asked) <= max(case.tries, 2)


CHALLENGES = [
    Row("a challenge's realm is `http://[::1`", TOLD, 'Bearer realm="http://[::1"', "R2"),
    Row("a challenge's realm is a file", TOLD, 'Bearer realm="file:///etc/passwd"', "R5"),
    Row(
        "a challenge's realm is a host of somebody's without encryption",
        TOLD,
        'Bearer realm="http://evil.example/token"',
        "R5",
    ),
    Row("a challenge's realm has no host", TOLD, 'Bearer realm="/token"', "R2"),
    Row("a challenge's realm is not closed", TOLD, 'Bearer realm="', "R2"),
    Row("a challenge is one word", TOLD, "Bearer", "R2"),
    Row("a challenge has only commas", TOLD, 'Bearer ,,,=,="', "R2"),
]


@each(CHALLENGES)
def test_a_challenge(row: Row[str], world: World) -> None:
    """Nothing is sent where it points, and it is told."""
    challenge = {"WWW-Authenticate": row.case}
    world.server.faults += [Fault("HEAD", "manifests", 401, challenge) for _ in range(9)]

    with pytest.raises(RegistryFailed):
        find_manifest(world.client(BASIC), world.base)
    assert [] == world.server.token_forms


HOSTS = [
    Row("the registry's host ends as Azure's, behind another name", "it gets no token", "evilazurecr.io", "R5"),
    Row("the registry's host begins as Azure's", "it gets no token", "contoso.azurecr.io.evil.example", "R5"),
    Row(
        "the registry's host has Azure's in the place of a port",
        "it gets no token",
        "evil.example:contoso.azurecr.io",
        "R5",
    ),
    Row("the registry is on this machine", "it gets no token", "127.0.0.1:5000", "R5"),
    Row("the registry is another cloud's", "it gets no token", "contoso.azurecr.cn", "R5"),
    Row("the registry's host has a query that ends as Azure's", "it gets no token", "evil.example?.azurecr.io", "R5"),
    Row("the registry's host has a login before it", "it gets no token", "a@evil.example#.azurecr.io", "R5"),
]


@each(HOSTS)
def test_who_gets_the_token_of_a_login(row: Row[str]) -> None:
    """Registries of the cloud alone."""
    assert not AZURE_CLOUD.has_registry(row.case)


def test_a_cloud_that_names_no_registries_has_none() -> None:
    """Its Resource Manager may not say how they end."""
    cloud = Cloud("own", "https://arm.example", "https://login.example", "s", registry_suffix=".", storage_suffix="x")

    assert not cloud.has_registry("evil.example.")
    assert replace(cloud, registry_suffix=".localhost").has_registry("localhost:5000")
    assert AZURE_CLOUD.has_registry("Contoso-a1b2.azurecr.io:443")


ENTRY = {"mediaType": OCI_CONFIG, "digest": "sha256:" + "a" * 64, "size": 40 << 30}


def test_a_configuration_that_is_announced_with_40_gb_is_not_read(world: World) -> None:
    """R13: the size is what the manifest says, and as much was read."""
    content = json.dumps({"mediaType": OCI_MANIFEST, "config": ENTRY, "layers": [ENTRY]}).encode()
    world.server.manifests["base", "large"] = (OCI_MANIFEST, content)

    with pytest.raises(RegistryFailed, match="announced with 42949672960 bytes"):
        pull_base(world.client(), ImageReference(world.server.host, "base", "large"))
    assert not [seen for seen in world.server.seen if "/blobs/" in seen.path]


def test_a_packed_manifest_is_read(world: World) -> None:
    """R13: proxies pack what nobody asked them to. We ask for bytes as they are."""
    kind, content = world.server.manifests["base", "4"]
    packed = {"Content-Type": kind, "Content-Encoding": "gzip"}
    world.server.faults.append(Fault("GET", "manifests/4", 200, packed, gzip.compress(content)))

    assert pull_base(world.client(), world.base).digest == world.image.base.digest
