"""Every way to fail: one exit code a family, and the words a user reads, held in `golden/`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import requests

from azure_sandbox.arm.authorization.definitions import ACR_PULL, CONTRIBUTOR
from azure_sandbox.faults import Fault
from support.deployment import Run, run_action
from support.golden import matches_golden, normal
from support.project import ECHO_SCRIPT, write_echo_project

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.exhaustive

GOLDEN = Path(__file__).parent / "golden"


@dataclass(frozen=True)
class Scenario:
    """One thing that goes wrong.

    Attributes:
        name: Of the golden file.
        code: The exit code.
        inputs: Given on top of a project that works; None takes the input away.
        arrange: Changes the project's folder.
        faults: What the sandbox does wrong.
        environ: Changes to the job's environment.
        roles: Role definitions that the app's identity holds before the run, so that they are not new to it.
    """

    name: str
    code: int
    inputs: dict[str, str] = field(default_factory=dict)
    arrange: Callable[[Path], object] = lambda _: None
    faults: tuple[Fault, ...] = ()
    environ: dict[str, str] = field(default_factory=dict)
    roles: tuple[str, ...] = ()


def _link_outside(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "weights.txt").write_text("stolen")
    (folder / "linked").symlink_to(outside)


def _nested_link_outside(folder: Path) -> None:
    (folder.parent / "secret.txt").write_text("stolen")
    (folder / "model" / "weights.bin").symlink_to(folder.parent / "secret.txt")


def _deployment_file(folder: Path) -> None:
    (folder / "blue.yml").write_text(
        "name: blue\nmodel: azureml://registries/shared/models/iris/versions/1\ncode_configuration:\n  code: nowhere\n"
        "  scoring_scirpt: score.py\nenvironment:\n  image: contoso.azurecr.io/base:1\n"
    )


def _mlflow_model(folder: Path) -> None:
    (folder / "model" / "MLmodel").write_text("flavors:\n  spark:\n    model_data: sparkml\n")


INPUTS = [
    Scenario("missing-files", 2, {"model-path": "nowhere", "entry-script": "none.py", "environment-file": "none.yml"}),
    Scenario("nothing-given", 2, dict.fromkeys(("model-path", "entry-script", "app-name", "registry"), "")),
    Scenario("unknown-input", 2, {"entry-scirpt": "score.py", "entry-script": ""}),
    Scenario("model-outside-the-workspace", 2, {"model-path": "../"}),
    Scenario("link-leaves-the-workspace", 2, {"model-path": "linked"}, _link_outside),
    Scenario("illegal-app-name", 2, {"app-name": "my_app!"}),
    Scenario(
        "output-would-trigger-itself",
        2,
        {"trigger": "blob", "input-path": "flowers/{name}.json", "output-path": "flowers/{name}_out.json"},
    ),
    Scenario("input-of-another-trigger", 2, {"input-queue-name": "requests", "output-path": "answers/{name}"}),
    Scenario(
        "faults-of-a-deployment-file",
        2,
        {"deployment-file": "blue.yml", "model-path": "", "entry-script": "", "environment-file": ""},
        _deployment_file,
    ),
    Scenario(
        "more-than-a-host-shows",
        3,
        {"environment-file": "many.txt"},
        lambda folder: (folder / "many.txt").write_text("".join(f"package {number}\n" for number in range(12))),
    ),
    Scenario("several-at-once", 2, {"app-name": "-x-", "plan-sku": "Y1", "trigger": "timer", "verify-timeout": "soon"}),
]

BUNDLE = [
    Scenario(
        "entry-script-without-run",
        3,
        arrange=lambda folder: (folder / "src" / "score.py").write_text("def init():\n    pass\n"),
    ),
    Scenario(
        "entry-script-with-a-syntax-error",
        3,
        arrange=lambda folder: (folder / "src" / "score.py").write_text("def init():\n    pass\n\ndef run(data:\n"),
    ),
    Scenario(
        "environment-is-not-a-mapping",
        3,
        {"environment-file": "env.yml"},
        lambda folder: (folder / "env.yml").write_text("- numpy\n- six\n"),
    ),
    Scenario(
        "script-and-environment-at-once",
        3,
        {"environment-file": "env.yml"},
        lambda folder: (
            (folder / "env.yml").write_text("just text\n"),
            (folder / "src" / "score.py").write_text("def run(data):\n    pass\n"),
        ),
    ),
    Scenario(
        "module-that-nothing-brings",
        3,
        arrange=lambda folder: (folder / "src" / "score.py").write_text(
            "import not_in_the_environment\n" + ECHO_SCRIPT
        ),
    ),
    Scenario(
        "package-that-does-not-exist",
        3,
        arrange=lambda folder: (folder / "requirements.txt").write_text("six\nno-such-package-by-any-name==9.9\n"),
    ),
    Scenario(
        "host-json-at-fault",
        3,
        {"host-json": "host.json"},
        lambda folder: (folder / "host.json").write_text(
            '{\n  "version": "1.0",\n  "functionTimeout": "24:00:00",\n'
            '  "extensionBundle": {"version": "[2.*, 3.0.0)"}\n}\n'
        ),
    ),
    Scenario("mlflow-model-that-needs-a-script", 3, {"entry-script": "", "environment-file": ""}, _mlflow_model),
    Scenario("link-inside-the-model-leaves-the-workspace", 3, arrange=_nested_link_outside),
]

LOGIN = [
    Scenario(
        "no-permission-for-an-identity-token",
        4,
        environ={"ACTIONS_ID_TOKEN_REQUEST_URL": "", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": ""},
    ),
    Scenario("wrong-client-secret", 4, {"client-secret": "wrong-secret-0123456789"}),
    Scenario("wrong-audience", 4, {"audience": "api://somebody-else"}),
]

REGISTRY = [
    Scenario(
        "registry-refuses-the-upload",
        5,
        {"image-name": "never-pushed"},
        faults=(
            Fault(
                method="POST",
                path_pattern=r"/v2/.*/blobs/uploads/",
                status=403,
                body={"errors": [{"code": "DENIED", "message": "requested access to the resource is denied"}]},
                times=100,
            ),
        ),
    ),
    Scenario("base-image-does-not-exist", 5, {"python-version": "", "base-image": "<base>/azure-functions/python:9"}),
]

_NO_RIGHT = (
    "The client 'x' with object id '00000000-0000-0000-0000-00000000000a' does not have authorization to perform "
    "action 'Microsoft.Authorization/roleAssignments/write' over scope '/subscriptions/s/resourceGroups/g/providers/"
    "Microsoft.Authorization/roleAssignments/1' or the scope is invalid. If access was recently granted, please "
    "refresh your credentials."
)
"""As Azure Resource Manager words it."""

APPLY = [
    Scenario(
        "policy-forbids-the-storage-account",
        7,
        {"storage-account": "forbiddenbypolicy"},
        faults=(
            Fault(
                method="PUT",
                path_pattern=r"/storageAccounts/",
                status=403,
                body={
                    "error": {
                        "code": "RequestDisallowedByPolicy",
                        "message": "Resource 'x' was disallowed by policy. Policy identifiers: 'no-public-storage'.",
                    }
                },
                times=100,
            ),
        ),
    ),
    Scenario(
        "roles-may-not-be-assigned",
        7,
        faults=(
            Fault(
                method="PUT",
                path_pattern=r"/roleAssignments/",
                status=403,
                body={
                    "error": {
                        "code": "AuthorizationFailed",
                        "message": _NO_RIGHT,
                    }
                },
                times=None,
            ),
        ),
    ),
]

PLAN = [
    Scenario("registry-does-not-exist", 6, {"registry": "localhost:1"}),
    Scenario(
        "registered-model-does-not-exist",
        6,
        {
            "model-path": "azureml:temperature:9",
            "workspace": "sandboxworkspace",
            "workspace-resource-group": "sandbox-shared",
        },
    ),
]

VERIFY = [
    Scenario(
        "image-cannot-be-pulled",
        8,
        {"verify-timeout": "3", "image-name": "out-of-reach"},
        faults=(
            Fault(
                method="GET",
                path_pattern=r"/v2/out-of-reach/(manifests|blobs)/",
                status=403,
                body={"errors": [{"code": "DENIED", "message": "requested access to the resource is denied"}]},
                times=None,
                service="registry",
            ),
        ),
        roles=(ACR_PULL,),
    ),
    Scenario(
        "init-raises",
        8,
        {"verify-timeout": "60"},
        lambda folder: (folder / "src" / "score.py").write_text(
            ECHO_SCRIPT.replace("    global model\n", "    raise ValueError('the weights are torn')\n")
        ),
    ),
    Scenario(
        "import-fails",
        8,
        {"verify-timeout": "60", "preflight": "none"},
        lambda folder: (folder / "src" / "score.py").write_text("import not_in_the_environment\n" + ECHO_SCRIPT),
    ),
]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A folder with a project that works, in a folder of its own."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    return folder


@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(scenario, id=scenario.name)
        for scenario in (*INPUTS, *BUNDLE, *LOGIN, *REGISTRY, *PLAN, *APPLY, *VERIFY)
    ],
)
def test_a_failure_has_its_exit_code_and_its_words(
    scenario: Scenario, workspace: Path, sandbox: Sandbox, request: pytest.FixtureRequest
) -> None:
    """Each scenario ends with its family's code, and the annotations are word for word those of the golden file."""
    for fault in scenario.faults:
        sandbox.faults.add(fault)
    request.addfinalizer(sandbox.faults.clear)
    if scenario.roles:
        _hold_roles(scenario, sandbox)

    run = _run(scenario, workspace, sandbox)

    assert run.code == scenario.code, run.log
    names = {str(workspace): "<workspace>", str(workspace.parent): "<outside>"}
    # Other tests of the sandbox may have made registries of their own.
    said = normal("\n".join(run.errors), names)
    words = re.sub(r"\(it sees [^)]*(`sandboxregistry`)[^)]*\)", r"(it sees \1)", said)
    assert matches_golden(GOLDEN / f"{scenario.name}.txt", words), run.log
    assert run.errors, "a failure is never silent"
    assert "::group::Traceback" not in run.log


