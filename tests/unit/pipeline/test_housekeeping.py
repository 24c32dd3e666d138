"""Old images: what the plan says of them, and what becomes of a run where the registry refuses."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from azure.core.exceptions import HttpResponseError
from azure.core.pipeline.transport import RequestsTransport

from functions_model.core.references import canonical_json, digest_of
from functions_model.image.manifests import OCI_CONFIG, OCI_MANIFEST
from functions_model.pipeline.events import ResourceWritten
from functions_model.pipeline.housekeeping import remove_old_images, with_old_images
from functions_model.pipeline.session import World
from functions_model.provision.changes import OLD_IMAGE
from functions_model.registry.client import RegistryClient
from functions_model.registry.tags import Acr
from support.ci import RecordingCi
from support.fake_arm import Answer, Asked, FakeArm, FakeCredential, session_for
from support.provisioning import planned
from support.wanted import REGISTRY, spec_for

if TYPE_CHECKING:
    from functions_model.core.names import Names
    from functions_model.core.spec import DeploymentSpec
    from functions_model.pipeline.events import Event
    from functions_model.pipeline.session import Session
    from functions_model.pipeline.verifying import Delivered
    from functions_model.provision import Change, ResourcePlan

CONFIG = canonical_json({"config": {"Labels": {"functions-model.tool-version": "1"}}})
OPEN = {"deleteEnabled": True, "writeEnabled": True}


def manifest(number: int) -> bytes:
    """An image of ours."""
    config = {"mediaType": OCI_CONFIG, "digest": digest_of(CONFIG), "size": len(CONFIG)}
    annotations = {"n": str(number)}
    plain = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": config, "layers": [], "annotations": annotations}
    return canonical_json(plain)


@dataclass
class Desk:
    """A run and its registry, which has images of 1 to `images` November.

    Attributes:
        refused: The status that a request is answered with, by method.
        tags: Those of every image, when it is looked at again.
        runs: What the app's slot runs; an error is raised.
        asked: Method and path of each request that changes something.
    """

    images: int = 3
    refused: dict[str, int] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    runs: str | HttpResponseError = ""
    asked: list[str] = field(default_factory=list)
    ci: RecordingCi = field(default_factory=RecordingCi)
    told: list[Event] = field(default_factory=list)

    def acr(self) -> Acr:
        host = REGISTRY.login_server
        transport = RequestsTransport(session=session_for(self._answer), session_owner=False)
        return Acr(host, FakeCredential(), "x", lambda: {"transport": transport, "retry_total": 0})

    def client_of(self, host: str) -> RegistryClient:
        return RegistryClient(host, session=session_for(self._answer), sleep=lambda _: None)

    @property
    def host(self) -> str:
        return REGISTRY.login_server

    @property
    def world(self) -> World:
        return World(self.ci, Path(), self.told.append)

    def plan(self, keep: int | None = 1) -> tuple[DeploymentSpec, ResourcePlan]:
        spec = spec_for()
        spec = replace(spec, image=replace(spec.image, keep=keep))
        return spec, with_old_images(spec, cast("Session", self), planned(FakeArm()))

    def remove(self) -> None:
        _, plan = self.plan()
        remove_old_images(cast("Delivered", _Delivered(self, plan)))

    def _answer(self, asked: Asked) -> Answer:
        if asked.method != "GET":
            self.asked.append(f"{asked.method} {asked.path}")
        if status := self.refused.get(asked.method):
            return Answer(status, {"errors": [{"code": "DENIED", "message": "no"}]})
        place, _, name = asked.path.rpartition("/")
        if asked.method == "DELETE":
            return Answer(202)
        if asked.path.startswith("/v2/"):
            return self._content(place, name)
        if name == "_tags":
            return Answer(200, {"registry": "x", "imageName": "package", "tags": []})
        if name == "_manifests":
            listed = [self._attributes(number) for number in range(1, self.images + 1)]
            return Answer(200, {"registry": "x", "imageName": "package", "manifests": listed})
        number = next(one for one in range(1, self.images + 1) if digest_of(manifest(one)) == name)
        shown = {**self._attributes(number), "tags": self.tags}
        return Answer(200, {"registry": "x", "imageName": "package", "manifest": shown})

    def _content(self, place: str, name: str) -> Answer:
        if place.endswith("/blobs"):
            return Answer(200, CONFIG)
        content = next(manifest(one) for one in range(1, self.images + 1) if digest_of(manifest(one)) == name)
        return Answer(200, content, {"content-type": OCI_MANIFEST})

    def _attributes(self, number: int) -> dict[str, Any]:
        then = f"2025-11-{number:02}T10:00:00Z" if number < 29 else f"2025-{12 - number % 9:02}-20T10:00:00Z"
        tags = [f"v{number}"]
        whole = {"digest": digest_of(manifest(number)), "createdTime": then, "lastUpdateTime": then, "tags": tags}
        return {**whole, "changeableAttributes": OPEN}


class _Delivered:
    """As much of `Delivered`, and of its host, as is looked at."""

    def __init__(self, desk: Desk, plan: ResourcePlan) -> None:
        self.session, self.world, self.plan, self.clients = desk, desk.world, plan, None
        self.host = self

    def places_of(self, _: object, names: Names) -> tuple[Names, ...]:
        return names, names.at("staging")

    def image_of(self, _: object, names: Names) -> str:
        if isinstance(self.session.runs, HttpResponseError):
            raise self.session.runs
        return self.session.runs if names.candidate else "contoso.azurecr.io/package@sha256:other"


def old(plan: ResourcePlan) -> list[Change]:
    return [change for change in plan.changes if change.kind == OLD_IMAGE]


class TestThePlan:
    def test_shows_each_with_its_reason_and_its_tags(self) -> None:
        """The oldest first; the new image, which is not there yet, is the one that stays."""
        _, plan = Desk().plan()
        first = old(plan)[0]

        assert [digest_of(manifest(one)) for one in (1, 2, 3)] == [one.name.partition("@")[2] for one in old(plan)]
        assert "of 2025-11-01, beyond the 1 newest, and no app runs it" == first.reason
        assert [("tags", "v1", "removed")] == [(one.name, one.before, one.after) for one in first.fields]
        assert plan.has_changes

    def test_does_none_of_it_before_the_app_is_live(self) -> None:
        """It is neither ahead of the image nor beside it."""
        _, plan = Desk().plan()

        assert not set(old(plan)) & {*plan.now, *plan.ahead}

    def test_is_as_ever_without_the_input(self) -> None:
        """Nothing is asked of the registry."""
        desk = Desk(refused={"GET": 500})
        _, plan = desk.plan(keep=None)

        assert ([], []) == (old(plan), desk.ci.annotations)

    def test_leaves_what_is_more_than_a_hundred_to_later_runs(self) -> None:
        """So that none takes long."""
        _, plan = Desk(images=103).plan()

        assert 100 == len(old(plan))
        assert ("3 more old images are left to later runs.",) == plan.notes[-1:]

    def test_a_registry_that_cannot_be_read_is_a_warning(self) -> None:
        """The deployment goes on."""
        desk = Desk(refused={"GET": 403})
        _, plan = desk.plan()

        assert [] == old(plan)
        assert [True] == ["403" in one and "`keep-images` removes nothing" in one for one in desk.ci.annotations]


class TestWhatRuns:
    def test_stays_also_without_a_live_tag(self) -> None:
        """Somebody else has deployed an old one to the slot, and is not done yet."""
        desk = Desk(runs=f"contoso.azurecr.io/package@{digest_of(manifest(2))}")
        desk.remove()

        assert [digest_of(manifest(one)) for one in (1, 3)] == [one.rpartition("/")[2] for one in desk.asked]

    def test_must_be_known(self) -> None:
        """Nothing goes where Azure does not say."""
        desk = Desk(runs=HttpResponseError("down"))
        desk.remove()

        assert [] == desk.asked
        assert [True] == ["`keep-images` removes nothing" in one for one in desk.ci.annotations]


class TestTheRemoval:
    def test_is_told_one_by_one(self) -> None:
        """What the plan says, and no more."""
        desk = Desk()
        desk.remove()

        digests = [digest_of(manifest(one)) for one in (1, 2, 3)]
        assert [f"DELETE /v2/package/manifests/{one}" for one in digests] == desk.asked
        assert digests == [
            told.written.change.name.partition("@")[2] for told in desk.told if isinstance(told, ResourceWritten)
        ]

    def test_ends_with_a_warning_at_the_first_refusal(self) -> None:
        """Nothing is tried a hundred times that may not be done."""
        desk = Desk(refused={"DELETE": 403})
        desk.remove()

        assert 1 == len(desk.asked)
        assert [True] == ["needs AcrDelete" in one and "The app is live" in one for one in desk.ci.annotations]

    def test_spares_what_has_become_live(self) -> None:
        """Another run has deployed it since the plan was made."""
        desk = Desk(tags=["v1", "live-0123456789ab"])
        desk.remove()

        assert [] == desk.asked
        assert 3 == sum("stays: an app runs it by now" in line for line in desk.ci.lines)
