"""Registered models: found, fetched, checked."""

from __future__ import annotations

import errno
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
import requests

from functions_model.core.failures import BundleFailed, PlanRefused
from functions_model.core.sending import Retries
from support.fake_arm import Answer

if TYPE_CHECKING:
    from pathlib import Path

WORKSPACE = (
    "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/ml"
    "/providers/Microsoft.MachineLearningServices/workspaces/lab"
)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


class TestWhatIsFetched:
    def test_folder(self, lab: Any, tmp_path: Path) -> None:
        """A registered folder keeps its name, and its files their places below it."""
        lab.blobs = {"run/1/model/weights.bin": b"0123456789", "run/1/model/code/net.py": b"x", "run/1/model2/no": b"y"}
        resource_id = lab.register("1")

        model = lab.download(tmp_path)

        assert ("iris", "1", resource_id) == (model.name, model.version, model.origin)
        assert tmp_path / "iris/1/model" == model.path
        assert {
            "iris/1/model/weights.bin": b"0123456789",
            "iris/1/model/code/net.py": b"x",
        } == files_of(tmp_path)

    def test_file(self, lab: Any, tmp_path: Path) -> None:
        """A registered file stays a file."""
        lab.blobs = {"run/1/iris.pkl": b"01234"}
        lab.register("1", "run/1/iris.pkl")

        assert b"01234" == lab.download(tmp_path).path.read_bytes()
        assert {"iris/1/iris.pkl": b"01234"} == files_of(tmp_path)

    def test_folder_markers(self, lab: Any, tmp_path: Path) -> None:
        """What accounts keep for their folders makes no files; an empty file stays."""
        lab.blobs = {f"run/1/model{rest}": b"" for rest in ("", "/code", "/code/a.py", "/empty/", "/void")}
        lab.metadata["run/1/model/void"] = {"hdi_isfolder": "true"}
        lab.register("1")

        lab.download(tmp_path)

        assert {"iris/1/model/code/a.py": b""} == files_of(tmp_path)

    def test_fetched_again(self, lab: Any, tmp_path: Path) -> None:
        """What is there from before is replaced, not mixed with."""
        lab.blobs = {"run/1/model/new": b"1"}
        lab.register("1")
        old = tmp_path / "iris/1/model/old"
        old.parent.mkdir(parents=True)
        old.touch()

        lab.download(tmp_path)

        assert {"iris/1/model/new": b"1"} == files_of(tmp_path)

    def test_lines(self, lab: Any, tmp_path: Path) -> None:
        """One line says what is fetched; more only come when time passes."""
        lab.blobs = {"run/1/model/a": b"0123456789", "run/1/model/b": b"0"}
        lab.register("1", isArchived=True)
        ticks = iter(range(0, 1000, 7))
        lab.settings = replace(lab.settings, clock=lambda: float(next(ticks)), threads=1)

        lab.download(tmp_path)

        assert [
            "Note: the model `azureml:iris:1` is archived in `lab`. It is used anyway.",
            "Fetch the model `azureml:iris:1` from `lab`: 2 files, 11 B.",
            "`azureml:iris:1`: 8 B of 11 B are here.",
            "`azureml:iris:1`: 11 B of 11 B are here.",
        ] == lab.lines

    @pytest.mark.parametrize(
        ("uri", "path"),
        [
            ("azureml://datastores/store/paths/run/1/model/", "model"),
            ("https://labstorage.blob.core.windows.net/models/run/1/model", "model"),
            ("wasbs://models@labstorage.blob.core.windows.net/run/1", "1"),
            ("abfss://models@labstorage.dfs.core.windows.net/run", "run"),
        ],
    )
    def test_other_addresses(self, lab: Any, tmp_path: Path, uri: str, path: str) -> None:
        """Short addresses of datastores and addresses of storage accounts serve as well."""
        lab.blobs = {"run/1/model/a": b"1"}
        lab.register("1", modelUri=uri)

        assert tmp_path / "iris/1" / path == lab.download(tmp_path).path

    def test_data_lake(self, lab: Any, tmp_path: Path) -> None:
        """A file system of Data Lake is read as the container that it is."""
        lab.blobs = {"run/1/model/a": b"1"}
        lab.register("1")
        lab.documents[f"{WORKSPACE}/datastores/store"]["properties"] = {
            "datastoreType": "AzureDataLakeGen2",
            "accountName": "labstorage",
            "filesystem": "models",
        }

        assert {"a": b"1"} == files_of(lab.download(tmp_path).path)


