"""Callers of an app that somebody else has made: whatever a run does, the keys that they hold open it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from functions_model.hosting.app_service.machine_key import MACHINE_KEY
from support.deployer import Deployer
from support.live_sites import callers_keys, restarted, site_of, statuses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from azure_sandbox.arm.web.site import Site
    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run

pytestmark = pytest.mark.exhaustive


class Adopted(Deployer):
    """An app as Terraform makes it, without a machine key: App Service gives its host a key to encrypt with."""

    def make(self) -> None:
        """Make it: what a first run of ours makes, less the machine key."""
        run = self.run()
        assert run.code == 0, run.log
        self.site.settings = {name: value for name, value in self.site.settings.items() if name != MACHINE_KEY}
        restarted(self.sandbox, self.group, self.app)

    @property
    def site(self) -> Site:
        return site_of(self.sandbox, self.group, self.app)

    def new_version(self, weights: str, **inputs: str) -> Run:
        """One run with another model."""
        (self.folder / "model" / "weights.txt").write_text(weights)
        return self.run(**inputs)

    def keys(self) -> dict[str, str]:
        return callers_keys(self.sandbox, self.group, self.app)

    def statuses(self, keys: dict[str, str]) -> dict[str, int]:
        return statuses(self.sandbox, self.group, self.app, keys)


@pytest.fixture(scope="module")
def app(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Adopted:
    adopted = Adopted(sandbox, tmp_path_factory.mktemp("callers"), "echo-callers")
    adopted.make()
    return adopted


class TestAnUpdate:
    def test_leaves_every_key_as_it_is(self, app: Adopted) -> None:
        """Master, host and function keys are the same, and each opens the new version."""
        keys = app.keys()

        run = app.new_version("second")

        assert run.code == 0, run.log
        assert keys == app.keys()
        assert {200} == set(app.statuses(keys).values())
        assert MACHINE_KEY not in app.site.settings


class TestAnAppWhoseKeysAzureCannotList:
    """Resource Manager can prove itself to the host with a machine key alone, and the app has none."""

    @pytest.fixture(autouse=True)
    def _unproven(self, sandbox: Sandbox) -> Iterator[None]:
        sandbox.arm.sites.proof_needs_machine_key = True
        yield
        sandbox.arm.sites.proof_needs_machine_key = False

    def test_is_verified_by_what_needs_no_key(self, app: Adopted) -> None:
        """The build answers; what was not looked at is said once, with the command that adds the key, and its price."""
        keys = app.keys()

        run = app.new_version("third")

        [warning] = [line for line in run.log.splitlines() if line.startswith("::warning")]
        assert run.code == 0, run.log
        assert keys == app.keys()
        assert "the host's state, its functions and their errors, whether `init()` runs, the sample request" in warning
        assert run.outputs["state"] == "unproven"
        assert f"--slot-settings {MACHINE_KEY}=" in warning
        assert "every caller needs a new key then" in warning
        assert "Not looked at" in run.summary

    def test_is_asked_to_score_when_anybody_may(self, app: Adopted) -> None:
        """A sample needs no key where the function asks for none."""
        run = app.new_version("fourth", auth_level="anonymous")

        [warning] = [line for line in run.log.splitlines() if line.startswith("::warning")]
        assert run.code == 0, run.log
        assert "fourth" in run.summary.partition("The sample request was answered")[2]
        assert "the sample request" not in warning


FURNITURE: dict[str, dict[str, Any]] = {
    "connection_strings": {"DB": {"value": "Server=production", "type": "Custom"}},
    "mounts": {
        "models": {
            "type": "AzureFiles",
            "accountName": "theirs",
            "shareName": "models",
            "accessKey": "k" * 40,
            "mountPath": "/models",
        }
    },
}
RAISES_IN_PRODUCTION = """\
    if os.environ.get("TORN"):
        raise ValueError("the weights are torn")
    global model
"""


@pytest.fixture(scope="module")
def furnished(app: Adopted) -> dict[str, str]:
    """The keys of its callers."""
    for name, value in FURNITURE.items():
        setattr(app.site, name, value)
    app.site.settings = {**app.site.settings, "TORN": ""}
    names = {"appSettingNames": [*(app.site.sticky["appSettingNames"] or ()), "TORN"]}
    app.site.sticky = {**app.site.sticky, **names}
    restarted(app.sandbox, app.group, app.app)
    return app.keys()


class TestASwapOfAFurnishedApp:
    """An app with a connection string, a mount and a slot that its owner has made, and callers with keys."""

    def now(self, app: Adopted) -> dict[str, dict[str, Any]]:
        return {name: getattr(app.site, name) for name in FURNITURE}

    def test_leaves_keys_and_furniture(self, furnished: dict[str, str], app: Adopted) -> None:
        """The script finds the connection string in slot and app, and every old key opens the new version."""
        script = app.folder / "src" / "score.py"
        script.write_text(
            script.read_text().replace("    global model\n", '    os.environ["CUSTOMCONNSTR_DB"]\n    global model\n')
        )

        run = app.new_version("furnished", slot_name="staging", swap="true")

        assert run.code == 0, run.log
        assert (furnished, FURNITURE) == (app.keys(), self.now(app))
        assert {200} == set(app.statuses(furnished).values())
        assert "Server=production" not in run.shown

    def test_that_is_taken_back_does_so_too(self, furnished: dict[str, str], app: Adopted) -> None:
        """A version that raises in the app alone: what ran before runs again, for the same keys."""
        script = app.folder / "src" / "score.py"
        works = script.read_text()
        app.site.settings = {**app.site.settings, "TORN": "yes"}
        script.write_text(works.replace("    global model\n", RAISES_IN_PRODUCTION))

        run = app.new_version("torn", slot_name="staging", swap="true", verify_timeout="60")

        script.write_text(works)
        assert run.code == 8, run.log
        assert "was swapped back" in " ".join(run.errors)
        assert (furnished, FURNITURE) == (app.keys(), self.now(app))
        assert {200} == set(app.statuses(furnished).values())


class TestASwap:
    def test_leaves_every_key_where_it_is(self, app: Adopted) -> None:
        """Neither the first swap, through a slot that is made for it, nor the second one."""
        keys = app.keys()
        for weights in ("fifth", "sixth"):
            run = app.new_version(weights, slot_name="staging", swap="true")

            assert run.code == 0, run.log
            assert keys == app.keys()
            assert {200} == set(app.statuses(keys).values())

        assert MACHINE_KEY not in app.site.settings
