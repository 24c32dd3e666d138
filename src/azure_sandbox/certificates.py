"""The sandbox's own certificate authority, and the one server certificate that all its servers show."""

from __future__ import annotations

import datetime as dt
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

LOCAL = "localhost"
"""The name of this machine, in whatever is for this machine alone."""
HOST_NAMES = (LOCAL, "*.localhost", "host.docker.internal")
ADDRESSES = ("127.0.0.1", "::1")
LIFETIME = dt.timedelta(days=30)
"""Short, since somebody may trust this CA in a browser and forget it."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Where the certificates lie.

    Attributes:
        ca_file: The CA's certificate alone (PEM).
        ca_bundle: The CAs that Python's requests trusts, and ours: for `REQUESTS_CA_BUNDLE`.
        certificate: The server's certificate (PEM).
        key: The server's private key (PEM, mode 600).
        address: What clients call this machine: `localhost`, or an IP address of it, where its servers then listen.
    """

    ca_file: Path
    ca_bundle: Path
    certificate: Path
    key: Path
    address: str = LOCAL


def make_certificates(
    folder: Path, *, now: dt.datetime | None = None, hosts: Sequence[str] = HOST_NAMES, address: str = LOCAL
) -> TlsFiles:
    """Make a CA and a server certificate signed by it. The CA's key is not kept: nothing else can be signed later.

    Args:
        folder: Where the files go; made when it is not there.
        now: When they begin to be valid; None means now.
        hosts: The names of the servers that show it.
        address: What clients call this machine.
    """
    folder.mkdir(parents=True, exist_ok=True)
    start = now or dt.datetime.now(dt.UTC)
    ca_key = ec.generate_private_key(ec.SECP256R1())
    ca = _ca_certificate(ca_key, start)
    key = ec.generate_private_key(ec.SECP256R1())
    here = [] if address == LOCAL else [address]  # whoever gives other names wants a certificate that has no `LOCAL`
    server = _server_certificate(key, ca, ca_key, start, [*hosts, *ADDRESSES, *here])
    files = TlsFiles(folder / "ca.pem", folder / "ca-bundle.pem", folder / "server.pem", folder / "server.key", address)
    _write(files, ca, server, key)
    return files


def _ca_certificate(key: ec.EllipticCurvePrivateKey, start: dt.datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "functions-model sandbox CA")])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        _builder(name, name, key, start)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _server_certificate(
    key: ec.EllipticCurvePrivateKey,
    ca: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    start: dt.datetime,
    hosts: Sequence[str],
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    names = [_general_name(host) for host in dict.fromkeys(hosts) if host]
    return (
        _builder(name, ca.subject, key, start)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        # Python 3.13 checks certificates strictly (VERIFY_X509_STRICT): without this one it refuses the chain.
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key()), critical=False)
        .sign(ca_key, hashes.SHA256())
    )


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, start: dt.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # An hour back: clocks of containers and hosts differ a little.
        .not_valid_before(start - dt.timedelta(hours=1))
        .not_valid_after(start + LIFETIME)
    )


def _write(files: TlsFiles, ca: x509.Certificate, server: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
    ca_pem = ca.public_bytes(serialization.Encoding.PEM)
    files.ca_file.write_bytes(ca_pem)
    files.ca_bundle.write_text(f"{certifi.contents()}\n{ca_pem.decode()}")
    files.certificate.write_bytes(server.public_bytes(serialization.Encoding.PEM))
    files.key.touch(mode=0o600)
    files.key.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
