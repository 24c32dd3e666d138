"""A way out of a container, to what the sandbox serves on this machine: storage, and tokens of the app's identities.

Addresses there are of `localhost`, which in a container is the container. So the stand-in for the host listens at the
same ports (`functions_host/way_out.py`), and sends on what comes through a socket in a folder that is mounted there.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from azure_sandbox.functions_host.way_out import join, named

if TYPE_CHECKING:
    from collections.abc import Callable


class WayOut:
    """Listens until it is closed.

    Args:
        ports: Those that may be reached, as they are now.
    """

    def __init__(self, ports: Callable[[], frozenset[int]]) -> None:
        self._ports = ports
        self.folder = Path(tempfile.mkdtemp(prefix="sandbox-way-"))
        self._socket = socket.socket(socket.AF_UNIX)
        with named(self.folder) as name:
            self._socket.bind(name)
        self._socket.listen(128)
        threading.Thread(target=self._accept, name="way-out", daemon=True).start()

    def close(self) -> None:
        """Let nobody through any more."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _accept(self) -> None:
        while True:
            try:
                coming, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(coming,), daemon=True).start()

    def _serve(self, coming: socket.socket) -> None:
        """One line says what is asked for: `ports`, or a port."""
        with coming, contextlib.suppress(OSError, ValueError):
            asked = _line(coming)
            if asked == "ports":
                coming.sendall(" ".join(map(str, sorted(self._ports()))).encode())
            elif int(asked) in self._ports():
                with socket.create_connection(("127.0.0.1", int(asked))) as there:
                    there.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    join(coming, there)


def _line(coming: socket.socket) -> str:
    """Byte by byte: what follows belongs to somebody else."""
    line = b""
    while not line.endswith(b"\n") and len(line) < 16:
        if not (byte := coming.recv(1)):
            break
        line += byte
    return line.decode().strip()
