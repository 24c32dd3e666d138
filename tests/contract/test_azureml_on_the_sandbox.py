"""Registered models and environments, from the sandbox's Azure ML workspace and real storage, with the real SDK."""

from __future__ import annotations

import dataclasses
import json
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import requests

from azure_sandbox.real_data_plane import build_storage
from azure_sandbox.sandbox import Sandbox
from functions_model.azure.clients import AzureClients
from functions_model.azure.cloud import resolve_cloud
from functions_model.azure.login import credential_for
from functions_model.azureml import download_model, fetch_environment
from functions_model.azureml.transfer_settings import TransferSettings
from functions_model.core.failures import PlanRefused
from functions_model.core.registered import MachineLearningWorkspace, RegisteredAsset
from functions_model.core.secrets import Login, Secret
from functions_model.core.spec import Model
from functions_model.environment import read_environment
from support.ci import RecordingCi
from support.fake_data_plane import fake_data_plane

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure.core.credentials import TokenCredential

    from azure_sandbox.data_plane import DataPlane, Engine, Surroundings

pytestmark = pytest.mark.exhaustive

BLOB_DATA_READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"


@dataclass(frozen=True)
class Lab:
    """A sandbox with a workspace, and somebody who is logged in."""

    sandbox: Sandbox
    clients: AzureClients
    credential: TokenCredential
    ci: RecordingCi
    trust: dict[str, Any] = field(default_factory=dict)

    def asset(self, name: str, version: str | None, workspace: str | None = None) -> RegisteredAsset:
        ends = self.sandbox.endpoints
        place = MachineLearningWorkspace(
            self.sandbox.subscription_id, ends.workspace_group, workspace or ends.workspace
        )
        return RegisteredAsset(name, version, place)

    def download(self, name: str, version: str | None, folder: Path, *, as_login: bool = True) -> Model:
        return download_model(
            self.asset(name, version),
            self.clients,
            folder,
            report=self.ci.info,
            mask=self.ci.mask,
            credential=self.credential if as_login else None,
            settings=TransferSettings(piece_bytes=1024 * 1024),
            options=self.trust,
        )

    @contextmanager
    def role(self, role: str) -> Iterator[None]:
        """The login holds a role in the group of the workspace's storage account meanwhile."""
        group = f"/subscriptions/{self.sandbox.subscription_id}/resourceGroups/{self.sandbox.endpoints.workspace_group}"
        login = self.sandbox.directory.principal_of_client(self.sandbox.endpoints.client_id)
        assert login
        given = self.sandbox.roles.grant(login.object_id, role, group)
        yield
        self.sandbox.roles.remove(given.name)

    def keys_read(self) -> int:
        """How often a datastore's key was asked for."""
        return sum("listSecrets" in entry.path for entry in self.sandbox.journal.entries("arm"))


def storage_alone(surroundings: Surroundings, engine: Engine, python: str | None) -> DataPlane:
    """Azurite for storage, dictionaries for everything else."""
    storage = build_storage(surroundings)
    return dataclasses.replace(fake_data_plane(surroundings, engine, python), storage=storage, close=storage.close)


@pytest.fixture(scope="module")
def shared_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Sandbox(tmp_path_factory.mktemp("lab"), data_plane=storage_alone) as sandbox, ExitStack() as stack:
        ends, trust = sandbox.endpoints, {"connection_verify": str(sandbox.endpoints.ca_file)}
        cloud = resolve_cloud(
            ends.resource_manager, fetch=lambda url: requests.get(url, verify=str(ends.ca_file), timeout=30).json()
        )
        login = Login(ends.tenant_id, ends.client_id, Secret(ends.client_secret), "unused", ends.resource_manager)
        ci = RecordingCi()
        credential = stack.enter_context(closing(credential_for(login, cloud, ci, options=trust)))
        clients = AzureClients(credential, sandbox.subscription_id, cloud, options=trust)
        stack.enter_context(closing(clients))
        yield Lab(sandbox, clients, credential, ci, trust)


@pytest.fixture
def lab(shared_lab: Lab) -> Lab:
    """The lab, with nothing told and nothing asked yet."""
    shared_lab.sandbox.journal.clear()
    shared_lab.ci.lines.clear()
    return shared_lab


