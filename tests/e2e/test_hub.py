"""An app whose registry and telemetry are in another subscription of the tenant: a hub."""

from __future__ import annotations

import json
import re
import uuid
from typing import TYPE_CHECKING

import pytest

from azure_sandbox.arm.authorization.definitions import ACR_PULL, READER
from support.deployer import Deployer
from support.documented_roles import Needed, RobotLogin, commands_in, robot_login, roles_in
from support.hub import Hub

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run

pytestmark = pytest.mark.exhaustive

METRICS_PUBLISHER = "3913510d-42f4-4e42-8a64-420c390055eb"
PAGE = "docs/how-to/existing-resources.md", "Use a registry or telemetry of another subscription"


class Spoke:
    """An app in the sandbox's own subscription, by a login that holds there what the README asks for.

    Attributes:
        hub: The other subscription.
        login: Holds nothing in it at first.
    """

    def __init__(self, sandbox: Sandbox, folder: Path, name: str, **registry: object) -> None:
        self.hub = Hub(sandbox, f"{name}hub", **registry)
        self.deployer = Deployer(sandbox, folder, name)
        self.login: RobotLogin = robot_login(sandbox, name)
        sandbox.arm.groups.put(self.deployer.group, "westeurope", {})
        self.group = f"/subscriptions/{sandbox.subscription_id}/resourceGroups/{self.deployer.group}"
        on_group = [one for one in roles_in("README.md", "Login by OIDC") if one.on == "the resource group"]
        self.login.grant(tuple(on_group), {"the resource group": self.group})
        sandbox.journal.clear()

    def grant_in_hub(self) -> None:
        """What the page's commands give."""
        (commands,) = commands_in(*PAGE)
        places = {"registry": self.hub.registry, "workspace": self.hub.workspace, "component": self.hub.component}
        self.login.grant(commands, {f"the {what}": scope for what, scope in places.items()})

    def run(self, **inputs: str) -> Run:
        given = {"registry": self.hub.registry, "log_analytics_workspace": self.hub.workspace}
        return self.deployer.run(**{**given, "application_insights": "spoke-insights", **self.login.inputs, **inputs})

    def principal(self) -> str:
        """Of the app's identity."""
        kind = "Microsoft.ManagedIdentity/userAssignedIdentities"
        (found,) = self.hub.sandbox.arm.store.list(resource_type=kind, within=self.group)
        return str(found.properties["principalId"])


