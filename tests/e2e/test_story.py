"""The whole story against the sandbox: from a folder to an app that answers, again and again."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from support.deployer import Deployer
from support.desk import Desk
from support.golden import matches_golden, normal
from support.live_sites import scored, site_of
from support.live_tags import live_digest, tag_of

if TYPE_CHECKING:
    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run

GOLDEN = Path(__file__).parent / "golden"
REGION_NOTE = "`location` is `northeurope`, and the function app `echo-story`"


@pytest.fixture(scope="module")
def deployer(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Deployer:
    """One app for the tests of this module, which go on from one another. Its image is in no registry yet."""
    folder = tmp_path_factory.mktemp("echo")
    made = Deployer(sandbox, folder, "echo-story")
    (folder / "model" / "weights.txt").write_text("first of the story", encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def first(deployer: Deployer) -> Run:
    """The first deployment."""
    run = deployer.run()
    assert run.code == 0, run.log
    return run


class TestFirstDeployment:
    """A deployment into an empty subscription."""

    def test_every_output_is_set(self, first: Run, sandbox: Sandbox) -> None:
        """Image by digest under both names, tag, URLs, functions."""
        outputs = first.outputs

        assert outputs["image"] == f"{sandbox.endpoints.registry}/package@{outputs['digest']}"
        assert outputs["package-location"] == outputs["image"]
        assert outputs["image-tag"] == outputs["digest"].removeprefix("sha256:")[:12]
        assert outputs["scoring-url"] == f"{outputs['app-url']}/api/score"
        assert "score" in outputs["function-names"].split(",")
        assert outputs["changed"] == "true"

    def test_the_live_function_scores(self, first: Run, sandbox: Sandbox) -> None:
        """The answer in the summary is the live function's own."""
        assert '"model": "first of the story"' in first.summary
        assert '"got": {"x": 1}' in first.summary

    def test_the_start_is_told_with_its_memory(self, first: Run) -> None:
        """In the log and in the summary; the plan's size is known."""
        line = r"Started in T \(import T, `init\(\)` T\), first answer T, \d+ MiB of 3.5 GiB\.".replace(
            "T", r"[\d.]+ m?s"
        )

        assert re.search(line, first.log)
        assert re.search(line, first.summary)

    def test_the_plan_is_shown_before_anything_is_written(self, first: Run) -> None:
        """All of it, with the image's digest pending; then the digest, and nothing a second time."""
        log = first.log
        shown = log.index("+ function app echo-story  (it does not exist)")

        assert shown < log.index("::group::Build the image") < log.index("Created ")
        assert shown < log.index(first.outputs["digest"])
        assert 1 == log.count("+ storage account ")

    def test_resources_are_made_beside_the_image(self, first: Run, sandbox: Sandbox) -> None:
        """The first of them before the image has its tag, the app after it."""
        written = [f"{entry.method} {entry.path.partition('?')[0]}" for entry in sandbox.journal.writes()]

        def place(name: str) -> int:
            return next(at for at, request in enumerate(written) if name in request)

        tagged = place(f"PUT /v2/package/manifests/{first.outputs['image-tag']}")
        assert place("/resourcegroups/echo-story-group") < tagged
        assert tagged < place("/Microsoft.Web/sites/echo-story")

    def test_a_call_without_a_key_is_refused(self, first: Run, sandbox: Sandbox) -> None:
        """Auth level `function` is the default, and it holds."""
        answer = requests.post(
            first.outputs["scoring-url"], json={"x": 1}, verify=str(sandbox.endpoints.ca_bundle), timeout=30
        )

        assert answer.status_code == 401

    def test_somebody_at_a_console_calls_it_and_reads_its_log(self, first: Run, deployer: Deployer) -> None:
        """With its key, which nobody sees; tests/e2e/test_asking.py has every case."""
        names = {"app_name": deployer.app, "resource_group": deployer.group, "sample_request": "sample.json"}
        desk = Desk(deployer.sandbox, deployer.folder, **names)

        called, log = desk.type("call"), desk.type("logs")

        assert (0, 0) == (called.returncode, log.returncode), called.stderr + log.stderr
        assert {"model": "first of the story", "got": {"x": 1}} == json.loads(called.stdout)
        assert "the model is loaded" in log.stdout

    def test_the_log_is_grouped_and_timed(self, first: Run) -> None:
        """Each stage is a fold with its duration."""
        titles = [line.removeprefix("::group::") for line in first.log.splitlines() if line.startswith("::group::")]

        assert titles == [
            "Check",
            "Log in",
            "Prepare the image",
            "Plan",
            "Build the image and send its layers",
            "Complete the plan",
            "Finish the push and provision",
            "Verify",
        ]


