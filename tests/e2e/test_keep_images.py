"""`keep-images`, end to end: old images go, and no app ever loses the one that it runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support.deployer import Deployer
from support.live_sites import restarted, scored, site_of
from support.live_tags import age, live_digest, tag_of
from support.registry_sandbox import signed_in_reader

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run

KEEP = 2


class House:
    """Apps whose images are in one repository.

    Args:
        sandbox: Where they are.
        folder: For their workspaces.
        repository: The name, which no other test uses.
    """

    def __init__(self, sandbox: Sandbox, folder: Path, repository: str) -> None:
        self.sandbox, self._folder, self.repository = sandbox, folder, repository

    def app(self, name: str) -> Deployer:
        return Deployer(self.sandbox, self._folder / name, f"{self.repository}-{name}")

    def run(self, deployer: Deployer, weights: str, **inputs: str) -> Run:
        """One run with a model of its own, which must succeed. What is in the repository before it is two days old."""
        age(self.sandbox, self.repository, days=2)
        (deployer.folder / "model" / "weights.txt").write_text(f"{self.repository}, {weights}")
        run = deployer.run(image_name=self.repository, **inputs)
        assert run.code == 0, run.log
        return run

    def images(self) -> set[str]:
        """Digests of all that has a tag, the record of the layers left out."""
        reader = signed_in_reader(self.sandbox)
        tags = set(reader.tags(self.repository)) - {"functions-model-cache"}
        return {digest for tag in tags if (digest := reader.digest(self.repository, tag))}


def removed(run: Run) -> list[str]:
    """Digests of the images that the plan would remove; records of their layers are no images."""
    old = [one for one in json.loads(run.outputs["plan"])["changes"] if one["kind"] == "old image"]
    assert {"delete"} == {one["action"] for one in old}
    return [one["name"].rpartition("@")[2] for one in old if "record" not in one["reason"]]


class TestOldImages:
    @pytest.mark.exhaustive
    def test_are_shown_in_the_plan_and_go_once_the_app_is_live(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """A plan removes nothing; the deployment removes just these, and says so."""
        house = House(sandbox, tmp_path, "tidy")
        app = house.app("app")
        old = [house.run(app, weights, mode="package").outputs["digest"] for weights in ("one", "two")]

        planned = house.run(app, "three", mode="plan", keep_images="1")
        before = house.images()
        run = house.run(app, "three", keep_images="1")

        assert [old, old] == [removed(planned), removed(run)]
        assert f"- old image tidy@{old[0]}" in planned.log
        assert set(old) == before
        assert {run.outputs["digest"]} == house.images()
        assert run.log.index("Live after") < run.log.index(f"Removed the old image `tidy@{old[0]}`")
        assert f"tidy@{old[0]}" in run.summary


@pytest.mark.exhaustive
class TestOthers:
    def test_production_which_never_set_it_still_pulls(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """Its live tag keeps its image, however many versions staging has deployed since; the bills go with theirs."""
        house = House(sandbox, tmp_path, "shared")
        staging, production = house.app("staging"), house.app("production")
        first = house.run(production, "first").outputs["digest"]
        versions = [
            house.run(staging, f"version {number}", keep_images=str(KEEP)).outputs["digest"]
            for number in range(KEEP + 2)
        ]
        where = sandbox, production.group, production.app
        restarted(*where)

        assert f"@{first}" in site_of(*where).config["linuxFxVersion"]
        assert "shared, first" == scored(*where, 1)["model"]
        assert {first, *versions[-KEEP:]} == house.images()

    def test_a_slot_keeps_what_a_way_back_needs(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """After a swap the slot has the version before, whatever is the newest."""
        house = House(sandbox, tmp_path, "swapped")
        app = house.app("app")
        digests = [
            house.run(app, f"version {number}", keep_images="1", slot_name="staging", swap="true").outputs["digest"]
            for number in range(4)
        ]

        assert set(digests[-2:]) <= house.images()
        assert digests[0] not in house.images()
        assert (digests[3], digests[2]) == (
            live_digest(app, repository="swapped"),
            live_digest(app, "staging", repository="swapped"),
        )

    def test_another_repository_takes_the_tag_along(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """In the old one it would keep an image for ever."""
        house = House(sandbox, tmp_path, "moved-from")
        app = house.app("app")
        house.run(app, "first")
        run = app.run(image_name="moved-to")

        assert run.code == 0, run.log
        assert (None, run.outputs["digest"]) == (
            live_digest(app, repository="moved-from"),
            live_digest(app, repository="moved-to"),
        )
        assert f"moved-from:{tag_of(app)}" in run.log
