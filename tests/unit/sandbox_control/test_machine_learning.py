"""The sandbox's Azure ML workspace: what a client reads to get from a model's name to its files."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from azure_sandbox.arm.authorization.definitions import AZUREML_DATA_SCIENTIST, READER
from support.fake_data_plane import FakeStorage

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from unit.sandbox_control.conftest import Cloud

ACCOUNT = "sandboxworkspacestore"


def workspace_of(cloud: Cloud) -> str:
    ends = cloud.sandbox.endpoints
    group = f"{cloud.subscription}/resourceGroups/{ends.workspace_group}"
    return f"{group}/providers/Microsoft.MachineLearningServices/workspaces/{ends.workspace}"


def get(cloud: Cloud, path: str, **options: Any) -> Any:
    answer = cloud.call("GET", f"{workspace_of(cloud)}{path}", version="2024-04-01", **options)
    assert 200 == answer.status_code, answer.text
    return answer.json()


def files_of(cloud: Cloud, model: dict[str, Any]) -> dict[str, bytes]:
    """What lies below a model version's `modelUri`, by path."""
    assert isinstance(cloud.sandbox.data.storage, FakeStorage)
    store = get(cloud, "/datastores/workspaceblobstore")["properties"]
    prefix = model["properties"]["modelUri"].partition("/paths/")[2]
    return {
        name.removeprefix(prefix): content
        for (account, container, name), content in cloud.sandbox.data.storage.blobs.items()
        if (account, container) == (store["accountName"], store["containerName"]) and name.startswith(prefix)
    }


class TestReadyMade:
    def test_nothing_of_it_runs_before_it_is_asked_for(self, make_cloud: Callable[..., Cloud]) -> None:
        """Reading the workspace and its lists starts no storage account; a model version does."""
        cloud = make_cloud()
        for path in ("", "/models", "/models/temperature/versions", "/environments/temperature-env/versions/1"):
            get(cloud, path)
        before = dict(cloud.storage.accounts)
        get(cloud, "/models/temperature/versions/1")

        assert {} == before
        assert {ACCOUNT} == set(cloud.storage.accounts)
        assert cloud.sandbox.arm.accounts.find(ACCOUNT) is not None

    @pytest.mark.parametrize(("version", "weights"), [("1", [2.0, 30.0]), ("2", [1.8, 32.0])])
    def test_a_model_leads_to_its_files(self, cloud: Cloud, version: str, weights: list[float]) -> None:
        """From `modelUri` to datastore, container and the folder `model`."""
        model = get(cloud, f"/models/temperature/versions/{version}")
        files = files_of(cloud, model)
        uri = model["properties"]["modelUri"]
        start = f"azureml:/{cloud.subscription}/resourcegroups/sandbox-shared/workspaces/sandboxworkspace/datastores/"

        assert uri.startswith(f"{start}workspaceblobstore/paths/LocalUpload/")
        assert uri.endswith("/model")
        assert ["/weights.json"] == list(files)
        assert weights == list(json.loads(files["/weights.json"]).values())

    def test_the_datastore_names_its_account(self, cloud: Cloud) -> None:
        """Account, container and key are those that Resource Manager has."""
        store = get(cloud, "/datastores")["value"][0]["properties"]
        secret = cloud.call("POST", f"{workspace_of(cloud)}/datastores/workspaceblobstore/listSecrets").json()
        account = get(cloud, "")["properties"]["storageAccount"]

        assert account.endswith(f"/{store['resourceGroup']}/providers/Microsoft.Storage/storageAccounts/{ACCOUNT}")
        assert ("AzureBlob", "https", ACCOUNT) == (store["datastoreType"], store["protocol"], store["accountName"])
        assert {store["containerName"]} == cloud.storage.accounts[ACCOUNT]
        assert {"secretsType": "AccountKey", "key": cloud.sandbox.arm.accounts.keys(ACCOUNT)[0]} == secret

    def test_the_environment_is_a_conda_file(self, cloud: Cloud) -> None:
        """The YAML is text in the answer; the image is beside it."""
        properties = get(cloud, "/environments/temperature-env/versions/1")["properties"]

        assert "azureml-inference-server-http" in properties["condaFile"]
        assert properties["image"].startswith("mcr.microsoft.com/")