class TestSecondRun:
    """Running again."""

    def test_nothing_changed_sends_no_blob_and_writes_nothing(
        self, first: Run, deployer: Deployer, sandbox: Sandbox
    ) -> None:
        """Idempotent to the last request."""
        sandbox.journal.clear()

        run = deployer.run()

        assert run.code == 0, run.log
        assert run.outputs["image"] == first.outputs["image"]
        assert (run.outputs["changed"], run.outputs["has-changes"]) == ("false", "false")
        assert sandbox.journal.writes() == []

    def test_a_plan_writes_nothing_and_shows_the_exact_digest(
        self, first: Run, deployer: Deployer, sandbox: Sandbox
    ) -> None:
        """`mode: plan` after a change of the model."""
        (deployer.folder / "model" / "weights.txt").write_text("second")
        sandbox.journal.clear()

        run = deployer.run(mode="plan", location="northeurope")

        assert run.code == 0, run.log
        assert [REGION_NOTE in text for text in (run.log, run.summary)] == [True, True]
        assert sandbox.journal.writes() == []
        assert run.outputs["changed"] == "false"
        assert run.outputs["digest"] != first.outputs["digest"]
        assert run.outputs["digest"] in run.log
        assert run.outputs["has-changes"] == "true"
        changes = [one for one in json.loads(run.outputs["plan"])["changes"] if one["action"] != "keep"]
        assert [(one["kind"], one["fields"]) for one in changes] == [
            (
                "function app",
                [{"name": "image", "before": first.outputs["image"], "after": run.outputs["image"]}],
            )
        ]

    def test_a_new_model_changes_the_image_and_nothing_else(
        self, first: Run, deployer: Deployer, sandbox: Sandbox
    ) -> None:
        """One layer, one config, one manifest; one setting of the app."""
        (deployer.folder / "model" / "weights.txt").write_text("second")
        sandbox.journal.clear()

        run = deployer.run()

        assert run.code == 0, run.log
        assert '"model": "second"' in run.summary
        assert run.outputs["image"] != first.outputs["image"]
        written = [entry for entry in sandbox.journal.writes() if entry.service == "arm"]
        changed = [entry for entry in written if not entry.path.partition("?")[0].endswith("/syncfunctiontriggers")]
        assert [(entry.method, entry.path.partition("?")[0].rpartition("/sites/")[2]) for entry in changed] == [
            ("PATCH", "echo-story/config/web")
        ]
        assert "| model |" in run.summary

    def test_the_live_tag_means_what_the_app_runs(self, first: Run, deployer: Deployer, sandbox: Sandbox) -> None:
        """Nobody who cleans the registry takes the image for one that nothing runs."""
        image = site_of(sandbox, deployer.group, deployer.app).config["linuxFxVersion"]

        assert f"@{live_digest(deployer)}" in image
        assert f"The tag `{tag_of(deployer)}` keeps the image that the function app `echo-story` runs." in first.log