class TestWhichVersion:
    def test_latest(self, lab: Any, tmp_path: Path) -> None:
        """`@latest` is the version created last that is not archived, whatever the numbers say."""
        lab.blobs = {"run/1/model/a": b"1"}
        for version, archived in (("9", False), ("2", False), ("10", True)):
            lab.register(version, isArchived=archived)

        assert "2" == lab.download(tmp_path, None).version

    def test_no_such_version(self, lab: Any, tmp_path: Path) -> None:
        """A version that is not there is refused with those that are, newest first."""
        lab.register("1")
        lab.register("2")

        with pytest.raises(PlanRefused) as refused:
            lab.download(tmp_path, "7")

        assert (
            "Could not find the model `azureml:iris:7`: model-path: the workspace `lab` has no version `7` of the "
            "model `iris` (there: `2`, `1`). Name one of these, or write `azureml:iris@latest`."
        ) == str(refused.value)

    def test_no_such_model(self, lab: Any, tmp_path: Path) -> None:
        """A model that is not there is refused with the names of those that are."""
        lab.documents[f"{WORKSPACE}/models/rose"] = {"name": "rose"}

        with pytest.raises(PlanRefused) as refused:
            lab.download(tmp_path, None)

        assert (
            "Could not find the model `azureml:iris@latest`: model-path: the workspace `lab` has no model `iris` "
            "(there: `rose`). Check the name, or register the model there."
        ) == str(refused.value)

    def test_only_archived(self, lab: Any, tmp_path: Path) -> None:
        """When every version is archived, `@latest` means none."""
        lab.register("1", isArchived=True)

        with pytest.raises(PlanRefused, match=r"\(there: `1`\)\. Every version is archived: name one, or restore it\."):
            lab.download(tmp_path, None)

    def test_no_such_workspace(self, lab: Any, tmp_path: Path) -> None:
        """A workspace that is not there is told as such, with those of the group."""
        lab.documents[f"{WORKSPACE[:-3]}attic"] = {"name": "attic"}
        del lab.documents[WORKSPACE]

        with pytest.raises(PlanRefused) as refused:
            lab.download(tmp_path)

        assert "workspace" == refused.value.problems[0].subject
        assert "no Azure ML workspace `lab` in the resource group `ml` (there: `attic`)" in str(refused.value)

    @pytest.mark.parametrize("scope", ["y", f"{WORKSPACE}/models/iris"], ids=["words-alone", "a-cause-that-is-known"])
    @pytest.mark.parametrize(("client", "kind"), [("c", "ServicePrincipal"), ("ann@contoso.com", "User")])
    def test_forbidden(self, lab: Any, tmp_path: Path, client: str, kind: str, scope: str) -> None:
        """Who may not read the workspace is told the role, and the command that gives it."""
        who = f"The client '{client}' with object id 'abc'"
        message = f"{who} does not have authorization to perform action 'x/read' over scope '{scope}'"
        error = {"error": {"code": "AuthorizationFailed", "message": message}}
        lab.refusals[f"{WORKSPACE}/models/iris/versions/1"] = Answer(403, error)

        with pytest.raises(PlanRefused) as refused:
            lab.download(tmp_path)

        command = f"az role assignment create --assignee-object-id abc --assignee-principal-type {kind}"
        assert f'{command} --role "AzureML Data Scientist" --scope {WORKSPACE}' in str(refused.value)


