"""Live tags: whose they are to move, and what becomes of a run where one cannot be moved."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from azure.core.exceptions import HttpResponseError

from functions_model.core.names import Names
from functions_model.core.references import Digest, ImageReference, live_tag
from functions_model.pipeline.live_tags import tag_moved, tag_verified
from functions_model.pipeline.registry_events import LiveTagMoved
from functions_model.pipeline.session import Session, World
from functions_model.registry.client import RegistryClient
from support.ci import RecordingCi
from support.registry_server import OCI_INDEX, RegistryServer, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_model.pipeline.events import Event
    from functions_model.pipeline.verifying import Delivered

APP = Names("3f1b2c4d-0000-4000-8000-000000000001", "Iris-RG", "Iris", "staging")
SITE = "/subscriptions/3f1b2c4d-0000-4000-8000-000000000001/resourcegroups/iris-rg/providers/microsoft.web/sites/iris"


@dataclass
class Ran:
    """What an app ran before."""

    image: str


@dataclass
class Host:
    """Says what an app runs by now; an error is raised."""

    runs: dict[str, str | HttpResponseError]
    slot: Ran | None = None

    def id_of(self, names: Names) -> str:
        app = names.id_of("Microsoft.Web/sites", names.app)
        return f"{app}/slots/{names.candidate}" if names.candidate else app

    def image_of(self, clients: Any, names: Names) -> str:
        runs = self.runs[names.candidate]
        if isinstance(runs, HttpResponseError):
            raise runs
        return runs

    def candidate_before(self, plan: Any) -> Ran | None:
        return self.slot


@dataclass
class Desk:
    """A run that was verified.

    Attributes:
        server: The registry; it has the two images.
        ci: What the run says.
        told: Its events.
    """

    server: RegistryServer
    ci: RecordingCi = field(default_factory=RecordingCi)
    told: list[Event] = field(default_factory=list)

    def image(self, number: int) -> ImageReference:
        content = b'{"manifests": [], "schemaVersion": %d}' % number
        digest = Digest(f"sha256:{hashlib.sha256(content).hexdigest()}")
        self.server.manifests["package", digest] = (OCI_INDEX, content)
        return ImageReference(self.server.host, "package", None, digest)

    def delivered(self, host: Host, before: str = "") -> Delivered:
        world = World(self.ci, Path(), self.told.append)
        session = Session(world, self.server.host)
        session._clients[self.server.host] = RegistryClient(self.server.host, sleep=lambda _: None)
        return cast("Delivered", _Delivered(host, session, self.image(2), before))

    def tagged(self, slot: str = "") -> str | None:
        """The digest that a tag means."""
        site = f"{SITE}/slots/{slot}" if slot else SITE
        tag = f"live-{hashlib.sha256(site.encode()).hexdigest()[:12]}"
        found = self.server.manifests.get(("package", tag))
        return found and f"sha256:{hashlib.sha256(found[1]).hexdigest()}"


class _Delivered:
    """As much of `Delivered` as is looked at."""

    def __init__(self, host: Host, session: Session, image: ImageReference, before: str) -> None:
        self.host, self.world, self.clients = host, session.world, None
        self.before = Ran(before) if before else None
        self.plan = self
        self.session, self.app, self.wanted = session, self, self
        self.reference, self.names = image, APP


@pytest.fixture
def desk() -> Iterator[Desk]:
    for server in serving():
        yield Desk(server)


class TestTheName:
    def test_follows_from_the_id_whatever_its_case(self) -> None:
        """Resource Manager tells one id in many cases."""
        known = f"live-{hashlib.sha256(SITE.encode()).hexdigest()[:12]}"

        assert [known, known] == [live_tag(SITE), live_tag(Host({}).id_of(APP.at()))]


class TestVerified:
    def test_the_apps_tag_names_what_it_runs(self, desk: Desk) -> None:
        """And the slot's is another one."""
        tag_verified(desk.delivered(Host({"": desk.image(2).pinned})))

        assert (desk.image(2).digest, None) == (desk.tagged(), desk.tagged("staging"))
        assert [desk.image(2).digest] == [one.image.digest for one in desk.told if isinstance(one, LiveTagMoved)]

    def test_a_run_that_was_overtaken_leaves_the_tag_to_the_other(self, desk: Desk) -> None:
        """Somebody else has deployed between the last look and now."""
        theirs = desk.image(3).pinned
        tag_verified(desk.delivered(Host({"": theirs})))

        assert None is desk.tagged()
        assert [True] == [f"runs `{theirs}` by now" in line for line in desk.ci.lines]
        assert ([], []) == (desk.told, desk.ci.annotations)

    def test_a_swap_moves_both(self, desk: Desk) -> None:
        """The slot runs what the app ran before."""
        before = desk.image(1).pinned
        tag_moved(desk.delivered(Host({"": desk.image(2).pinned, "staging": before}), before))

        assert (desk.image(2).digest, desk.image(1).digest) == (desk.tagged(), desk.tagged("staging"))

    def test_an_image_of_elsewhere_gets_no_tag(self, desk: Desk) -> None:
        """An adopted app ran one; nobody lets this run write there."""
        theirs = "mcr.microsoft.com/azure-functions/python:4"
        tag_moved(desk.delivered(Host({"": desk.image(2).pinned, "staging": theirs}), theirs))

        assert (desk.image(2).digest, None) == (desk.tagged(), desk.tagged("staging"))
        assert [True] == [f"runs `{theirs}`, which is not in" in line for line in desk.ci.lines]
        assert [] == desk.ci.annotations


class TestWhatFails:
    def test_a_tag_that_may_not_be_written_is_a_warning(self, desk: Desk) -> None:
        """The app is live: nothing ends."""
        desk.server.unwritable.add("package")
        tag_verified(desk.delivered(Host({"": desk.image(2).pinned})))

        assert None is desk.tagged()
        assert [True] == ["a run with `keep-images` may remove it" in one for one in desk.ci.annotations]

    def test_an_app_that_cannot_be_read_is_a_warning(self, desk: Desk) -> None:
        """Azure has an outage just now."""
        tag_verified(desk.delivered(Host({"": HttpResponseError("down")})))

        assert None is desk.tagged()
        assert [True] == ["Could not move the tag `live-" in one for one in desk.ci.annotations]
