"""Login, plan and apply against the sandbox's Entra and Resource Manager, over https, with the real SDK."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from azure_sandbox.directory import FederatedCredential
from azure_sandbox.faults import Fault
from functions_model.azure.login import warm_up
from functions_model.core.failures import ApplyIncomplete, LoginFailed, PlanRefused
from functions_model.core.secrets import Login, Secret
from functions_model.core.spec import ImageTarget
from functions_model.provision import Action, find_registry, missing_rights
from support.documented_roles import new_registry, robot_login, roles_in
from support.sandbox_login import AUDIENCE, Azure, logged_in, logged_in_to, login_of
from support.wanted import QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def azure(tmp_path: Path) -> Iterator[Azure]:
    with logged_in(tmp_path) as one:
        yield one


TAKEN = (
    "Set `slot-name` to another name: the slot's host must be unique in all of Azure. If another run creates this slot "
    "at the moment, run again when it has ended."
)


class TestLogin:
    def test_by_the_jobs_identity_takes_one_token_per_scope(self, azure: Azure) -> None:
        """Everything that follows uses the two tokens of the warm-up."""
        credential = azure.log_in(login_of(azure.sandbox))
        cloud = azure.clients.cloud
        azure.sandbox.journal.clear()

        warm_up(credential, [cloud.arm_scope, cloud.registry_scope])
        warm_up(credential, [cloud.arm_scope, cloud.registry_scope])
        tokens = [entry for entry in azure.sandbox.journal.entries("entra") if entry.path.endswith("/token")]

        assert 2 == len(tokens)

    def test_by_client_secret(self, azure: Azure) -> None:
        """A client secret serves where there is no OIDC."""
        secret = Secret(azure.sandbox.endpoints.client_secret)

        token = azure.log_in(login_of(azure.sandbox, secret)).get_token(azure.clients.cloud.arm_scope)

        assert token.token

    def test_with_a_wrong_secret_is_explained(self, azure: Azure) -> None:
        """Entra's code for it leads to words."""
        credential = azure.log_in(login_of(azure.sandbox, Secret("wrong-secret")))

        with pytest.raises(LoginFailed, match="the client secret is wrong"):
            credential.get_token(azure.clients.cloud.arm_scope)

    def test_with_an_expired_identity_token_is_explained(self, azure: Azure) -> None:
        """A token outside its time of validity is told apart from a missing federated credential."""
        azure.sandbox.github_oidc.issue_expired = True

        with pytest.raises(LoginFailed, match="has expired, or is not valid yet"):
            azure.log_in(login_of(azure.sandbox)).get_token(azure.clients.cloud.arm_scope)

    def test_of_an_unknown_application_is_explained(self, azure: Azure) -> None:
        """A client id that is none is named."""
        login = Login(azure.sandbox.endpoints.tenant_id, azure.sandbox.subscription_id, None, AUDIENCE, "")

        with pytest.raises(LoginFailed, match="there is no application"):
            azure.log_in(login).get_token(azure.clients.cloud.arm_scope)

    def test_from_another_branch_shows_the_federated_credential(self, azure: Azure) -> None:
        """A subject that no federated credential names is shown as the one to create."""
        azure.sandbox.github_oidc.ref = "refs/heads/other"

        with pytest.raises(LoginFailed, match="no federated credential") as caught:
            azure.log_in(login_of(azure.sandbox)).get_token(azure.clients.cloud.arm_scope)

        assert '"subject": "repo:contoso/models:ref:refs/heads/other"' in caught.value.detail

    @pytest.mark.parametrize("immutable", [False, True], ids=["names", "names-and-ids"])
    def test_without_a_credential_tells_the_command_that_makes_it(self, azure: Azure, immutable: bool) -> None:
        """In both forms of the subject; what the command makes lets the job in."""
        github, ends = azure.sandbox.github_oidc, azure.sandbox.endpoints
        azure.sandbox.directory.remove_federated_credentials(ends.client_id)
        github.immutable = immutable
        credential = azure.log_in(login_of(azure.sandbox))

        with pytest.raises(LoginFailed, match=f"whose subject is `{github.subject}`") as caught:
            credential.get_token(azure.clients.cloud.arm_scope)
        made = json.loads(caught.value.detail.partition("--parameters '")[2].partition("'")[0])
        federated = FederatedCredential(made["issuer"], made["subject"], *made["audiences"])
        azure.sandbox.directory.add_federated_credential(ends.client_id, federated)

        assert f"az ad app federated-credential create --id {ends.client_id} " in caught.value.detail
        assert credential.get_token(azure.clients.cloud.arm_scope).token


