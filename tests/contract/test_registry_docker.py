"""The registry client against Debian's `docker-registry`, an implementation that is not ours."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import RegistryFailed
from functions_model.core.references import ImageReference, digest_of
from functions_model.image.assembly import assemble
from functions_model.image.compression import Compression
from functions_model.image.files import FileTree, TreeFile
from functions_model.image.layers import LayerPlan, LayerStream
from functions_model.registry import (
    Attachment,
    How,
    Push,
    Record,
    RecordedLayer,
    RecordToWrite,
    find_manifest,
    find_record,
    pull_base,
)
from functions_model.registry.client import RegistryClient
from support.docker_registry import running_registry
from support.images import image_on, push_base, push_image
from support.referrers import list_referrers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.needs("docker-registry")


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_registry(tmp_path_factory.mktemp("registry")) as started:
        yield started


@pytest.fixture
def base(host: str, tmp_path: Path) -> ImageReference:
    """A base with one layer."""
    return push_base(RegistryClient(host), ImageReference(host, "bases/plain", "4"), tmp_path)


class TestPush:
    def test_an_image_arrives_whole_and_then_costs_one_question(
        self, host: str, base: ImageReference, tmp_path: Path
    ) -> None:
        """Layers are sent once, the base is mounted, and the second push sends nothing."""
        client = RegistryClient(host)
        target = ImageReference(host, "package", "v1")
        image = image_on(pull_base(client, base), tmp_path)
        first = push_image(client, image, target, base_client=client)
        again = push_image(RegistryClient(host), image, target, base_client=client)

        assert {"base layer 1": How.MOUNTED, "model": How.SENT, "code": How.SENT, "config": How.SENT} == {
            blob.name: blob.how for blob in first.blobs
        }
        assert image.digest == find_manifest(client, target)
        assert (0, False) == (again.bytes_sent, again.manifest_written)
        assert again.requests <= 3

    @pytest.mark.parametrize("form", [Compression.GZIP, Compression.STORED, Compression.RAW])
    def test_every_form_of_layer_is_taken(
        self, host: str, base: ImageReference, tmp_path: Path, form: Compression
    ) -> None:
        """And read back byte for byte, by its digest."""
        client = RegistryClient(host)
        image = image_on(pull_base(client, base), tmp_path, form=form)
        target = ImageReference(host, f"forms/{form}", "v1")
        push_image(client, image, target, base_client=client)
        pulled = pull_base(client, target)

        assert image.digest == pulled.digest == digest_of(pulled.manifest.as_bytes())
        assert [layer.diff_id for layer in image.layers] == list(pulled.config.diff_ids[1:])

    @pytest.mark.needs("skopeo")
    def test_skopeo_inspects_and_copies_it(self, host: str, base: ImageReference, tmp_path: Path) -> None:
        """Every blob is fetched and checked by an implementation that is not ours."""
        client = RegistryClient(host)
        target = ImageReference(host, "inspected", "v1")
        image = image_on(pull_base(client, base), tmp_path)
        push_image(client, image, target, base_client=client)
        skopeo = ["skopeo", "--insecure-policy"]
        inspected = subprocess.run(
            [*skopeo, "inspect", "--tls-verify=false", f"docker://{target}"], capture_output=True, check=True
        )
        copied = subprocess.run(
            [*skopeo, "copy", "--src-tls-verify=false", f"docker://{target}", f"oci:{tmp_path / 'layout'}:v1"],
            capture_output=True,
            check=False,
        )

        assert image.digest == json.loads(inspected.stdout)["Digest"]
        assert 0 == copied.returncode, copied.stderr
        assert (tmp_path / "layout/blobs/sha256" / image.layers[0].digest.removeprefix("sha256:")).is_file()

    @pytest.mark.needs("skopeo")
    def test_a_base_of_dockers_own_family_stays_in_it(self, host: str, base: ImageReference, tmp_path: Path) -> None:
        """Schema 2 manifests are read, extended and accepted."""
        old = ImageReference(host, "bases/schema2", "4")
        copy = ["skopeo", "--insecure-policy", "copy", "-q", "--format=v2s2"]
        plain_http = ["--src-tls-verify=false", "--dest-tls-verify=false"]
        subprocess.run([*copy, *plain_http, f"docker://{base}", f"docker://{old}"], check=True)
        client = RegistryClient(host)
        image = image_on(pull_base(client, old), tmp_path)
        pushed = push_image(client, image, ImageReference(host, "old-family", "v1"), base_client=client)

        assert "docker" in image.media_type
        assert image.digest == find_manifest(client, pushed.reference)


class TestOnePass:
    @pytest.mark.parametrize("form", [Compression.GZIP, Compression.STORED, Compression.RAW])
    def test_a_layer_is_sent_while_it_is_made(
        self, host: str, base: ImageReference, tmp_path: Path, form: Compression
    ) -> None:
        """With a length ahead, and in chunks without one."""
        client = RegistryClient(host)
        image = image_on(pull_base(client, base), tmp_path, form=form)
        push = Push(client, ImageReference(host, f"streams/{form}", "v1"), base_client=client)
        tree = FileTree.of([TreeFile("m/model.bin", tmp_path / "model.bin")])
        layer = push.send(LayerStream(LayerPlan("model", tree, form)))
        pushed = push.finish(image)

        assert image.layers[0].digest == layer.digest
        assert image.digest == find_manifest(client, pushed.reference)

    def test_nothing_changed_costs_five_requests(self, host: str, base: ImageReference, tmp_path: Path) -> None:
        """The way of the registry's address, the base's manifest and configuration, the record, the tag."""
        first = RegistryClient(host)
        image = image_on(pull_base(first, base), tmp_path)
        target, tag = ImageReference(host, "unchanged", "v1"), "functions-model-cache"
        record = Record(tuple(RecordedLayer(layer.name, layer) for layer in image.layers), {}, b'{"os":"linux"}')
        push = Push(first, target, base_client=first)
        push.finish(image, records=[RecordToWrite("unchanged", tag, record)])
        client = RegistryClient(host)
        again = pull_base(client, replace(base, digest=image.base.digest))
        found = find_record(client, "unchanged", tag)
        push = Push(client, target, base_client=client)
        assert found is not None
        layers = [recorded.layer for recorded in found.layers]
        pushed = push.finish(assemble(again, layers, env={"A": "1"}, labels={"l": "1"}))

        assert (image.digest, False, 0) == (pushed.reference.digest, pushed.manifest_written, pushed.bytes_sent)
        assert client.request_count <= 5


class TestBeside:
    def test_attachments_and_records_are_found_again(self, host: str, base: ImageReference, tmp_path: Path) -> None:
        """This registry keeps no list of what is attached: a tag stands for it."""
        client = RegistryClient(host)
        image = image_on(pull_base(client, base), tmp_path)
        bills = [Attachment(f"application/vnd.example.{each}", "text/plain", each.encode()) for each in ("a", "b")]
        record = Record((RecordedLayer("key", image.layers[0]),), {"base": "x"})
        cache = "functions-model/cache"
        push = Push(client, ImageReference(host, "beside", "v1"), base_client=client, cache_repository=cache)
        pushed = push.finish(image, attachments=bills, records=[RecordToWrite(cache, "env-1", record)])
        found = find_record(client, cache, "env-1")

        assert () == pushed.notes
        assert [bill.artifact_type for bill in bills] == [
            entry.artifact_type for entry in list_referrers(client, "beside", image.digest)
        ]
        assert found is not None
        assert image.layers[0].digest == found.find("key").digest  # type: ignore[union-attr]

    def test_a_layer_of_the_cache_is_mounted(self, host: str, base: ImageReference, tmp_path: Path) -> None:
        """An image that never sent it has it."""
        client = RegistryClient(host)
        image = image_on(pull_base(client, base), tmp_path, b"shared")
        record = Record((RecordedLayer("key", image.layers[0]),), {})
        first = Push(client, ImageReference(host, "giver", "v1"), base_client=client)
        first.finish(image, records=[RecordToWrite("shared/cache", "env-2", record)])
        found = find_record(client, "shared/cache", "env-2")
        assert found is not None
        second = Push(client, ImageReference(host, "taker", "v1"), base_client=client)
        pushed = second.finish(assemble(image.base, [found.layers[0].layer], env={}, labels={}))

        assert How.MOUNTED is {blob.name: blob.how for blob in pushed.blobs}["model"]


class TestBetweenRegistries:
    def test_a_base_is_streamed_once_into_the_cache(self, host: str, base: ImageReference, tmp_path: Path) -> None:
        """Where the registry cannot import it: the second image mounts it."""
        source = RegistryClient(host)
        pulled = pull_base(source, base)
        with running_registry(tmp_path / "second") as second:
            client = RegistryClient(second)
            hows = []
            for number in (1, 2):
                image = image_on(pulled, tmp_path, bytes(number))
                target = ImageReference(second, f"image{number}", "v1")
                push = Push(client, target, base_client=source, cache_repository="functions-model/cache")
                hows.append(push.finish(image).blobs[0].how)

        assert [How.SENT, How.MOUNTED] == hows

    def test_a_base_comes_from_another_registry(self, host: str, base: ImageReference, tmp_path: Path) -> None:
        """Its layers are streamed through, once."""
        source = RegistryClient(host)
        image = image_on(pull_base(source, base), tmp_path)
        with running_registry(tmp_path / "second") as second:
            target = ImageReference(second, "package", "v1")
            client = RegistryClient(second)
            first = push_image(client, image, target, base_client=source)
            moved = push_image(client, image, ImageReference(second, "package", "v2"), base_client=source)

        assert {How.SENT} == {blob.how for blob in first.blobs}
        assert {How.PRESENT} == {blob.how for blob in moved.blobs}
        assert moved.bytes_sent < 4000


class TestClosed:
    def test_a_registry_that_wants_a_password_is_told(self, host: str, base: ImageReference, tmp_path: Path) -> None:
        """There is none to give: only registries of Azure are logged in to."""
        source = RegistryClient(host)
        image = image_on(pull_base(source, base), tmp_path)
        with running_registry(tmp_path / "closed", closed=True) as closed:
            target = ImageReference(closed, "package", "v1")
            with pytest.raises(RegistryFailed, match=r"answered 401.* uses no login for registries outside Azure"):
                push_image(RegistryClient(closed), image, target, base_client=source)
