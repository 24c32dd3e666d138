"""What differs from run to run and from machine to machine, and what is recorded in its place."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import requests

from support.live_tags import tag_of_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from azure_sandbox.arm.store import Resource
    from azure_sandbox.journal import Entry
    from azure_sandbox.sandbox import Sandbox

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_PATTERNS = (
    (re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+"), "<token>"),
    # Those of roles stay: they say which one is given.
    (re.compile(r"(?<!roleDefinitions/)\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE), "<guid>"),
    (re.compile(r"localhost:\d+"), "localhost:<port>"),
    # Names that are looked for and not found, as no data are there.
    (re.compile(r"\b(recorded\w{0,2}data|recorded[\w-]*-bus-)[a-z2-7]{10}\b"), r"\1<hash>"),
    # The build follows from the base's digest, too.
    (re.compile(r"(FUNCTIONS_MODEL_BUILD_ID)=[0-9a-f]+"), r"\1=<build>"),
    (re.compile(r'("build":)"[0-9a-f]{32}"'), r'\1"<build>"'),
    (re.compile(r"(FUNCTIONS_MODEL_TOOL_VERSION)=[\w.]+"), r"\1=<version>"),
)
_HASHED = ("Microsoft.Storage/storageAccounts", "Microsoft.ServiceBus/namespaces")
_HASH = 10
"""Letters at the end of a name that follow from the subscription, among others."""
_SHORTEST_SECRET = 12
_LONGEST_BODY = 8_000
"""Characters. Of a longer one the digest is recorded: a bill of materials has each package in it."""
_TAG = 12
"""So many digits of a digest are a tag."""


class Words:
    """The words of one sandbox.

    Contents that were pushed and name the base, a host or a release are called by the digest of their recorded form:
    on every machine the same, as long as what the product adds to its base is the same.

    Args:
        sandbox: Where requests come from. Its base image may be another one on each machine.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox
        ends = sandbox.endpoints
        self._known = {
            ends.resource_manager: "<azure>",
            ends.registry: "<registry>",
            ends.base_registry: "<base registry>",
            ends.subscription_id: "<subscription>",
            ends.tenant_id: "<tenant>",
            ends.client_id: "<client>",
        }
        self._contents: dict[str, bytes] = {}
        self._called = self._base()

    def learn(self, entries: Iterable[Entry], secrets: Iterable[str]) -> None:
        """Take in what a run has sent, what it keeps secret, and what there is after it.

        Args:
            entries: With their bodies.
            secrets: Values that the run had masked.
        """
        self._known |= {one: "<secret>" for one in secrets if len(one) >= _SHORTEST_SECRET}
        for resource in self._sandbox.arm.store.list():
            for value, word in _of_resource(resource):
                self._known.setdefault(value, word)
        for kind in ("sites", "sites/slots"):
            for resource in self._sandbox.arm.store.list(resource_type=f"Microsoft.Web/{kind}"):
                site, name = self._sandbox.arm.sites.of(resource.id), "/".join(resource.id.names)
                self._known.setdefault(site.host_name, f"<host of {name}>")
                self._known.setdefault(tag_of_id(str(resource.id)), f"live-<{name}>")
                if share := site.settings.get("WEBSITE_CONTENTSHARE"):
                    self._known.setdefault(share, f"<content share of {name}>")
        pushed = [entry.body for entry in entries if entry.service == "registry" and entry.method == "PUT"]
        self._contents |= {hashlib.sha256(body).hexdigest(): body for body in pushed if body}

    def settle(self) -> None:
        """Call every content that was sent by its name. Nothing is learned after that."""
        for digest in self._contents:
            self._word_of(digest)

    def text(self, text: str) -> str:
        """The text with everything replaced that differs."""
        text = _DIGEST.sub(lambda found: self._word_of(found[1]), text)
        for value in sorted(self._known, key=len, reverse=True):
            text = text.replace(value, self._known[value])
        for pattern, word in _PATTERNS:
            text = pattern.sub(word, text)
        return text

    def value(self, value: Any) -> Any:
        """JSON with everything replaced that differs."""
        match value:
            case str():
                return self.text(value)
            case dict():
                return self._object(value)
            case list():
                return _without_repeats([self.value(one) for one in value])
        return value

    def body(self, content: bytes) -> Any:
        """A request's body: JSON, a form as an object, or the digest of anything else; None when there is none."""
        if not content:
            return None
        digest = hashlib.sha256(content).hexdigest()
        if content[:1] in {b"{", b"["}:
            said = self.value(json.loads(content))
            return said if len(json.dumps(said)) <= _LONGEST_BODY else self._word_of(digest)
        try:
            form = dict(parse_qsl(content.decode(), strict_parsing=True))
        except ValueError:
            return self._word_of(digest)
        return self.value(form)

    def _object(self, value: dict[str, Any]) -> dict[str, Any]:
        said = {self.text(name): self.value(one) for name, one in value.items()}
        if "size" in said and said.get("digest") != value.get("digest"):
            said["size"] = "<size>"
        return {name: "<version>" if name.endswith("tool-version") else one for name, one in said.items()}

    def _word_of(self, digest: str) -> str:
        """What a digest is called. Contents that name no other thing that differs keep theirs."""
        if digest not in self._called:
            self._called[digest] = f"sha256:{digest}"
            content = self._contents.get(digest, b"")
            if content[:1] == b"{":
                plain = json.loads(content)
                said = self.value(plain)
                if said != plain:
                    named = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:_TAG]
                    self._called[digest] = f"sha256:<as recorded {named}>"
                    self._known[digest[:_TAG]] = f"<as recorded {named}>"
        return self._called[digest]

    def _base(self) -> dict[str, str]:
        """The base image's digests, by their 64 digits."""
        ends = self._sandbox.endpoints
        repository, _, tag = ends.base_image.partition("/")[2].partition(":")
        place = f"https://{ends.base_registry}/v2/{repository}"
        manifest = requests.get(f"{place}/manifests/{tag}", verify=str(ends.ca_file), timeout=30)
        described = manifest.json()
        config = requests.get(
            f"{place}/blobs/{described['config']['digest']}", verify=str(ends.ca_file), timeout=30
        ).json()
        image = hashlib.sha256(manifest.content).hexdigest()
        self._known[image[:_TAG]] = "<base>"
        layers = [one["digest"] for one in described["layers"]] + config["rootfs"]["diff_ids"]
        called = {image: "<base>", described["config"]["digest"]: "<base config>"}
        return {
            digest.removeprefix("sha256:"): f"sha256:{word}"
            for digest, word in (called | dict.fromkeys(layers, "<base layer>")).items()
        }