class TestUndo:
    """A new version that does not come alive."""

    def test_the_old_version_is_put_back_and_answers(self, first: Run, deployer: Deployer, sandbox: Sandbox) -> None:
        """The run fails, tells both stories, and the app scores as it did before, at the address that it had."""
        script, where = deployer.folder / "src" / "score.py", (sandbox, deployer.group, deployer.app)
        works, before, image = script.read_text(), scored(*where, {"x": 2}), site_of(*where).config["linuxFxVersion"]
        script.write_text(works.replace("    global model\n", "    raise ValueError('the weights are torn')\n"))

        run = deployer.run(app_settings="GREETING=a-secret-word", route_prefix="models/v2")

        script.write_text(works)
        site = site_of(*where)
        assert run.code == 8, run.log
        assert matches_golden(GOLDEN / "undone.txt", normal("\n".join(run.errors), {})), run.log
        assert "It is live again after" in run.summary
        assert (site.config["linuxFxVersion"], "GREETING" in site.settings) == (image, False)
        assert f"@{live_digest(deployer)}" in image
        assert scored(*where, {"x": 2}) == before


@pytest.mark.exhaustive
class TestSlot:
    """A version that is tried out beside the app first."""

    def test_takes_the_apps_place_once_it_is_verified(self, first: Run, deployer: Deployer, sandbox: Sandbox) -> None:
        """The app scores with the new model at its own URL, and the slot keeps the old one."""
        (deployer.folder / "model" / "weights.txt").write_text("third")

        run = deployer.run(slot_name="staging", swap="true")

        where = (sandbox, deployer.group, deployer.app)
        assert run.code == 0, run.log
        assert (scored(*where, 1)["model"], scored(*where, 1, "staging")["model"]) == ("third", "second")
        assert run.outputs["app-url"] == first.outputs["app-url"]


class TestPackage:
    """`mode: package`."""

    def test_pushes_the_image_and_touches_nothing_else(self, deployer: Deployer, sandbox: Sandbox) -> None:
        """No resource is read or written."""
        sandbox.journal.clear()

        run = deployer.run(mode="package", image_name="only-package", image_tag="v1")

        assert run.code == 0, run.log
        assert run.outputs["image-tag"] == "v1"
        assert "/only-package@sha256:" in run.outputs["image"]
        assert [entry for entry in sandbox.journal.entries("arm") if "/subscriptions/" in entry.path] == []

    def test_a_tag_of_the_users_own_that_moves_is_announced(self, deployer: Deployer, sandbox: Sandbox) -> None:
        """The log says what the tag meant before."""
        weights = deployer.folder / "model" / "weights.txt"
        before = deployer.run(mode="package", image_name="moving", image_tag="live").outputs["digest"]
        content = weights.read_text()
        weights.write_text("moved")

        run = deployer.run(mode="package", image_name="moving", image_tag="live")

        weights.write_text(content)
        assert run.code == 0, run.log
        assert f"The tag `live` moves from {before.removeprefix('sha256:')[:12]} to this image" in run.log

    def test_a_client_secret_logs_in_too(self, deployer: Deployer, sandbox: Sandbox) -> None:
        """For those without OIDC; the same image, so nothing is sent."""
        identity = {name: "" for name in deployer.environ if name.startswith("ACTIONS_")}
        without = Deployer(sandbox, deployer.folder, deployer.app)
        without.environ |= identity

        run = without.run(
            mode="package", image_name="with-secret", client_secret=sandbox.endpoints.client_secret, audience=""
        )

        assert run.code == 0, run.log
        assert sandbox.endpoints.client_secret not in run.shown


class TestSameDigest:
    """One digest for the same inputs."""

    def test_folder_order_time_and_umask_do_not_matter(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """Two checkouts that differ in all of these give the same image."""
        first, second = Deployer(sandbox, tmp_path / "a", "same"), Deployer(sandbox, tmp_path / "b" / "deeper", "same")
        for number, name in enumerate(("one", "two", "three")):
            (first.folder / "model" / name).write_text(name)
            (second.folder / "model" / ("three", "two", "one")[number]).write_text(("three", "two", "one")[number])
        for file in second.folder.rglob("*"):
            os.utime(file, (1, 1))
            file.chmod(0o700 if file.is_dir() else 0o600)
        before = os.umask(0o077)
        try:
            digest = second.run(mode="package", image_name="same").outputs["digest"]
        finally:
            os.umask(before)

        assert first.run(mode="package", image_name="same").outputs["digest"] == digest
