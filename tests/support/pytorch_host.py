"""PyTorch's own host on this machine: a proxy that answers in its name, with a certificate that uv is told to trust."""

from __future__ import annotations

import contextlib
import os
from typing import TYPE_CHECKING

from support.office_proxy import office_proxy
from support.package_index import PackageIndex, package_index

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
    authority = folder / "certificates"
    with (
        package_index(folder / "wheels") as index,
        office_proxy(behind={HOST: index.url}, authority=authority) as proxy,
    ):
        environ = {**os.environ, **proxy.environ, "SSL_CERT_FILE": str(authority / "ca.pem")}
        yield index, {**environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
