"""A blob trigger from end to end: deployed by the action, used with Azure's own storage client."""

from __future__ import annotations

import base64
import json
import secrets
from typing import TYPE_CHECKING

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueClient

from support.triggers import RAW_SCRIPT, TEXT_SCRIPT, account_token, blob_or_none, deploy, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run

pytestmark = pytest.mark.exhaustive

APP, ACCOUNT = "blob-text", "blobtextdata"
SAMPLE = '{"sample": true}'
PATHS = {"input_path": "input/{blobname}.json", "output_path": "output/{blobname}_out.json"}


@pytest.fixture(scope="module")
def text_app(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A script that takes text."""
    folder = tmp_path_factory.mktemp("blob-text")
    (folder / "sample.json").write_text(SAMPLE)
    return deploy(
        sandbox,
        folder,
        TEXT_SCRIPT,
        APP,
        trigger="blob",
        data_storage_account=ACCOUNT,
        sample_request="sample.json",
        **PATHS,
    )


@pytest.fixture(scope="module")
def blobs(sandbox: Sandbox, text_app: Run) -> Iterator[BlobServiceClient]:
    """The data account of the text app, by a login with roles there."""
    with client_of(sandbox, ACCOUNT) as client:
        yield client


def client_of(sandbox: Sandbox, account: str) -> BlobServiceClient:
    """Azure's storage client for an account of the sandbox."""
    found = sandbox.arm.accounts.find(account)
    assert found
    credential = account_token(sandbox, account)
    url = found.properties["primaryEndpoints"]["blob"]
    return BlobServiceClient(url, credential=credential, connection_verify=str(sandbox.endpoints.ca_file))


class TestText:
    """A script that takes text."""

    def test_the_deployment_made_what_the_trigger_needs(self, text_app: Run, blobs: BlobServiceClient) -> None:
        """Both containers are there, the sample was scored, and there is no URL to score at."""
        assert {"input", "output"} <= {container.name for container in blobs.list_containers()}
        assert '"got": {"sample": true}' in text_app.summary
        assert "scoring-url" not in text_app.outputs
        assert text_app.outputs["function-names"] == "check,identity,score,warmup"

    def test_a_blob_is_scored_into_another(self, blobs: BlobServiceClient) -> None:
        """Under the name that the output path gives it, its metadata a header of the request."""
        blobs.get_blob_client("input", "flowers.json").upload_blob(b'{"x": 1}', metadata={"color": "blue"})

        answer = eventually(lambda: blob_or_none(blobs, "output", "flowers_out.json"))

        assert {"got": {"x": 1}, "color": "blue"} == json.loads(answer)

    def test_a_blob_that_does_not_fit_the_path_is_left_alone(self, blobs: BlobServiceClient) -> None:
        """Only names that the pattern takes are scored."""
        blobs.get_blob_client("input", "notes.txt").upload_blob(b'{"x": 2}')
        blobs.get_blob_client("input", "after.json").upload_blob(b'{"x": 3}')

        eventually(lambda: blob_or_none(blobs, "output", "after_out.json"))

        assert blob_or_none(blobs, "output", "notes_out.json") is None

    @pytest.mark.parametrize(
        ("name", "content"), [("boom", b'{"boom": true}'), ("latin", '{"x": "é"}'.encode("latin-1"))]
    )
    def test_what_cannot_be_scored_ends_in_the_poison_queue(
        self, sandbox: Sandbox, blobs: BlobServiceClient, name: str, content: bytes
    ) -> None:
        """After five tries, whether `run()` raises or the bytes are no text; nothing is written."""
        blobs.get_blob_client("input", f"{name}.json").upload_blob(content)

        message = eventually(lambda: poison(sandbox, f"{name}.json"))

        assert ("BlobTrigger", "input") == (message["Type"], message["ContainerName"])
        assert blob_or_none(blobs, "output", f"{name}_out.json") is None
        assert len(failures(sandbox)) >= 5

    def test_the_second_run_writes_nothing(self, text_app: Run, sandbox: Sandbox, tmp_path: Path) -> None:
        """Containers, roles and settings are found as they were left."""
        before = len(sandbox.journal.writes())
        (tmp_path / "sample.json").write_text(SAMPLE)
        again = deploy(sandbox, tmp_path, TEXT_SCRIPT, APP, trigger="blob", data_storage_account=ACCOUNT, **PATHS)

        assert again.outputs["changed"] == "false", text_app.log + again.log
        assert [entry for entry in sandbox.journal.writes()[before:] if entry.service == "arm"] == []


class TestBytes:
    """A script with `@rawhttp`."""

    def test_bytes_come_through_as_they_are(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """Not valid UTF-8, and 50 MB, in and out."""
        deploy(
            sandbox,
            tmp_path,
            RAW_SCRIPT,
            "blob-raw",
            trigger="blob",
            data_storage_account="blobrawdata",
            input_path="images/{name}.{ext}",
            output_path="done/{name}.{ext}",
        )
        large = secrets.token_bytes(1024) * 50_000
        with client_of(sandbox, "blobrawdata") as client:
            client.get_blob_client("images", "small.bin").upload_blob(b"\xff\xfe\x00\x80")
            client.get_blob_client("images", "large.bin").upload_blob(large)

            small = eventually(lambda: blob_or_none(client, "done", "small.bin"))
            back = eventually(lambda: blob_or_none(client, "done", "large.bin"))

        assert small == b"\x80\x00\xfe\xff"
        assert back[::-1] == large


def poison(sandbox: Sandbox, blob: str) -> dict[str, str] | None:
    """The poison queue's message about that blob; None while there is none."""
    found = sandbox.arm.accounts.find(ACCOUNT)
    assert found
    credential = account_token(sandbox, ACCOUNT)
    url = found.properties["primaryEndpoints"]["queue"].rstrip("/")
    with QueueClient(
        url, "webjobs-blobtrigger-poison", credential=credential, connection_verify=str(sandbox.endpoints.ca_file)
    ) as queue:
        try:
            messages = queue.peek_messages(max_messages=32)
        except ResourceNotFoundError:
            return None
    found_messages = [json.loads(decoded(message.content)) for message in messages]
    return next((message for message in found_messages if message["BlobName"] == blob), None)


def decoded(content: str) -> str:
    """A message as the host writes it: base64 of JSON."""
    return content if content.lstrip().startswith("{") else base64.b64decode(content).decode()


def failures(sandbox: Sandbox) -> list[str]:
    """The lines of the app's log that tell of a failed call."""
    [site] = [site for site in sandbox.arm.store.list(resource_type="Microsoft.Web/sites") if site.id.name == APP]
    log = sandbox.data.apps.log(str(site.id))
    return [line for line in log.splitlines() if "Functions.score' (Failed" in line]
