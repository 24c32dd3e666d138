"""Each workflow of `examples/workflows`, as it is, by the events that start it: under `act`, against the sandbox.

What `act` does not have: environments with their own variables, approvals, groups of `concurrency`.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from azure_sandbox.arm.authorization.definitions import OWNER
from azure_sandbox.registry.content import ContentStore
from support.engine import ensure_images
from support.live_sites import site_id
from support.workflow_examples import REPOSITORY, Checkout

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

pytestmark = [pytest.mark.needs("docker", "act", "mmdebstrap"), pytest.mark.exhaustive]

PULL_REQUEST = {"number": 7, "head": {"repo": {"full_name": REPOSITORY}}, "user": {"login": "octocat"}}
DONE = "success"


@pytest.fixture
def copied(sandbox: Sandbox, tmp_path: Path) -> Callable[..., Checkout]:
    """A repository with one of the workflows, and a model."""
    ensure_images()

    def copy(workflow: str, *, variables: dict[str, str] | None = None) -> Checkout:
        return Checkout(sandbox, tmp_path, workflow, f"wf-{workflow}", variables or {})

    return copy


def pull_request(action: str, **more: Any) -> dict[str, Any]:
    return {"action": action, "number": 7, "pull_request": {**PULL_REQUEST, **more}}


def resources(sandbox: Sandbox, group: str) -> set[str]:
    """Their names, by whatever kind."""
    return {one.id.name for one in sandbox.arm.store.list() if one.id.group == group}


def test_plan_and_deploy(copied: Callable[..., Checkout], sandbox: Sandbox) -> None:
    """The plan is one comment, which is rewritten; nothing is written before the merge."""
    variables = {"AZURE_PLAN_CLIENT_ID": sandbox.endpoints.client_id}
    team = copied("plan-and-deploy", variables=variables)
    team.write_model()
    proposed = team.run("pull_request", **pull_request("opened"))
    [first] = team.comments()
    before = resources(sandbox, team.app)
    merged = team.run("push")
    again = team.run("pull_request", **pull_request("synchronize"))
    [second] = team.comments()

    assert ([("plan", DONE)], set()) == (proposed.outcomes, before), proposed.log
    assert first.startswith("<!-- functions-model plan -->\n### Plan\n")
    assert f"function app {team.app}" in first
    assert [("deploy", DONE)] == merged.outcomes, merged.log
    assert "first" == team.answers()
    assert [("plan", DONE)] == again.outcomes, again.log
    assert "No changes" in second
    assert [{"name": "plan", "path": "report"}] * 2 == [one["given"] for one in team.said("actions")]


def test_preview(copied: Callable[..., Checkout], sandbox: Sandbox) -> None:
    """An app for the pull request, on the previews' plan; all of it goes when the pull request is closed."""
    team = copied("preview", variables={"AZURE_PREVIEW_CLIENT_ID": sandbox.endpoints.client_id})
    team.write_model()
    group, app = f"{team.app}-previews", f"{team.app}-pr-7"
    opened = team.run("pull_request", **pull_request("opened"))
    answer, made = team.answers(app, group=group), resources(sandbox, group)
    closed = team.run("pull_request", **pull_request("closed", merged=True))

    assert ([("deploy", DONE)], "first") == (opened.outcomes, answer), opened.log
    assert {app, f"{team.app}-previews"} <= made
    url = opened.job("deploy").outputs("deploy")["scoring-url"]
    assert [
        f"<!-- functions-model preview -->\nThe preview of this pull request answers at <{url}>.\n"
    ] == team.comments()
    assert ([("remove", DONE)], set()) == (closed.outcomes, resources(sandbox, group)), closed.log


def test_of_a_fork(copied: Callable[..., Checkout]) -> None:
    """No job begins that would ask for a token which it cannot get."""
    team = copied("preview")
    team.write_model()
    run = team.run("pull_request", **pull_request("opened", head={"repo": {"full_name": "somebody/models"}}))

    assert (0, []) == (run.code, run.outcomes), run.log


def test_promote(copied: Callable[..., Checkout], sandbox: Sandbox) -> None:
    """Production runs the image of staging."""
    team = copied("promote")
    team.write_model()
    run = team.run("push")
    staging, production = (run.job(name).outputs("deploy") for name in ("staging", "production"))

    assert [("production", DONE), ("staging", DONE)] == run.outcomes, run.log
    assert staging["image"] == production["image"]
    assert ["first", "first"] == [team.answers(), team.answers(f"{team.app}-staging", group=f"{team.app}-staging")]
    assert "lock" not in production


def test_swap(copied: Callable[..., Checkout], sandbox: Sandbox) -> None:
    """The slot has the new version, and after the swap the app has it."""
    team = copied("swap")
    team.write_model()
    assert 0 == team.deploy().code
    team.write_model(weights="second")
    run = team.run("push")

    assert [("slot", DONE), ("swap", DONE)] == run.outcomes, run.log
    assert ["second", "first"] == [team.answers(), team.answers(slot="next")]
    assert "true" == run.job("swap").outputs("swap")["changed"]


def test_matrix(copied: Callable[..., Checkout], sandbox: Sandbox) -> None:
    """Both legs make the plan that they share, at the same time."""
    team = copied("matrix")
    for model in ("churn", "fraud"):
        team.write_model(f"models/{model}", weights=model)
    run = team.run("push")
    apps = {model: f"{team.app}-{model}" for model in ("churn", "fraud")}

    assert [("deploy", DONE), ("deploy", DONE)] == run.outcomes, run.log
    assert apps.keys() == {team.answers(app) for app in apps.values()}
    plans = [one.id.name for one in sandbox.arm.store.list(resource_type="Microsoft.Web/serverfarms")]
    assert 1 == plans.count(f"{team.app}-plan")
    assert not {f"{app}-plan" for app in apps.values()} & set(plans)


