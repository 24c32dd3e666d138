"""A package index on this machine, with the times at which its files were uploaded, and wheels to put into it.

It answers in JSON: https://packaging.python.org/en/latest/specifications/simple-repository-api/ (`upload-time` since
its version 1.1, and a file's metadata beside it).
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.server
import json
import threading
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

LONG_AGO, LATELY = "2023-03-09T09:57:30Z", "2026-02-23T00:16:49Z"
"""Before and after NumPy 2, which is of June 2024."""
PURE, COMPILED = "py3-none-any", "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64"
_OF_PYTORCH = "/whl/cpu/"
"""Where PyTorch's own host has its builds for CPUs."""
_KIND = "application/vnd.pypi.simple.v1+json"


def write_wheel(
    folder: Path,
    name: str,
    version: str,
    *,
    tag: str = PURE,
    requires: Sequence[str] = (),
    files: Mapping[str, str | bytes] | None = None,
) -> Path:
    """A wheel, with a RECORD that is true.

    Args:
        folder: Where to; made when it is not there.
        name: The distribution.
        version: Its version.
        tag: Which Python, ABI and platform it is for.
        requires: What it depends on.
        files: Its files below `site-packages`, their content by path; None: one module of its own name.
    """
    stem = f"{name.replace('-', '_')}-{version}"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    contents: dict[str, str | bytes] = {
        **({f"{name.replace('-', '_')}.py": f"VERSION = {version!r}\n"} if files is None else files),
        f"{stem}.dist-info/METADATA": metadata + "".join(f"Requires-Dist: {one}\n" for one in requires),
        f"{stem}.dist-info/WHEEL": f"Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: {tag}\n",
    }
    record = "".join(f"{path},{_digest(text)},{len(text)}\n" for path, text in contents.items())
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{stem}-{tag}.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in {**contents, f"{stem}.dist-info/RECORD": f"{record}{stem}.dist-info/RECORD,,\n"}.items():
            archive.writestr(zipfile.ZipInfo(path), text)
    return wheel


def _digest(content: str | bytes) -> str:
    whole = content.encode() if isinstance(content, str) else content
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(whole).digest()).rstrip(b"=").decode()


@dataclass
class PackageIndex:
    """The index's state.

    Attributes:
        folder: Its wheels.
        url: Its address, with `/` at the end; the index itself is `simple/` below it, `broken/` answers 404, and
            `whl/cpu/` is the same index once more.
        uploaded: When each file was uploaded, by its name.
        seen: The paths that were asked for.
        refuses: A status for everybody who does not log in as `login`; 0 for none.
        login: `user:password`; empty: nobody can log in.
        pages: Answers in the place of its own, by path: status, headers and content.
    """

    folder: Path
    url: str = ""
    uploaded: dict[str, str] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)
    refuses: int = 0
    login: str = ""
    pages: dict[str, tuple[int, dict[str, str], bytes]] = field(default_factory=dict)

    @property
    def simple(self) -> str:
        """The address for `--index-url`."""
        return f"{self.url}simple/"

    def add(self, name: str, version: str, *, uploaded: str = LATELY, **wheel: Any) -> None:
        """Put a wheel into it; see `write_wheel`."""
        self.uploaded[write_wheel(self.folder, name, version, **wheel).name] = uploaded

    def listing(self, project: str) -> dict[str, Any] | None:
        """What it says of a project; None when it has none of that name."""
        wheels = [path for path in sorted(self.folder.glob("*.whl")) if _project(path) == project]
        files = [
            {
                "filename": path.name,
                "url": f"{self.url}files/{path.name}",
                "hashes": {"sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
                "size": path.stat().st_size,
                "upload-time": self.uploaded[path.name],
                "core-metadata": True,
            }
            for path in wheels
        ]
        return {"meta": {"api-version": "1.1"}, "name": project, "files": files, "versions": []} if files else None

    def page(self, path: str, authorization: str) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and content for a request."""
        given = base64.b64decode(authorization.removeprefix("Basic ")).decode() if authorization else ""
        if self.refuses and (not self.login or given != self.login):
            self.seen.append(path)
            return self.refuses, {"Content-Type": "text/plain", "WWW-Authenticate": 'Basic realm="x"'}, b"log in first"
        if path in self.pages:
            self.seen.append(path)
            return self.pages[path]
        status, kind, content = self.answer(path)
        return status, {"Content-Type": kind}, content

    def answer(self, path: str) -> tuple[int, str, bytes]:
        """Status, type and content for a path."""
        self.seen.append(path)
        first, _, rest = unquote(urlsplit(path).path).lstrip("/").partition("/")
        if path.startswith(_OF_PYTORCH):
            first, rest = "simple", path.removeprefix(_OF_PYTORCH)
        if first == "simple" and (listing := self.listing(canonicalize_name(rest.strip("/")))):
            return 200, _KIND, json.dumps(listing).encode()
        wheel = self.folder / rest.removesuffix(".metadata")
        if first == "files" and wheel.is_file():
            return 200, "application/octet-stream", _metadata(wheel) if wheel.name != rest else wheel.read_bytes()
        return 404, "text/plain", b"nothing here"


def _metadata(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        return archive.read(next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA")))


def _project(wheel: Path) -> str:
    return canonicalize_name(wheel.name.partition("-")[0])


def handler_of(index: PackageIndex) -> type[http.server.BaseHTTPRequestHandler]:
    """What answers for an index."""

    class Handler(http.server.BaseHTTPRequestHandler):
        disable_nagle_algorithm = True
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            status, headers, content = index.page(self.path, self.headers.get("Authorization", ""))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    return Handler


@contextlib.contextmanager
def package_index(folder: Path) -> Iterator[PackageIndex]:
    """An index that answers until the block is left.

    Args:
        folder: Where its wheels are kept.
    """
    index = PackageIndex(folder)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler_of(index)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        index.url = f"http://127.0.0.1:{server.server_port}/"
        yield index
        server.shutdown()