class TestTwoRuns:
    def test_the_first_makes_everything(self, azure: Azure) -> None:
        """An empty subscription gets one write per resource, and what was made reads back as it was wanted."""
        first = azure.plan()
        azure.sandbox.journal.clear()

        azure.apply(first)
        writes = azure.writes()
        site = azure.clients.web.web_apps.get("iris-rg", "iris")
        config = azure.clients.web.web_apps.get_configuration("iris-rg", "iris")
        settings = azure.clients.web.web_apps.list_application_settings("iris-rg", "iris").properties or {}

        assert ("PUT", "iris") in writes
        assert 1 == writes.count(("PUT", "iris"))
        assert "functionapp,linux,container" == site.kind
        assert f"DOCKER|{azure.registry.login_server}/package@sha256:{'a' * 64}" == config.linux_fx_version
        assert "good morning" == settings["GREETING"]
        assert str(settings["AzureWebJobsStorage__blobServiceUri"]).startswith("https://")

    def test_the_second_keeps_everything_and_writes_nothing(self, azure: Azure) -> None:
        """With nothing changed no request changes anything, and the triggers are not synchronised."""
        azure.apply(azure.plan())
        azure.sandbox.journal.clear()

        second = azure.plan()
        outcome = azure.apply(second)

        assert {Action.KEEP} == {change.action for change in second.changes}
        assert [] == azure.writes()
        assert not outcome.changed

    def test_a_new_image_is_one_patch(self, azure: Azure) -> None:
        """A second run with a new model changes the image and nothing else."""
        azure.apply(azure.plan())
        azure.sandbox.journal.clear()

        azure.apply(azure.plan(digit="b"))

        assert [("PATCH", "web")] == azure.writes()

    def test_planning_writes_nothing(self, azure: Azure) -> None:
        """Neither into an empty subscription nor over a live app."""
        azure.plan()
        azure.apply(azure.plan())
        azure.sandbox.journal.clear()

        azure.plan(digit="b")

        assert [] == azure.writes()


class TestANewSubscription:
    def test_is_registered_with_what_is_needed(self, azure: Azure) -> None:
        """No provider knows the subscription yet, so that nobody can say which names are free: the write will tell."""
        needed = ("Microsoft.Web", "Microsoft.Storage", "Microsoft.ManagedIdentity", "Microsoft.ServiceBus")
        for namespace in needed:
            azure.sandbox.arm.providers.unregister(namespace)

        plan = azure.plan(trigger=QUEUE)
        azure.apply(plan)

        assert set(needed) == {change.name for change in plan.changes if change.kind == "resource provider"}
        assert not azure.plan(trigger=QUEUE).has_changes


class TestARegion:
    def test_that_is_not_the_apps_is_told(self, azure: Azure) -> None:
        """What is there stays where it is, and the plan says so, with what a move takes."""
        azure.apply(azure.plan())

        plan = azure.plan(location="northeurope")

        assert not plan.has_changes
        [note] = plan.notes
        assert "the function app `iris` and the storage account `irisstorage` are in `westeurope`" in note
        assert "`mode: destroy`" in note
        assert () == azure.plan().notes

    @pytest.mark.parametrize(("has_group", "sees_all"), [(False, True), (True, True), (True, False)])
    def test_that_does_not_exist_is_told_as_that(self, azure: Azure, has_group: bool, sees_all: bool) -> None:
        """With what was meant: whether the group is there or not, and also by a login whose rights end at the group."""
        if has_group:
            body: Any = {"location": "westeurope"}
            azure.clients.resource.resource_groups.create_or_update("iris-rg", body)
        if not sees_all:
            pattern = f"^/subscriptions/{azure.sandbox.subscription_id}/providers/"
            denied: Any = {"error": {"code": "AuthorizationFailed", "message": "The client has no permission."}}
            azure.sandbox.faults.add(Fault("*", pattern, 403, body=denied, times=None))
        azure.sandbox.journal.clear()

        with pytest.raises(PlanRefused) as caught:
            azure.plan(location="westeurop")

        assert (
            "Could not plan the function app `iris`: location: there is no region `westeurop` for this subscription. "
            "Did you mean `westeurope`?"
        ) == str(caught.value)
        assert [] == azure.writes()


