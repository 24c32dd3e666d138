"""Finds out whether somebody speaks TLS. Nothing is trusted by it: the requests that follow check the certificate."""

from __future__ import annotations

import socket
import ssl
from urllib.parse import urlsplit

from functions_model.core.cancel import CANCEL


def speaks_tls(host: str, timeout: float) -> bool:
    """Whether a handshake succeeds, with whatever certificate. Loads no certificates, so it takes a millisecond.

    Args:
        host: With a port where there is one; 443 else.
        timeout: Seconds.
    """
    parts = urlsplit(f"//{host}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            CANCEL.request(writes=False),
            socket.create_connection((parts.hostname or "", parts.port or 443), timeout) as plain,
            context.wrap_socket(plain, server_hostname=parts.hostname),
        ):
            return True
    except OSError:
        return False
