"""Files of credentials in the folders of a user: none gets into an image by accident."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.bundle import BundlePlan, plan_layers
from functions_model.core.build import Build, CredentialFiles
from support.function_app import spec_of, write_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCRIPT = "def init(): ...\ndef run(data): ...\n"
KEY = "-----BEGIN {}PRIVATE KEY-----\nMIIE\n-----END {}PRIVATE KEY-----\n"
SERVICE_ACCOUNT = json.dumps({"type": "service_account", "private_key": KEY.format("", ""), "client_email": "a@b"})
LOGIN = json.dumps({"clientId": "a", "clientSecret": "b", "tenantId": "c"})
OURS = {
    ".netrc": "machine x login y password z",
    "_netrc": "machine x",
    "deep/.pypirc": "[pypi]",
    ".npmrc": "//registry/:_authToken=x",
    ".git-credentials": "https://a:b@x",
    ".env": "A=b",
    "deep/.env": "A=b",
    ".env.production": "A=b",
    "id_rsa": KEY.format("RSA ", "RSA "),
    "id_ed25519": KEY.format("OPENSSH ", "OPENSSH "),
    "certs/server.pem": "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n" + KEY.format("", ""),
    "certs/server.key": KEY.format("EC ", "EC "),
    "certs/encrypted.KEY": KEY.format("ENCRYPTED ", "ENCRYPTED "),
    ".aws/credentials": "[default]",
    ".azure/token": "x",
    ".kube/config": "users:",
    ".docker/config.json": "{}",
    ".ssh/deploy": "x",
    ".config/gcloud/credentials.db": "x",
    "gcloud/application_default_credentials.json": "{}",
    "gha-creds-1.json": "{}",
    "keys/robot.json": SERVICE_ACCOUNT,
    "azureauth.json": LOGIN,
}
"""Files of credentials, of each kind."""
OTHERS = {
    "id_rsa.pub": "ssh-rsa AAAA",
    "id_mapping": "1,2",
    "certs/ca.pem": "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n",
    "piano.key": "C sharp minor",
    ".env.example": "A=",
    "env": "x",
    "gcloud/__init__.py": "",
    "config.json": json.dumps({"private_key": "the name of a column"}),
    "kube/config": "x",
    "netrc": "x",
    ".docker/compose.yml": "x",
}
"""Files that look like one."""


def plan(folder: Path, files: Mapping[str, str], *, build: Build | None = None, **spec: Any) -> BundlePlan:
    """The plan for these files of a workspace."""
    write_files(folder, {"src/score.py": SCRIPT, **files})
    return plan_layers(replace(spec_of(folder, **spec), build=build or Build()))


def below(planned: BundlePlan, layer: str, folder: str) -> set[str]:
    """The files of a layer, below a folder of it."""
    [found] = [one for one in planned.layers if one.name == layer]
    return {file.path.partition(f"/{folder}/")[2] for file in found.tree.files}


class TestSource:
    """The source directory."""

    def test_stay_out(self, tmp_path: Path) -> None:
        """Each of them, at any depth; and what only looks like one is packed."""
        planned = plan(tmp_path, {f"src/{name}": text for name, text in {**OURS, **OTHERS}.items()})

        assert {"score.py", *OTHERS} == below(planned, "code", "src")

    def test_are_told(self, tmp_path: Path) -> None:
        """By their place in the workspace; a folder of credentials once."""
        planned = plan(tmp_path, {f"src/{name}": text for name, text in {**OURS, ".aws/config": "x"}.items()})

        told = {file.place.as_posix() for file in planned.left_out}
        folders = {f"src/{name}" for name in (".aws", ".azure", ".kube", ".ssh", ".config/gcloud")}
        assert folders | {f"src/{name}" for name in OURS if f"src/{name}".rpartition("/")[0] not in folders} == told

    def test_are_not_told_where_an_ignore_file_names_them(self, tmp_path: Path) -> None:
        """Nobody meant to pack them."""
        planned = plan(tmp_path, {"src/.env": "A=b", "src/.gitignore": ".env\n", "src/.netrc": "x"})

        assert ["src/.netrc"] == [file.place.as_posix() for file in planned.left_out]

    def test_are_kept_when_the_user_says_so(self, tmp_path: Path) -> None:
        """Then they are files like all others."""
        planned = plan(
            tmp_path,
            {f"src/{name}": text for name, text in OURS.items()},
            build=Build(credential_files=CredentialFiles.KEEP),
        )

        assert {"score.py", *OURS} == below(planned, "code", "src")
        assert () == planned.left_out

    def test_through_links(self, tmp_path: Path) -> None:
        """By another name, from elsewhere in the workspace; a link to what stays out would lead nowhere."""
        write_files(tmp_path, {"src/score.py": SCRIPT, "home/.netrc": "x", "src/.ssh/a": "x", "src/key.pem": KEY})
        (tmp_path / "src/settings").symlink_to(tmp_path / "home/.netrc")
        (tmp_path / "src/here").symlink_to("key.pem")
        (tmp_path / "src/folder").symlink_to(".ssh")
        write_files(tmp_path, {"src/key.pem": KEY.format("", "")})

        assert {"score.py"} == below(plan(tmp_path, {}), "code", "src")


class TestModels:
    """Model folders."""

    def test_stay_out(self, tmp_path: Path) -> None:
        """As in the source directory."""
        files = {f"model/{name}": text for name, text in {**OURS, "weights.bin": "1"}.items()}
        planned = plan(tmp_path, files, models=(("m", "1", "model"),))

        assert {"weights.bin"} == below(planned, "model", "model")
        assert "model/.netrc" in {file.place.as_posix() for file in planned.left_out}

    def test_of_one_file_are_what_the_user_named(self, tmp_path: Path) -> None:
        """Nobody names a file as a model by accident."""
        planned = plan(tmp_path, {"model.key": KEY.format("", "")}, models=(("m", "1", "model.key"),))

        assert ["model"] == [layer.name for layer in planned.layers if layer.name == "model"]

    def test_with_nothing_else_are_no_model(self, tmp_path: Path) -> None:
        """As an empty folder is none."""
        with pytest.raises(Exception, match="has no files"):
            plan(tmp_path, {"model/.netrc": "x"}, models=(("m", "1", "model"),))


class TestReading:
    """How a file is looked at."""

    def test_large_files_are_not_read(self, tmp_path: Path) -> None:
        """Keys are small: a large JSON file is a model's, and is not read to its end."""
        large = json.dumps({"weights": "1" * 200_000, "private_key": KEY.format("", "")})

        planned = plan(tmp_path, {"src/weights.json": large})

        assert {"score.py", "weights.json"} == below(planned, "code", "src")
