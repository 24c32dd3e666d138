"""The certificates that this machine trusts: of the files that variables name, else of the system and of `certifi`."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath

from functions_model.ci.host import Facts
from functions_model.core.failures import Problem, RuleBroken

FILES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
FOLDERS = "SSL_CERT_DIR"
"""As OpenSSL has it, several folders with colons between them."""
_OF_SYSTEMS = (
    *("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem"),
    *("/etc/pki/tls/cacert.pem", "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem"),
)
"""Where systems keep theirs, in the order of golang/go, src/crypto/x509/root_linux.go. Python's own place is the one
of the machine on which it was built."""
_BLOCK = re.compile(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----")
_DER = b"\x30\x82"
"""How a certificate begins that is not text: a sequence whose length has two bytes (X.690, 8.1)."""
_MOST_BYTES = 16 << 20
"""Of a file. All authorities that a system trusts have half a megabyte."""
_MOST_FILES = 5000
_UNSET = "Name a file of certificates in PEM form, or unset the variable."
_IN_THE_CONTAINER = (
    "The action's container has only the files of the workspace: copy the certificates there in an earlier step, and "
    "name that file. Or unset the variable."
)


def read_certificates(environ: Mapping[str, str], facts: Facts) -> tuple[tuple[str, ...], list[Problem]]:
    """The certificates of all that the variables name, each once, and what is wrong with the variables.

    Args:
        environ: The process environment.
        facts: Say where a relative path begins.

    Returns:
        Certificates in PEM form; those of the system and of `certifi` where no variable names any, and none where the
        system has none.
    """
    found, problems = dict[str, None](), []
    for name, reading in ((FOLDERS, _of_folders), *((name, _of_file) for name in FILES)):
        if value := environ.get(name, "").strip():
            try:
                found.update(dict.fromkeys(reading(value, facts)))
            except RuleBroken as broken:
                problems.append(Problem(f"`{name}` names {broken.what}", broken.remedy))
    if found or problems:
        return tuple(found), problems
    return _of_system(), []


def _of_system() -> tuple[str, ...]:
    for path in map(Path, _OF_SYSTEMS):
        with suppress(OSError):
            if blocks := _blocks(path.read_text("latin-1")):
                from requests.utils import DEFAULT_CA_BUNDLE_PATH as OWN  # noqa: PLC0415 - not where variables name others

                return tuple(dict.fromkeys([*_blocks(Path(OWN).read_text("latin-1")), *blocks]))
    return ()


def _of_file(value: str, facts: Facts) -> list[str]:
    path = _placed(value, facts)
    if path.is_dir():  # REQUESTS_CA_BUNDLE may name one, too
        return _of_folders(value, facts)
    content = _read(path, value, facts)
    blocks = _blocks(content.decode("latin-1"))
    if not blocks and content.startswith(_DER):
        remedy = f"Turn it into PEM form: `openssl x509 -inform der -in {value} -out {value}.pem`, and name that file."
        raise RuleBroken(f"`{value}`, which is not text: it may be a certificate in DER form", remedy)
    if not blocks:
        raise RuleBroken(f"`{value}`, which holds no certificate", _UNSET)
    _check(blocks, value)
    return blocks


def _read(path: Path, value: str, facts: Facts) -> bytes:
    try:
        if not path.exists():
            outside = facts.host_workspaces and str(facts.workspace) not in facts.host_workspaces
            remedy = _IN_THE_CONTAINER if outside else _UNSET
            raise RuleBroken(f"`{value}`, which does not exist", remedy)
        if not path.is_file():
            raise RuleBroken(f"`{value}`, which is no file", _UNSET)
        if path.stat().st_size > _MOST_BYTES:
            raise RuleBroken(f"`{value}`, which is no list of certificates: it has more than 16 MiB", _UNSET)
        return path.read_bytes()
    except OSError as error:
        raise RuleBroken(f"`{value}`, which cannot be read ({error.strerror})", _UNSET) from error


def _of_folders(value: str, facts: Facts) -> list[str]:
    """Of all files in them that can be read: such folders hold links, keys and hashes, too."""
    folders = [path for path in (_placed(one, facts) for one in value.split(":") if one) if path.is_dir()]
    if not folders:
        raise RuleBroken(f"`{value}`, none of which exists", "Name a folder of certificates, or unset the variable.")
    blocks = [block for folder in folders for file in sorted(folder.iterdir())[:_MOST_FILES] for block in _quiet(file)]
    if not blocks:
        raise RuleBroken(
            f"`{value}`, whose files hold no certificate", "Name a folder of certificates, or unset the variable."
        )
    return list(_readable(dict.fromkeys(blocks)))


def _quiet(file: Path) -> list[str]:
    with suppress(OSError):
        if file.is_file() and file.stat().st_size <= _MOST_BYTES:
            return _blocks(file.read_text("latin-1"))
    return []


def _placed(value: str, facts: Facts) -> Path:
    """The path, of the workspace where it is relative, or is the workspace's by its name outside of our container."""
    for outside in facts.host_workspaces:
        if PurePosixPath(value).is_relative_to(outside):
            return facts.workspace / PurePosixPath(value).relative_to(outside)
    return (Path.cwd() if facts.on_command_line else facts.workspace.absolute()) / value


def _blocks(text: str) -> list[str]:
    return ["\n".join(line.strip() for line in block.splitlines()) for block in _BLOCK.findall(text)]


def _check(blocks: list[str], value: str) -> None:
    if not _loads("\n".join(blocks)):
        number = next((number for number, block in enumerate(blocks, 1) if not _loads(block)), 1)
        raise RuleBroken(
            f"`{value}`, whose certificate number {number} cannot be read", "Export it again, in PEM form."
        )


def _readable(blocks: Iterable[str]) -> Iterator[str]:
    known = list(blocks)
    return iter(known) if _loads("\n".join(known)) else filter(_loads, known)


def _loads(text: str) -> bool:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        return False
    return True
