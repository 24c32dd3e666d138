"""Assembly: a base and our layers become one manifest and one configuration that agree."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.failures import BundleFailed
from functions_model.core.references import Digest, ImageReference, digest_of
from functions_model.image import manifests
from functions_model.image.assembly import MOST_LAYERS, Base, assemble
from functions_model.image.compression import Compression
from functions_model.image.configs import ImageConfig
from functions_model.image.files import FileTree, TreeFile
from functions_model.image.layers import Layer, LayerPlan, build_layer
from functions_model.image.manifests import EMPTY, Descriptor, Index, Manifest, Platform, parse_manifest

if TYPE_CHECKING:
    from pathlib import Path


def base(layers: int = 2, *, oci: bool = True, **document: Any) -> Base:
    kind = manifests.OCI_LAYER_GZIP if oci else manifests.DOCKER_LAYER_GZIP
    stack = tuple(Descriptor(kind, digest_of(bytes((number,))), 10) for number in range(layers))
    config = {
        "os": "linux",
        "architecture": "amd64",
        "created": "2026-01-01T00:00:00Z",
        "container": "4f1c",
        "config": {
            "Env": ["PATH=/bin", "LANG=C", "EMPTY="],
            "Cmd": ["/start"],
            "WorkingDir": "/app",
            "ExposedPorts": {"80/tcp": {}},
            "Labels": {"vendor": "them", "kept": "yes"},
        },
        "rootfs": {"type": "layers", "diff_ids": [digest_of(bytes((n, n))) for n in range(layers)]},
        "history": [{"created_by": f"step {n}"} for n in range(layers)] + [{"created_by": "ENV", "empty_layer": True}],
        **document,
    }
    media = (
        (manifests.OCI_MANIFEST, manifests.OCI_CONFIG) if oci else (manifests.DOCKER_MANIFEST, manifests.DOCKER_CONFIG)
    )
    manifest = Manifest(media[0], Descriptor(media[1], digest_of(b"config"), 6), stack)
    reference = ImageReference("mcr.example.org", "base", "4")
    return Base(reference, digest_of(manifest.as_bytes()), manifest, ImageConfig(config))


@pytest.fixture
def layer(tmp_path: Path) -> Layer:
    return build_layer(LayerPlan("model", FileTree.of([TreeFile("m", b"w")])), tmp_path)


class TestConfig:
    def test_the_base_is_inherited_and_ours_wins(self, layer: Layer) -> None:
        """Variables and labels merge; how the image starts stays the base's."""
        image = assemble(base(), [layer], env={"LANG": "C.UTF-8", "A": "1"}, labels={"vendor": "us"})
        run = json.loads(image.config)["config"]

        assert ["PATH=/bin", "LANG=C.UTF-8", "EMPTY=", "A=1"] == run["Env"]
        assert {"vendor": "us", "kept": "yes"} == run["Labels"]
        assert (["/start"], "/app", {"80/tcp": {}}) == (run["Cmd"], run["WorkingDir"], run["ExposedPorts"])

    @pytest.mark.parametrize("history", [None, [], [{"created_by": "one"}]])
    def test_history_and_diff_ids_agree_with_the_layers(self, layer: Layer, history: list[Any] | None) -> None:
        """Even when the base's builder left its history out."""
        document = json.loads(assemble(base(history=history), [layer], env={}, labels={}).config)
        told = [entry for entry in document["history"] if not entry.get("empty_layer")]

        assert layer.diff_id == document["rootfs"]["diff_ids"][-1]
        assert 3 == len(told) == len(document["rootfs"]["diff_ids"])
        assert "functions-model: model" == told[-1]["created_by"]

    def test_nothing_tells_when_or_where_it_was_built(self, layer: Layer) -> None:
        """The time is fixed unless it is given, and the base's build container is forgotten."""
        document = json.loads(assemble(base(), [layer], env={}, labels={}).config)
        later = assemble(base(), [layer], env={}, labels={}, created=datetime(2026, 11, 22, tzinfo=UTC))

        assert "1970-01-01T00:00:00Z" == document["created"]
        assert "container" not in document
        assert "2026-11-22T00:00:00Z" == json.loads(later.config)["created"]

    def test_the_time_may_be_an_epoch(self, layer: Layer) -> None:
        """As SOURCE_DATE_EPOCH gives it; 0 is the same as nothing."""
        at = [assemble(base(), [layer], env={}, labels={}, created=epoch) for epoch in (0, 1_795_392_000)]

        assert assemble(base(), [layer], env={}, labels={}) == at[0]
        assert "2026-11-23T00:00:00Z" == json.loads(at[1].config)["created"]


class TestManifest:
    def test_the_digest_follows_from_the_inputs(self, layer: Layer) -> None:
        """The order in which variables come does not matter; their values do."""
        one = assemble(base(), [layer], env={"A": "1", "B": "2"}, labels={"x": "1", "y": "2"})
        same = assemble(base(), [layer], env={"B": "2", "A": "1"}, labels={"y": "2", "x": "1"})
        other = assemble(base(), [layer], env={"A": "1", "B": "3"}, labels={"x": "1", "y": "2"})

        assert one.digest == same.digest == digest_of(one.manifest)
        assert other.digest != one.digest

    @pytest.mark.parametrize("oci", [True, False])
    def test_the_family_of_the_base_is_kept(self, layer: Layer, oci: bool) -> None:
        """No manifest mixes OCI's media types with Docker's; annotations go where there is a place for them."""
        image = assemble(base(oci=oci), [layer], env={}, labels={}, annotations={"a": "b"})
        parsed = parse_manifest(image.manifest)

        assert isinstance(parsed, Manifest)
        assert oci is parsed.is_oci
        assert {"oci" if oci else "docker"} == {
            descriptor.media_type.split(".")[1] for descriptor in (parsed.config, *parsed.layers)
        }
        assert ({"a": "b"} if oci else {}) == parsed.annotations
        assert [layer.digest] == [descriptor.digest for descriptor in parsed.layers[2:]]

    def test_a_raw_layer_says_that_it_is_raw(self, tmp_path: Path) -> None:
        """In Docker's family too."""
        raw = build_layer(LayerPlan("m", FileTree(), Compression.RAW), tmp_path)
        image = assemble(base(oci=False), [raw], env={}, labels={})

        assert [manifests.DOCKER_LAYER_TAR] == [layer.media_type for layer in image.layers]

    def test_a_layer_from_a_record_joins_the_family_of_the_base(self, layer: Layer) -> None:
        """It may have been made for a base of the other family; where it lies is kept."""
        recorded = replace(layer, media_type=manifests.DOCKER_LAYER_GZIP, repository="functions-model/cache")
        image = assemble(base(), [recorded], env={}, labels={})

        assert [(manifests.OCI_LAYER_GZIP, "functions-model/cache")] == [
            (placed.media_type, placed.repository) for placed in image.layers
        ]


