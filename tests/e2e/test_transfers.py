"""Transfers that break, in whole runs: a registry that misbehaves on purpose, a runner that is killed."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from azure_sandbox.arm.authorization.definitions import ACR_PUSH, OWNER, READER, USER_ACCESS_ADMINISTRATOR
from azure_sandbox.faults import Fault
from functions_model.core.references import canonical_json, digest_of
from functions_model.image.manifests import OCI_CONFIG, OCI_LAYER_TAR, OCI_MANIFEST, Descriptor, Manifest
from support.packager import Packager
from support.registry_sandbox import registry_sandbox, signed_in_reader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run
    from support.sandbox_registries import Registries
    from support.stored_images import Reader

pytestmark = pytest.mark.exhaustive

SIZE = 20 << 20
HALF = 10 << 20
"""Bytes. More than anything but the model has, so a fault that waits for them strikes the model."""
UPLOADS = "/v2/package/blobs/uploads/"


@dataclass(frozen=True, slots=True)
class World:
    """A registry that misbehaves when it is told to.

    Attributes:
        sandbox: Where the registry is.
        packager: Of one image, under the tag `live`.
        reader: Of its registry.
    """

    sandbox: Sandbox
    packager: Packager
    reader: Reader

    def live(self) -> str | None:
        """What the tag means."""
        return self.reader.digest("package", "live")

    def patched(self) -> bool:
        """Whether a blob's bytes have come to their end, since the journal was cleared."""
        entries = self.sandbox.journal.entries("registry")
        return any(entry.method == "PATCH" and "/v2/package/" in entry.path for entry in entries)

    def received(self) -> int:
        """Bytes of bodies that came to the registry since the journal was cleared, as far as it read them."""
        entries = self.sandbox.journal.entries("registry")
        return sum(entry.request_bytes for entry in entries if entry.is_write and "/v2/package/" in entry.path)


def noise(number: int) -> bytes:
    """A model that nothing can compress, another one for each number."""
    return random.Random(number).randbytes(SIZE)  # noqa: S311


def publish_base(registries: Registries) -> None:
    """A base of one small layer, in the registry of base images."""
    content = b"base" * 1000
    run = {"os": "linux", "architecture": "amd64", "config": {"Env": ["PATH=/bin"]}}
    config = canonical_json({**run, "rootfs": {"type": "layers", "diff_ids": [digest_of(content)]}})
    for blob in (content, config):
        registries.blob(registries.base, "azure-functions/python", blob)
    layer = Descriptor(OCI_LAYER_TAR, digest_of(content), len(content))
    manifest = Manifest(OCI_MANIFEST, Descriptor(OCI_CONFIG, digest_of(config), len(config)), (layer,))
    registries.base.keep_manifest("azure-functions/python", OCI_MANIFEST, manifest.as_bytes(), "4-python3.11")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """An image is there already: its environment is found by the runs, so that the model is all they send."""
    folder = tmp_path_factory.mktemp("transfers")
    with registry_sandbox(folder) as (sandbox, registries):
        publish_base(registries)
        ends = sandbox.endpoints
        packager = Packager.of(folder / "workspace", ends.registry, ends.base_image)
        inputs = ends.inputs() | packager.inputs | {"image-tag": "live"}
        world = World(sandbox, Packager(packager.folder, inputs, ends.environ()), signed_in_reader(sandbox))
        world.packager.package()
        yield world


@dataclass(frozen=True, slots=True)
class Failed:
    """A run that could not go on.

    Attributes:
        run: What it left behind.
        before: What the tag meant before.
        after: And after.
    """

    run: Run
    before: str | None
    after: str | None


ATTEMPTS = 5
"""How often a blob is sent before the run gives up."""
LASTING = {
    "torn": Fault("PATCH", "/v2/lasting/", drop_connection=True, after_bytes=HALF, times=ATTEMPTS, service="registry"),
    "busy": Fault("POST", "/v2/lasting/", 429, headers={"Retry-After": "3600"}, times=None, service="registry"),
}


@pytest.fixture(scope="module")
def lasting(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Failed]]]:
    """Runs whose faults stay, into a repository of their own, beside the other tests: they wait most of the time."""
    packager = Packager.of(tmp_path_factory.mktemp("lasting"), "", "")
    packager = Packager(packager.folder, world.packager.inputs | {"image-name": "lasting"}, world.packager.environ)
    packager.package()
    packager.model.write_bytes(noise(0))
    with ThreadPoolExecutor(1) as pool:
        yield {name: pool.submit(_fail, world, packager, fault) for name, fault in LASTING.items()}


def _fail(world: World, packager: Packager, fault: Fault) -> Failed:
    before = world.reader.digest("lasting", "live")
    world.sandbox.faults.add(fault)
    return Failed(packager.run(), before, world.reader.digest("lasting", "live"))