class TestTheReadmesRoles:
    """The whole story with them, and with those of other pages, is in `e2e/test_documented_roles.py`."""

    def test_suffice_to_look_and_to_make(self, azure: Azure) -> None:
        """A login that holds nothing else plans without a warning, and applies."""
        sandbox = azure.sandbox
        place = f"/subscriptions/{sandbox.subscription_id}/resourceGroups/iris-rg"
        registry = new_registry(sandbox, "iris-rg", "irisregistry")
        robot = robot_login(sandbox, "robot")
        places = {"the resource group": place, "the registry": registry.id}
        robot.grant(tuple(one for one in roles_in("README.md", "Login by OIDC") if one.on in places), places)
        login = replace(login_of(sandbox, Secret(robot.inputs["client_secret"])), client_id=robot.inputs["client_id"])

        with logged_in_to(sandbox, registry.login_server, login) as theirs:
            plan = theirs.plan()
            missing = missing_rights(plan, theirs.clients)
            theirs.apply(plan)

            assert () == missing
            assert not theirs.plan().has_changes


class TestSizes:
    def test_are_made_and_changed_by_their_names(self, azure: Azure) -> None:
        """Which tier a size is of is for Azure to say."""
        azure.apply(azure.plan(plan_sku="P0v3"))
        small = azure.clients.web.app_service_plans.get("iris-rg", "iris-plan").sku
        azure.apply(azure.plan(plan_sku="P1mv3", plan_sku_given=True))
        large = azure.clients.web.app_service_plans.get("iris-rg", "iris-plan").sku

        assert small is not None
        assert large is not None
        assert ("P0v3", "Premium0V3") == (small.name, small.tier)
        assert ("P1mv3", "PremiumMV3") == (large.name, large.tier)


class TestAnIdentityThatIsMadeAgain:
    def test_gets_the_roles_of_the_former_and_the_app(self, azure: Azure) -> None:
        """Resource Manager keeps the roles of an identity that is gone: they are replaced, and none is left behind."""
        azure.apply(azure.plan())
        azure.clients.msi.user_assigned_identities.delete("iris-rg", "iris-identity")

        second = azure.plan()
        azure.apply(second)
        now = azure.clients.msi.user_assigned_identities.get("iris-rg", "iris-identity")
        holders = {
            assignment.principal_id
            for assignment in azure.clients.authorization.role_assignments.list_for_subscription()
            if "Made by functions-model-action" in (assignment.description or "")
        }
        site = azure.clients.web.web_apps.get("iris-rg", "iris")
        held = (site.identity and site.identity.user_assigned_identities) or {}

        assert 3 == second.count(Action.REPLACE)
        assert {now.principal_id} == holders
        assert [now.client_id] == [one.client_id for one in held.values()]
        assert not azure.plan().has_changes

    def test_is_found_again_after_a_run_that_was_stopped(self, azure: Azure) -> None:
        """A run that made the identity, and was stopped before the roles, is gone on with."""
        azure.apply(azure.plan())
        azure.clients.msi.user_assigned_identities.delete("iris-rg", "iris-identity")
        body: Any = {"location": "westeurope"}
        azure.clients.msi.user_assigned_identities.create_or_update("iris-rg", "iris-identity", body)

        second = azure.plan()
        azure.apply(second)

        assert (3, 0) == (second.count(Action.REPLACE), second.count(Action.CREATE))
        assert not azure.plan().has_changes