class TestADeployment:
    def test_uses_what_is_in_the_hub(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """The image is pulled from there, and a new component keeps its data there; a role is all that is written."""
        spoke = Spoke(sandbox, tmp_path, "spoke")
        spoke.grant_in_hub()
        before = spoke.hub.documents()
        run = spoke.run()
        (component,) = sandbox.arm.store.list(resource_type="Microsoft.Insights/components", within=spoke.group)

        assert run.code == 0, run.log
        assert (spoke.principal(), ACR_PULL) in spoke.hub.roles_on(spoke.hub.registry)
        assert [("PUT", "roleAssignments")] == spoke.hub.writes
        assert before == spoke.hub.documents()
        assert spoke.hub.workspace == component.properties["WorkspaceResourceId"]
        assert f"the registry `spokehub` (`/subscriptions/{spoke.hub.subscription}/resourceGroups/hub-rg`)" in run.log
        assert "(`/subscriptions/other/resourceGroups/hub-rg`)" in json.loads(run.outputs["plan"])["notes"][-1]
        assert not any(spoke.hub.subscription in value for value in run.outputs.values())

    def test_writes_to_a_component_of_the_hub(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """With a role there, which a second run finds; its workspace is none of ours, and nothing else is written."""
        spoke = Spoke(sandbox, tmp_path, "component")
        spoke.grant_in_hub()
        given = {"application_insights": spoke.hub.component, "log_analytics_workspace": ""}
        run, again = spoke.run(**given), spoke.run(**given, mode="plan")

        assert [0, 0] == [run.code, again.code], run.log + again.log
        assert (spoke.principal(), METRICS_PUBLISHER) in spoke.hub.roles_on(spoke.hub.component)
        assert [("PUT", "roleAssignments")] * 2 == spoke.hub.writes
        assert "false" == again.outputs["has-changes"]

    def test_of_an_image_that_is_there_takes_it_from_the_hub(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """The registry is named by its id, and nothing is imported or changed."""
        spoke = Spoke(sandbox, tmp_path, "promoted")
        spoke.grant_in_hub()
        run = spoke.run()
        names = ("model_path", "entry_script", "environment_file", "trigger", "python_version", "base_image")
        decided = dict.fromkeys(names, "")
        again = spoke.run(**decided, image=run.outputs["image"])

        assert [0, 0] == [run.code, again.code], run.log + again.log
        assert ["true", "false"] == [run.outputs["changed"], again.outputs["changed"]]

    def test_by_keys_takes_the_password_of_the_hubs_registry(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """No role is given there then."""
        spoke = Spoke(sandbox, tmp_path, "bykeys", adminUserEnabled=True)
        spoke.login.grant((Needed("Contributor", "it"),), {"it": spoke.hub.registry})
        run = spoke.run(access="keys", application_insights="", log_analytics_workspace="")

        assert run.code == 0, run.log
        assert [] == spoke.hub.writes


class TestARemoval:
    def test_takes_its_roles_off_and_leaves_the_rest(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """By the inputs of the deployment; what others hold there stays."""
        spoke = Spoke(sandbox, tmp_path, "removed")
        spoke.grant_in_hub()
        given = {"application_insights": spoke.hub.component, "log_analytics_workspace": ""}
        before, held = spoke.hub.documents(), spoke.hub.roles_on(spoke.hub.registry)
        run = spoke.run(**given)
        assert run.code == 0, run.log
        sandbox.journal.clear()
        removed = spoke.run(**given, mode="destroy", destroy_data="true")

        assert removed.code == 0, removed.log
        assert [("DELETE", "roleAssignments")] * 2 == spoke.hub.writes
        assert (before, held) == (spoke.hub.documents(), spoke.hub.roles_on(spoke.hub.registry))
        assert "/subscriptions/other/resourceGroups/hub-rg" in removed.outputs["plan"]
        assert not any(spoke.hub.subscription in value for value in removed.outputs.values())

    def test_names_the_roles_that_it_may_not_take_off(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """And goes on: the identity goes, and the command that removes the assignment is told."""
        spoke = Spoke(sandbox, tmp_path, "mayno")
        spoke.grant_in_hub()
        run = spoke.run(application_insights="", log_analytics_workspace="")
        assert run.code == 0, run.log
        made = sandbox.roles.around(spoke.hub.registry)
        (ours,) = [one for one in made if one.role == ACR_PULL]
        for one in made:
            if one.principal_id == spoke.login.object_id:
                sandbox.roles.remove(one.name)
        spoke.login.grant((Needed("Reader", "it"),), {"it": spoke.hub.registry})
        removed = spoke.run(mode="destroy", destroy_data="true", application_insights="", log_analytics_workspace="")

        assert removed.code == 0, removed.log
        assert ours in sandbox.roles.around(spoke.hub.registry)
        assert "role assignment AcrPull on maynohub  (this login may not remove it" in removed.log
        assert f"az role assignment delete --ids {ours.wire()['id']}" in removed.log
        assert [] == sandbox.arm.store.list(within=spoke.group)

    def test_that_is_not_told_of_the_registry_says_what_lacks(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """The image tells a host, and no subscription."""
        spoke = Spoke(sandbox, tmp_path, "untold")
        spoke.grant_in_hub()
        run = spoke.run(application_insights="", log_analytics_workspace="")
        assert run.code == 0, run.log
        sandbox.roles.grant(spoke.login.object_id, READER, f"/subscriptions/{sandbox.subscription_id}")
        planned = spoke.run(mode="plan-destroy", registry="untoldhub", application_insights="")

        assert "of untold-identity on the registry  (this subscription has none" in planned.log


def refused(run: Run) -> dict[str, str]:
    """What each error says, by input."""
    told = [line.partition("::")[2].partition("::")[2] for line in run.errors]
    return {subject: what for subject, _, what in (one.partition(": ") for one in told)}


_ASSIGN = re.compile(r'--role (?:"([^"]+)"|(\S+)) --scope (\S+?)`')


def grant_as_told(spoke: Spoke, run: Run) -> None:
    """What the commands in a refusal give the login."""
    for quoted, bare, scope in set(_ASSIGN.findall("\n".join(run.errors))):
        spoke.login.grant((Needed(quoted or bare, scope),), {scope: scope})


_NO_SUCH = "00000000-0000-0000-0000-00000000000e"


class TestARefusal:
    def test_names_all_that_is_unseen_and_what_opens_it(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """A login without a role there hears so of both resources at once; with what the commands give it deploys."""
        spoke = Spoke(sandbox, tmp_path, "unseen")
        run = spoke.run(mode="plan")
        found = refused(run)
        unseen = f"this login sees nothing of the subscription `{spoke.hub.subscription}`: it has no role there"

        assert (6, {"registry", "log-analytics-workspace"}) == (run.code, set(found))
        assert {unseen} == {what.partition(". ")[0] for what in found.values()}
        assert [] == sandbox.journal.writes()

    def test_is_mended_by_its_commands(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """One round of them: what lets the login see a resource lets it do all that a deployment does there."""
        spoke = Spoke(sandbox, tmp_path, "mended")
        spoke.login.grant((Needed("AcrPush", "it"),), {"it": spoke.hub.registry})
        grant_as_told(spoke, spoke.run())
        again = spoke.run()

        assert again.code == 0, again.log

    def test_of_rights_names_all_that_lack(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """Who may read everything there, and no more, hears of the roles and of the link at once."""
        spoke = Spoke(sandbox, tmp_path, "rights")
        hub = spoke.hub
        for role in ("Reader", "AcrPush"):
            spoke.login.grant((Needed(role, "hub"),), {"hub": f"/subscriptions/{hub.subscription}"})
        run = spoke.run()
        found = refused(run)
        writes = sandbox.journal.writes()
        grant_as_told(spoke, run)
        again = spoke.run()

        assert (6, {"access", "log-analytics-workspace"}) == (run.code, set(found))
        assert "the app's identity needs AcrPull on `rightshub`" in found["access"]
        assert "workspaces/sharedKeys/action" in found["log-analytics-workspace"]
        assert [] == writes
        assert again.code == 0, again.log

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            (("hub-rg", "nowhere"), "there is no {kind} `{name}` in the resource group `nowhere` of the subscription"),
            (("insights", "others"), "there is no {kind} `{name}` in the resource group `hub-rg` of the subscription"),
            (("{hub}", _NO_SUCH), f"there is no subscription `{_NO_SUCH}`"),
            (("{hub}", "{theirs}"), "the subscription `{theirs}` belongs to the tenant `"),
        ],
        ids=["group", "name", "subscription", "tenant"],
    )
    def test_has_the_true_reason(
        self, sandbox: Sandbox, tmp_path: Path, change: tuple[str, str], words: str, request: pytest.FixtureRequest
    ) -> None:
        """Of all three at once, and nothing is written."""
        spoke = Spoke(sandbox, tmp_path, f"reason{request.node.callspec.id.rpartition('-')[2]}")
        hub, theirs = spoke.hub, sandbox.add_subscription("theirs", tenant=str(uuid.uuid4()))
        spoke.login.grant((Needed("Reader", "hub"),), {"hub": f"/subscriptions/{hub.subscription}"})
        names = {"{hub}": hub.subscription, "{theirs}": theirs}
        before, after = (names.get(text, text) for text in change)
        ids = {"registry": hub.registry, "application-insights": hub.component}
        moved = {name: one.replace(before, after) for name, one in ids.items() if before in one}
        run = spoke.run(**{name.replace("-", "_"): one for name, one in {**ids, **moved}.items()})
        found = refused(run)

        assert (6, set(moved)) == (run.code, set(found)), run.log
        for subject, what in found.items():
            kind = {"registry": "registry", "application-insights": "Application Insights component"}[subject]
            name = moved[subject].rpartition("/")[2]
            assert words.format(kind=kind, name=name, theirs=theirs) in what
        assert [] == sandbox.journal.writes()

    def test_of_one_resource_is_no_refusal_of_the_subscription(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """Who holds a role on another resource there sees the subscription; it may not read this one."""
        spoke = Spoke(sandbox, tmp_path, "onlyone")
        spoke.login.grant((Needed("Reader", "it"),), {"it": spoke.hub.workspace})
        found = refused(spoke.run(mode="plan"))

        assert {"registry"} == set(found)
        assert "this login may not read the registry `onlyonehub` in the resource group `hub-rg`" in found["registry"]

    def test_of_a_name_tells_the_id_that_it_has_elsewhere(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """Where the login sees it; with the id that is told, it goes on."""
        spoke = Spoke(sandbox, tmp_path, "byname")
        sandbox.roles.grant(spoke.login.object_id, READER, f"/subscriptions/{sandbox.subscription_id}")
        spoke.grant_in_hub()
        run = spoke.run(mode="plan", registry="bynamehub")
        told = run.errors[0].rpartition("Set `registry` to its ARM id: `")[2].removesuffix("`.")
        again = spoke.run(mode="plan", registry=told)

        assert (6, {"registry": f"it is in another subscription. Set `registry` to its ARM id: `{told}`."}) == (
            run.code,
            refused(run),
        )
        assert (0, spoke.hub.registry) == (again.code, told), again.log


class TestTheAppsOwnSubscription:
    """`subscription-id` is another one than that of the app."""

    @pytest.mark.parametrize("registry", ["hub", "name"])
    def test_that_is_not_there_is_told_as_such(self, sandbox: Sandbox, tmp_path: Path, registry: str) -> None:
        """The input at fault is `subscription-id`, wherever the registry is; nothing else is told beside it."""
        spoke = Spoke(sandbox, tmp_path, f"wrong{registry}")
        spoke.grant_in_hub()
        given = {} if registry == "hub" else {"registry": sandbox.endpoints.registry}
        run = spoke.run(**given, subscription_id=_NO_SUCH, mode="plan")

        assert (6, ["subscription-id"]) == (run.code, list(refused(run)))
        assert "SubscriptionNotFound" in run.errors[0]

    def test_in_which_the_login_has_no_role_is_told_as_such(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """As when it is that of another stage."""
        spoke = Spoke(sandbox, tmp_path, "otherstage")
        spoke.grant_in_hub()
        other = sandbox.add_subscription("other stage", role=None)
        run = spoke.run(subscription_id=other, mode="plan")

        assert (6, ["subscription-id"]) == (run.code, list(refused(run)))
        assert "Check `subscription-id`" in run.errors[0]