BROKEN = (
    Fault("PATCH", UPLOADS, drop_connection=True, after_bytes=HALF),
    Fault("PATCH", UPLOADS, 500, after_bytes=HALF),
)
"""The first attempt is torn, the second meets an error: the third comes through."""
HINDERED = (
    Fault("POST", UPLOADS, 429, headers={"Retry-After": "1"}),
    Fault("PATCH", UPLOADS, expire_tokens=True, after_bytes=HALF),
    Fault("PUT", UPLOADS, drop_connection=True, executed=True),
)
"""Too many requests, a token that ends on the way, and a last answer that is lost."""


def run_on_a_bad_day(world: World, faults: tuple[Fault, ...], weights: bytes) -> Run:
    """A run that must come to a good end: every blob is read back, and what was sent in vain is counted as well."""
    world.packager.model.write_bytes(weights)
    world.sandbox.journal.clear()
    for fault in faults:
        world.sandbox.faults.add(fault)
    run = world.packager.package()
    received = world.received()
    image = world.reader.image("package", "live")
    assert [] == [fault for fault in faults if fault in world.sandbox.faults.waiting()]
    assert run.outputs["digest"] == image.digest
    assert weights == image.file("model", "weights.txt")
    assert _sent(run) >= received
    return run


class TestFaultsThatPass:
    def test_broken_transfers_are_made_again(self, world: World, lasting: dict[str, Future[Failed]]) -> None:
        """From the first byte on, and the digest is checked at the end."""
        run = run_on_a_bad_day(world, BROKEN, noise(1))

        assert _sent(run) > SIZE + 2 * HALF


class TestKilled:
    def test_a_run_that_dies_on_the_way_changes_no_tag_and_the_next_one_succeeds(
        self, world: World, tmp_path: Path
    ) -> None:
        """Killed while the model is on its way, with no chance to clean up; the next one has a hard time as well."""
        world.packager.model.write_bytes(noise(2))
        before = world.live()
        world.sandbox.journal.clear()
        slow = Fault("PATCH", UPLOADS, delay=1)
        world.sandbox.faults.add(slow)
        started = world.packager.start(tmp_path / "run")
        while slow in world.sandbox.faults.waiting():
            assert started.process.poll() is None, started.log
            time.sleep(0.02)
        started.kill()
        while not world.patched():  # what the registry still gets of it belongs to no later run
            time.sleep(0.02)

        assert before == world.live() is not None
        assert run_on_a_bad_day(world, HINDERED, noise(2)).outputs["digest"] == world.live() != before


def _sent(run: Run) -> float:
    """Bytes that the log tells of, as many as its three digits can mean."""
    [line] = [line for line in run.log.splitlines() if line.startswith("Pushed ")]
    number, unit = line.partition(": ")[2].split()[:2]
    return float(number) * 1.005 * {"B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}[unit]


class TestFaultsThatStay:
    @pytest.mark.parametrize(("name", "words"), [("torn", "the connection"), ("busy", "answered 429")])
    def test_the_run_fails_and_the_tag_means_what_it_meant(
        self, lasting: dict[str, Future[Failed]], name: str, words: str
    ) -> None:
        """Exit code 5; a registry that asks for an hour is not waited for."""
        failed = lasting[name].result()

        assert 5 == failed.run.code, failed.run.log
        assert failed.before == failed.after is not None
        assert words in failed.run.errors[0]
        assert "sandboxregistry" in failed.run.errors[0] or "localhost" in failed.run.errors[0]


class TestWithoutRights:
    def test_a_base_that_may_not_be_imported_is_streamed_once(self, world: World) -> None:
        """Into the cache repository. The login owns its group, and of the registry it may only push and give roles."""
        pusher = world.sandbox.directory.add_application("pusher")
        subscription = f"/subscriptions/{world.sandbox.subscription_id}"
        registry = f"{subscription}/resourceGroups/sandbox-shared/providers/Microsoft.ContainerRegistry/registries/"
        world.sandbox.arm.groups.put("echo-pusher", "westeurope", {})
        for role, scope in (
            (READER, subscription),
            (OWNER, f"{subscription}/resourceGroups/echo-pusher"),
            (ACR_PUSH, f"{registry}sandboxregistry"),
            (USER_ACCESS_ADMINISTRATOR, f"{registry}sandboxregistry"),
        ):
            world.sandbox.roles.grant(pusher.principal.object_id, role, scope)
        login = {"client_id": pusher.principal.client_id, "client_secret": pusher.secret, "audience": ""}
        target = {
            "mode": "deploy",
            "app_name": "echo-pusher",
            "resource_group": "echo-pusher",
            "image_name": "pushed",
            "verify_timeout": "1",
        }
        world.sandbox.journal.clear()
        run = world.packager.run(**target, **login, cache_repository="streams/cache")
        reads = [entry.path.partition("?")[0] for entry in world.sandbox.journal.entries("base-registry")]
        [layer, *_] = world.reader.manifest("pushed", "live")["layers"]

        assert 8 == run.code, run.log  # no container is started here
        assert "streams/cache" in next(line for line in run.log.splitlines() if "was not imported" in line)
        assert 1 == len([path for path in reads if path.endswith(layer["digest"])])
        assert "base-" in world.reader.tags("streams/cache")[0]