class TestVersions:
    def test_the_newest_version_is_found(self, cloud: Cloud) -> None:
        """By creation time, not by number; the container says which is next; archived ones are left out."""
        register = cloud.sandbox.register_model
        for version, archived in (("10", False), ("2", False), ("11", True)):
            register("newest", {"a": version.encode()}, version=version, archived=archived)
        query = "?$orderBy=createdtime desc&$top=1&listViewType=ActiveOnly"
        first = get(cloud, f"/models/newest/versions{query}")
        following = cloud.session.get(
            first["nextLink"], headers={"Authorization": f"Bearer {cloud.token()}"}, timeout=10
        ).json()
        everything = get(cloud, "/models/newest/versions?listViewType=All&$orderBy=createdtime asc")["value"]
        container = get(cloud, "/models/newest")["properties"]

        assert ["2"] == [one["name"] for one in first["value"]]
        assert (["10"], False) == ([one["name"] for one in following["value"]], "nextLink" in following)
        assert ["10", "2", "11"] == [one["name"] for one in everything]
        assert [False, False, True] == [one["properties"]["isArchived"] for one in everything]
        assert ("11", "12") == (container["latestVersion"], container["nextVersion"])

    def test_numbers_go_up_by_themselves(self, cloud: Cloud) -> None:
        """Without a version the next number is taken; a version that is there is not replaced."""
        ids = [cloud.sandbox.register_model("counted", {"a": b"%d" % number}) for number in range(2)]

        assert ["1", "2"] == [one.rpartition("/")[2] for one in ids]
        assert ids[0] == get(cloud, "/models/counted/versions/1")["id"]
        with pytest.raises(ValueError, match="has a version 1"):
            cloud.sandbox.register_model("counted", {"a": b""}, version="1")

    def test_a_folder_and_a_file_keep_their_names(self, cloud: Cloud, tmp_path: Path) -> None:
        """A folder is registered with all that is in it; a file is the last part of its path alone."""
        folder = tmp_path / "weights"
        (folder / "deep").mkdir(parents=True)
        (folder / "deep" / "a.bin").write_bytes(b"\xff\x00")
        (folder / "b.txt").write_bytes(b"b")
        cloud.sandbox.register_model("folder", folder)
        cloud.sandbox.register_model("file", folder / "b.txt", kind="mlflow_model")
        whole, alone = (get(cloud, f"/models/{name}/versions/1") for name in ("folder", "file"))

        assert {"/deep/a.bin": b"\xff\x00", "/b.txt": b"b"} == files_of(cloud, whole)
        assert ({"": b"b"}, "mlflow_model") == (files_of(cloud, alone), alone["properties"]["modelType"])
        assert alone["properties"]["modelUri"].endswith("/b.txt")
        with pytest.raises(ValueError, match="no files"):
            cloud.sandbox.register_model("empty", {})

    def test_an_environment_may_be_an_image_alone(self, cloud: Cloud) -> None:
        """Without a conda file there is none in the answer."""
        cloud.sandbox.register_environment("image-only", None, image="contoso.azurecr.io/scoring:1")
        properties = get(cloud, "/environments/image-only/versions/1")["properties"]

        assert (None, "contoso.azurecr.io/scoring:1") == (properties["condaFile"], properties["image"])


class TestRefusals:
    def test_what_is_missing_is_a_404_in_azure_mls_form(self, cloud: Cloud) -> None:
        """UserError outside, NotFoundError inside."""
        versions, names = (
            ("/models/temperature/versions/9", "/environments/x/versions/1"),
            ("/models/x", "/datastores/x"),
        )
        answers = [cloud.call("GET", workspace_of(cloud) + path) for path in (*versions, *names, "/models/x/versions")]
        errors = [answer.json()["error"] for answer in answers]

        assert {404} == {answer.status_code for answer in answers}
        assert {("UserError", "NotFoundError")} == {(error["code"], error["innererror"]["code"]) for error in errors}

    def test_a_missing_workspace_is_arms_own_404(self, cloud: Cloud) -> None:
        """ResourceNotFound, as for any resource."""
        answer = cloud.call("GET", f"{workspace_of(cloud)}2/models/temperature/versions/1")

        assert (404, "ResourceNotFound") == (answer.status_code, answer.json()["error"]["code"])

    def test_a_reader_gets_no_key(self, cloud: Cloud) -> None:
        """Reader sees models and not the datastore's secret; AzureML Data Scientist sees both."""
        path = f"{workspace_of(cloud)}/datastores/workspaceblobstore/listSecrets"
        codes = {}
        for role in (READER, AZUREML_DATA_SCIENTIST):
            token = cloud.token(cloud.somebody(role, workspace_of(cloud)))
            get(cloud, "/models/temperature/versions/1", token=token)
            codes[role] = cloud.call("POST", path, token=token).status_code

        assert {READER: 403, AZUREML_DATA_SCIENTIST: 200} == codes

    def test_an_order_that_is_not_known_is_refused(self, cloud: Cloud) -> None:
        """Rather than answered in some other order."""
        answer = cloud.call("GET", f"{workspace_of(cloud)}/models/temperature/versions?$orderBy=color")

        assert 400 == answer.status_code


class TestWorkspaces:
    def test_a_workspace_of_ones_own(self, cloud: Cloud) -> None:
        """It needs a storage account that is there, has a datastore on it, and goes with its group."""
        group = cloud.new_group("ml")
        path = f"{group}/providers/Microsoft.MachineLearningServices/workspaces/own"
        account = f"{group}/providers/Microsoft.Storage/storageAccounts/ownaccount"
        body = {"location": "westeurope", "properties": {"storageAccount": account}}
        early = cloud.call("PUT", path, body)
        cloud.call("PUT", account, {"sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "location": "westeurope"})
        made = cloud.call("PUT", path, body)
        store = cloud.call("GET", f"{path}/datastores/workspaceblobstore").json()["properties"]
        listed = cloud.call("GET", path.rpartition("/")[0]).json()["value"]

        assert (400, "ValidationError") == (early.status_code, early.json()["error"]["code"])
        assert (200, "Succeeded") == (made.status_code, made.json()["properties"]["provisioningState"])
        assert ("ownaccount", "ml") == (store["accountName"], store["resourceGroup"])
        assert ["own"] == [one["name"] for one in listed]
        assert [200, 404] == [cloud.call(method, path).status_code for method in ("DELETE", "GET")]