class TestWhoMayRead:
    def test_login_first(self, lab: Any, tmp_path: Path) -> None:
        """With the right to read the account, no key is asked for."""
        lab.blobs = {"run/1/model/a": b"1"}
        lab.register("1")

        lab.download(tmp_path)

        assert [] == [asked.path for asked in lab.asked if asked.method == "POST"]
        assert [] == lab.masked

    @pytest.mark.parametrize("with_credential", [True, False])
    def test_key(self, lab: Any, tmp_path: Path, with_credential: bool) -> None:
        """Without that right, the key that the workspace keeps is used, and masked before."""
        lab.blobs = {"run/1/model/a": b"1"}
        lab.register("1")
        lab.allowed = ("SharedKey",)

        model = lab.download(tmp_path, with_credential=with_credential)

        assert {"a": b"1"} == files_of(model.path)
        assert [lab.secrets["key"]] == lab.masked

    def test_signature(self, lab: Any, tmp_path: Path) -> None:
        """A shared access signature serves as well; each of its spellings is masked."""
        lab.blobs = {"run/1/model/a": b"1"}
        lab.register("1")
        lab.allowed = ("sig=",)
        lab.secrets = {"secretsType": "Sas", "sasToken": "?sv=2024-01-01&sig=a%2Bb%3D"}

        lab.download(tmp_path)

        assert {"a+b=", "a%2Bb%3D", "sv=2024-01-01&sig=a%2Bb%3D"} == set(lab.masked)

    def test_nothing_helps(self, lab: Any, tmp_path: Path) -> None:
        """When neither helps, both refusals are told, and the role that would be enough."""
        lab.register("1")
        lab.allowed = ("nobody",)

        with pytest.raises(PlanRefused) as refused:
            lab.download(tmp_path)

        assert (
            "Could not download the model `azureml:iris:1`: model-path: the container `models` of "
            "`https://labstorage.z1.blob.test` may not be read: the login may not (AuthorizationPermissionMismatch: No)"
            "; the key of the datastore may not (AuthorizationPermissionMismatch: No). Ask an owner to give the login "
            "the role `Storage Blob Data Reader` on the storage account `labstorage`, then wait some minutes."
        ) == str(refused.value)

    def test_firewall(self, lab: Any, tmp_path: Path) -> None:
        """A refusal for the network's sake is not mistaken for a missing role."""
        lab.register("1")
        lab.allowed, lab.refusal_code = ("nobody",), "AuthorizationFailure"

        with pytest.raises(PlanRefused, match="let this runner's network in"):
            lab.download(tmp_path)

    def test_no_signature_in_messages(self, lab: Any, tmp_path: Path, fault: Any) -> None:
        """An error that quotes an address is told without the signature in it."""
        lab.register("1")
        lab.allowed, lab.secrets = ("sig=",), {"secretsType": "Sas", "sasToken": "sv=1&sig=top%2Fsecret"}
        lab.faults = [fault("", requests.ConnectionError("refused: /models?comp=list&sig=top%2Fsecret&sv=1"), 99)]

        with pytest.raises(BundleFailed) as failed:
            lab.download(tmp_path)

        assert "the connection to the service broke" in str(failed.value)
        assert "top" not in str(failed.value)

    def test_account_out_of_sight(self, lab: Any, tmp_path: Path) -> None:
        """Where the account may not be read in Resource Manager, its address follows the cloud's own rule."""
        lab.blobs = {"run/1/model/a": b"1"}
        lab.register("1")
        del lab.documents[
            f"{WORKSPACE.partition('/providers')[0]}/providers/Microsoft.Storage/storageAccounts/labstorage"
        ]
        lab.documents[f"{WORKSPACE}/datastores/store"]["properties"]["endpoint"] = "elsewhere.test"
        lab.allowed = ("nobody",)

        with pytest.raises(PlanRefused, match=r"`https://labstorage\.blob\.core\.windows\.net`"):
            lab.download(tmp_path)

    def test_account_out_of_sight_in_a_cloud_that_names_no_suffix(self, lab: Any, tmp_path: Path) -> None:
        """What a datastore says of its host is written by people: no token goes there."""
        lab.blobs = {"run/1/model/a": b"1"}
        lab.register("1")
        del lab.documents[
            f"{WORKSPACE.partition('/providers')[0]}/providers/Microsoft.Storage/storageAccounts/labstorage"
        ]
        lab.documents[f"{WORKSPACE}/datastores/store"]["properties"]["endpoint"] = "elsewhere.test"
        lab.storage_suffix = ""

        with pytest.raises(PlanRefused, match=r"the storage account `labstorage` is not known"):
            lab.download(tmp_path)


