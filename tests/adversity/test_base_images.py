"""What stands in manifests, configurations and layers of base images, and what must come of it."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from typing import Any, BinaryIO, cast

import pytest

from functions_model.core.references import parse_reference
from functions_model.image.configs import parse_config
from functions_model.image.foreign_tar import BROKEN, members_of
from functions_model.image.manifests import OCI_CONFIG, OCI_INDEX, OCI_MANIFEST, parse_manifest
from support.adversity import Row, each

TOLD = "it is refused with words that say what is wrong with it; no bug of ours"


DIGEST = "sha256:" + "a" * 64
ENTRY = {"mediaType": OCI_CONFIG, "digest": DIGEST, "size": 2}


def _manifest(**changes: Any) -> bytes:
    plain = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": ENTRY, "layers": [ENTRY]}
    return json.dumps(plain | changes).encode()


def _index(entry: Any) -> bytes:
    return json.dumps({"mediaType": OCI_INDEX, "manifests": [entry]}).encode()


DOCUMENTS = [
    Row("a layer's size is `Infinity`", TOLD, _manifest(layers=[ENTRY | {"size": float("inf")}]), "R2"),
    Row("a layer's size is below zero", TOLD, _manifest(layers=[ENTRY | {"size": -1}]), "R2"),
    Row("a layer's size is `true`", TOLD, _manifest(layers=[ENTRY | {"size": True}]), "R2"),
    Row("a layer's size is a text", TOLD, _manifest(layers=[ENTRY | {"size": "2"}]), "R2"),
    Row("a layer's size is 10^5000", TOLD, _manifest().replace(b'"size": 2', b'"size": 1' + b"0" * 5000), "R2"),
    Row("a layer's digest is a list", TOLD, _manifest(layers=[ENTRY | {"digest": [DIGEST]}]), "R2"),
    Row("a layer's digest has a line more", TOLD, _manifest(layers=[ENTRY | {"digest": DIGEST + "\n"}]), "R2"),
    Row("a manifest's layers are a text", TOLD, _manifest(layers="abc"), "R2"),
    Row("a manifest's layer is `null`", TOLD, _manifest(layers=[None]), "R2"),
    Row("a manifest's annotations are a list", TOLD, _manifest(annotations=[1]), "R2"),
    Row("a manifest's kind is a mapping", TOLD, _manifest(mediaType={"a": 1}), "R2"),
    Row("a manifest's subject is a number", TOLD, _manifest(subject=5), "R2"),
    Row("an index's platform is a text", TOLD, _index(ENTRY | {"platform": "linux"}), "R2"),
    Row("an index's system is a list", TOLD, _index(ENTRY | {"platform": {"os": ["linux"]}}), "R2"),
]


@each(DOCUMENTS)
def test_a_manifest_of_wrong_types(row: Row[bytes]) -> None:
    """It is refused with words, and nothing else is raised."""
    with pytest.raises(ValueError, match=r"[a-z]"):
        parse_manifest(row.case)


def _config(**run: Any) -> bytes:
    return json.dumps({"os": "linux", "architecture": "amd64", "config": run}).encode()


CONFIGS = [
    Row("a base's variables are a text", TOLD, _config(Env="PATH=/bin"), "R2"),
    Row("a base's variable is a number", TOLD, _config(Env=[5]), "R2"),
    Row("a base's labels are a list", TOLD, _config(Labels=["a"]), "R2"),
    Row("a base's label is a number", TOLD, _config(Labels={"a": 5}), "R2"),
    Row("a base's user is a list", TOLD, _config(User=["root"]), "R2"),
    Row("a base's configuration is a list", TOLD, b'{"config":[1]}', "R2"),
    Row("a base's layers are a text", TOLD, b'{"rootfs":{"diff_ids":"abc"}}', "R2"),
    Row("a base's layer has no digest", TOLD, b'{"rootfs":{"diff_ids":["abc"]}}', "R2"),
    Row("a base's history has a text", TOLD, b'{"history":["x"]}', "R2"),
    Row("a base's architecture is `null` in a list", TOLD, b'{"architecture":[null]}', "R2"),
    Row("a base's configuration is UTF-16 cut in the middle", TOLD, '{"os":"'.encode("utf-16")[:-1], "R2"),
]


@each(CONFIGS)
def test_a_configuration_of_wrong_types(row: Row[bytes]) -> None:
    """It is refused with words, and nothing else is raised."""
    with pytest.raises(ValueError, match=r"[a-z]"):
        parse_config(row.case)


def test_half_a_pair_of_utf_16_in_a_configuration_can_be_written_again() -> None:
    """A base's label or variable may hold one: the image's own configuration takes it over."""
    config = parse_config(rb'{"config":{"Env":["A=\ud800"],"Labels":{"b":"\udfff"}}}')

    assert ("A", True) == (
        next(iter(config.env)),
        bool("".join([*config.env.values(), *config.labels.values()]).encode()),
    )


REFERENCES = [
    Row("a base's host is half an address of IPv6", TOLD, "[::1/python:4", "R2"),
    Row("a base's host has a port of eight digits", TOLD, "127.0.0.1:99999999/python:4", "R2"),
    Row("a base's host has a query", TOLD, "evil.example?x/python:4", "R5"),
    Row("a base's host has a space and a line", TOLD, "a. b\n/python:4", "R2"),
]


@each(REFERENCES)
def test_a_base_that_nobody_has(row: Row[str]) -> None:
    """It is refused before anybody is asked."""
    with pytest.raises(ValueError, match="does not start with a registry host"):
        parse_reference(row.case)


def _tar(*members: tuple[str, int], kind: bytes = tarfile.REGTYPE) -> bytes:
    """Headers that announce what does not follow."""
    content = b""
    for name, size in members:
        info = tarfile.TarInfo(name)
        info.size, info.type = size, kind
        content += info.tobuf(tarfile.GNU_FORMAT)
    return content


LAYERS = [
    Row(
        "a base's layer has a name of 3 GB",
        "nothing is known of it, with a few MB of memory",
        _tar(("x", 3 << 30), kind=tarfile.GNUTYPE_LONGNAME),
        "R13",
    ),
    Row(
        "a base's layer has a header of 3 GB",
        "nothing is known of it",
        _tar(("x", 3 << 30), kind=tarfile.XHDTYPE),
        "R13",
    ),
    Row(
        "a base's layer announces a file of 8 GB that does not follow",
        "nothing is known of it",
        _tar(("x", 8 << 30)),
        "R13",
    ),
    Row(
        "a base's layer is packed, and is zeros without an end",
        "nothing is known of it",
        gzip.compress(_tar(("x", 200 << 20)) + bytes(80 << 20)),
        "R13",
    ),
    Row(
        "a base's layer is packed, and cut off",
        "nothing is known of it",
        gzip.compress(_tar(("x", 0)) * 99)[:-20],
        "R13",
    ),
    Row(
        "a base's layer is packed in a way that Python has not",
        "nothing is known of it",
        b"\x28\xb5\x2f\xfd" + bytes(600),
        "R13",
    ),
    Row(
        "a base's layer has a number that is none",
        "nothing is known of it",
        _tar(("x", 1)).replace(b"00000000001", b"zzzzzzzzzzz"),
        "R2",
    ),
]


@each(LAYERS)
def test_a_layer_of_a_base(row: Row[bytes]) -> None:
    """It is looked through in order, and within bounds."""
    with pytest.raises(BROKEN):
        for _ in members_of(cast("BinaryIO", io.BytesIO(row.case)), 64 << 20):
            pass
