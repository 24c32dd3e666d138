"""A whole provisioning against a small Resource Manager: the first run makes, the second finds nothing to do."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from functions_model.core.failures import ApplyIncomplete, PlanRefused, RegistryFailed
from functions_model.core.secrets import Secret
from functions_model.hosting.app_service.machine_key import MACHINE_KEY
from functions_model.provision import Action
from support.fake_arm import SUBSCRIPTION, Answer, FakeArm, arm_error
from support.golden import matches_golden
from support.provisioning import applied, as_text, planned
from support.wanted import REGISTRY

GOLDEN = Path(__file__).parent / "golden"
WEB_QUOTA = Answer(
    401,
    {
        "Code": "Unauthorized",
        "Message": "Operation cannot be completed without additional quota.",
        "Target": None,
        "Details": [{"Message": "Operation cannot be completed without additional quota."}],
        "Innererror": None,
    },
)


class TestTheFirstRun:
    def test_plans_everything_in_a_stable_order(self) -> None:
        """Into an empty subscription, the plan creates each resource and names every field, secrets as stars."""
        assert matches_golden(GOLDEN / "first_run.json", as_text(planned(FakeArm())))

    def test_reads_only(self) -> None:
        """Nothing is written, and the app's own answer tells that there is no group to ask for more."""
        arm = FakeArm()

        planned(arm)

        assert [] == arm.writes
        assert ["iris"] == [asked.path.rpartition("/")[2] for asked in arm.asked if "/resourceGroups/" in asked.path]

    def test_makes_each_resource_once(self) -> None:
        """One write each, the app last: its own, two that close it, one for its machine key, one that says so."""
        arm = FakeArm()

        outcome = applied(arm, planned(arm))

        assert {"PUT iris-rg", "PUT iris-plan", "PUT irisstorage", "PUT iris-identity", "PUT iris"} <= set(arm.writes)
        assert 12 == len(arm.writes)
        assert ["PUT iris", "PUT ftp", "PUT scm", "PUT slotConfigNames", "PATCH iris"] == arm.writes[-5:]
        assert outcome.changed

    def test_makes_the_app_in_one_put(self) -> None:
        """The app is made with image, identity and every setting at once."""
        arm = FakeArm()
        applied(arm, planned(arm))

        body = next(asked.document for asked in arm.asked if (asked.method, asked.path[-11:]) == ("PUT", "/sites/iris"))
        config = body["properties"]["siteConfig"]
        identity = next(value for key, value in arm.resources.items() if "userassignedidentities" in key)

        assert "functionapp,linux,container" == body["kind"]
        assert f"DOCKER|contoso.azurecr.io/package@sha256:{'a' * 64}" == config["linuxFxVersion"]
        assert config["acrUseManagedIdentityCreds"] is True
        assert identity["properties"]["clientId"] == config["acrUserManagedIdentityID"]
        assert [identity["id"]] == list(body["identity"]["userAssignedIdentities"])
        assert ("1.2", "Disabled") == (config["minTlsVersion"], config["ftpsState"])
        assert body["properties"]["httpsOnly"] is True
        assert "https://irisstorage.blob.test/" == arm.settings["AzureWebJobsStorage__blobServiceUri"]
        assert "false" == arm.settings["WEBSITES_ENABLE_APP_SERVICE_STORAGE"]
        assert "good morning" == arm.settings["GREETING"]
        assert 64 == len(arm.settings[MACHINE_KEY])

    def test_closes_the_storage_account(self) -> None:
        """The account takes no shared keys, has no public blobs and wants TLS 1.2."""
        arm = FakeArm()
        applied(arm, planned(arm))

        properties = next(value for key, value in arm.resources.items() if key.endswith("/irisstorage"))["properties"]

        assert properties["allowSharedKeyAccess"] is False
        assert properties["allowBlobPublicAccess"] is False
        assert "TLS1_2" == properties["minimumTlsVersion"]

    def test_tags_what_it_makes(self) -> None:
        """Everything that can hold a tag says who made it."""
        arm = FakeArm()
        applied(arm, planned(arm))

        untagged = [key for key, value in arm.resources.items() if "tags" not in value and "roleassign" not in key]

        assert [] == untagged

    def test_masks_the_machine_key(self) -> None:
        """The one secret that is made is masked."""
        arm = FakeArm()
        masked: list[str] = []

        applied(arm, planned(arm), mask=masked.append)

        assert [arm.settings[MACHINE_KEY]] == masked

    def test_registers_missing_providers(self) -> None:
        """A subscription that is not registered with a provider gets registered before the resource is made."""
        arm = FakeArm()
        arm.unregistered = {"microsoft.storage"}

        outcome = applied(arm, planned(arm))

        assert "POST register" == arm.writes[0] or "POST register" in arm.writes
        assert arm.writes.index("POST register") < arm.writes.index("PUT irisstorage")
        assert "microsoft.storage" not in arm.unregistered
        assert ("resource provider", "Microsoft.Storage") in {
            (written.change.kind, written.change.name) for written in outcome.written
        }


