"""A base image's whole way into a registry of the sandbox: imported by the registry, mounted, and never sent."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
import requests

from azure_sandbox.sandbox import REGISTRY, Sandbox
from functions_model.azure.clients import AzureClients
from functions_model.core.references import ImageReference, canonical_json, digest_of
from functions_model.core.spec import ImageTarget
from functions_model.image.compression import Compression
from functions_model.image.files import FileTree, TreeFile
from functions_model.image.layers import LayerPlan, LayerStream
from functions_model.image.manifests import OCI_CONFIG, OCI_LAYER_TAR, OCI_MANIFEST, Descriptor, Manifest
from functions_model.provision import find_registry
from functions_model.provision.access.registries import import_base
from functions_model.registry import Attachment, How, Push, Record, RecordedLayer, RecordToWrite, find_record, pull_base
from functions_model.registry.access import EntraExchange
from functions_model.registry.client import RegistryClient
from support.images import image_on
from support.referrers import list_referrers
from support.registry_sandbox import registry_sandbox
from support.sandbox_login import cloud_of, log_in, login_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from functions_model.azure.login import MaskingCredential
    from functions_model.image.assembly import Base
    from support.sandbox_registries import Registries

CACHE = "functions-model/cache"
NAMED = ImageTarget("", "package", registry_name=REGISTRY)


@dataclass
class Azure:
    """A sandbox with real registries and nothing behind the rest."""

    sandbox: Sandbox
    clients: AzureClients
    credential: MaskingCredential
    base: Base

    def client(self, host: str = "") -> RegistryClient:
        scope = self.clients.cloud.registry_scope
        exchange = EntraExchange(lambda: self.credential.get_token(scope).token)
        return client_of(self.sandbox, host or self.host, None if host else exchange)

    @property
    def host(self) -> str:
        return self.sandbox.endpoints.registry

    def push(self, repository: str, **options: Any) -> Push:
        importing = partial(import_base, self.clients, find_registry(self.clients, NAMED))
        options = {"cache_repository": CACHE, "import_base": importing, **options}
        base_client = self.client(self.sandbox.endpoints.base_registry)
        return Push(self.client(), ImageReference(self.host, repository, "v1"), base_client=base_client, **options)

    def base_reads(self) -> list[str]:
        return [entry.path for entry in self.sandbox.journal.entries("base-registry") if "/blobs/" in entry.path]


def client_of(sandbox: Sandbox, host: str, credential: EntraExchange | None = None) -> RegistryClient:
    session = requests.Session()
    session.trust_env = False
    session.verify = str(sandbox.endpoints.ca_file)
    return RegistryClient(host, credential, session=session, sleep=lambda _: None)


def published(registries: Registries, repository: str) -> None:
    """A base of two layers."""
    contents = [b"lower" * 1000, b"upper" * 1000]
    run = {"os": "linux", "architecture": "amd64", "config": {"Env": ["PATH=/bin"]}}
    config = canonical_json({**run, "rootfs": {"type": "layers", "diff_ids": [digest_of(one) for one in contents]}})
    for content in (*contents, config):
        registries.blob(registries.base, repository, content)
    layers = tuple(Descriptor(OCI_LAYER_TAR, digest_of(content), len(content)) for content in contents)
    descriptor = Descriptor(OCI_CONFIG, digest_of(config), len(config))
    manifest = Manifest(OCI_MANIFEST, descriptor, layers).as_bytes()
    registries.base.keep_manifest(repository, OCI_MANIFEST, manifest, "4")


@pytest.fixture(scope="module")
def azure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with ExitStack() as stack:
        sandbox, registries = stack.enter_context(registry_sandbox(tmp_path_factory.mktemp("azure")))
        published(registries, "azure-functions/python")
        credential = stack.enter_context(closing(log_in(sandbox, login_of(sandbox))))
        trust = {"connection_verify": str(sandbox.endpoints.ca_file), "retry_backoff_factor": 0}
        identity = sandbox.subscription_id, cloud_of(sandbox)
        clients = AzureClients(credential, *identity, polling_interval=0.02, options=trust)
        stack.enter_context(closing(clients))
        reference = ImageReference(sandbox.endpoints.base_registry, "azure-functions/python", "4")
        yield Azure(sandbox, clients, credential, pull_base(client_of(sandbox, reference.registry), reference))


class TestImport:
    def test_the_first_image_imports_the_base_and_the_second_mounts_it(self, azure: Azure, tmp_path: Path) -> None:
        """No layer of the base crosses this machine."""
        azure.sandbox.journal.clear()
        first = azure.push("first").finish(image_on(azure.base, tmp_path, b"one"))
        second = azure.push("second").finish(image_on(azure.base, tmp_path, b"two"))

        assert [{How.IMPORTED}, {How.MOUNTED}] == [
            {blob.how for blob in pushed.blobs if blob.name.startswith("base layer")} for pushed in (first, second)
        ]
        assert [] == azure.base_reads()

    def test_a_source_that_is_not_there_is_told(self, azure: Azure) -> None:
        """The service refuses, and that is no failure."""
        told: list[str] = []
        missing = replace(azure.base.reference, repository="nowhere", digest=azure.base.digest)
        registry = find_registry(azure.clients, NAMED)

        assert not import_base(azure.clients, registry, missing, f"{CACHE}:base-0", report=told.append)
        assert f"`{azure.host}/{CACHE}:base-0` was not imported: " in told[0]

    def test_without_the_import_the_base_is_streamed_once(self, azure: Azure, tmp_path: Path) -> None:
        """Into the cache repository, from which the next image mounts it."""
        more = {"cache_repository": "other/cache", "import_base": None}
        first = azure.push("third", **more).finish(image_on(azure.base, tmp_path, b"three"))
        azure.sandbox.journal.clear()
        second = azure.push("fourth", **more).finish(image_on(azure.base, tmp_path, b"four"))

        assert [{How.SENT}, {How.MOUNTED}] == [
            {blob.how for blob in pushed.blobs if blob.name.startswith("base layer")} for pushed in (first, second)
        ]
        assert [] == azure.base_reads()


class TestOnePass:
    @pytest.mark.parametrize("form", [Compression.RAW, Compression.GZIP])
    def test_a_stream_a_record_and_an_attachment_arrive(self, azure: Azure, tmp_path: Path, form: Compression) -> None:
        """With a length ahead, and without; the registry lists the attachment itself."""
        (tmp_path / "model.bin").write_bytes(bytes(range(256)) * 9000)
        tree = FileTree.of([TreeFile("m/model.bin", tmp_path / "model.bin")])
        repository = f"streamed-{form.value}"
        push = azure.push(repository)
        layer = push.send(LayerStream(LayerPlan("model", tree, form)))
        image = image_on(azure.base, tmp_path, b"five")
        bill = Attachment("application/vnd.cyclonedx+json", "application/vnd.cyclonedx+json", b"{}")
        record = Record((RecordedLayer("key", layer),), {})
        records = [RecordToWrite(repository, "functions-model-cache", record), RecordToWrite(CACHE, "env-1", record)]
        pushed = push.finish(image, attachments=[bill], records=records)
        client = azure.client()

        assert () == pushed.notes
        assert [bill.artifact_type] == [e.artifact_type for e in list_referrers(client, repository, image.digest)]
        for place, tag in ((repository, "functions-model-cache"), (CACHE, "env-1")):
            found = find_record(client, place, tag)
            assert found is not None
            with found.layers[0].layer.open() as stream:
                content = b"".join(iter(partial(stream.read, 1 << 20), b""))
            assert layer.digest == digest_of(content)
