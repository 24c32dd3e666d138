"""A small OCI registry in memory that misbehaves when it is told to, one answer at a time."""

from __future__ import annotations

import hashlib
import json
import re
import socket
import struct
import threading
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field, fields
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
EXPIRE, TEAR, UNHEARD, CORRUPT = "expire", "tear", "unheard", "corrupt"
"""Faults: the token ends, the connection breaks in mid-body, the answer is lost, a byte is changed."""


@dataclass
class Fault:
    """What happens to the next request that matches: a status with headers and a body, or one of the faults above."""

    method: str
    path: str
    what: int | str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass
class Seen:
    """A request that came."""

    method: str
    path: str
    query: dict[str, str]
    authorization: str
    received: int
    chunked: bool = False


@dataclass
class RegistryServer:
    """The registry's state. `auth` is `none`, `basic` or `bearer`; `unwritable` and `unreadable` are repositories."""

    auth: str = "none"
    blobs: dict[tuple[str, str], bytes] = field(default_factory=dict)
    manifests: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    token_forms: list[list[tuple[str, str]]] = field(default_factory=list)
    valid: set[str] = field(default_factory=set)
    uploads: dict[str, bytes] = field(default_factory=dict)
    expires_in: int | None = 300
    realm: str = ""
    blob_redirect: str = ""
    mounts: bool = True
    referrers: bool = False
    unwritable: set[str] = field(default_factory=set)
    unreadable: set[str] = field(default_factory=set)
    count: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        state = self

        class Bound(_Handler):
            registry = state

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Bound)
        self.server.daemon_threads = True
        self.host = f"127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @contextmanager
    def as_it_was(self) -> Iterator[None]:
        """Put back what was stored, and how it behaved, when the block is left."""
        names = [each.name for each in fields(self) if each.name != "lock"]
        before = {name: copy(getattr(self, name)) for name in names}
        yield
        for name, value in before.items():
            setattr(self, name, value)

    def paths(self, method: str) -> list[str]:
        return [seen.path for seen in self.seen if seen.method == method]

    def take_fault(self, method: str, path: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.method == method and re.search(fault.path, path):
                    self.faults.remove(fault)
                    return fault
        return None


def serving(auth: str = "none") -> Iterator[RegistryServer]:
    """A registry while a fixture lives."""
    registry = RegistryServer(auth)
    registry.start()
    yield registry
    registry.stop()


class _Handler(BaseHTTPRequestHandler):
    disable_nagle_algorithm = True
    registry: RegistryServer
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def handle(self) -> None:
        try:
            super().handle()
        except (ConnectionError, ValueError):
            self.close_connection = True

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except ConnectionError:
            self.close_connection = True

    def _serve(self) -> None:
        url = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        fault = self.registry.take_fault(self.command, self.path)
        length = int(self.headers.get("Content-Length") or 0)
        chunked = "Transfer-Encoding" in self.headers
        if fault and fault.what == TEAR:
            self.rfile.read(1000 if chunked else length // 2)
            return self._tear()
        body = b"".join(self._chunks()) if chunked else self.rfile.read(length)
        given = self.headers.get("Authorization", "")
        self.registry.seen.append(Seen(self.command, url.path, query, given, len(body), chunked))
        if fault and isinstance(fault.what, int):
            body = _error("FAULT", "told to") if fault.body is None else fault.body
            return self._answer(fault.what, body, fault.headers)
        if fault and fault.what == EXPIRE:
            self.registry.valid.clear()
        if fault and fault.what == CORRUPT:
            body = body[:-1] + bytes((body[-1] ^ 1,))
        self.unheard = bool(fault and fault.what == UNHEARD)
        if url.path.startswith("/oauth2/"):
            return self._token(url.path, dict(parse_qsl(url.query)), body)
        if not self._admitted():
            return None
        return self._route(url.path, query, body)

    do_GET = do_HEAD = do_POST = do_PATCH = do_PUT = _serve  # noqa: N815

    def _chunks(self) -> Iterator[bytes]:
        """A body whose length is told piece by piece."""
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _tear(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        if getattr(self, "unheard", False):
            return self._tear()
        self.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        return None

    def _admitted(self) -> bool:
        registry, given = self.registry, self.headers.get("Authorization", "")
        if registry.auth == "none" or given.removeprefix("Bearer ") in registry.valid:
            return True
        realm = registry.realm or f"http://{registry.host}/oauth2/token"
        challenge = f'Bearer realm="{realm}",service="svc",scope="ignored"'
        header = challenge if registry.auth == "bearer" else 'Basic realm="svc"'
        self._answer(401, _error("UNAUTHORIZED", "authentication required"), {"WWW-Authenticate": header})
        return False

    def _token(self, path: str, query: dict[str, str], body: bytes) -> None:
        registry = self.registry
        form = parse_qsl(body.decode()) if body else parse_qsl(urlsplit(self.path).query)
        with registry.lock:
            registry.token_forms.append(form)
            registry.count += 1
            token = f"token-{registry.count}"
            registry.valid.add(token)
        names = {"refresh_token": token} if path.endswith("exchange") else {"access_token": token}
        life = {} if registry.expires_in is None else {"expires_in": registry.expires_in}
        self._answer(200, json.dumps({**names, **life}).encode())

    def _route(self, path: str, query: dict[str, str], body: bytes) -> None:
        if path == "/v2/":
            return self._answer(200)
        match = re.fullmatch(r"/v2/(.+)/(manifests|blobs|referrers)/(uploads/)?(.*)", path)
        if match is None:
            return self._answer(404)
        repository, kind, upload, name = match.groups()
        closed = self.registry.unreadable if self.command in {"GET", "HEAD"} else self.registry.unwritable
        if repository in closed:
            return self._answer(403, _error("DENIED", "requested access to the resource is denied"))
        if upload:
            return self._upload(repository, name, query, body)
        if kind == "manifests":
            return self._manifest(repository, name, body)
        return (self._blob if kind == "blobs" else self._referrers)(repository, name)

    def _blob(self, repository: str, digest: str) -> None:
        content = self.registry.blobs.get((repository, digest))
        if content is None:
            return self._answer(404, _error("BLOB_UNKNOWN", "no such blob"))
        if self.registry.blob_redirect:
            return self._answer(307, headers={"Location": f"{self.registry.blob_redirect}/{digest}?sig=signature"})
        return self._answer(200, content)

    def _upload(self, repository: str, name: str, query: dict[str, str], body: bytes) -> None:
        registry = self.registry
        if self.command == "POST":
            mount = (query.get("from", ""), query.get("mount", ""))
            if mount in registry.blobs and registry.mounts:
                registry.blobs[repository, mount[1]] = registry.blobs[mount]
                return self._answer(201)
            registry.count += 1
            name = f"upload-{registry.count}"
            registry.uploads[name] = b""
        elif name not in registry.uploads:
            return self._answer(404, _error("BLOB_UPLOAD_INVALID", "blob upload invalid"))
        elif self.command == "PATCH":
            registry.uploads[name] += body
        else:
            return self._commit(repository, registry.uploads.pop(name) + body, query["digest"])
        return self._answer(202, headers={"Location": f"/v2/{repository}/blobs/uploads/{name}?_state=abc"})

    def _commit(self, repository: str, content: bytes, digest: str) -> None:
        if f"sha256:{hashlib.sha256(content).hexdigest()}" != digest:
            return self._answer(400, _error("DIGEST_INVALID", "provided digest did not match uploaded content"))
        self.registry.blobs[repository, digest] = content
        return self._answer(201, headers={"Docker-Content-Digest": digest})

    def _referrers(self, repository: str, digest: str) -> None:
        if not self.registry.referrers:
            return self._answer(404, b"404 page not found")
        held = {key: body for (place, key), (_, body) in self.registry.manifests.items() if place == repository}
        found = [
            {
                "mediaType": json.loads(body)["mediaType"],
                "digest": key,
                "size": len(body),
                "artifactType": json.loads(body).get("artifactType", ""),
            }
            for key, body in held.items()
            if ":" in key and (json.loads(body).get("subject") or {}).get("digest") == digest
        ]
        content = json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": found}).encode()
        return self._answer(200, content, {"Content-Type": OCI_INDEX})

    def _manifest(self, repository: str, name: str, body: bytes) -> None:
        registry = self.registry
        if self.command == "PUT":
            digest = f"sha256:{hashlib.sha256(body).hexdigest()}"
            document = json.loads(body)
            named = [document["config"], *document["layers"]] if "config" in document else []
            if any((repository, each["digest"]) not in registry.blobs for each in named):
                return self._answer(404, _error("MANIFEST_BLOB_UNKNOWN", "blob unknown to registry"))
            for key in (name, digest):
                registry.manifests[repository, key] = (self.headers["Content-Type"], body)
            subject = (document.get("subject") or {}).get("digest", "") if registry.referrers else ""
            return self._answer(
                201, headers={"Docker-Content-Digest": digest, **({"OCI-Subject": subject} if subject else {})}
            )
        if (repository, name) not in registry.manifests:
            return self._answer(404, _error("MANIFEST_UNKNOWN", "manifest unknown"))
        kind, content = registry.manifests[repository, name]
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        return self._answer(200, content, {"Content-Type": kind, "Docker-Content-Digest": digest})


def _error(code: str, message: str) -> bytes:
    return json.dumps({"errors": [{"code": code, "message": message}]}).encode()
