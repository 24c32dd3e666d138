"""What moves, what is found again, and what is kept in the registry: whole runs, one after the other."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from benchmarks.counting import Counted, counting_proxy
from functions_model import __version__
from functions_model.core.references import Digest, ImageReference
from functions_model.image.splitting import LARGE_FILE
from functions_model.inputs.sources import COMPILERS
from functions_model.registry.client import RegistryClient
from support.conda_channel import described
from support.deployer import Deployer
from support.docker_registry import running_registry
from support.images import push_base, stored_base
from support.packager import Packager
from support.pulling import docker_pulled, file_of, skopeo
from support.referrers import list_referrers
from support.registry_sandbox import signed_in_reader
from support.registry_server import serving
from support.stored_images import Reader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run
    from support.registry_server import RegistryServer
    from support.stored_images import StoredImage

CACHE = "functions-model/cache"
OURS = ("dependencies", "byte code", "runtime", "model", "code")
IMPORTS = "imports/cache"
RECORD = "functions-model-cache"
CYCLONEDX = "application/vnd.cyclonedx+json"
ONE_PASS = 9 << 20
"""Bytes. A model of that size is sent while it is hashed; smaller ones are hashed first."""
MODEL = "/var/azureml-app/azureml-models/model/1/model/weights.txt"
MOMENT = "1735689600"
JOB = {
    "GITHUB_SERVER_URL": "https://github.example",
    "GITHUB_REPOSITORY": "contoso/models",
    "GITHUB_SHA": "0123456789abcdef0123456789abcdef01234567",
    "GITHUB_RUN_ID": "4711",
}


def noise(number: int, size: int = ONE_PASS) -> bytes:
    """A model that nothing can compress, another one for each number."""
    return random.Random(number).randbytes(size)  # noqa: S311


@dataclass(slots=True)
class Shelf:
    """A registry behind a proxy that counts, with a base in it that the runs see in another registry."""

    host: str
    base: str
    counted: Counted
    folder: Path
    reader: Reader

    @property
    def direct(self) -> str:
        """The registry without the proxy."""
        return self.reader.root.removeprefix("http://")

    def packager(self, folder: Path, weights: bytes = b"first") -> Packager:
        """Packages with the interpreter at hand for byte code."""
        made = Packager.of(folder, self.host, self.base, weights=weights)
        return made.with_environ(**{COMPILERS: described(made.inputs["python-version"])[1]})

    def lose(self, repository: str, digest: str) -> None:
        """What a cleaning by hand does."""
        layers = self.folder / "data/docker/registry/v2/repositories" / repository / "_layers/sha256"
        shutil.rmtree(layers / digest.removeprefix("sha256:"))


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shelf]:
    folder = tmp_path_factory.mktemp("registry")
    with running_registry(folder) as behind, counting_proxy(behind) as (host, counted):
        base = push_base(RegistryClient(behind), ImageReference(behind, "bases/small", "4"), folder / "base")
        yield Shelf(host, str(base), counted, folder, Reader(f"http://{behind}"))


@pytest.fixture(scope="module")
def packager(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Packager:
    """One image whose runs go on from one another."""
    made = shelf.packager(tmp_path_factory.mktemp("workspace"), noise(1)).with_environ(**JOB)
    return Packager(made.folder, made.inputs | {"image-name": "story", "image-tag": "live"}, made.environ)


@pytest.fixture(scope="module")
def first(packager: Packager, shelf: Shelf) -> Run:
    """The first run into an empty registry."""
    assert shelf.reader.tags("story") == shelf.reader.tags(CACHE) == []
    return packager.package(image_labels="team=forecasts\norg.opencontainers.image.vendor=Contoso")


@pytest.fixture(scope="module")
def image(first: Run, shelf: Shelf) -> StoredImage:
    """Its image."""
    return shelf.reader.image("story", "live")


pytestmark = [pytest.mark.needs("docker-registry"), pytest.mark.exhaustive]


class TestFirstRun:
    def test_everything_is_sent_and_the_tag_is_a_plain_manifest(self, first: Run, image: StoredImage) -> None:
        """Not an index: every engine and every scanner takes it."""
        assert first.outputs["digest"] == image.digest
        assert "application/vnd.oci.image.manifest.v1+json" == image.manifest["mediaType"]
        assert ["system", *OURS] == list(image.layers)
        assert "packed and sent in one pass" in first.log

    def test_what_later_runs_need_is_below_tags_of_their_own(self, first: Run, shelf: Shelf) -> None:
        """One beside the image; the environment, its byte code and the base in the cache repository."""
        kinds = [tag.partition("-")[0] for tag in shelf.reader.tags(CACHE)]

        assert {"live", RECORD} <= set(shelf.reader.tags("story"))
        assert ["base", "env", "env"] == kinds

    def test_labels_and_annotations_say_what_it_is_made_of(self, first: Run, shelf: Shelf, image: StoredImage) -> None:
        """No revision and no time: the same inputs are the same image in every commit."""
        plain = {
            "org.opencontainers.image.base.name": shelf.base,
            "org.opencontainers.image.base.digest": shelf.reader.digest("bases/small", "4"),
            "org.opencontainers.image.source": "https://github.example/contoso/models",
            "org.opencontainers.image.vendor": "Contoso",
        }
        own = {
            "functions-model.models": "model:1",
            "functions-model.model-digests": f"model:1@{image.diff_ids['model']}",
            "functions-model.lock": f"sha256:{hashlib.sha256(image.file('runtime', 'requirements.lock')).hexdigest()}",
            "functions-model.tool-version": __version__,
            "team": "forecasts",
        }

        assert plain.items() <= image.manifest["annotations"].items()
        assert (plain | own).items() <= image.labels.items()
        assert not {"revision", "created"} & {name.rpartition(".")[2] for name in image.labels}
        assert first.outputs["lock"].strip() == image.file("runtime", "requirements.lock").decode().strip()


class TestBillOfMaterials:
    def test_it_names_the_packages_and_the_run(self, first: Run, shelf: Shelf, image: StoredImage) -> None:
        """What varies from run to run is written beside the image, not into it."""
        client = RegistryClient(shelf.direct)
        [listed] = list_referrers(client, "story", Digest(image.digest))
        attached = shelf.reader.manifest("story", listed.digest)
        bill = json.loads(shelf.reader.blob("story", attached["layers"][0]["digest"]))
        versions = {each["name"]: each["version"] for each in bill["components"]}

        assert (CYCLONEDX, image.digest) == (listed.artifact_type, attached["subject"]["digest"])
        assert {
            "org.opencontainers.image.revision": JOB["GITHUB_SHA"],
            "org.opencontainers.image.source": "https://github.example/contoso/models",
            "functions-model.run": "https://github.example/contoso/models/actions/runs/4711",
        }.items() <= attached["annotations"].items()
        assert "1.17.0" == versions["six"]
        assert all(f"{name}=={version}" in first.outputs["lock"] for name, version in versions.items())


class TestNextRuns:
    """Each goes on from the one before, with the labels of the first."""

    LABELS = "team=forecasts\norg.opencontainers.image.vendor=Contoso"

    def test_nothing_changed_sends_nothing_from_a_runner_without_a_cache(
        self, first: Run, shelf: Shelf, packager: Packager, tmp_path: Path
    ) -> None:
        """A handful of questions; no package is fetched, and another commit is no other image."""
        runner = packager.on_a_fresh_runner(tmp_path / "home").with_environ(GITHUB_SHA="f" * 40, GITHUB_RUN_ID="4712")
        shelf.counted.reset()
        run = runner.package(image_labels=self.LABELS)

        assert (0, 0) == (shelf.counted.blob_bytes, shelf.counted.other_bytes)
        assert len(shelf.counted.requests) <= 6, shelf.counted.requests
        assert "The registry has this image already; nothing was sent" in run.log
        assert (first.outputs["digest"], "false") == (run.outputs["digest"], run.outputs["changed"])
        assert "reused, not installed" in run.log
        assert not (tmp_path / "home/uv/archive-v0").exists(), "packages were installed"

    def test_a_changed_script_sends_kilobytes(self, first: Run, shelf: Shelf, packager: Packager) -> None:
        """Its own layer, the configuration, the bill of materials, manifests."""
        script = packager.folder / "src" / "score.py"
        script.write_text(script.read_text().replace("is loaded", "is there"))
        before = shelf.reader.image("story", "live")
        shelf.counted.reset()
        packager.package(image_labels=self.LABELS)

        assert ["code"] == _changed(before, shelf.reader.image("story", "live"))
        assert 0 < shelf.counted.sent_bytes < 20_000

    def test_a_changed_model_sends_the_model(self, first: Run, shelf: Shelf, packager: Packager) -> None:
        """While it is hashed; nothing else of any size."""
        packager.model.write_bytes(noise(2))
        before = shelf.reader.image("story", "live")
        shelf.counted.reset()
        run = packager.package(image_labels=self.LABELS)

        assert ["model"] == _changed(before, shelf.reader.image("story", "live"))
        assert ONE_PASS < shelf.counted.sent_bytes < ONE_PASS + 30_000
        assert "packed and sent in one pass" in run.log


def _changed(before: StoredImage, after: StoredImage) -> list[str]:
    """The layers of ours whose digests differ."""
    return [name for name, layer in after.layers.items() if before.layers[name]["digest"] != layer["digest"]]


class TestAnotherImage:
    def test_the_environment_and_the_base_are_found_and_mounted(self, first: Run, shelf: Shelf, tmp_path: Path) -> None:
        """On another runner, of another model: the lock is all that they have in common."""
        runner = shelf.packager(tmp_path / "workspace", b"other").on_a_fresh_runner(tmp_path / "home")
        shelf.counted.reset()
        run = runner.package(image_name="another", image_tag="v1")
        image, story = (shelf.reader.image(*place) for place in (("another", "v1"), ("story", "live")))

        assert story.layers["dependencies"]["digest"] == image.layers["dependencies"]["digest"]
        assert f"reused, not installed (from `{CACHE}`)" in run.log
        assert not (tmp_path / "home/uv/archive-v0").exists(), "packages were installed"
        assert "1 layer mounted" in run.log
        assert shelf.counted.sent_bytes < 100_000

    def test_what_the_cache_lost_is_made_anew(self, first: Run, shelf: Shelf, tmp_path: Path) -> None:
        """A record is believed only where its layers are; the next image finds them again."""
        lost = shelf.reader.image("story", "live").layers["dependencies"]["digest"]
        shelf.lose(CACHE, lost)
        run = shelf.packager(tmp_path / "workspace").package(image_name="third", image_tag="v1")
        image = shelf.reader.image("third", "v1")

        assert "reused, not installed" not in run.log
        assert lost == image.layers["dependencies"]["digest"]
        assert shelf.reader.blob(CACHE, lost)


class TestCacheRepository:
    @pytest.fixture
    def server(self) -> Iterator[RegistryServer]:
        yield from serving()

    def test_one_that_may_not_be_written_is_gone_without(self, server: RegistryServer, tmp_path: Path) -> None:
        """The image is whole, and the log says what was not kept, and why."""
        stored_base(server)
        server.unwritable, server.unreadable = {"team/cache"}, {"team/cache"}
        packager = Packager.of(tmp_path / "workspace", server.host, f"{server.host}/base:4")
        run = packager.package(cache_repository="team/cache", image_tag="v1")

        assert run.outputs["digest"] == Reader(f"http://{server.host}").image("package", "v1").digest
        assert f"is not kept for later runs in `{server.host}/team/cache:env-" in run.log
        assert "403" in run.log


@pytest.fixture(scope="module")
def timed(first: Run, shelf: Shelf, packager: Packager) -> StoredImage:
    """With a time from the variable that build tools share; no bill of materials, and no cache repository."""
    cached = shelf.reader.tags(CACHE)
    packager.with_environ(SOURCE_DATE_EPOCH=MOMENT).package(image_name="timed", sbom="false", cache_repository="none")
    assert cached == shelf.reader.tags(CACHE)
    return shelf.reader.image("timed", "live")


class TestOptions:
    def test_a_given_time_is_that_of_the_image_and_of_every_file(self, timed: StoredImage, image: StoredImage) -> None:
        """Otherwise both are 1970."""
        assert ("1970-01-01T00:00:00Z", "2025-01-01T00:00:00Z") == (image.config["created"], timed.config["created"])
        assert "2025-01-01T00:00:00Z" == timed.labels["org.opencontainers.image.created"]
        for name in OURS:
            assert {0} == {file.mtime for file in image.files(name)}
            assert {int(MOMENT)} == {file.mtime for file in timed.files(name)}

    def test_no_bill_of_materials_is_attached_when_none_is_wanted(self, timed: StoredImage, shelf: Shelf) -> None:
        """There is the image, and what its own later runs need."""
        assert () == list_referrers(RegistryClient(shelf.direct), "timed", Digest(timed.digest))
        assert {"live", RECORD} == {*shelf.reader.tags("timed")}


@pytest.fixture(scope="module")
def raw(first: Run, shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> StoredImage:
    """An image with a model as a plain tar."""
    packager = shelf.packager(tmp_path_factory.mktemp("workspace"), noise(3))
    packager.package(image_name="raw", image_tag="v1", model_compression="raw")
    return shelf.reader.image("raw", "v1")


class TestModelCompression:
    def test_a_raw_model_is_a_plain_tar(self, raw: StoredImage) -> None:
        """Its digest is that of the tar."""
        layer = raw.layers["model"]

        assert "application/vnd.oci.image.layer.v1.tar" == layer["mediaType"]
        assert raw.diff_ids["model"] == layer["digest"]
        assert noise(3) == raw.file("model", "weights.txt")

    @pytest.mark.needs("docker")
    def test_docker_engine_takes_it(self, raw: StoredImage, shelf: Shelf) -> None:
        """Pulled by tag, with records and attachments beside it."""
        with docker_pulled(f"{shelf.direct}/raw:v1") as container:
            assert noise(3) == file_of(container, MODEL)

    @pytest.mark.needs("docker", "skopeo")
    def test_a_stored_model_on_a_base_of_dockers_own_family(self, first: Run, shelf: Shelf, tmp_path: Path) -> None:
        """Schema 2 from the manifest to the layers, those found in a record of the other family included."""
        base = f"{shelf.direct}/bases/schema2:4"
        skopeo("copy", "--format=v2s2", f"docker://{shelf.base}", f"docker://{base}")
        packager = shelf.packager(tmp_path / "workspace", noise(4))
        run = packager.package(image_name="family", image_tag="v1", model_compression="stored", base_image=base)
        image = shelf.reader.image("family", "v1")

        assert "reused, not installed" in run.log
        assert "; stored" in run.log
        assert {"application/vnd.docker.image.rootfs.diff.tar.gzip"} == {
            layer["mediaType"] for layer in image.layers.values()
        }
        with docker_pulled(f"{shelf.direct}/family:v1") as container:
            assert noise(4) == file_of(container, MODEL)

    @pytest.mark.needs("skopeo")
    def test_skopeo_copies_a_compressed_model_of_several_layers(self, first: Run, shelf: Shelf, tmp_path: Path) -> None:
        """Two files too large for one layer; skopeo checks every blob."""
        packager = shelf.packager(tmp_path / "workspace")
        for name in ("a.bin", "b.bin"):
            with (packager.model.parent / name).open("wb") as file:
                file.truncate(LARGE_FILE + 1)
        run = packager.package(image_name="large", image_tag="v1", model_compression="gzip")
        skopeo("copy", f"docker://{shelf.direct}/large:v1", f"oci:{tmp_path / 'layout'}:v1")
        layers = shelf.reader.manifest("large", "v1")["layers"]
        copied = {file.name for file in (tmp_path / "layout/blobs/sha256").iterdir()}

        assert "model 3 of 3" in run.log
        assert {layer["digest"].removeprefix("sha256:") for layer in layers} < copied


@pytest.fixture(scope="module")
def deployer(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Deployer:
    return Deployer(sandbox, tmp_path_factory.mktemp("imports"), "echo-imports")


@pytest.fixture(scope="module")
def planned(deployer: Deployer, sandbox: Sandbox) -> Run:
    """A plan of everything, in an empty subscription."""
    sandbox.journal.clear()
    run = deployer.run(mode="plan", image_name="imported", cache_repository=IMPORTS)
    assert run.code == 0, run.log
    return run


@pytest.fixture(scope="module")
def deployed(planned: Run, deployer: Deployer, sandbox: Sandbox) -> Run:
    """The deployment that was planned."""
    assert [] == sandbox.journal.writes()
    assert [] == signed_in_reader(sandbox).tags("imported")
    run = deployer.run(image_name="imported", cache_repository=IMPORTS)
    assert run.code == 0, run.log
    return run


class TestInAzure:
    """Where the registry can fetch the base image itself."""

    def test_a_plan_sends_nothing_and_shows_the_digest_to_come(self, planned: Run, deployed: Run) -> None:
        """No blob, no manifest, no tag; the deployment then has that very digest."""
        assert planned.outputs["digest"] == deployed.outputs["digest"]
        assert planned.outputs["digest"] in planned.log

    def test_the_base_is_imported(self, deployed: Run, sandbox: Sandbox) -> None:
        """The registry fetches it; this machine reads its manifest and its configuration alone."""
        base_layers = base_layers_of(deployed, sandbox)

        assert base_line(deployed).endswith("imported")
        assert not {*base_reads(sandbox)} & {*base_layers}
        assert ["base", "env"] == [tag.partition("-")[0] for tag in signed_in_reader(sandbox).tags(IMPORTS)]


def base_line(run: Run) -> str:
    """What became of the base's layers."""
    [line] = [line for line in run.log.splitlines() if line.strip().startswith("base image")]
    return line


def base_reads(sandbox: Sandbox) -> list[str]:
    """Digests of the blobs of base images that were read over the wire, one for each time."""
    paths = [entry.path.partition("?")[0] for entry in sandbox.journal.entries("base-registry")]
    return sorted(path.rpartition("/")[2] for path in paths if "/blobs/" in path)


def base_layers_of(run: Run, sandbox: Sandbox) -> list[str]:
    """The digests of the base's layers in an image of ours."""
    layers = signed_in_reader(sandbox).manifest("imported", run.outputs["digest"])["layers"]
    assert len(layers) > len(OURS)
    return [layer["digest"] for layer in layers[: -len(OURS)]]
