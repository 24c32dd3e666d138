"""A real container engine builds what is below the app, and what the Dockerfile of a context says."""

from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
import uuid
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.failures import EnvironmentFailed
from functions_model.core.references import ImageReference, digest_of
from functions_model.engine import Recipe, read_dockerfile, write_context
from functions_model.engine.connecting import open_engine
from functions_model.engine.emulation import X86_64, program, runs
from functions_model.engine.engine_layers import build_engine_layers
from functions_model.engine.loading import load_base
from functions_model.image import manifests
from functions_model.image.assembly import Base, Image, assemble
from functions_model.image.compression import Compression
from functions_model.image.configs import ImageConfig, parse_config
from functions_model.image.files import FileTree, Link, TreeFile
from functions_model.image.layers import Layer, LayerPlan, build_layer
from functions_model.image.manifests import Descriptor, Manifest, parse_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    import docker

pytestmark = [pytest.mark.needs("docker", "busybox"), pytest.mark.exhaustive]

RUN = {
    "Env": ["PATH=/bin", "KEPT=yes"],
    "Cmd": ["/bin/sh", "-c", "true"],
    "Labels": {"below": "1"},
    "WorkingDir": "/home",
}
MODELS = '[{"name":"iris","note":"$HOME \\\\ \'"}]'