class TestRefusals:
    def test_of_quota_is_no_login_failure(self, azure: Azure) -> None:
        """Microsoft.Web answers a missing quota with 401; the next run, with quota, makes only what is missing."""
        body = {"Code": "Unauthorized", "Message": "Operation cannot be completed without additional quota."}
        azure.sandbox.faults.add(Fault(method="PUT", path_pattern="serverfarms", status=401, body=body, times=1))

        with pytest.raises(ApplyIncomplete, match="`plan-sku`") as caught:
            azure.apply(azure.plan())
        second = azure.plan()
        azure.apply(second)

        assert "not reached: the function app `iris`" in caught.value.detail
        assert ["plan", "function app"] == [c.kind for c in second.changes if c.action is Action.CREATE]

    def test_of_a_name_that_is_taken_come_before_any_write(self, azure: Azure) -> None:
        """A storage account of that name in another group is seen in the plan."""
        azure.apply(azure.plan())
        azure.sandbox.journal.clear()

        with pytest.raises(PlanRefused, match="Set `storage-account`"):
            azure.plan(resource_group="other-rg", app_name="other")

        assert [] == azure.writes()

    def test_of_an_app_name_that_is_taken_come_before_any_write(self, azure: Azure) -> None:
        """By somebody else in the world, by an app of another group, or by the host of a slot."""
        azure.sandbox.arm.sites.take_name("famous")
        azure.apply(azure.plan())
        azure.sandbox.arm.sites.take_name("iris-staging")
        azure.sandbox.journal.clear()

        others = {"storage_account": "otherstorage", "resource_group": "other-rg"}
        told = []
        for target in ({"app_name": "famous", **others}, others, {"slot_name": "staging"}):
            with pytest.raises(PlanRefused) as caught:
                azure.plan(**target)
            told += [(problem.subject, problem.remedy) for problem in caught.value.problems]

        assert [
            ("app-name", "Set `app-name` to another name: it must be unique in all of Azure."),
            ("app-name", "Set `resource-group` to `iris-rg` to deploy to it, or `app-name` to another name."),
            ("slot-name", TAKEN),
        ] == told
        assert [] == azure.writes()

    def test_of_the_whole_subscription_s_registries_do_not_matter(self, azure: Azure) -> None:
        """A login whose rights end at the registry may be refused them: the registry is read by its own id."""
        azure.sandbox.faults.add(Fault("GET", r"subscriptions/[^/]*/providers/Microsoft.ContainerRegistry/", 403))

        assert azure.registry == find_registry(azure.clients, ImageTarget(azure.registry.login_server, "package"))

    def test_of_an_unknown_registry_list_the_known(self, azure: Azure) -> None:
        """The registry must be one that the login can see."""
        with pytest.raises(PlanRefused, match="it sees `sandboxregistry`"):
            find_registry(azure.clients, ImageTarget("nowhere.azurecr.io", "package"))

    def test_of_a_registry_that_no_app_can_pull_from_come_before_any_write(self, azure: Azure) -> None:
        """App Service pulls with a token for Resource Manager, which a policy of the registry can forbid."""
        self._change_registry(azure, policies={"azureADAuthenticationAsArmPolicy": {"status": "disabled"}})
        registry = find_registry(azure.clients, ImageTarget(azure.registry.login_server, "package"))
        azure.sandbox.journal.clear()

        with pytest.raises(PlanRefused, match="az acr config authentication-as-arm update -r sandboxregistry"):
            replace(azure, registry=registry).plan()

        assert [] == azure.writes()

    def test_a_registry_with_rights_by_repository_is_told(self, azure: Azure) -> None:
        """The plan says why the identity gets another role than AcrPull."""
        self._change_registry(azure, roleAssignmentMode="AbacRepositoryPermissions")
        registry = find_registry(azure.clients, ImageTarget(azure.registry.login_server, "package"))
        plan = replace(azure, registry=registry).plan()
        role = next(change for change in plan.changes if change.name.endswith("on sandboxregistry"))

        assert "Container Registry Repository Reader on sandboxregistry" == role.name
        assert "by repository (ABAC)" in role.reason

    @staticmethod
    def _change_registry(azure: Azure, **properties: object) -> None:
        group, name = azure.registry.id.split("/")[4], azure.registry.id.rpartition("/")[2]
        azure.clients.registries.registries.begin_update(group, name, {"properties": properties}).result()

    def test_that_were_none_are_seen_through(self, azure: Azure) -> None:
        """An account whose create was answered 503 but done all the same is adopted."""
        fault = Fault(method="PUT", path_pattern="storageAccounts/irisstorage$", status=503, executed=True)
        azure.sandbox.faults.add(fault)

        azure.apply(azure.plan())

        assert not azure.plan().has_changes