class TestModel:
    """Registered files become files."""

    def test_ready_made(self, lab: Lab, tmp_path: Path) -> None:
        """The workspace's own model is fetched by the login's rights, without any key."""
        with lab.role(BLOB_DATA_READER):
            model = lab.download("temperature", "1", tmp_path)

        assert ("temperature", "1") == (model.name, model.version)
        assert {"slope", "intercept"} == set(json.loads((model.path / "weights.json").read_bytes()))
        assert 0 == lab.keys_read()

    def test_latest(self, lab: Lab, tmp_path: Path) -> None:
        """`@latest` is the version registered last; one that was archived since does not count."""
        for version, archived in (("9", False), ("2", False), ("3", True)):
            lab.sandbox.register_model("dated", {"it": version.encode()}, version=version, archived=archived)

        model = lab.download("dated", None, tmp_path)

        assert "2" == model.version
        assert b"2" == (model.path / "it").read_bytes()
        assert model.origin.endswith("/workspaces/sandboxworkspace/models/dated/versions/2")

    def test_folder_of_many_pieces(self, lab: Lab, tmp_path: Path) -> None:
        """Small and large files of a folder arrive as they were registered."""
        files = {"a/b/net.bin": bytes(range(256)) * 20_000, "empty": b"", "a/with space é.txt": b"text"}
        resource_id = lab.sandbox.register_model("net", files)

        model = lab.download("net", "1", tmp_path)

        assert resource_id == model.origin
        assert files == {
            path.relative_to(model.path).as_posix(): path.read_bytes()
            for path in model.path.rglob("*")
            if path.is_file()
        }
        assert ["Fetch the model `azureml:net:1` from `sandboxworkspace`: 3 files, 5.1 MB."] == lab.ci.lines

    def test_file(self, lab: Lab, tmp_path: Path) -> None:
        """A registered file stays a file, under its own name."""
        source = tmp_path / "iris.pkl"
        source.write_bytes(b"\xff\x00pickle")
        lab.sandbox.register_model("iris", source)

        model = lab.download("iris", "1", tmp_path / "fetched")

        assert tmp_path / "fetched/iris/1/iris.pkl" == model.path
        assert source.read_bytes() == model.path.read_bytes()

    def test_login_without_a_role(self, lab: Lab, tmp_path: Path) -> None:
        """The subscription's owner reads no data by that alone: then the key that the workspace keeps is asked for."""
        model = lab.download("temperature", "1", tmp_path)

        assert (model.path / "weights.json").is_file()
        assert 1 == lab.keys_read()

    def test_key(self, lab: Lab, tmp_path: Path) -> None:
        """With the key that the workspace keeps, the same files are fetched; the key is masked."""
        model = lab.download("temperature", "2", tmp_path, as_login=False)

        assert {"slope": 1.8, "intercept": 32.0} == json.loads((model.path / "weights.json").read_bytes())
        assert 1 == lab.keys_read()
        account = lab.clients.storage.storage_accounts.list_keys("sandbox-shared", "sandboxworkspacestore")
        assert account.keys_property is not None
        assert str(account.keys_property[0].value) in lab.ci.masked

    @pytest.mark.parametrize(
        ("asset", "said"),
        [
            (("temperature", "7"), r"has no version `7` of the model `temperature` \(there: `2`, `1`\)"),
            (("humidity", None), r"has no model `humidity` \(there: .*`temperature`"),
            (("temperature", "1", "attic"), r"no Azure ML workspace `attic` .* \(there: `sandboxworkspace`\)"),
        ],
    )
    def test_missing(self, lab: Lab, tmp_path: Path, asset: tuple[str, str | None], said: str) -> None:
        """What is not there is told with what is."""
        with pytest.raises(PlanRefused, match=said):
            download_model(lab.asset(*asset), lab.clients, tmp_path, options=lab.trust)


class TestEnvironment:
    """Registered environments give their conda file."""

    def test_ready_made(self, lab: Lab, tmp_path: Path) -> None:
        """The workspace's own environment can be read as any conda file."""
        file = fetch_environment(lab.asset("temperature-env", None), lab.clients, tmp_path, report=lab.ci.info)

        assert tmp_path / "temperature-env/1/conda.yml" == file
        assert ["azureml-inference-server-http"] == [one.name for one in read_environment(file).requirements]

    def test_image_alone(self, lab: Lab, tmp_path: Path) -> None:
        """An environment without a conda file is refused."""
        lab.sandbox.register_environment("opaque", None)

        with pytest.raises(PlanRefused, match="built from only an image"):
            fetch_environment(lab.asset("opaque", "1"), lab.clients, tmp_path)
