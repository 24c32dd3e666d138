"""Built once, deployed many times: an image of one stage goes by its digest to the next, and back to the one before."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
import requests

from azure_sandbox.arm.authorization.definitions import OWNER, READER, USER_ACCESS_ADMINISTRATOR
from azure_sandbox.arm.ids import ResourceId
from azure_sandbox.endpoints import LOCATION
from azure_sandbox.sandbox import REGISTRY, SHARED_GROUP
from functions_model.core.report_names import MARKER
from support.az import new_az
from support.containers import build, engine
from support.deployer import Deployer
from support.documented_roles import NewRegistry, new_registry, robot_login, roles_in
from support.inspecting import NOBODY, refresh_token
from support.project import ECHO_SCRIPT
from support.promoting import Stage

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run

pytestmark = pytest.mark.exhaustive

ANSWER = re.compile(r'"model": "(\w+)"')
DATA_ROLES = {
    "account": ("Storage Blob Data Contributor",),
    "namespace": ("Azure Service Bus Data Sender", "Azure Service Bus Data Receiver"),
}
IMPORTER = "Container Registry Data Importer and Data Reader"


@pytest.fixture(scope="module")
def staging(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Deployer:
    """What builds, in the sandbox's first subscription."""
    return Deployer(sandbox, tmp_path_factory.mktemp("staging"), "promoted")


@pytest.fixture(scope="module")
def packaged(staging: Deployer) -> Run:
    """An image in the registry of staging, with a route prefix of its own."""
    run = staging.run(mode="package", image_name="promoted/echo", route_prefix="models/echo")
    assert run.code == 0, run.log
    return run


