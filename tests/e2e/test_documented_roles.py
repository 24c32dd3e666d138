"""Runs by logins that hold what a page asks for, and no more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from azure_sandbox.arm.authorization.definitions import ROLES
from azure_sandbox.sandbox import SHARED_GROUP, WORKSPACE
from support.deployer import Deployer
from support.documented_roles import Needed, commands_in, defined_in, new_registry, robot_login, roles_in, tables
from support.live_tags import age, tag_of
from support.triggers import QUEUES

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run

pytestmark = pytest.mark.exhaustive

README = roles_in("README.md", "Login by OIDC")
OIDC = ("docs/how-to/oidc-login.md", "3. Assign the roles")
PLANS = ("docs/how-to/oidc-login.md", "A login that only plans")
_ELSEWHERE = re.compile(r"when (it|the registry) is in another resource group$")
"""What pages ask for only then."""
_BLOBS = {"trigger": "blob", "input_path": "input/{name}.json", "output_path": "output/{name}.json"}
_PLACES = pytest.mark.parametrize("elsewhere", [False, True], ids=["in-the-group", "in-another-group"])


class Corner:
    """A part of the sandbox for one test: an app's name, its group, a registry, and a login without roles.

    Attributes:
        places: What the pages call what roles are held on, as ARM ids.
    """

    def __init__(self, sandbox: Sandbox, folder: Path, name: str, *, elsewhere: bool = False, **registry: object):
        self.sandbox = sandbox
        self.deployer = Deployer(sandbox, folder, name)
        self.login = robot_login(sandbox, name)
        sandbox.arm.groups.put(self.deployer.group, "westeurope", {})
        place = f"{name}-registries" if elsewhere else self.deployer.group
        made = new_registry(sandbox, place, f"{name}registry".replace("-", ""), **registry)
        self.server = made.login_server
        group = self.id_of(self.deployer.group)
        self.places = {
            "the resource group": group,
            "the group": group,
            "the registry": made.id,
            "the subscription": group.partition("/resourceGroups/")[0],
        }
        self.elsewhere = elsewhere

    def id_of(self, group: str, *rest: str) -> str:
        """An ARM id: of a group, or of a resource by type and name."""
        base = f"/subscriptions/{self.sandbox.subscription_id}/resourceGroups/{group}"
        return "/".join([base, "providers", *rest]) if rest else base

    def grant(self, *needed: Needed) -> None:
        """Give the login what pages ask for, but for what they ask only of a registry that is elsewhere."""
        asked = [one for one in needed if self.elsewhere or not _ELSEWHERE.search(one.on)]
        self.login.grant(tuple(Needed(one.role, one.on.partition(", when")[0]) for one in asked), self.places)

    def run(self, **inputs: str) -> Run:
        """A run by that login."""
        return self.deployer.run(**{"registry": self.server, **self.login.inputs, **inputs})

    def run_as_owner(self, **inputs: str) -> None:
        """A run by the sandbox's own login, which must succeed."""
        run = self.deployer.run(**{"registry": self.server, **inputs})
        assert run.code == 0, run.log