class Blobs:
    """A registry, as the engine room sees one: blobs by digest."""

    def __init__(self, layers: tuple[Layer, ...], config: bytes) -> None:
        self._layers = {layer.digest: layer for layer in layers}
        self._config = config
        self.read: list[str] = []

    def __call__(self, descriptor: Descriptor) -> AbstractContextManager[Iterator[bytes]]:
        return self._opened(descriptor)

    @contextmanager
    def _opened(self, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        self.read.append(descriptor.digest)
        layer = self._layers.get(descriptor.digest)
        with layer.open() if layer else io.BytesIO(self._config) as stream:
            yield iter(lambda: stream.read(1 << 16), b"")


def as_base(image: Image, reference: ImageReference) -> Base:
    manifest = parse_manifest(image.manifest)
    assert isinstance(manifest, Manifest)
    return Base(reference, image.digest, manifest, parse_config(image.config))


@pytest.fixture
def reference() -> ImageReference:
    """A name that no other test and no registry has."""
    return ImageReference("registry.test:5000", f"base-{uuid.uuid4().hex[:8]}", "4")


@pytest.fixture
def api() -> Iterator[docker.APIClient]:
    import docker

    with closing(docker.APIClient(timeout=120)) as client:
        yield client


@pytest.fixture
def based(reference: ImageReference, tmp_path: Path, api: docker.APIClient) -> Iterator[tuple[Base, Blobs]]:
    """A base of two layers that only a registry has: one static program, and a file with this test's name."""
    program = shutil.which("busybox")
    assert program
    trees = [
        [TreeFile("bin/busybox", Path(program), executable=True), TreeFile("bin/sh", Link("busybox"))],
        [TreeFile("etc/base", reference.repository.encode()), TreeFile("home/there", b"")],
    ]
    layers = tuple(build_layer(LayerPlan("system", FileTree.of(tree)), tmp_path / "base") for tree in trees)
    empty = Descriptor(manifests.OCI_CONFIG, digest_of(b""), 0)
    document = {"os": "linux", "architecture": "amd64", "config": RUN, "rootfs": {"type": "layers", "diff_ids": []}}
    scratch = Base(reference, digest_of(b""), Manifest(manifests.OCI_MANIFEST, empty, ()), ImageConfig(document))
    image = assemble(scratch, layers, env={}, labels={})
    yield as_base(image, reference), Blobs(layers, image.config)
    for name in (str(reference), *(f"functions-model/{reference.repository}:{part}" for part in ("dockerfile", "app"))):
        with_suppress(partial(api.remove_image, name, force=True))


def with_suppress(call: Callable[[], object]) -> None:
    import docker

    with suppress(docker.errors.APIError):
        call()


def files_of(layer: Layer) -> dict[str, bytes]:
    with layer.open() as stream, tarfile.open(fileobj=stream) as archive:
        return {m.name: archive.extractfile(m).read() for m in archive if m.isreg()}  # type: ignore[union-attr]


class TestOwnDockerfile:
    def test_what_it_adds_becomes_layers_on_the_registrys_own(
        self, based: tuple[Base, Blobs], reference: ImageReference, tmp_path: Path
    ) -> None:
        """Base layers stay as the registry has them; new ones and how the image is run come from the engine."""
        base, blobs = based
        folder = tmp_path / "own"
        folder.mkdir()
        (folder / "Dockerfile").write_text(
            f"ARG BASE={reference}\nFROM $BASE AS early\nRUN echo made > /etc/made\n"
            "FROM early\nCOPY . /etc/copied/\nENV ADDED=1\nUSER nobody\nLABEL own=2\n"
        )
        (folder / ".dockerignore").write_text("*.secret\n")
        for name in ("kept.txt", "left.secret"):
            (folder / name).write_text(name)
        log: list[str] = []
        recipe = Recipe(base=reference.repository)

        below = build_engine_layers(
            recipe, base, "", dockerfile=folder / "Dockerfile", work=tmp_path / "work", log=log.append, blobs=blobs
        )
        image = assemble(below.base, below.layers, env={"OURS": "1"}, labels={})

        assert str(reference) == read_dockerfile(folder / "Dockerfile").base
        assert base.manifest.layers == below.base.manifest.layers
        assert ["dockerfile 1 of 2", "dockerfile 2 of 2"] == [layer.name for layer in below.layers]
        assert {"etc/made": b"made\n"} == files_of(below.layers[0])
        assert {"etc/copied/kept.txt", "etc/copied/Dockerfile", "etc/copied/.dockerignore"} == files_of(
            below.layers[1]
        ).keys()
        run = parse_config(image.config).run
        assert ["PATH=/bin", "KEPT=yes", "ADDED=1", "OURS=1"] == run["Env"]
        assert ("nobody", "/home", {"below": "1", "own": "2"}) == (run["User"], run["WorkingDir"], run["Labels"])
        assert RUN["Cmd"] == run["Cmd"]
        assert "Image" not in run
        assert any("RUN echo made" in line for line in log)

    def test_a_base_that_the_engine_has_is_not_read_again(self, based: tuple[Base, Blobs], tmp_path: Path) -> None:
        """The second build on one machine reads nothing from the registry, and adds nothing of its own."""
        base, blobs = based
        for _ in range(2):
            below = build_engine_layers(
                Recipe(base="x"), base, "", dockerfile=None, work=tmp_path / "work", log=lambda _: None, blobs=blobs
            )

        assert [base.manifest.config.digest, *(layer.digest for layer in base.manifest.layers)] == blobs.read
        assert () == below.layers
        assert base.config.run == below.base.config.run

    def test_a_step_that_fails_is_named(
        self, based: tuple[Base, Blobs], reference: ImageReference, tmp_path: Path
    ) -> None:
        """The failure has the instruction and its exit code, and the output as its detail."""
        base, blobs = based
        (tmp_path / "Dockerfile").write_text(f"FROM {reference}\nRUN echo about to fail && exit 7\n")

        with pytest.raises(EnvironmentFailed) as caught:
            build_engine_layers(
                Recipe(base="x"),
                base,
                "",
                dockerfile=tmp_path / "Dockerfile",
                work=tmp_path / "work",
                log=lambda _: None,
                blobs=blobs,
            )

        assert "the step `RUN echo about to fail && exit 7` ended with the exit code 7" in str(caught.value)
        assert "about to fail\n" in caught.value.detail


class TestContext:
    def test_its_image_is_the_one_that_layers_make(
        self, based: tuple[Base, Blobs], reference: ImageReference, tmp_path: Path, api: docker.APIClient
    ) -> None:
        """`docker build` of the context gives the same files, modes, links, variables, labels and command."""
        base, blobs = based
        on_disk = tmp_path / "weights.bin"
        on_disk.write_bytes(b"weights" * 1000)
        on_disk.chmod(0o644)
        private = tmp_path / "private.py"
        private.write_text("pass\n")
        private.chmod(0o600)
        plans = [
            LayerPlan("runtime", FileTree.of([TreeFile("home/site/wwwroot/host.json", b"{}")]), Compression.GZIP),
            LayerPlan(
                "model 1 of 2",
                FileTree.of(
                    [
                        TreeFile("var/azureml-app/azureml-models/größe/1/w.bin", on_disk),
                        TreeFile("var/azureml-app/azureml-models/größe/latest", Link("1")),
                        TreeFile("var/azureml-app/azureml-models/größe/1/a b.txt", b"x"),
                    ]
                ),
            ),
            LayerPlan(
                "code",
                FileTree.of(
                    [
                        TreeFile("var/azureml-app/code/score.py", private),
                        TreeFile("var/azureml-app/code/run.sh", b"#!/bin/sh\n", executable=True),
                        TreeFile("var/azureml-app/code/.dockerignore", b"*\n"),
                    ]
                ),
            ),
        ]
        env = {"FUNCTIONS_MODEL_MODELS": MODELS, "KEPT": "changed", "PLAIN": "a b"}
        labels = {"org.opencontainers.image.title": 'a "title" of $5', "below": "2"}
        ours = assemble(base, [build_layer(plan, tmp_path / "spool") for plan in plans], env=env, labels=labels)
        made = Blobs((*ours.layers, *_layers_of(blobs)), ours.config)

        with open_engine(tmp_path / "work", lambda _: None, {}) as session:
            load_base(session, base, blobs)
            api.tag("functions-model/base", f"functions-model/{reference.repository}", "app", force=True)
            by_layers = load_base(session, as_base(ours, reference), made)
        recipe = Recipe(base=f"functions-model/{reference.repository}:app", env=env, labels=labels)
        write_context(recipe, plans, "lock\n", tmp_path / "context")
        lines = list(api.build(path=str(tmp_path / "context"), decode=True, rm=True))
        by_dockerfile = [line["aux"]["ID"] for line in lines if "aux" in line][-1]

        assert _tree(api, by_layers) == _tree(api, by_dockerfile)
        assert 15 == len(_tree(api, by_layers))
        assert _run_of(api, by_layers) == _run_of(api, by_dockerfile)
        api.remove_image(by_dockerfile, force=True)
        api.remove_image(by_layers, force=True)


class TestProcessor:
    """Whether the engine can run what function apps run, asked of its kernel."""

    def test_its_own_programs_run_and_those_for_nobody_do_not(self, api: docker.APIClient) -> None:
        """The engine's own words for it are understood, and neither image nor container is left."""
        before = {image["Id"] for image in api.images(all=True)}

        assert (True, False) == (runs(api, program(X86_64)), runs(api, program(0xFEED)))
        assert not {image["Id"] for image in api.images(all=True)} - before


def _layers_of(blobs: Blobs) -> tuple[Layer, ...]:
    return tuple(blobs._layers.values())


def _run_of(api: docker.APIClient, image: str) -> dict[str, Any]:
    config = api.inspect_image(image)["Config"]
    return {
        key: config.get(key) for key in ("Env", "Labels", "Cmd", "Entrypoint", "WorkingDir", "User", "ExposedPorts")
    }


def _tree(api: docker.APIClient, image: str) -> dict[str, tuple[object, ...]]:
    """What lies below the app's folders: kind, mode, owner, link, content."""
    container = api.create_container(image)["Id"]
    try:
        packed = io.BytesIO(b"".join(api.export(container)))
    finally:
        api.remove_container(container, force=True)
    with tarfile.open(fileobj=packed) as archive:
        return {
            member.name: (
                member.type,
                oct(member.mode),
                member.uid,
                member.gid,
                member.linkname,
                hashlib.sha256(archive.extractfile(member).read()).hexdigest() if member.isreg() else "",  # type: ignore[union-attr]
            )
            for member in archive
            if member.name.startswith(("home/site", "var"))
        }
