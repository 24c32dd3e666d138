"""Certificates: variables that name what is not there or is none, and what all clients trust together."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import certifi
import pytest

from azure_sandbox.certificates import make_certificates
from functions_model.ci.host import Advice, Facts
from functions_model.ci.network import read_network
from functions_model.core.failures import InputsInvalid
from support.adversity import Row, each

_ADVICE = Advice("", "", "")


def _authority(folder: Path, name: str = "company") -> Path:
    """A company's authority, as a file."""
    return make_certificates(folder / name).ca_file


def _der(folder: Path) -> Path:
    file = folder / "company.cer"
    file.write_bytes(ssl.PEM_cert_to_DER_cert(_authority(folder).read_text()))
    return file


def _broken(folder: Path) -> Path:
    """The second certificate has lost its end."""
    good = _authority(folder).read_text()
    lines = good.splitlines()
    file = folder / "bundle.pem"
    file.write_text(good + "\n".join([*lines[:2], lines[-1]]) + "\n")
    return file


def _written(folder: Path, content: bytes) -> Path:
    file = folder / "file.pem"
    file.write_bytes(content)
    return file


def _fifo(folder: Path) -> Path:
    os.mkfifo(folder / "fifo")
    return folder / "fifo"


def _large(folder: Path) -> Path:
    with (folder / "large").open("wb") as file:
        file.truncate(17 << 20)
    return folder / "large"


def _empty_folder(folder: Path) -> Path:
    (folder / "certs").mkdir()
    return folder / "certs"


@dataclass(frozen=True)
class Refused:
    """A variable that cannot be used.

    Attributes:
        variable: Its name.
        value: Makes what it names, in a folder.
        says: Parts of the message.
        outside: The workspace's name outside of the action's container.
    """

    variable: str
    value: Callable[[Path], object]
    says: tuple[str, ...]
    outside: tuple[str, ...] = ()


_GONE = lambda folder: folder / "nonexistent.pem"  # noqa: E731 - a row's own small deed
ROWS = [
    Row(
        "REQUESTS_CA_BUNDLE names a file that is not there",
        "exit 2, told with the variable's name before anybody is asked",
        Refused(
            "REQUESTS_CA_BUNDLE", _GONE, ("`REQUESTS_CA_BUNDLE` names `", "nonexistent.pem`, which does not exist")
        ),
        "R3",
    ),
    Row(
        "SSL_CERT_FILE names a file that is not there, which uv passes over in silence",
        "the same",
        Refused("SSL_CERT_FILE", _GONE, ("`SSL_CERT_FILE` names `", "which does not exist", "or unset the variable")),
        "R3",
    ),
    Row(
        "SSL_CERT_DIR names folders of which none is there",
        "the same",
        Refused(
            "SSL_CERT_DIR",
            lambda folder: f"{folder}/a:{folder}/b",
            ("`SSL_CERT_DIR` names `", "none of which exists"),
        ),
        "R3",
    ),
    Row(
        "in the action's container, CURL_CA_BUNDLE names a file of the runner that the container does not have",
        "the message says which files the container has",
        Refused(
            "CURL_CA_BUNDLE",
            _GONE,
            ("`CURL_CA_BUNDLE` names `", "only the files of the workspace"),
            ("/home/runner/w/w",),
        ),
        "R3",
    ),
    Row(
        "the file that SSL_CERT_FILE names is a certificate in DER form",
        "the message has the command that turns it into PEM",
        Refused("SSL_CERT_FILE", _der, ("DER form", "openssl x509 -inform der -in ")),
    ),
    Row(
        "the second certificate of a bundle is cut off",
        "its number is told",
        Refused("SSL_CERT_FILE", _broken, ("certificate number 2 cannot be read",)),
    ),
    Row(
        "the file of certificates is empty, as a secret that a fork does not get leaves it",
        "told",
        Refused("REQUESTS_CA_BUNDLE", lambda folder: _written(folder, b""), ("holds no certificate",)),
    ),
    Row(
        "the file of certificates is a page of HTML that a proxy gave in its place",
        "told",
        Refused("SSL_CERT_FILE", lambda folder: _written(folder, b"<html>"), ("holds no certificate",)),
    ),
    Row(
        "the file of certificates is a FIFO that nobody writes to",
        "told at once: it is not opened",
        Refused("SSL_CERT_FILE", _fifo, ("which is no file",)),
    ),
    Row(
        "the file of certificates is a disk image of many megabytes",
        "told; it is not read",
        Refused("SSL_CERT_FILE", _large, ("more than 16 MiB",)),
    ),
    Row(
        "the folder of certificates holds none",
        "told",
        Refused("SSL_CERT_DIR", _empty_folder, ("whose files hold no certificate",)),
    ),
]


