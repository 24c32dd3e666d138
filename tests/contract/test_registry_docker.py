"""The registry client against Debian's `docker-registry`, an implementation that is not ours."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from functions_model.core.digests import digest_of
from functions_model.core.failures import RegistryFailed
from functions_model.core.references import ImageReference
from functions_model.core.secrets import Secret
from functions_model.image.compression import Compression
from functions_model.registry import How, find_manifest, pull_base, push_image
from functions_model.registry.client import RegistryClient
from functions_model.registry.credentials import BasicCredential
from support.docker_registry import running_registry
from support.images import image_on, push_base

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


class TestBetweenRegistries:
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


class TestPassword:
    def test_a_password_is_needed_and_enough(self, host: str, base: ImageReference, tmp_path: Path) -> None:
        """Basic authentication, as the registry does it itself."""
        source = RegistryClient(host)
        image = image_on(pull_base(source, base), tmp_path)
        with running_registry(tmp_path / "closed", closed=True) as closed:
            target = ImageReference(closed, "package", "v1")
            client = RegistryClient(closed, BasicCredential("user", Secret("pass")))
            push_image(client, image, target, base_client=source)

            assert image.digest == find_manifest(client, target)
            with pytest.raises(RegistryFailed, match=r"answered 401"):
                push_image(RegistryClient(closed), image, target, base_client=source)
