"""Proxies in variables: written wrongly, twice, with passwords, and with hosts that they are not for."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests

from functions_model.ci.host import Advice, Facts
from functions_model.ci.network import read_network
from functions_model.core.failures import InputsInvalid
from functions_model.environment.request import IndexSettings
from functions_model.environment.uv_process import UvRefused, run_uv
from support.adversity import Row, each
from support.peers import peer

_FACTS = Facts(Path(), Advice("", "", ""))
_NAMES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


@dataclass(frozen=True)
class Refused:
    """A variable that cannot be used.

    Attributes:
        environ: With it.
        says: Parts of the message.
    """

    environ: Mapping[str, str]
    says: tuple[str, ...]


ROWS = [
    Row(
        "HTTPS_PROXY names a SOCKS proxy, for which `requests` has no library here",
        "exit 2, told with the variable's name before anybody is asked",
        Refused({"HTTPS_PROXY": "socks5://me:hunter22@proxy.test:1080"}, ("`HTTPS_PROXY` ", "SOCKS")),
        "R3",
    ),
    Row(
        "the port of https_proxy is a word",
        "the same, by the spelling that was used",
        Refused({"https_proxy": "http://proxy.test:port"}, ("`https_proxy` ", "`http://HOST:PORT`")),
        "R3",
    ),
    Row(
        "the password has a `#` that is not encoded, which ends an address",
        "the encoding is told, and no part of the password",
        Refused({"HTTPS_PROXY": "http://me:hunter22#rest@proxy.test:3128"}, ("`HTTPS_PROXY` ", "`%23` for `#`")),
    ),
    Row(
        "the password has a sign that HTTP's basic login cannot send, an exception of `requests`",
        "told",
        Refused({"HTTPS_PROXY": "http://me:hunter22%E2%82%AC@proxy.test:3128"}, ("`HTTPS_PROXY` ", "cannot send")),
    ),
    Row(
        "the address is an IPv6 one whose bracket is left open",
        "told",
        Refused({"ALL_PROXY": "http://[::1"}, ("`ALL_PROXY` ", "does not hold the address of a proxy")),
    ),
    Row(
        "the address has a line break in its middle, which would begin a header",
        "told",
        Refused({"HTTP_PROXY": "http://proxy.test:3128\r\nX: 1"}, ("`HTTP_PROXY` ", "does not hold the address")),
    ),
    Row(
        "the address is that of a file",
        "told",
        Refused({"HTTPS_PROXY": "file:///etc/proxy.pac"}, ("`HTTPS_PROXY` ", "does not hold the address")),
    ),
]


@each(ROWS)
def test_a_proxy_that_cannot_be_used_is_named(row: Row[Refused]) -> None:
    """Without its password."""
    with pytest.raises(InputsInvalid) as raised:
        read_network(row.case.environ, _FACTS)

    for part in row.case.says:
        assert part in str(raised.value)
    assert "hunter22" not in str(raised.value)


@dataclass(frozen=True)
class Passed:
    """Variables, and by which proxy hosts are reached then.

    Attributes:
        environ: The variables, with `PROXY` for the proxy's address.
        asked: Of these hosts the proxy is asked.
        direct: Of these it is not.
        masked: What must not be shown.
    """

    environ: Mapping[str, str]
    asked: tuple[str, ...] = ("index.company.test",)
    direct: tuple[str, ...] = field(default=())
    masked: tuple[str, ...] = ()


_OTHER = "http://other.invalid:1"
PASSED = [
    Row(
        "the two spellings of a variable differ, of which requests takes one and uv the other",
        "the lower one counts for all",
        Passed({"https_proxy": "PROXY", "HTTPS_PROXY": _OTHER}),
    ),
    Row(
        "the lower spelling is empty and the upper one is not",
        "the upper one counts",
        Passed({"https_proxy": "", "HTTPS_PROXY": "PROXY"}),
    ),
    Row("only ALL_PROXY is set", "it counts", Passed({"ALL_PROXY": "PROXY"})),
    Row(
        "ALL_PROXY names a SOCKS proxy, as desktops do, beside HTTP_PROXY and HTTPS_PROXY",
        "it is not used, and nothing is refused",
        Passed({"ALL_PROXY": "socks5h://127.0.0.1:1", "HTTPS_PROXY": "PROXY", "HTTP_PROXY": "PROXY"}),
    ),
    Row("the address has no scheme", "it is one for http", Passed({"HTTPS_PROXY": "BARE"})),
    Row(
        "NO_PROXY has `*.company.test`, which neither requests nor uv understands",
        "hosts below it are reached directly",
        Passed(
            {"HTTPS_PROXY": "PROXY", "NO_PROXY": "*.company.test"},
            ("pypi.example.test",),
            ("index.company.test", "a.b.company.test"),
        ),
    ),
    Row(
        "NO_PROXY has a host with a port, which uv does not understand",
        "the host is reached directly",
        Passed(
            {"HTTPS_PROXY": "PROXY", "NO_PROXY": "index.company.test:443"}, ("company.test",), ("index.company.test",)
        ),
    ),
    Row(
        "NO_PROXY has a network of addresses",
        "those in it are reached directly",
        Passed({"HTTPS_PROXY": "PROXY", "no_proxy": "192.0.2.0/24"}, ("198.51.100.1",), ("192.0.2.7",)),
    ),
    Row(
        "NO_PROXY has spaces and empty parts between its hosts",
        "each counts",
        Passed(
            {"HTTPS_PROXY": "PROXY", "NO_PROXY": " .company.test, ,other.test "},
            ("pypi.example.test",),
            ("index.company.test", "other.test"),
        ),
    ),
    Row(
        "NO_PROXY is `*`",
        "no proxy is asked",
        Passed({"HTTPS_PROXY": "PROXY", "NO_PROXY": "*"}, (), ("index.company.test",)),
    ),
    Row(
        "NO_PROXY is not set, and this machine itself is asked, and its metadata service for the managed identity",
        "no proxy is asked: it has others of these names",
        Passed({"HTTPS_PROXY": "PROXY", "HTTP_PROXY": "PROXY"}, direct=("localhost", "127.0.0.1", "169.254.169.254")),
    ),
    Row(
        "the password of the proxy is encoded in its address",
        "it is masked as it is written, and as it is meant",
        Passed({"HTTPS_PROXY": "http://me:hunter%2322@proxy.test:3128"}, (), (), ("hunter%2322", "hunter#22")),
    ),
]


def _effective(environ: Mapping[str, str], address: str, tmp_path: Path) -> dict[str, str]:
    """The variables as a run has them, in place of those of this machine."""
    forms = {"PROXY": address, "BARE": address.removeprefix("http://")}
    given = {name: forms.get(value, value) for name, value in environ.items()}
    network = read_network(given, _FACTS)
    with network.for_all(given, tmp_path):
        return dict(given)


@each(PASSED)
def test_every_client_asks_the_same_proxy(row: Row[Passed], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `requests` and uv do with what a run gives them."""
    heard: list[str] = []

    def forbids(connection: socket.socket) -> None:
        heard.append(connection.recv(1 << 16).split()[1].decode())
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    with peer(forbids) as port:
        environ = _effective(row.case.environ, f"http://127.0.0.1:{port}", tmp_path)
        for name in (*_NAMES, *map(str.lower, _NAMES)):
            monkeypatch.delenv(name, raising=False)
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        for host in row.case.asked:
            assert requests.utils.get_environ_proxies(f"https://{host}/")["https"] == f"http://127.0.0.1:{port}"
        for host in row.case.direct:
            assert {} == requests.utils.get_environ_proxies(f"https://{host}/")
        for host in [*row.case.direct, *row.case.asked][:1]:  # each run of uv takes a moment
            _uv(f"https://{host}:9/simple", tmp_path)
            assert (host in row.case.asked) == (f"{host}:9" in heard), host

    masked = read_network(row.case.environ, _FACTS).proxies.secrets if row.case.masked else ()
    assert set(row.case.masked) == set(masked)


def _uv(index: str, folder: Path) -> str:
    """What uv says that an index does not give it."""
    quick = {"UV_HTTP_RETRIES": "0", "UV_HTTP_TIMEOUT": "1", "UV_NO_CACHE": "1", "UV_DEFAULT_INDEX": index}
    arguments = ["compile", "requirements.in", "--only-binary", ":all:"]
    (folder / "requirements.in").write_text("six\n")
    with pytest.raises(UvRefused) as raised:
        run_uv(arguments, cwd=folder, environ={**os.environ, **quick}, indexes=IndexSettings())
    return raised.value.words