@each(ROWS)
def test_a_variable_that_cannot_be_used_is_named(row: Row[Refused], tmp_path: Path) -> None:
    """Exit code 2, and nothing else was done."""
    facts = Facts(tmp_path, _ADVICE, host_workspaces=row.case.outside)
    with pytest.raises(InputsInvalid) as raised:
        read_network({row.case.variable: str(row.case.value(tmp_path))}, facts)

    for part in row.case.says:
        assert part in str(raised.value)
    assert raised.value.exit_code == 2


def _relative(folder: Path) -> dict[str, str]:
    return {"SSL_CERT_FILE": str(_authority(folder).relative_to(folder))}


def _two(folder: Path) -> dict[str, str]:
    files = (_authority(folder, name) for name in ("company", "other"))
    return dict(zip(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), map(str, files), strict=True))


def _in_a_folder(folder: Path) -> dict[str, str]:
    """Without the names of hashes that OpenSSL looks for, beside a key, a dangling link, a folder and a broken file."""
    ca, certs = _authority(folder), folder / "certs"
    certs.mkdir()
    (certs / "any-name.txt").write_bytes(ca.read_bytes())
    (certs / "server.key").write_bytes((ca.parent / "server.key").read_bytes())
    (certs / "gone.pem").symlink_to("nowhere")
    (certs / "more").mkdir()
    (certs / "broken.pem").write_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
    return {"SSL_CERT_DIR": f"{folder}/nowhere:{certs}"}


def _annotated(folder: Path) -> dict[str, str]:
    """As Windows and some companies write them: other line ends, a mark, words that are no ASCII, the same twice."""
    text = _authority(folder).read_text()
    marked = b"\xef\xbb\xbf# Autorit\xc3\xa9\r\n" + text.replace("\n", "\r\n").encode() + text.encode()
    (folder / "marked.pem").write_bytes(marked)
    return {"CURL_CA_BUNDLE": str(folder / "marked.pem")}


@dataclass(frozen=True)
class Trusted:
    """Variables, and whom every client trusts then.

    Attributes:
        environ: Makes them, in a folder.
        authorities: Names of the authorities' folders.
        outside: As above.
        others: Whether the system's and `certifi`'s are trusted, too.
    """

    environ: Callable[[Path], Mapping[str, str]]
    authorities: tuple[str, ...] = ("company",)
    outside: tuple[str, ...] = ()
    others: bool = field(default=False)


TRUSTED = [
    Row(
        "SSL_CERT_FILE alone names the authority, which `requests` does not read",
        "every client's variable names one file with it",
        Trusted(lambda folder: {"SSL_CERT_FILE": str(_authority(folder))}),
        "R3",
    ),
    Row(
        "REQUESTS_CA_BUNDLE alone names the authority, which uv does not read",
        "the same",
        Trusted(lambda folder: {"REQUESTS_CA_BUNDLE": str(_authority(folder))}),
        "R3",
    ),
    Row(
        "two variables name two authorities",
        "every client trusts both",
        Trusted(_two, ("company", "other")),
    ),
    Row(
        "a path is relative, and uv is started in another folder",
        "it is read below the workspace",
        Trusted(_relative),
    ),
    Row(
        "the path is one of the workspace, by the name that it has outside of the action's container",
        "the file of the workspace is read",
        Trusted(
            lambda folder: {"SSL_CERT_FILE": f"/home/runner/w/w/{_authority(folder).relative_to(folder)}"},
            outside=("/home/runner/w/w",),
        ),
    ),
    Row(
        "the folder of certificates holds keys, dangling links and broken files, and one folder of the list is gone",
        "what can be read is trusted; nothing else is passed on",
        Trusted(_in_a_folder),
    ),
    Row(
        "the file has a byte order mark, line ends of Windows, comments in UTF-8 and each certificate twice",
        "its certificate is trusted, once",
        Trusted(_annotated),
    ),
    Row(
        "all variables are empty, as a CI host sets those that have no value",
        "the system's store is trusted, and what comes with Python's packages",
        Trusted(lambda _: dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "SSL_CERT_DIR"), ""), (), others=True),
    ),
]


def _count(pem: str) -> int:
    return pem.count("BEGIN CERTIFICATE")


@each(TRUSTED)
def test_every_client_trusts_the_same(row: Row[Trusted], tmp_path: Path) -> None:
    """One file, in every variable that a client of ours or of its libraries reads; all is as before at the end."""
    given, folder = dict(row.case.environ(tmp_path)), tmp_path / "network"
    folder.mkdir()
    environ, facts = dict(given), Facts(tmp_path, _ADVICE, host_workspaces=row.case.outside)
    with read_network(environ, facts).for_all(environ, folder):
        assert "SSL_CERT_DIR" not in environ
        [file] = {environ[name] for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")}
        bundle = Path(file).read_text()
        ssl.create_default_context(cafile=file)

    assert given == environ
    for name in row.case.authorities:
        assert (tmp_path / name / "ca.pem").read_text().strip() in bundle
    assert "PRIVATE" not in bundle
    if row.case.others:
        assert _count(bundle) >= _count(Path(certifi.where()).read_text())
    else:
        assert _count(bundle) == len(row.case.authorities)