def test_an_expired_assertion_is_explained(workspace: Path, fresh_sandbox: Sandbox) -> None:
    """The classic fault of long builds: Entra says AADSTS700024, and we say what that means."""
    fresh_sandbox.github_oidc.issue_expired = True

    run = _run(Scenario("expired-assertion", 4), workspace, fresh_sandbox)

    assert run.code == 4, run.log
    names = {str(workspace): "<workspace>"}
    assert matches_golden(GOLDEN / "expired-assertion.txt", normal("\n".join(run.errors), names)), run.log


def test_a_login_that_may_not_assign_roles_is_refused_before_anything_is_written(
    workspace: Path, sandbox: Sandbox
) -> None:
    """A Contributor hears of it in the plan, with both ways out; a run that only plans is warned and goes on."""
    login = sandbox.directory.add_application("contributor")
    sandbox.roles.grant(login.principal.object_id, CONTRIBUTOR, f"/subscriptions/{sandbox.subscription_id}")
    inputs = {"client-id": login.principal.client_id, "client-secret": login.secret, "storage-account": "contributor"}
    sandbox.journal.clear()

    run = _run(Scenario("contributor", 6, inputs), workspace, sandbox)
    planned = _run(Scenario("contributor", 0, {**inputs, "mode": "plan"}), workspace, sandbox)

    assert run.code == 6, run.log
    names = {str(workspace): "<workspace>"}
    assert matches_golden(GOLDEN / "contributor.txt", normal("\n".join(run.errors), names)), run.log
    assert planned.code == 0, planned.log
    assert "::warning::This login could not apply the plan: this login may not assign roles" in planned.log
    assert [] == sandbox.journal.writes()