class TestBrokenTransfers:
    def test_taken_up(self, lab: Any, tmp_path: Path, fault: Any, storage_error: Any) -> None:
        """A transfer that breaks goes on with the piece that broke; no other piece is fetched twice."""
        lab.blobs = {"run/1/model/a": b"0123456789"}
        lab.register("1")
        lab.settings = replace(lab.settings, threads=1)

        def second_piece(asked: Any, answer: Any) -> Any:
            return storage_error(503, "ServerBusy") if asked.headers["x-ms-range"] == "bytes=4-7" else answer

        lab.faults = [fault("run/1/model/a", second_piece, 3)]
        lab.download(tmp_path)

        assert {"iris/1/model/a": b"0123456789"} == files_of(tmp_path)
        asked = [entry.rpartition("=")[2] for entry in lab.ranges]
        assert ["0-3", "4-7", "4-7", "4-7", "8-9"] == asked
        assert [0.5, 1.0] == lab.waits

    def test_torn(self, lab: Any, tmp_path: Path, fault: Any) -> None:
        """An answer that ends in mid-body is asked for again."""
        lab.blobs = {"run/1/model/a": b"0123"}
        lab.register("1")
        lab.faults = [fault("run/1/model/a", lambda _, answer: replace(answer, body=b"01"))]

        lab.download(tmp_path)

        assert {"iris/1/model/a": b"0123"} == files_of(tmp_path)

    def test_retry_after(self, lab: Any, tmp_path: Path, fault: Any) -> None:
        """A wait that storage asks for is waited, up to the longest."""
        lab.blobs = {"run/1/model/a": b"0123"}
        lab.register("1")
        lab.faults = [
            fault("", Answer(503, b"", {"Retry-After": "3"})),
            fault("", Answer(503, b"", {"Retry-After": "99"})),
        ]

        lab.download(tmp_path)

        assert [3.0, 20.0] == lab.waits

    def test_broken_off(self, lab: Any, tmp_path: Path, fault: Any) -> None:
        """After the last attempt it is told where it broke off; nothing half-fetched stays."""
        lab.blobs = {"run/1/model/a": b"0123456789", "run/1/model/b": b"1"}
        lab.register("1")
        lab.settings = replace(lab.settings, retries=Retries(attempts=3))
        lab.faults = [fault("run/1/model/a", requests.ConnectionError("reset"), 99)]

        with pytest.raises(
            BundleFailed, match=r"`run/1/model/a` broke at byte [048] of 10: the connection to the service broke"
        ) as failed:
            lab.download(tmp_path)

        assert 3 == failed.value.exit_code
        assert {} == files_of(tmp_path)

    def test_changed(self, lab: Any, tmp_path: Path, fault: Any, storage_error: Any) -> None:
        """A blob that is changed meanwhile is not mixed from two versions."""
        lab.blobs = {"run/1/model/a": b"0123456789"}
        lab.register("1")
        lab.listed["run/1/model/a"] = {"Etag": "0x0"}

        with pytest.raises(BundleFailed, match="was changed or removed while it was read"):
            lab.download(tmp_path)

        assert [] == lab.waits

    def test_wrong_size(self, lab: Any, tmp_path: Path) -> None:
        """Fewer bytes than were listed are a failure."""
        lab.blobs = {"run/1/model/a": b"01234"}
        lab.register("1")
        lab.listed["run/1/model/a"] = {"Content-Length": 7}

        with pytest.raises(BundleFailed, match="should have 7 bytes, and ends after 5"):
            lab.download(tmp_path)

    def test_wrong_sum(self, lab: Any, tmp_path: Path) -> None:
        """Other bytes than were registered are a failure, where storage has their sum."""
        lab.blobs = {"run/1/model/a": b"01234"}
        lab.register("1")
        lab.listed["run/1/model/a"] = {"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="}

        with pytest.raises(BundleFailed, match="does not have the MD5 sum"):
            lab.download(tmp_path)

    def test_no_room(self, lab: Any, tmp_path: Path) -> None:
        """A model that is larger than the disk's rest is not begun."""
        lab.blobs = {"run/1/model/a": b"0123456789"}
        lab.register("1")
        lab.settings = replace(lab.settings, free_bytes=lambda _: 9)

        with pytest.raises(BundleFailed, match=r"the model has 10 B, and the disk of .* has 9 B left"):
            lab.download(tmp_path)

        assert [] == lab.ranges

    def test_disk_full(self, lab: Any, tmp_path: Path) -> None:
        """A disk that fills up meanwhile is told as such."""
        lab.blobs = {"run/1/model/a": b"0123456789"}
        lab.register("1")

        def full(_: Path) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

        lab.settings = replace(lab.settings, free_bytes=full)

        with pytest.raises(BundleFailed, match=r": there is no space left on the disk of .*\. Make space there"):
            lab.download(tmp_path)


