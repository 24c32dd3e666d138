"""PyTorch's own host on this machine: a proxy that answers in its name, with a certificate that uv is told to trust."""

from __future__ import annotations

import contextlib
import os
import ssl
import threading
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import TYPE_CHECKING

from azure_sandbox.certificates import make_certificates
from support.package_index import PackageIndex, handler_of, package_index

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOST = "download.pytorch.org"


@contextlib.contextmanager
def pytorch_host(folder: Path) -> Iterator[tuple[PackageIndex, dict[str, str]]]:
    """The index of PyTorch's builds for CPUs, and a process environment in which its host leads to it.

    Args:
        folder: Where its wheels and certificates are kept.
    """
    files = make_certificates(folder / "certificates", hosts=[HOST])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files.certificate, files.key)
    with package_index(folder / "wheels") as index:
        answer = handler_of(index)

        class Proxy(StreamRequestHandler):
            def handle(self) -> None:
                first = self.rfile.readline().decode()
                while self.rfile.readline().strip():
                    pass
                if not first.startswith(f"CONNECT {HOST}:443 "):
                    self.wfile.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
                    return
                self.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
                with contextlib.suppress(OSError), context.wrap_socket(self.request, server_side=True) as encrypted:
                    answer(encrypted, self.client_address, self.server)

        with ThreadingTCPServer(("127.0.0.1", 0), Proxy) as server:
            server.daemon_threads, server.block_on_close = True, False
            threading.Thread(target=server.serve_forever, daemon=True).start()
            address = f"http://127.0.0.1:{server.server_address[1]}"
            proxied = {"HTTPS_PROXY": address, "https_proxy": address, "SSL_CERT_FILE": str(files.ca_file)}
            yield index, {**os.environ, **proxied, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
            server.shutdown()