@pytest.fixture(scope="module")
def production(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Another subscription, with a registry of its own."""
    return Stage(sandbox, tmp_path_factory.mktemp("production"), "production")


@pytest.fixture(scope="module")
def stage(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """Another one, for versions that follow one another."""
    return Stage(sandbox, tmp_path_factory.mktemp("stage"), "versions")


class TestPromotion:
    """From staging to production."""

    def test_production_runs_the_same_bytes(self, sandbox: Sandbox, packaged: Run, production: Stage) -> None:
        """The registry of production imports them: nothing is built, no layer is sent, and the app answers."""
        sandbox.journal.clear()
        run = production.run(packaged.outputs["image"], report_directory="out")
        sent = [entry for entry in sandbox.journal.writes() if "/blobs/" in entry.path]
        asked = sandbox.journal.entries("base-registry")

        assert run.code == 0, run.log
        assert ([], []) == (sent, asked)
        assert packaged.outputs["digest"] == run.outputs["digest"]
        assert f"{production.registry}/promoted/echo@{run.outputs['digest']}" == run.outputs["image"]
        assert ("live", "true") == (run.outputs["state"], run.outputs["changed"])
        assert run.outputs["scoring-url"].endswith("/models/echo/score")
        assert "Nothing was built." in run.summary
        left = {path.name: path.read_text() for path in (production.folder / "out").iterdir()}
        assert {"plan.json", "plan.md", "image.txt", "log.txt", MARKER} == set(left)
        assert f"{run.outputs['image']}\n" == left["image.txt"]
        subscriptions = {production.subscription, sandbox.endpoints.subscription_id}
        assert [] == [name for name, text in left.items() for one in subscriptions if one in text]


class TestVersions:
    """One app of production, from version to version."""

    def test_there_and_back(self, sandbox: Sandbox, staging: Deployer, stage: Stage) -> None:
        """Two versions that staging has verified, then the first one again, which is there: nothing is imported."""
        first = staging.run(image_name="promoted/versions")
        (staging.folder / "model" / "weights.txt").write_text("second")
        second = staging.run(image_name="promoted/versions")
        one, two = (stage.run(run.outputs["image"]) for run in (first, second))
        sandbox.journal.clear()
        back = stage.run(first.outputs["image"])
        imports = [entry.path for entry in sandbox.journal.writes() if "importImage" in entry.path]
        again = stage.run(first.outputs["image"])

        assert [0, 0, 0, 0, 0, 0] == [run.code for run in (first, second, one, two, back, again)], back.log
        assert [run.outputs["digest"] for run in (first, second, first, first)] == [
            run.outputs["digest"] for run in (one, two, back, again)
        ]
        assert [] == imports
        assert ["first", "second", "first"] == [ANSWER.findall(run.summary)[0] for run in (one, two, back)]
        assert ["true", "true", "true", "false"] == [run.outputs["changed"] for run in (one, two, back, again)]
        assert one.outputs["digest"] != two.outputs["digest"]

    def test_by_another_name(self, sandbox: Sandbox, packaged: Run, stage: Stage) -> None:
        """The same registry imports it from itself, into the repository that was asked for."""
        here = stage.run(packaged.outputs["image"])
        run = stage.run(here.outputs["image"], image_name="live/echo")

        assert [0, 0] == [here.code, run.code], run.log
        assert f"{stage.registry}/live/echo@{packaged.outputs['digest']}" == run.outputs["image"]

    def test_by_a_slot(self, staging: Deployer, stage: Stage) -> None:
        """The slot is verified with the image, and swapped; the app that runs it already needs neither."""
        (staging.folder / "model" / "weights.txt").write_text("third")
        third = staging.run(mode="package", image_name="promoted/versions")
        swapped = stage.run(third.outputs["image"], slot_name="green", swap="true")
        again = stage.run(third.outputs["image"], slot_name="green", swap="true")

        assert [0, 0] == [swapped.code, again.code], swapped.log
        assert "Moved" in swapped.log
        assert ["true", "false"] == [run.outputs["changed"] for run in (swapped, again)]

    def test_one_that_does_not_come_alive_gives_way_to_the_one_before(
        self, staging: Deployer, packaged: Run, stage: Stage
    ) -> None:
        """As ever: what ran before is put back, and both stories are told."""
        before = stage.run(packaged.outputs["image"])
        (staging.folder / "src" / "score.py").write_text(
            "def init():\n    raise ValueError('torn')\n\n\ndef run(x):\n    return x\n"
        )
        torn = staging.run(mode="package", image_name="promoted/torn")
        (staging.folder / "src" / "score.py").write_text(ECHO_SCRIPT)
        run = stage.run(torn.outputs["image"], verify_timeout="30")

        assert [0, 8] == [before.code, run.code], run.log
        assert "Roll back to the previous version" in run.summary
        assert "It is live again" in run.log


class TestPlan:
    """`mode: plan`."""

    def test_says_that_it_would_import_and_imports_nothing(
        self, sandbox: Sandbox, packaged: Run, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        """The plan is that of the image; its digest is known."""
        another = Stage(sandbox, tmp_path_factory.mktemp("planned"), "planned")
        sandbox.journal.clear()
        run = another.run(packaged.outputs["image"], mode="plan")
        plan = json.loads(run.outputs["plan"])
        imports = [change for change in plan["changes"] if change["kind"] == "image import"]

        assert run.code == 0, run.log
        assert [] == sandbox.journal.writes()
        assert f"image import {another.registry}/promoted/echo@{packaged.outputs['digest']}" in run.log
        assert [("create", run.outputs["image"])] == [(change["action"], change["name"]) for change in imports]
        assert ("true", "false") == (run.outputs["has-changes"], run.outputs["changed"])
        assert "image-tag" not in run.outputs


class TestTriggers:
    """Triggers come from the label, what they work on from the stage."""

    @pytest.mark.parametrize(
        ("given", "place"),
        [
            (
                {"trigger": "blob", "input_path": "in-coming/{name}.json", "output_path": "answers/{name}.json"},
                "account",
            ),
            ({"trigger": "service-bus-queue", "input_queue_name": "in", "output_queue_name": "out"}, "namespace"),
        ],
        ids=["blob", "queue"],
    )
    def test_are_proven_in_production(
        self, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory, given: dict[str, str], place: str
    ) -> None:
        """With containers or queues of its own, made there, and a probe through them."""
        builder = Deployer(sandbox, tmp_path_factory.mktemp("builder"), "events")
        built = builder.run(mode="package", image_name=f"promoted/{place}", sample_request="", **given)
        stage = Stage(sandbox, tmp_path_factory.mktemp("stage"), f"live{place}")
        stage.grant(*DATA_ROLES[place])
        run = stage.run(built.outputs["image"], verify_trigger="send")

        assert [0, 0] == [built.code, run.code], built.log + run.log
        assert "proven" == run.outputs["trigger-state"]
        assert "check" in run.outputs["function-names"]


@pytest.mark.needs("az")
def test_a_tag_is_refused_with_a_command_that_shows_its_digest(
    sandbox: Sandbox, tmp_path: Path, packaged: Run, stage: Stage
) -> None:
    """The real `az` runs it: what it answers makes an image that is taken."""
    az = new_az(tmp_path, sandbox.endpoints)
    az.sign_in(sandbox.endpoints, "-p", sandbox.endpoints.client_secret)
    name = f"promoted/echo:{packaged.outputs['image-tag']}"
    digest = az.json("acr", "repository", "show", "--name", REGISTRY, "--image", name, "--query", "digest")

    assert packaged.outputs["digest"] == digest


class TestRefusals:
    """What cannot be deployed, and who may not."""

    def test_an_image_of_another_make(self, sandbox: Sandbox, packaged: Run, stage: Stage) -> None:
        """The base image, as the registry of staging keeps it: exit 2, before anything is looked at or written."""
        base = packaged.outputs["base-image"].rpartition("@")[2]
        sandbox.journal.clear()
        run = stage.run(f"{sandbox.endpoints.registry}/functions-model/cache@{base}")

        assert (2, []) == (run.code, sandbox.journal.writes())
        assert "it has no label `functions-model.deployment`" in run.log

    def test_an_image_that_is_nowhere(self, sandbox: Sandbox, stage: Stage) -> None:
        """In the app's own registry, and in another one."""
        own, other = (
            stage.run(f"{host}/promoted/echo@sha256:{'ab' * 32}")
            for host in (stage.registry, sandbox.endpoints.registry)
        )

        assert [2, 5] == [own.code, other.code], own.log + other.log
        assert f"`{stage.registry}` has no image `sha256:{'ab' * 32}` in the repository `promoted/echo`" in own.log
        assert "Check the name and the tag" in other.log

    def test_all_inputs_that_it_decides_at_once(self, packaged: Run, stage: Stage) -> None:
        """Those of GitHub's defaults are none of them."""
        run = stage.run(packaged.outputs["image"], model_path="model", trigger="http", builder="docker", location="")

        assert 2 == run.code
        assert ["location", "model-path", "trigger", "builder"] == [
            name for name in ("location", "model-path", "trigger", "builder") if f"{name}: " in run.log
        ]

    def test_a_registry_that_the_login_does_not_see(
        self, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory, stage: Stage
    ) -> None:
        """The role that it needs is named: Reader, as AcrPull alone shows no registry."""
        hidden = Stage(sandbox, tmp_path_factory.mktemp("hidden"), "hidden", role=None)
        run = stage.run(f"{hidden.registry}/promoted/echo@sha256:{'ab' * 32}")

        assert 6 == run.code, run.log
        assert "--role Reader" in run.log

    def test_a_login_that_may_not_import(
        self, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory, packaged: Run
    ) -> None:
        """The plan names the role before anything is written; with it, and Reader on the source, it works."""
        stage = Stage(sandbox, tmp_path_factory.mktemp("least"), "least")
        login = robot_login(sandbox, "promoter")
        apps = f"/subscriptions/{stage.subscription}/resourceGroups/least-apps"
        sandbox.arm.subscriptions.get(stage.subscription).groups.put("least-apps", LOCATION, {})
        kind = ("Microsoft.ContainerRegistry", ("registries",), (REGISTRY,))
        source = str(ResourceId(sandbox.subscription_id, SHARED_GROUP, *kind))
        own = stage.registry_id
        for role, scope in ((OWNER, apps), (USER_ACCESS_ADMINISTRATOR, own), (READER, own), (READER, source)):
            sandbox.roles.grant(login.object_id, role, scope)
        given = {"resource_group": "least-apps", **login.inputs}
        refused = stage.run(packaged.outputs["image"], **given)
        needed = roles_in("docs/how-to/promote.md", "What the login needs")
        login.grant(needed, {"the app's registry": own, "the registry that the image comes from": source})
        done = stage.run(packaged.outputs["image"], **given)

        assert [6, 0] == [refused.code, done.code], refused.log + done.log
        assert f'--role "{IMPORTER}" --scope {own}' in refused.log


class TestWithAPassword:
    """A registry of which the login knows nothing: another tenant's, or another provider's."""

    def test_is_read_and_imported_from_with_it(
        self, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory, staging: Deployer
    ) -> None:
        """The password goes to that registry and to the import, and is seen nowhere."""
        theirs = new_registry(sandbox, "theirs", "theirregistry", adminUserEnabled=True)
        built = staging.run(mode="package", registry=theirs.login_server, image_name="vendor/model")
        stage = Stage(sandbox, tmp_path_factory.mktemp("buyer"), "buyer")
        login = robot_login(sandbox, "buyer")
        sandbox.roles.grant(login.object_id, OWNER, f"/subscriptions/{stage.subscription}")
        without = stage.run(built.outputs["image"], mode="plan", **login.inputs)
        given = {**login.inputs, "image_username": "theirregistry"}
        wrong = stage.run(built.outputs["image"], mode="plan", image_password="another-password", **given)
        right = password_of(sandbox, theirs)
        run = stage.run(built.outputs["image"], image_password=right, **given)

        assert [6, 5, 0] == [one.code for one in (without, wrong, run)], run.log
        assert "`image-username` and `image-password`" in without.log
        assert built.outputs["digest"] == run.outputs["digest"]
        assert right in run.masked
        assert [] == [one for one in (run, wrong) if right in one.shown or "another-password" in one.shown]


@pytest.mark.needs("docker", "mmdebstrap")
class TestOtherBuilders:
    """What a container engine has built of a folder that builder `dockerfile` wrote."""

    def test_a_context_that_docker_built(self, sandbox: Sandbox, staging: Deployer, stage: Stage) -> None:
        """Its label is written into the Dockerfile, so that the image is deployed like any other."""
        written = staging.run(mode="package", builder="dockerfile", build_context="context")
        name, password = f"{sandbox.endpoints.registry}/promoted/by-docker", refresh_token(sandbox)
        with engine() as api:
            image = build(api, staging.folder / "context")
            api.tag(image, name, "1")
            answers = api.push(
                name, "1", auth_config={"username": NOBODY, "password": password}, stream=True, decode=True
            )
            digest = next(answer["aux"]["Digest"] for answer in answers if "aux" in answer)
            api.remove_image(image, force=True)
        run = stage.run(f"{name}@{digest}")

        assert [0, 0] == [written.code, run.code], written.log + run.log
        assert (digest, "live") == (run.outputs["digest"], run.outputs["state"])


def password_of(sandbox: Sandbox, registry: NewRegistry) -> str:
    """The password of its admin user, as Resource Manager tells it to an owner."""
    ends = sandbox.endpoints
    token = sandbox.directory.issue_token(ends.client_id, ends.resource_manager)
    answer = requests.post(
        f"{ends.resource_manager}{registry.id}/listCredentials?api-version=2025-11-01",
        headers={"Authorization": f"Bearer {token}"},
        verify=str(ends.ca_bundle),
        timeout=30,
    )
    answer.raise_for_status()
    return str(answer.json()["passwords"][0]["value"])