class TestLimits:
    def test_too_many_layers_are_refused(self, layer: Layer) -> None:
        """Docker stops at 127."""
        assemble(base(MOST_LAYERS - 1), [layer], env={}, labels={})

        with pytest.raises(BundleFailed, match="it would have 128 layers"):
            assemble(base(MOST_LAYERS), [layer], env={}, labels={})

    def test_a_manifest_too_large_is_refused(self, layer: Layer) -> None:
        """Registries take 4 MiB."""
        with pytest.raises(BundleFailed, match="registries allow 4194304"):
            assemble(base(), [layer], env={}, labels={}, annotations={"x": "y" * (4 << 20)})

    def test_a_base_that_contradicts_itself_is_refused(self, layer: Layer) -> None:
        """An engine would fail on it much later."""
        with pytest.raises(BundleFailed, match="2 layers and its configuration lists 1"):
            assemble(base(rootfs={"diff_ids": [digest_of(b"")]}), [layer], env={}, labels={})
        with pytest.raises(BundleFailed, match="its history lists 3 layers and there are 2"):
            assemble(base(history=[{}, {}, {}]), [layer], env={}, labels={})


class TestParsing:
    def test_an_index_gives_the_manifest_for_a_platform(self) -> None:
        """Attestations and other platforms are passed over."""
        entries = [
            {"mediaType": manifests.OCI_MANIFEST, "digest": digest_of(name), "size": 1, "platform": platform}
            for name, platform in (
                (b"arm", {"os": "linux", "architecture": "arm64"}),
                (b"amd", {"os": "linux", "architecture": "amd64"}),
                (b"att", {"os": "unknown", "architecture": "unknown"}),
            )
        ]
        index = parse_manifest(json.dumps({"schemaVersion": 2, "manifests": entries}).encode(), manifests.OCI_INDEX)

        assert isinstance(index, Index)
        assert digest_of(b"amd") == index.choose(Platform()).digest
        with pytest.raises(ValueError, match="linux/s390x, only for linux/amd64, linux/arm64, unknown/unknown"):
            index.choose(Platform("linux", "s390x"))

    @pytest.mark.parametrize(
        ("content", "said"),
        [
            (b"<html>", "not JSON"),
            (b"[]", "not a JSON object"),
            (b'{"schemaVersion": 1}', "unknown kind `schema 1`"),
            (json.dumps({"mediaType": manifests.OCI_MANIFEST}).encode(), "lacks the field `config`"),
        ],
    )
    def test_what_is_no_manifest_is_said(self, content: bytes, said: str) -> None:
        """A proxy's page or an old format is named."""
        with pytest.raises(ValueError, match=said):
            parse_manifest(content)

    def test_a_manifest_survives_the_way_there_and_back(self) -> None:
        """Annotations and addresses of a descriptor stay."""
        layer = Descriptor(manifests.OCI_LAYER_TAR, Digest(digest_of(b"")), 5, {"k": "v"}, ("https://example.org/x",))
        manifest = Manifest(manifests.OCI_MANIFEST, layer, (layer,))

        assert manifest == parse_manifest(manifest.as_bytes())

    def test_what_is_attached_names_its_subject_and_its_type(self) -> None:
        """Both survive the way there and back, and an image has neither."""
        image = Descriptor(manifests.OCI_MANIFEST, digest_of(b"image"), 5)
        attached = Manifest(manifests.OCI_MANIFEST, EMPTY, (EMPTY,), {}, image, "application/vnd.cyclonedx+json")
        plain = json.loads(attached.as_bytes())

        assert attached == parse_manifest(attached.as_bytes())
        assert (image.as_json(), "application/vnd.cyclonedx+json") == (plain["subject"], plain["artifactType"])
        assert {"config", "layers", "mediaType", "schemaVersion"} == set(
            json.loads(Manifest(manifests.OCI_MANIFEST, EMPTY, ()).as_bytes())
        )

    def test_the_empty_blob_is_the_one_of_the_specification(self) -> None:
        """Its digest is written there."""
        assert "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" == EMPTY.digest
        assert 2 == EMPTY.size == len(manifests.EMPTY_CONTENT)

    def test_an_index_survives_the_way_there_and_back(self) -> None:
        """Platforms of an image, and types of what refers to one."""
        entries = (
            Descriptor(manifests.OCI_MANIFEST, digest_of(b"a"), 5, platform=Platform()),
            Descriptor(manifests.OCI_MANIFEST, digest_of(b"b"), 5, {"k": "v"}, artifact_type="application/x"),
        )
        index = Index(manifests.OCI_INDEX, entries)

        assert index == parse_manifest(index.as_bytes())