def _of_resource(resource: Resource) -> Iterable[tuple[str, str]]:
    """Values of a resource that differ, and what each is called."""
    name = resource.id.names[-1]
    for key in ("principalId", "clientId"):
        if value := resource.properties.get(key):
            yield str(value), f"<{key} of {name}>"
    for service, url in (resource.properties.get("primaryEndpoints") or {}).items():
        yield str(url).split("/")[2], f"<{service} of {_plain(resource)}>"
    if server := resource.properties.get("loginServer"):
        yield str(server), f"<host of {name}>"
    if url := resource.properties.get("serviceBusEndpoint"):
        yield str(url).removeprefix("https://").split("/")[0], f"<host of {_plain(resource)}>"
    if resource.id.resource_type in _HASHED:
        yield name, _plain(resource)


def _plain(resource: Resource) -> str:
    """Its name, less the hash that one has that follows from others."""
    name = resource.id.names[-1]
    hashed = resource.id.resource_type in _HASHED and re.search(rf"[a-z2-7]{{{_HASH}}}$", name)
    return f"{name[:-_HASH]}<hash>" if hashed else name


def _without_repeats(items: list[Any]) -> list[Any]:
    """A base has more layers on one machine than on another: what follows its like is left out."""
    return [one for at, one in enumerate(items) if at == 0 or one != items[at - 1]]
