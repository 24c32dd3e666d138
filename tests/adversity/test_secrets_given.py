"""Secrets as people give them: in addresses, as arguments, in files of the workspace. None goes on from there."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import InputsInvalid
from functions_model.environment import secrets_in
from functions_model.image.credentials import credentials_at
from functions_model.inputs import from_arguments
from functions_model.inputs.settings import secrets_in as settings_in
from support.adversity import Row, each

if TYPE_CHECKING:
    from pathlib import Path

SECRET = "hunter22-hunter22-hunter22"
PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEF\nq9Zk3Rz+u/A==\n-----END PRIVATE KEY-----\n"


@dataclass(frozen=True)
class Address:
    """An address of an index.

    Attributes:
        text: The address.
        masked: Pieces of it that are masked.
        public: Pieces of it that are not.
    """

    text: str
    masked: tuple[str, ...]
    public: tuple[str, ...] = ()


ADDRESSES: list[Row[Address]] = [
    Row(
        "the address of an index has a login",
        "the password is masked",
        Address("https://me:hunter22@x.test/simple", ("hunter22",)),
        "R12",
    ),
    Row(
        "the address of an index has a token in its path",
        "the token is masked, words of the path are not",
        Address("https://x.test/Tok3nTok3n/pypi/simple", ("Tok3nTok3n",), ("simple", "pypi")),
        "R12",
    ),
    Row(
        "the address of an index has a token as its user",
        "the token is masked",
        Address("https://pypi-AgEIcHlwaS5vcmc@x.test/simple", ("pypi-AgEIcHlwaS5vcmc",)),
        "R12",
    ),
    Row(
        "the address of an index has a signature in its query",
        "the signature is masked",
        Address("https://x.test/simple?sig=abc%2Fdef%3Dghi", ("abc/def=ghi",)),
    ),
    Row(
        "the password in the address of an index has numbers for its signs",
        "it is masked as it is, and as the index reads it",
        Address("https://me:hunter%2F22%40x@x.test/simple", ("hunter%2F22%40x", "hunter/22@x")),
    ),
]


@pytest.mark.parametrize("variable", ["UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"])
@each(ADDRESSES)
def test_tokens_in_addresses_are_masked(row: Row[Address], variable: str) -> None:
    """In each variable that names an index."""
    found = secrets_in({variable: row.case.text})

    assert [] == [piece for piece in row.case.masked if piece not in found]
    assert [] == [piece for piece in row.case.public if piece in found]


ARGUMENTS: list[Row[tuple[str, ...]]] = [
    Row("`--client-secret VALUE` is typed", "refused, and not repeated", ("--client-secret", SECRET), "R12"),
    Row("`--client-secret=VALUE` is typed", "refused, and not repeated", (f"--client-secret={SECRET}",), "R12"),
    Row("`--clientsecret VALUE` is typed", "refused, and not repeated", ("--clientsecret", SECRET), "R12"),
    Row("`--clientsecret=VALUE` is typed", "refused, and not repeated", (f"--clientsecret={SECRET}",), "R12"),
    Row("`--client_secret VALUE` is typed", "refused, and not repeated", ("--client_secret", SECRET), "R12"),
    Row("`--CLIENT-SECRET=VALUE` is typed", "refused, and not repeated", (f"--CLIENT-SECRET={SECRET}",)),
    Row("`-client-secret VALUE` is typed", "refused, and not repeated", ("-client-secret", SECRET)),
    Row("`--app-settings A=VALUE` is typed", "refused, and not repeated", ("--app-settings", f"A={SECRET}"), "R12"),
    Row("`--app-setting A=VALUE` is typed", "refused, and not repeated", ("--app-setting", f"A={SECRET}")),
    Row("a secret is typed without an option", "refused, and not repeated", ("--app-name", "iris", SECRET)),
    Row("a secret that begins with two hyphens is typed", "refused, and not repeated", (f"--{SECRET}9=x",)),
    Row("`--image-password VALUE` is typed", "refused, and not repeated", ("--image-password", SECRET)),
]


@each(ARGUMENTS)
def test_no_secret_is_an_argument(row: Row[tuple[str, ...]]) -> None:
    """Other users of the machine read arguments; a message would put the secret into the log, too."""
    with pytest.raises(InputsInvalid) as refused:
        from_arguments(row.case, {}, command="deploy")

    assert not re.search("hunter22", f"{refused.value} {refused.value.detail}", re.IGNORECASE)


DOCUMENTS: list[Row[tuple[str, tuple[str, ...]]]] = [
    Row(
        "settings are JSON, which writes a key sign as two halves of a character",
        "the setting is masked as what it is",
        (json.dumps({"KEY": "abcdefgh\U0001f511"}), ("abcdefgh\U0001f511",)),
    ),
    Row(
        "settings are JSON with half of a character",
        "they are refused, and each part of them is masked",
        ('{"KEY": "abcdefgh\\ud83d"}', ('"abcdefgh\\ud83d"}',)),
    ),
]


@each(DOCUMENTS)
def test_settings_are_masked_as_what_they_are(row: Row[tuple[str, tuple[str, ...]]]) -> None:
    """Before anything else is done with them."""
    text, masked = row.case

    assert set(masked) <= set(settings_in(text))


FILES: list[Row[tuple[str, str]]] = [
    Row("`.netrc` is in the source folder", "it stays out", (".netrc", "machine x login y password z"), "R12"),
    Row("`.npmrc` is in a subfolder", "it stays out", ("web/.npmrc", "//x/:_authToken=z"), "R12"),
    Row("`.pypirc` is in the source folder", "it stays out", (".pypirc", "[pypi]\npassword=z"), "R12"),
    Row("`id_rsa` is in the source folder", "it stays out", ("id_rsa", PEM.replace("PRIVATE", "RSA PRIVATE")), "R12"),
    Row(
        "`ID_ED25519` is in capital letters", "it stays out", ("ID_ED25519", PEM.replace("PRIVATE", "OPENSSH PRIVATE"))
    ),
    Row("`.ssh` is in the model's folder", "the folder stays out", (".ssh/config", "Host x"), "R12"),
    Row("`.env` for production", "it stays out", (".env.production", "A=b")),
    Row("`local.settings.json` of Functions Core Tools", "it stays out", ("local.settings.json", '{"Values": {}}')),
    Row("a service account's key in JSON", "it stays out", ("gcp.json", json.dumps({"private_key": PEM}))),
    Row("the login of `azure/login` in JSON", "it stays out", ("sp.json", '{"clientSecret": "a", "tenantId": "b"}')),
    Row("`.pgpass` is in the source folder", "it stays out", (".pgpass", "x:5432:db:me:z")),
    Row("`.databrickscfg` is in the source folder", "it stays out", (".databrickscfg", "[DEFAULT]\ntoken=z")),
    Row("the login of Kaggle", "it stays out", ("kaggle.json", '{"username": "x", "key": "y"}')),
]


@each(FILES)
def test_files_of_credentials_stay_out(row: Row[tuple[str, str]], tmp_path: Path) -> None:
    """By name, and by content where a name says little."""
    path, content = row.case
    (file := tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)

    left = credentials_at(path, file, file.stat().st_size)

    assert left is not None
    assert path.startswith(str(left.place))


OTHERS: list[Row[str]] = [
    Row("a template `.env.example` is in the source folder", "it is packed", ".env.example"),
    Row("the public half `id_rsa.pub` is in the source folder", "it is packed", "id_rsa.pub"),
    Row("a certificate without a key is in the source folder", "it is packed", "ca.pem"),
]


@each(OTHERS)
def test_what_only_looks_like_credentials_is_packed(row: Row[str], tmp_path: Path) -> None:
    """A file that is silently missing costs an afternoon."""
    file = tmp_path / row.case
    file.write_text("-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n")

    assert credentials_at(row.case, file, file.stat().st_size) is None