def test_retrain(copied: Callable[..., Checkout], sandbox: Sandbox) -> None:
    """The job of Azure ML, its model registered, and the latest version of it live."""
    team = copied(
        "retrain",
        variables={
            "MODEL_NAME": "wf-retrained",
            "WORKSPACE": sandbox.endpoints.workspace,
            "WORKSPACE_RESOURCE_GROUP": sandbox.endpoints.workspace_group,
        },
    )
    team.write_model()
    for weights in (b"old", b"new"):
        sandbox.register_model("wf-retrained", {"weights.txt": weights})
    run = team.run("schedule")

    assert [("deploy", DONE), ("train", DONE)] == run.outcomes, run.log
    assert "new" == team.answers()
    made, registered = team.said("az")[2], team.said("az")[-1]
    assert ["ml", "job", "create", "--file", "train.yml"] == made[:5]
    assert ["--path", "azureml://jobs/kind_hill_1/outputs/model"] == registered[-2:]
    assert "https://ml.azure.com/runs/kind_hill_1" == run.job("train").outputs("train")["studio"]


def test_call_reusable(copied: Callable[..., Checkout], sandbox: Sandbox) -> None:
    """The company's workflow, called from another repository."""
    team = copied("call-reusable")
    team.write_model()
    run = team.run("push")

    assert 0 == run.code, run.log
    assert "first" == team.answers()
    assert "workflows" == sandbox.arm.store.get(site_id(sandbox, team.app, team.app)).tags["deployed-by"]


def test_monorepo(copied: Callable[..., Checkout]) -> None:
    """Only the model that the push has changed."""
    team = copied("monorepo")
    for model in ("churn", "fraud"):
        team.write_model(f"models/{model}", **{"app-name": f"{team.app}-{model}"})
    before = team.commit()
    team.write_model("models/fraud", weights="second", **{"app-name": f"{team.app}-fraud"})
    run = team.run("push", before=before)

    assert [("deploy", DONE), ("find", DONE)] == run.outcomes, run.log
    assert "second" == team.answers(f"{team.app}-fraud")


def test_private_runner(copied: Callable[..., Checkout], sandbox: Sandbox) -> None:
    """On this machine itself, as the identity of the machine."""
    machine = sandbox.directory.add_managed_identity("wf-runner", "/identities/wf-runner")
    sandbox.roles.grant(machine.object_id, OWNER, f"/subscriptions/{sandbox.subscription_id}")
    sandbox.imds.assigned = (machine,)
    team = copied("private-runner", variables={"AZURE_CLIENT_ID": machine.client_id})
    team.write_model()
    run = team.run("push")
    sandbox.imds.assigned = ()

    assert [("deploy", DONE)] == run.outcomes, run.log
    assert f"as {machine.client_id} by this machine's managed identity." in run.log
    assert "first" == team.answers()


def test_attest(copied: Callable[..., Checkout]) -> None:
    """The image is attested twice, verified, and deployed."""
    team = copied("attest")
    team.write_model()
    run = team.run("push")
    image = run.job("build").outputs("package")["image"]
    attested = [one["given"] for one in team.said("actions") if one["action"] == "actions/attest"]

    assert [("build", DONE), ("deploy", DONE)] == run.outcomes, run.log
    assert [None, "report/sbom.json"] == [one.get("sbom-path") for one in attested]
    assert {image} == {f"{one['subject-name']}@{one['subject-digest']}" for one in attested}
    assert ["attestation", "verify", f"oci://{image}"] == team.said("gh")[0][:3]
    assert image == run.job("deploy").outputs("deploy")["image"]


def test_roll_back(copied: Callable[..., Checkout]) -> None:
    """To the first image, though the repository has the second version."""
    team = copied("roll-back")
    team.write_model()
    first = team.deploy()
    team.write_model(weights="second")
    second = team.deploy()
    run = team.run("workflow_dispatch", inputs={"image": first.outputs["image"]})

    assert (0, 0) == (first.code, second.code)
    assert [("deploy", DONE)] == run.outcomes, run.log
    assert "first" == team.answers()


def test_refresh_base(copied: Callable[..., Checkout], sandbox: Sandbox) -> None:
    """The base's tag means another image than at the last deployment: the app gets a new one, with the same code."""
    store = ContentStore(sandbox.endpoints.ca_file.parents[1] / "base-registry")
    repository, _, tag = sandbox.data.base_image.partition(":")
    base = store.manifest(repository, tag)
    store.keep_manifest(repository, base.media_type, base.content, "wf-moves")
    team = copied("refresh-base")
    team.write_model(**{"base-image": f"{sandbox.endpoints.base_registry}/{repository}:wf-moves"})
    before = team.deploy()
    mended = json.dumps({**json.loads(base.content), "annotations": {"mended": "yes"}}).encode()
    digest = store.keep_manifest(repository, base.media_type, mended, "wf-moves")
    run = team.run("schedule")
    after = run.job("deploy").outputs("deploy")

    assert [("deploy", DONE)] == run.outcomes, run.log
    assert digest == after["base-image"].rpartition("@")[2]
    assert before.outputs["image"] != after["image"]
    assert "first" == team.answers()