class TestTheSecondRun:
    def test_writes_nothing(self) -> None:
        """With nothing changed the plan only keeps, and applying it sends no request at all."""
        arm = FakeArm()
        applied(arm, planned(arm))
        second = planned(arm)
        arm.asked.clear()

        outcome = applied(arm, second, ready={})

        assert not second.has_changes
        assert {Action.KEEP} == {change.action for change in second.changes}
        assert [] == arm.asked
        assert not outcome.changed

    def test_asks_once_what_the_identity_may_do(self) -> None:
        """The subscription knows the roles at all scopes."""
        arm = FakeArm()
        applied(arm, planned(arm))
        arm.asked.clear()

        assert not planned(arm).has_changes
        assert 1 == sum(asked.path.endswith("/roleAssignments") for asked in arm.asked)

    def test_asks_each_scope_when_the_subscription_does_not_say(self) -> None:
        """The rights of a login may end at its resource group and the registry."""
        arm = FakeArm()
        applied(arm, planned(arm))
        refused = arm_error(403, "AuthorizationFailed", "no")
        arm.fail("GET", r"^/subscriptions/[^/]+/providers/Microsoft.Authorization/roleAssignments$", refused)
        arm.asked.clear()

        assert not planned(arm).has_changes
        assert 3 == sum(asked.path.endswith("/roleAssignments") for asked in arm.asked)

    def test_changes_the_image_and_nothing_else(self) -> None:
        """A new model changes the app's image by one PATCH; settings are not written."""
        arm = FakeArm()
        applied(arm, planned(arm))
        second = planned(arm, digit="b")
        arm.asked.clear()

        applied(arm, second)

        assert matches_golden(GOLDEN / "new_image.json", as_text(second))
        assert ["PATCH web"] == arm.writes

    def test_changes_one_setting_and_keeps_those_of_others(self) -> None:
        """Settings are merged: what another tool set stays, and one PUT is enough."""
        arm = FakeArm()
        applied(arm, planned(arm))
        arm.settings["THEIRS"] = "1"
        key = arm.settings[MACHINE_KEY]
        second = planned(arm, app_settings={"GREETING": Secret("good evening")})
        arm.asked.clear()

        applied(arm, second)

        assert ["PUT appsettings"] == arm.writes
        assert ("good evening", "1", key) == (
            arm.settings["GREETING"],
            arm.settings["THEIRS"],
            arm.settings[MACHINE_KEY],
        )

    def test_shows_no_value_of_a_setting(self) -> None:
        """Neither the old nor the new value of a setting is in the plan's text."""
        arm = FakeArm()
        applied(arm, planned(arm))

        text = as_text(planned(arm, app_settings={"GREETING": Secret("good evening")}))

        assert "app setting `GREETING`" in text
        assert "good" not in text

    def test_counts_a_role_that_another_assignment_gives(self) -> None:
        """A role under another name, or inherited from the subscription, is not assigned again."""
        arm = FakeArm()
        applied(arm, planned(arm))
        for number, key in enumerate([key for key in arm.resources if "roleassignments" in key]):
            document = arm.resources.pop(key)
            document["properties"]["scope"] = f"/subscriptions/{SUBSCRIPTION}"
            arm.resources[f"/x/roleassignments/{number}"] = document

        assert not planned(arm).has_changes

    def test_does_not_count_a_role_below_the_scope(self) -> None:
        """A role on a child of the registry does not open the registry."""
        arm = FakeArm()
        applied(arm, planned(arm))
        for key, document in arm.resources.items():
            if "roleassignments" in key:
                document["properties"]["scope"] += "/child/one"

        assert 3 == planned(arm).count(Action.CREATE)