class TestADeployment:
    @_PLACES
    def test_by_the_readme(self, sandbox: Sandbox, tmp_path: Path, elsewhere: bool) -> None:
        """Wherever the registry is. Its name, or its group with its name, is enough: Azure tells its host."""
        corner = Corner(sandbox, tmp_path, f"readme-{elsewhere}".lower(), elsewhere=elsewhere)
        corner.grant(*README)
        group, name = corner.places["the registry"].split("/")[4::4]
        run = corner.run(registry=f"{group}/{name}" if elsewhere else name)

        assert run.code == 0, run.log

    @_PLACES
    def test_by_the_commands_for_the_login(self, sandbox: Sandbox, tmp_path: Path, elsewhere: bool) -> None:
        """The last block is for a registry in another group."""
        corner = Corner(sandbox, tmp_path, f"oidc-{elsewhere}".lower(), elsewhere=elsewhere)
        first, second = commands_in(*OIDC)
        corner.grant(*first, *(second if elsewhere else ()))
        run = corner.run()

        assert run.code == 0, run.log

    def test_to_a_registry_with_rights_by_repository(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """Another role takes the place of AcrPush."""
        corner = Corner(sandbox, tmp_path, "abac", elsewhere=True, roleAssignmentMode="AbacRepositoryPermissions")
        (row,) = [row for row in tables(*OIDC) if "ABAC" in row["when"]]
        corner.grant(*(one for one in README if one.role != row["instead of"]), Needed(row["role"], row["on"]))
        run = corner.run()

        assert run.code == 0, run.log

    def test_with_keys(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """No right to assign roles."""
        corner = Corner(sandbox, tmp_path, "by-keys", elsewhere=True, adminUserEnabled=True)
        corner.grant(*roles_in("docs/how-to/access.md", "Deploy with keys"))
        run = corner.run(access="keys")

        assert run.code == 0, run.log

    @_PLACES
    def test_a_plan(self, sandbox: Sandbox, tmp_path: Path, elsewhere: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        """Before there is anything, and of a change: a login that may write nothing."""
        own = defined_in(*PLANS)
        monkeypatch.setitem(ROLES, own.id, own)
        corner = Corner(sandbox, tmp_path, f"plans-{elsewhere}".lower(), elsewhere=elsewhere)
        corner.grant(*roles_in(*PLANS))
        first = corner.run(mode="plan")
        corner.run_as_owner()
        corner.run_as_owner(slot_name="next")
        second = corner.run(mode="plan", app_settings="GREETING=hello", slot_name="next")

        assert (0, 0) == (first.code, second.code), first.log + second.log
        assert ["true", "true"] == [run.outputs["has-changes"] for run in (first, second)]
        assert "GREETING" in second.log

    @pytest.mark.parametrize("number", [0, 1], ids=["reader", "data-scientist"])
    def test_of_a_registered_model(self, sandbox: Sandbox, tmp_path: Path, number: int) -> None:
        """Either of two roles on the workspace will do."""
        sandbox.register_model("echo", {"weights.txt": b"first"}, version=str(number + 1))
        corner = Corner(sandbox, tmp_path, f"model-{number}")
        corner.places |= _workspace_places(corner)
        workspace, account = roles_in("docs/how-to/models.md", "From an Azure ML workspace")
        # On Azure the account's address follows from its name. Here it has to be read, which takes one role more.
        either = Needed(workspace.role.split(", or ")[number], workspace.on)
        corner.grant(*README, either, account, Needed("Reader", account.on))
        run = corner.run(
            model_path=f"azureml:echo:{number + 1}", workspace=WORKSPACE, workspace_resource_group=SHARED_GROUP
        )

        assert run.code == 0, run.log

    @pytest.mark.parametrize("trigger", ["blob", "queue"])
    def test_with_a_probe(self, sandbox: Sandbox, tmp_path: Path, trigger: str) -> None:
        """A first one: the roles on the group count for what it makes there."""
        corner = Corner(sandbox, tmp_path, f"probe-{trigger}")
        roles = roles_in("docs/how-to/triggers.md", "Prove it by a probe")
        service = {"blob": "Storage", "queue": "Service Bus"}[trigger]
        corner.grant(*README, *(one for one in roles if service in one.role))
        given = {"blob": _BLOBS, "queue": {**QUEUES, "service_bus_namespace": "probe-roles-bus"}}[trigger]
        run = corner.run(**given, sample_request="sample.json", verify_trigger="send")

        assert (0, "proven") == (run.code, run.outputs.get("trigger-state")), run.log

    def test_with_a_probe_by_keys(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """No role on data: the keys of the account, which the deployment reads anyway, open it for the probe."""
        corner = Corner(sandbox, tmp_path, "probe-keys", elsewhere=True, adminUserEnabled=True)
        corner.grant(*roles_in("docs/how-to/access.md", "Deploy with keys"))
        run = corner.run(**_BLOBS, access="keys", sample_request="sample.json", verify_trigger="send")

        assert (0, "proven") == (run.code, run.outputs.get("trigger-state")), run.log

    def test_with_a_base_image_that_the_registry_imports(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """The runner need not carry it."""
        corner = Corner(sandbox, tmp_path, "importing", elsewhere=True)
        importer = roles_in("docs/how-to/build.md", "The cache repository")[2]
        corner.grant(*README, Needed(importer.role.partition(", or ")[0], importer.on))
        run = corner.run()

        assert run.code == 0, run.log
        assert "was not imported" not in run.log
        assert any(entry.path.partition("?")[0].endswith("importImage") for entry in sandbox.journal.writes())


class TestOldImages:
    """`keep-images` in a registry of another group."""

    @pytest.fixture
    def corner(self, sandbox: Sandbox, tmp_path: Path) -> Corner:
        """A repository with two images that are two days old."""
        corner = Corner(sandbox, tmp_path, f"tidy-{tmp_path.name[-3:].strip('-_')}", elsewhere=True)
        for weights in ("one", "two"):
            (corner.deployer.folder / "model" / "weights.txt").write_text(weights)
            corner.run_as_owner(mode="package")
        age(sandbox, "package", 2, corner.places["the registry"].rpartition("/")[2])
        (corner.deployer.folder / "model" / "weights.txt").write_text("three")
        corner.grant(*README)
        return corner

    def test_go_with_the_role_that_the_page_names(self, corner: Corner) -> None:
        """All of them, and no warning."""
        corner.grant(*roles_in("docs/how-to/keep-images.md", "Remove old images"))
        run = corner.run(keep_images="1")

        assert run.code == 0, run.log
        assert 2 == run.log.count("Removed the old image `package@sha256:") - run.log.count("record")
        assert "AcrDelete" not in run.log

    def test_stay_without_it(self, corner: Corner) -> None:
        """The app is live, and the warning names the role."""
        run = corner.run(keep_images="1")

        assert (0, "live") == (run.code, run.outputs["state"]), run.log
        assert 0 == run.log.count("Removed the old image")
        assert [True] == ["needs AcrDelete" in line for line in run.log.splitlines() if "::warning" in line]


class TestResourcesOfOtherGroups:
    @pytest.mark.parametrize("trigger", ["blob", "queue"])
    def test_are_used(self, sandbox: Sandbox, tmp_path: Path, trigger: str) -> None:
        """Every kind at once; a container and a queue are made there."""
        lender = Corner(sandbox, tmp_path / "lender", f"lender-{trigger}")
        there = f"lender-{trigger}-group"
        bus = f"lender-{trigger}-bus"
        lent = {"trigger": "service-bus-queue", "input_queue_name": "theirs", "service_bus_namespace": bus}
        lender.run_as_owner(
            storage_account=f"lend{trigger}host",
            application_insights="lent",
            collect="inputs",
            collect_storage_account=f"lend{trigger}seen",
            **({**_BLOBS, "data_storage_account": f"lend{trigger}data"} if trigger == "blob" else lent),
        )
        corner = Corner(sandbox, tmp_path, f"borrower-{trigger}")
        corner.places |= {
            "the plan": corner.id_of(there, "Microsoft.Web", "serverfarms", f"lender-{trigger}-plan"),
            "the account": corner.id_of(there, "Microsoft.Storage", "storageAccounts", f"lend{trigger}host"),
            "the data's account": corner.id_of(there, "Microsoft.Storage", "storageAccounts", f"lend{trigger}data"),
            "the collecting account": corner.id_of(there, "Microsoft.Storage", "storageAccounts", f"lend{trigger}seen"),
            "the namespace": corner.id_of(there, "Microsoft.ServiceBus", "namespaces", bus),
            "the identity": corner.id_of(
                there, "Microsoft.ManagedIdentity", "userAssignedIdentities", f"lender-{trigger}-identity"
            ),
            "the component": corner.id_of(there, "Microsoft.Insights", "components", "lent"),
        }
        corner.grant(*README, *roles_in("docs/how-to/existing-resources.md", "Say which one you mean"))
        ours = (
            {**_BLOBS, "input_path": "new/{name}.json", "data_storage_account": f"{there}/lend{trigger}data"}
            if trigger == "blob"
            else {**lent, "input_queue_name": "new", "service_bus_namespace": f"{there}/{bus}"}
        )
        run = corner.run(
            plan_name=f"{there}/lender-{trigger}-plan",
            storage_account=f"{there}/lend{trigger}host",
            identity_name=f"{there}/lender-{trigger}-identity",
            application_insights=f"{there}/lent",
            collect="inputs",
            collect_storage_account=f"{there}/lend{trigger}seen",
            collect_container="new",
            **ours,
        )

        assert run.code == 0, run.log


class TestAnImage:
    @pytest.mark.parametrize(("row", "mode"), [(0, "Legacy"), (1, "AbacRepository")], ids=["legacy", "abac"])
    def test_is_pushed(self, sandbox: Sandbox, tmp_path: Path, row: int, mode: str) -> None:
        """With one role on the registry, and none elsewhere."""
        permissions = {"Legacy": "LegacyRegistryPermissions", "AbacRepository": "AbacRepositoryPermissions"}[mode]
        corner = Corner(sandbox, tmp_path, f"push-{row}", roleAssignmentMode=permissions)
        corner.grant(roles_in("docs/how-to/build.md", "The cache repository")[row])
        run = corner.run(mode="package")

        assert run.code == 0, run.log
        assert "is not kept" not in run.log


class TestARemoval:
    @_PLACES
    def test_is_whole(self, sandbox: Sandbox, tmp_path: Path, elsewhere: bool) -> None:
        """No role of the app's identity is left."""
        corner = Corner(sandbox, tmp_path, f"removal-{elsewhere}".lower(), elsewhere=elsewhere)
        corner.run_as_owner()
        corner.grant(*roles_in("docs/how-to/destroy.md", "Roles it needs"))
        run = corner.run(mode="destroy", destroy_data="true")

        assert run.code == 0, run.log
        assert "AcrPull on" in run.log
        assert f"Removed the tag `{corner.server}/package:{tag_of(corner.deployer)}`" in run.log

    def test_without_the_right_to_delete_names_the_tag_and_goes_on(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """The app is gone all the same, and somebody who may can remove the tag."""
        corner = Corner(sandbox, tmp_path, "removal-no-delete", elsewhere=True)
        corner.run_as_owner()
        corner.grant(*(one for one in roles_in("docs/how-to/destroy.md", "Roles it needs") if one.role != "AcrDelete"))
        run = corner.run(mode="destroy", destroy_data="true")

        tag = f"package:{tag_of(corner.deployer)}"
        assert run.code == 0, run.log
        assert [f"repository untag --name {corner.server} --image {tag}" in run.log, "AcrDelete" in run.log] == [
            True
        ] * 2


def _workspace_places(corner: Corner) -> dict[str, str]:
    workspace = corner.id_of(SHARED_GROUP, "Microsoft.MachineLearningServices", "workspaces", WORKSPACE)
    (found,) = corner.sandbox.arm.store.list(resource_type="Microsoft.MachineLearningServices/workspaces")
    return {"the workspace": workspace, "the workspace's storage account": str(found.properties["storageAccount"])}