class TestWhatIsRefused:
    @pytest.mark.parametrize("name", ["../evil", "a/../../evil", "a//b", ".", "a\\b"])
    def test_names(self, lab: Any, tmp_path: Path, name: str) -> None:
        """A blob whose name would lead out of the folder, or is no file's name, is refused."""
        lab.blobs = {f"run/1/model/{name}": b"1"}
        lab.register("1")

        with pytest.raises(BundleFailed, match="has a name that cannot be a file's"):
            lab.download(tmp_path)

        assert {} == files_of(tmp_path)

    def test_file_and_folder(self, lab: Any, tmp_path: Path) -> None:
        """A blob that has others below it cannot become a file."""
        lab.blobs = {"run/1/model/a": b"1", "run/1/model/a/b": b"2"}
        lab.register("1")

        with pytest.raises(BundleFailed, match="`run/1/model/a` is a file and a folder at once"):
            lab.download(tmp_path)

    @pytest.mark.parametrize(
        "uri",
        [
            "runs:/abc/model",
            "azureml://jobs/abc/outputs/artifacts/paths/model",
            "https://labstorage.blob.evil.test/models/run?sig=secret",
            "https://example.com/models/run",
            "",
        ],
    )
    def test_addresses(self, lab: Any, tmp_path: Path, uri: str) -> None:
        """Files that are elsewhere are refused: no token for storage goes to a stranger."""
        lab.register("1", modelUri=uri)

        with pytest.raises(PlanRefused, match=r"az ml model create --path") as refused:
            lab.download(tmp_path)

        assert "secret" not in str(refused.value)

    def test_file_share(self, lab: Any, tmp_path: Path) -> None:
        """A datastore that is no blob storage is refused by its kind."""
        lab.register("1")
        lab.documents[f"{WORKSPACE}/datastores/store"]["properties"]["datastoreType"] = "AzureFile"

        with pytest.raises(PlanRefused, match="of the kind AzureFile, which is not blob storage"):
            lab.download(tmp_path)

    def test_nothing_there(self, lab: Any, tmp_path: Path) -> None:
        """A registration without files is refused."""
        lab.register("1")

        with pytest.raises(PlanRefused, match="there are no files at `run/1/model` in the container `models`"):
            lab.download(tmp_path)