class TestAdoption:
    def app(self, **changes: Any) -> FakeArm:
        arm = FakeArm()
        applied(arm, planned(arm))
        next(value for key, value in arm.resources.items() if key.endswith("/sites/iris")).update(changes)
        return arm

    def without_app(self) -> FakeArm:
        arm = self.app()
        arm.resources = {key: value for key, value in arm.resources.items() if not key.endswith("/sites/iris")}
        return arm

    def test_keeps_a_plan_of_another_size(self) -> None:
        """A plan that is there is used whatever its size."""
        assert not planned(self.app(), plan_sku="EP3").has_changes

    def test_adds_its_identity_beside_others(self) -> None:
        """An app that has identities keeps them and gets ours as well."""
        arm = self.app(identity={"type": "SystemAssigned"})
        second = planned(arm)

        applied(arm, second)
        site = next(value for key, value in arm.resources.items() if key.endswith("/sites/iris"))

        assert "SystemAssigned, UserAssigned" == site["identity"]["type"]
        assert 1 == len(site["identity"]["userAssignedIdentities"])

    def test_keeps_host_storage_by_connection_string(self) -> None:
        """An app whose host storage is a connection string keeps it: identity settings beside it would be ignored."""
        arm = self.app()
        arm.settings = {
            name: value for name, value in arm.settings.items() if not name.startswith("AzureWebJobsStorage")
        } | {"AzureWebJobsStorage": "AccountKey=x"}

        assert not planned(arm).has_changes

    def test_refuses_a_plan_on_windows(self) -> None:
        """A Windows plan is refused before anything is written, with the way out."""
        arm = self.without_app()
        next(value for key, value in arm.resources.items() if "serverfarms" in key)["properties"]["reserved"] = False

        with pytest.raises(PlanRefused, match=r"runs Windows.*Set `plan-name`"):
            planned(arm)

    @pytest.mark.parametrize("tier", ["Dynamic", "FlexConsumption", "Free"])
    def test_refuses_a_plan_without_containers(self, tier: str) -> None:
        """A Consumption, Flex or Free plan is refused."""
        arm = self.without_app()
        next(value for key, value in arm.resources.items() if "serverfarms" in key)["sku"]["tier"] = tier

        with pytest.raises(PlanRefused, match="the plan `iris-plan` is a"):
            planned(arm)

    def test_refuses_a_size_without_containers(self) -> None:
        """A plan that would have to be made as Y1 is refused."""
        with pytest.raises(PlanRefused, match="plan-sku"):
            planned(FakeArm(), plan_sku="Y1")

    def test_refuses_a_code_app(self) -> None:
        """An app that runs code is not turned into a container app."""
        with pytest.raises(PlanRefused, match="runs code, not a container"):
            planned(self.app(kind="functionapp,linux"))

    def test_refuses_a_web_app(self) -> None:
        """A web app of the wanted name is refused."""
        with pytest.raises(PlanRefused, match="web app, not a function app"):
            planned(self.app(kind="app,linux,container"))

    def test_refuses_an_app_on_another_plan(self) -> None:
        """An app that lives elsewhere names the plan to give."""
        with pytest.raises(PlanRefused, match="Set `plan-name` to `iris-plan`"):
            planned(self.app(), plan_name="other")

    def test_refuses_a_taken_account_name(self) -> None:
        """A storage account's name that is taken is found before anything is written."""
        arm = FakeArm()
        arm.name_refusal = "The storage account named irisstorage is already taken."

        with pytest.raises(PlanRefused, match=r"already taken. Set `storage-account`"):
            planned(arm)

    def test_tells_every_problem_at_once(self) -> None:
        """Two problems are told in one failure."""
        arm = FakeArm()
        arm.name_refusal = "taken"

        with pytest.raises(PlanRefused) as caught:
            planned(arm, plan_sku="FC1")

        assert ["plan-sku", "storage-account"] == [problem.subject for problem in caught.value.problems]


