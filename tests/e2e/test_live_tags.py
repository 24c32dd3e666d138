"""Live tags, end to end: each names what an app, or a slot, runs, whatever happens to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.deployer import Deployer
from support.live_sites import site_of
from support.live_tags import live_digest

if TYPE_CHECKING:
    from azure_sandbox.sandbox import Sandbox

# The everyday run looks at the tag of an app in test_story.py.
pytestmark = pytest.mark.exhaustive

RAISES_IN_PRODUCTION = """\
    if os.environ.get("TORN"):
        raise ValueError("the weights are torn")
    global model
"""


@pytest.fixture(scope="module")
def deployer(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Deployer:
    """One app for the tests of this module, which go on from one another."""
    return Deployer(sandbox, tmp_path_factory.mktemp("tags"), "echo-tags")


def deploy(deployer: Deployer, weights: str, code: int = 0, **inputs: str) -> str:
    """One run with a model of its own; the digest of its image."""
    (deployer.folder / "model" / "weights.txt").write_text(weights)
    run = deployer.run(**inputs)
    assert run.code == code, run.log
    return run.outputs["digest"]


def true_tags(deployer: Deployer) -> bool:
    """Whether both tags name what app and slot run."""
    where = deployer.sandbox, deployer.group, deployer.app
    return all(
        site_of(*where, slot).config["linuxFxVersion"].endswith(f"@{live_digest(deployer, slot)}")
        for slot in ("", "staging")
    )


class TestSlots:
    """An app and its slot."""

    def test_each_has_its_own_and_a_swap_moves_both(self, deployer: Deployer) -> None:
        """The slot's names the new version until it is swapped; then the old one, which a way back needs."""
        first = deploy(deployer, "tags, first")
        second = deploy(deployer, "tags, second", slot_name="staging")
        apart = live_digest(deployer), live_digest(deployer, "staging")
        deploy(deployer, "tags, second", slot_name="staging", swap="true")

        assert (first, second) == apart
        assert (second, first) == (live_digest(deployer), live_digest(deployer, "staging"))
        assert true_tags(deployer)

    def test_a_version_that_is_not_live_moves_none(self, deployer: Deployer) -> None:
        """Neither in the app, which goes back, nor in the slot."""
        script = deployer.folder / "src" / "score.py"
        works, before = script.read_text(), (live_digest(deployer), live_digest(deployer, "staging"))
        script.write_text(works.replace("    global model\n", "    raise ValueError('torn')\n"))

        deploy(deployer, "tags, torn", code=8)
        deploy(deployer, "tags, torn", code=8, slot_name="staging")

        script.write_text(works)
        assert before == (live_digest(deployer), live_digest(deployer, "staging"))

    def test_a_swap_that_is_taken_back_leaves_them_true(self, deployer: Deployer) -> None:
        """The new version was verified in the slot, and is there again."""
        script, before = deployer.folder / "src" / "score.py", live_digest(deployer)
        works, site = script.read_text(), site_of(deployer.sandbox, deployer.group, deployer.app)
        site.settings = {**site.settings, "TORN": "yes"}
        site.sticky = {**site.sticky, "appSettingNames": [*(site.sticky["appSettingNames"] or ()), "TORN"]}
        script.write_text(works.replace("    global model\n", RAISES_IN_PRODUCTION))

        deploy(deployer, "tags, third", code=8, slot_name="staging", swap="true")

        script.write_text(works)
        assert before == live_digest(deployer)
        assert true_tags(deployer)