def test_a_taken_name_and_a_wrong_region_are_told_before_anything_is_written(workspace: Path, sandbox: Sandbox) -> None:
    """Both at once, in the plan."""
    scenario = Scenario("taken-name-and-no-such-region", 6, {"location": "westeurop"})
    sandbox.arm.sites.take_name(_app_name(scenario))
    sandbox.journal.clear()

    run = _run(scenario, workspace, sandbox)

    assert run.code == 6, run.log
    assert matches_golden(GOLDEN / f"{scenario.name}.txt", normal("\n".join(run.errors), {})), run.log
    assert [] == sandbox.journal.writes()
    assert run.outputs.get("changed", "false") == "false"


def _hold_roles(scenario: Scenario, sandbox: Sandbox) -> None:
    """Make the app's identity, with those roles: new ones would be waited for."""
    ends = sandbox.endpoints
    group = f"{ends.resource_manager}/subscriptions/{ends.subscription_id}/resourceGroups/{scenario.name}-group"
    identity = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{_app_name(scenario)}-identity"
    token = sandbox.directory.issue_token(ends.client_id, "https://management.azure.com")
    for url in (group, identity):
        made = requests.put(
            f"{url}?api-version=2024-11-30",
            json={"location": "westeurope"},
            headers={"Authorization": f"Bearer {token}"},
            verify=str(ends.ca_file),
            timeout=30,
        )
        made.raise_for_status()
    for role in scenario.roles:
        sandbox.roles.grant(made.json()["properties"]["principalId"], role, f"/subscriptions/{ends.subscription_id}")


def _app_name(scenario: Scenario) -> str:
    return f"x-{scenario.name}"[:40].strip("-")


def _run(scenario: Scenario, workspace: Path, sandbox: Sandbox) -> Run:
    inputs = {**sandbox.endpoints.inputs(), **write_echo_project(workspace)}
    inputs |= {"app-name": _app_name(scenario), "resource-group": f"{scenario.name}-group"}
    scenario.arrange(workspace)
    inputs |= {
        name: value.replace("<base>", sandbox.endpoints.base_registry) for name, value in scenario.inputs.items()
    }
    return run_action(workspace, inputs, {**sandbox.endpoints.environ(), **scenario.environ})