class TestAWriteThatFails:
    def test_lists_what_was_done(self) -> None:
        """What was created, what failed and what was not reached is in the detail; the reason says what to do."""
        arm = FakeArm()
        resource_plan = planned(arm)
        arm.fail("PUT", "serverfarms", WEB_QUOTA)

        with pytest.raises(ApplyIncomplete) as caught:
            applied(arm, resource_plan)

        assert "Could not create the plan `iris-plan`" in str(caught.value)
        assert "`location` or `plan-sku`" in str(caught.value)
        assert "created: the storage account `irisstorage`" in caught.value.detail
        assert "failed: the plan `iris-plan`" in caught.value.detail
        assert "not reached: the function app `iris`" in caught.value.detail

    def test_is_mended_by_running_again(self) -> None:
        """The next run makes only what is missing."""
        arm = FakeArm()
        resource_plan = planned(arm)
        arm.fail("PUT", "serverfarms", WEB_QUOTA)
        with pytest.raises(ApplyIncomplete):
            applied(arm, resource_plan)

        second = planned(arm)
        applied(arm, second)

        assert ["plan", "function app"] == [c.kind for c in second.changes if c.action is Action.CREATE]
        assert not planned(arm).has_changes

    def test_takes_an_existing_role_for_done(self) -> None:
        """RoleAssignmentExists is success."""
        arm = FakeArm()
        resource_plan = planned(arm)
        arm.fail("PUT", "roleAssignments", arm_error(409, "RoleAssignmentExists", "It already exists."), 3)

        assert applied(arm, resource_plan).changed

    def test_adopts_an_account_that_a_lost_answer_made(self) -> None:
        """A 409 for an account that is in our own group is success."""
        arm = FakeArm()
        resource_plan = planned(arm)
        applied(arm, resource_plan)
        account = next(key for key in arm.resources if key.endswith("/irisstorage"))
        kept = arm.resources[account]
        arm.resources = {account: kept}
        arm.fail("PUT", "/irisstorage$", arm_error(409, "StorageAccountAlreadyTaken", "It is taken."))

        assert applied(arm, resource_plan).changed

    def test_names_the_role_that_is_missing(self) -> None:
        """Contributor may not assign roles: the message has the command that an owner runs."""
        arm = FakeArm()
        resource_plan = planned(arm)
        message = (
            "The client 'c' with object id 'o' does not have authorization to perform action "
            f"'Microsoft.Authorization/roleAssignments/write' over scope '{REGISTRY.id}/providers/"
            "Microsoft.Authorization/roleAssignments/9' or the scope is invalid."
        )
        arm.fail("PUT", f"{REGISTRY.id}/providers", arm_error(403, "AuthorizationFailed", message))

        with pytest.raises(ApplyIncomplete, match="az role assignment create --assignee-object-id o") as caught:
            applied(arm, resource_plan)

        assert f"--scope {REGISTRY.id}" in str(caught.value)

    def test_tells_a_failed_push_as_itself(self) -> None:
        """When the image cannot be pushed the app is not touched, and the registry's failure is what is told."""
        arm = FakeArm()
        resource_plan = planned(arm)
        push: Future[object] = Future()
        push.set_exception(RegistryFailed("push the image", "it broke off", "Run again."))

        with pytest.raises(RegistryFailed) as caught:
            applied(arm, resource_plan, ready={"image": push})

        assert "not reached: the function app `iris`" in caught.value.detail
        assert "PUT iris" not in arm.writes


class TestReadsThatAreRefused:
    def test_tell_every_reason(self) -> None:
        """A login without rights is told what it may not read."""
        arm = FakeArm()
        applied(arm, planned(arm))
        arm.fail("GET", "iris-identity$", arm_error(403, "AuthorizationFailed", "no"))
        arm.fail("GET", "irisstorage$", arm_error(403, "AuthorizationFailed", "no"))

        with pytest.raises(PlanRefused) as caught:
            planned(arm)

        assert 2 == len(caught.value.problems)

    def test_of_providers_do_not_matter(self) -> None:
        """A login whose rights end at the group need not read the subscription's providers."""
        arm = FakeArm()
        arm.fail("GET", r"providers/Microsoft\.\w+$", arm_error(403, "AuthorizationFailed", "no"), 3)

        assert "resource provider" not in {change.kind for change in planned(arm).changes}
