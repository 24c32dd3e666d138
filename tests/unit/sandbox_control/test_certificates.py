"""The sandbox's certificates."""

from __future__ import annotations

import socket
import ssl
from typing import TYPE_CHECKING

import pytest

from azure_sandbox.certificates import make_certificates

if TYPE_CHECKING:
    from azure_sandbox.certificates import TlsFiles


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> TlsFiles:
    return make_certificates(tmp_path_factory.mktemp("tls"))


def handshake(files: TlsFiles, name: str) -> None:
    """A strict client meets a server with the certificate."""
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(files.certificate, files.key)
    client = ssl.create_default_context(cafile=str(files.ca_file))
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    here = client.wrap_bio(to_client, to_server, server_hostname=name)
    there = server.wrap_bio(to_server, to_client, server_side=True)
    for side in (here, there, here, there):
        try:
            side.do_handshake()
        except ssl.SSLWantReadError:
            continue


class TestNames:
    @pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "host.docker.internal"])
    def test_each_name_of_this_machine_is_trusted(self, files: TlsFiles, name: str) -> None:
        """Also by a client that checks strictly, as Python 3.13 does."""
        handshake(files, name)

    def test_other_names_are_not(self, files: TlsFiles) -> None:
        """The certificate is for this machine alone."""
        with pytest.raises(ssl.SSLCertVerificationError):
            handshake(files, "management.azure.com")


class TestFiles:
    def test_the_key_is_the_owners(self, files: TlsFiles) -> None:
        """Nobody else reads it, and the CA's own key is not kept."""
        assert 0o600 == files.key.stat().st_mode & 0o777
        assert {"ca.pem", "ca-bundle.pem", "server.pem", "server.key"} == {
            one.name for one in files.key.parent.iterdir()
        }

    def test_the_bundle_adds_to_what_is_trusted(self, files: TlsFiles) -> None:
        """A run needs both: the sandbox, and package servers."""
        bundle, own = files.ca_bundle.read_text(), files.ca_file.read_text()

        assert own in bundle
        assert bundle.count("BEGIN CERTIFICATE") > 100


def test_this_machine_listens_for_nobody_else(files: TlsFiles) -> None:
    """Servers are bound to the loopback address."""
    from azure_sandbox.web import listen

    with listen() as listener:
        assert "127.0.0.1" == listener.getsockname()[0]
        assert socket.AF_INET == listener.family
