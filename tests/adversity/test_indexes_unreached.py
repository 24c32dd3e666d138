"""Indexes and channels that cannot be reached: what uv and py-rattler say of it, as a user is told."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import rattler
import rattler.exceptions

from functions_model.core.failures import EnvironmentFailed, Location
from functions_model.environment.conda_failures import explain_conda
from functions_model.environment.rattler_worker import errors_of, told
from functions_model.environment.request import CondaDependency, CondaRequest, EnvironmentRequest, IndexSettings
from functions_model.environment.uv_failures import Target, explain
from functions_model.environment.uv_process import UvRefused, run_uv
from support.adversity import Row, each
from support.peers import expired, nobody, of_another_name, peer, says, tls_peer

_PASSWORD = "hunter22"
_FILE = Path("requirements.txt")


def _by_uv(url: str, folder: Path) -> EnvironmentFailed:
    """What is told when uv cannot read an index."""
    (folder / "requirements.in").write_text("six\n")
    quick = {"UV_HTTP_RETRIES": "0", "UV_NO_CACHE": "1", "UV_DEFAULT_INDEX": f"{url}simple"}
    try:
        run_uv(["compile", "requirements.in"], cwd=folder, environ={**os.environ, **quick}, indexes=IndexSettings())
    except UvRefused as refused:
        return explain("resolve them", [refused.words], EnvironmentRequest(_FILE, None, ()), Target("3.11", "linux"))
    raise AssertionError


def _by_rattler(url: str, folder: Path) -> EnvironmentFailed:
    """What is told when py-rattler cannot read a channel."""

    async def ask() -> Any:
        gateway = rattler.Gateway(cache_dir=folder / "cache", client=rattler.Client.default_client(max_retries=0))
        return await gateway.query([rattler.Channel(f"{url}channel")], ["noarch"], ["six"], recursive=False)

    try:
        asyncio.run(ask())
    except errors_of(rattler) as error:
        asked = CondaDependency("six", "six", Location(_FILE, 1))
        return explain_conda("resolve them", **told(error)["error"], request=CondaRequest((asked,), (), ""))
    raise AssertionError


@dataclass(frozen=True)
class Unreached:
    """An index that is not reached.

    Attributes:
        asks: Asks the index at an address, and gives what is told.
        runs: Runs the index, or the proxy; given a folder for certificates.
        says: Parts of what is told.
        as_proxy: Whether it is the proxy.
        trusts: Whether its authority is trusted.
    """

    asks: Callable[[str, Path], EnvironmentFailed]
    runs: Callable[[Path], AbstractContextManager[int]]
    says: tuple[str, ...]
    as_proxy: bool = False
    trusts: bool = True


def _wants_login(_: Path) -> AbstractContextManager[int]:
    return peer(says(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n"))


def _forbids(_: Path) -> AbstractContextManager[int]:
    return peer(says(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"))


def _nobody(_: Path) -> AbstractContextManager[int]:
    return nobody()


ROWS = [
    Row(
        "uv does not know the authority of an index, and hints at a flag of its own command line",
        "the variable for the authority's file is named, and no flag",
        Unreached(_by_uv, tls_peer, ("the certificate of `localhost:", "SSL_CERT_FILE"), trusts=False),
        "R3",
    ),
    Row(
        "py-rattler does not know the authority of a channel",
        "the same",
        Unreached(_by_rattler, tls_peer, ("the certificate of `localhost:", "SSL_CERT_FILE"), trusts=False),
        "R3",
    ),
    Row(
        "the certificate of an index has expired, told by uv",
        "told as that, not as the index's URL",
        Unreached(_by_uv, expired, ("the certificate of `localhost:", "has expired")),
    ),
    Row(
        "the certificate of an index is that of another host, told by uv",
        "told as that",
        Unreached(_by_uv, of_another_name, ("the certificate of `localhost:", "is refused", "Check the name")),
    ),
    Row(
        "the proxy refuses uv's login (407)",
        "the form of the variable is shown, and not its password",
        Unreached(_by_uv, _wants_login, ("the proxy wants a login", "NAME:PASSWORD@HOST"), as_proxy=True),
        "R3",
    ),
    Row(
        "the proxy refuses py-rattler's login (407)",
        "the same",
        Unreached(_by_rattler, _wants_login, ("the proxy wants a login", "NAME:PASSWORD@HOST"), as_proxy=True),
    ),
    Row(
        "the proxy forbids uv the index (403)",
        "told as the proxy's doing, not as a login to the index",
        Unreached(_by_uv, _forbids, ("the proxy does not let this machine reach `index.company.test",), as_proxy=True),
    ),
    Row(
        "nobody listens at the address of an index, told by uv",
        "the index is named, with what was refused",
        Unreached(_by_uv, _nobody, ("could not be fetched", "Connection refused")),
    ),
]


@each(ROWS)
def test_why_an_index_was_not_reached_is_told(
    row: Row[Unreached], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a way out that the user has, and without the proxy's password."""
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    with row.case.runs(tmp_path) as port:
        if row.case.trusts and (tmp_path / "ca.pem").exists():
            monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        if row.case.as_proxy:
            monkeypatch.setenv("HTTPS_PROXY", f"http://me:{_PASSWORD}@127.0.0.1:{port}")
        host = "index.company.test" if row.case.as_proxy else f"localhost:{port}"
        failure = row.case.asks(f"https://{host}/", tmp_path)

    told = f"{failure}\n{failure.detail}"
    for part in row.case.says:
        assert part in str(failure)
    assert "--system-certs" not in told
    assert _PASSWORD not in told
