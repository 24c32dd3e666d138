"""The container's end of the way out: `localhost` here leads to the sandbox's machine, for the ports that it names.

`azure_sandbox/apps/way_out.py` is the other end. On Azure there is nothing like it: addresses there are public ones.
"""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = "/azure-functions-host/WayOut"
SOCKET = "socket"
_POLL_SECONDS = 0.3
_BLOCK = 1 << 16


def open_ways(folder: Path = Path(FOLDER)) -> None:
    """Listen at each port that there is, and at those that come; nothing where no way out is mounted."""
    if not (folder / SOCKET).exists():
        return
    known: set[int] = set()
    _open_new(folder, known)
    threading.Thread(target=_watch, args=(folder, known), name="way-out", daemon=True).start()


def _watch(folder: Path, known: set[int]) -> None:
    while True:
        time.sleep(_POLL_SECONDS)
        _open_new(folder, known)


def _open_new(folder: Path, known: set[int]) -> None:
    with contextlib.suppress(OSError, ValueError), _ask(folder, "ports") as answer:
        ports = {int(port) for port in _all(answer).split()}
        for port in ports - known:
            known.add(port)
            with contextlib.suppress(OSError):
                listener = socket.create_server(("127.0.0.1", port))
                listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=_accept, args=(listener, folder, port), daemon=True).start()


def _accept(listener: socket.socket, folder: Path, port: int) -> None:
    while True:
        coming, _ = listener.accept()
        threading.Thread(target=_pass_on, args=(coming, folder, port), daemon=True).start()


def _pass_on(coming: socket.socket, folder: Path, port: int) -> None:
    with coming, contextlib.suppress(OSError), _ask(folder, str(port)) as there:
        join(coming, there)


@contextlib.contextmanager
def named(folder: Path) -> Iterator[str]:
    """A name for the socket that is short however deep its folder is: the kernel takes 107 bytes (unix(7))."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{opened}/{SOCKET}"
    finally:
        os.close(opened)


def _ask(folder: Path, what: str) -> socket.socket:
    there = socket.socket(socket.AF_UNIX)
    with named(folder) as name:
        there.connect(name)
    there.sendall(f"{what}\n".encode())
    return there


def _all(answer: socket.socket) -> str:
    content = b""
    while block := answer.recv(_BLOCK):
        content += block
    return content.decode()


def join(one: socket.socket, other: socket.socket) -> None:
    """Send on what either says, until both have ended."""
    back = threading.Thread(target=_send_on, args=(other, one), daemon=True)
    back.start()
    _send_on(one, other)
    back.join()


def _send_on(source: socket.socket, target: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while block := source.recv(_BLOCK):
            target.sendall(block)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)
