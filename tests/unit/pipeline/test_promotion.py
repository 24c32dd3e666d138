"""An image that is deployed as it is: what is said where it is not one, or not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from functions_model.core.failures import InputsInvalid, Problem
from functions_model.core.names import Names
from functions_model.core.promotion import PromotionSpec
from functions_model.core.references import ImageReference, digest_of
from functions_model.core.secrets import Login
from functions_model.core.spec import ImageTarget, Mode
from functions_model.image.manifests import EMPTY, EMPTY_CONTENT, OCI_CONFIG, OCI_MANIFEST, Descriptor, Manifest
from functions_model.pipeline import promotion
from functions_model.pipeline.session import Session, World
from support.ci import RecordingCi
from support.registry_server import RegistryServer, serving
from support.wanted import spec_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_model.pipeline.session import Subscription

NO_IMAGE = "this is no container image (a bill of materials or a record)"


@pytest.fixture
def server() -> Iterator[RegistryServer]:
    """The registry of the image."""
    yield from serving()


def stored(server: RegistryServer, config: bytes) -> ImageReference:
    """A manifest with that configuration, by its digest."""
    descriptor = EMPTY if config == EMPTY_CONTENT else Descriptor(OCI_CONFIG, digest_of(config), len(config))
    content = Manifest(OCI_MANIFEST, descriptor, ()).as_bytes()
    server.blobs["package", digest_of(config)] = config
    server.manifests["package", digest_of(content)] = (OCI_MANIFEST, content)
    return ImageReference(server.host, "package", digest=digest_of(content))


def refused(server: RegistryServer, image: ImageReference) -> Problem:
    """The one thing that is wrong with it."""
    session = Session(World(RecordingCi(), Path(), lambda _: None), server.host)
    with pytest.raises(InputsInvalid) as refusal:
        promotion._label(session, image)
    (problem,) = refusal.value.problems
    return problem


class TestWhatIsNotThere:
    """A digest that the app's own registry does not have."""

    def test_is_told_by_its_place(self, server: RegistryServer) -> None:
        """With what may have become of it."""
        image = ImageReference(server.host, "package", digest=digest_of(b"gone"))
        target, login = ImageTarget(server.host, "package", None), Login("", "", None, "", "AzureCloud")
        given = PromotionSpec(Mode.PLAN, image, target, login, Names("s", "iris", "iris"), (), lambda _: spec_for())
        session = Session(World(RecordingCi(), Path(), lambda _: None), server.host)
        with pytest.raises(InputsInvalid) as refusal:
            promotion._locate(given, session, cast("Subscription", None))
        (problem,) = refusal.value.problems

        assert f"`{server.host}` has no image `{image.digest}` in the repository `package`" == problem.what
        assert "removed by `keep-images`" in problem.remedy


class TestWhatIsNoImage:
    """A digest in the same repository that is not the image's."""

    @pytest.mark.parametrize(
        ("config", "what"),
        [
            ({}, NO_IMAGE),
            ({"os": "unknown", "architecture": "unknown"}, NO_IMAGE),
            ({"os": "linux", "architecture": "arm64"}, "it is made for linux/arm64, not for linux/amd64"),
        ],
    )
    def test_is_a_fault_of_the_input(self, server: RegistryServer, config: dict[str, str], what: str) -> None:
        """The registry has done nothing wrong."""
        problem = refused(server, stored(server, json.dumps(config).encode()))

        assert ("image", what) == (problem.subject, problem.what)
