"""Plans and function apps through the Azure SDK's own clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError

from azure_sandbox.apps.environment import container_environment
from azure_sandbox.contract import AppState
from support.sdk_errors import body_of, code_of, web_error

if TYPE_CHECKING:
    from unit.sandbox_control.conftest import Clients, Cloud

PLAN = {
    "location": "westeurope",
    "kind": "elastic",
    "sku": {"name": "EP1", "tier": "ElasticPremium"},
    "properties": {"reserved": True, "maximumElasticWorkerCount": 3},
}
IMAGE = "DOCKER|localhost:5000/package@sha256:" + "a" * 64


def status_and_body(answer: Any, *_: Any) -> tuple[int, bytes]:
    """For the SDK's `cls`: a streamed answer read to its end, as one without a body must be, too."""
    return answer.http_response.status_code, answer.http_response.read()


@pytest.fixture
def group(cloud: Cloud, clients: Clients) -> str:
    """A group with a plan."""
    cloud.new_group("web")
    clients.web.app_service_plans.begin_create_or_update("web", "plan", PLAN).result()
    return "web"


@pytest.fixture
def identity(clients: Clients, group: str) -> Any:
    return clients.msi.user_assigned_identities.create_or_update(group, "scorer", {"location": "westeurope"})


def site_body(identity: Any, **settings: str) -> dict[str, Any]:
    config = {
        "linuxFxVersion": IMAGE,
        "acrUseManagedIdentityCreds": True,
        "acrUserManagedIdentityID": identity.client_id,
        "appSettings": [{"name": name, "value": value} for name, value in settings.items()],
    }
    return {
        "location": "westeurope",
        "kind": "functionapp,linux,container",
        "tags": {"managed-by": "me"},
        "identity": {"type": "UserAssigned", "userAssignedIdentities": {identity.id: {}}},
        "properties": {"serverFarmId": "plan", "reserved": True, "httpsOnly": True, "siteConfig": config},
    }


@pytest.fixture
def app(clients: Clients, group: str, identity: Any) -> Any:
    return clients.web.web_apps.begin_create_or_update(group, "scores", site_body(identity, A="1", B="2")).result()


class TestPlans:
    def test_a_plan_comes_back_completed(self, clients: Clients, group: str) -> None:
        """SKU members, web space, and the region's display name."""
        plan = clients.web.app_service_plans.get(group, "PLAN")

        assert ("West Europe", "elastic") == (plan.location, plan.kind)
        assert ("EP1", "ElasticPremium", "EP", 1) == (
            plan.sku.name,
            plan.sku.tier,
            plan.sku.family,
            plan.sku.capacity,
        )
        assert ("Succeeded", True, 3) == (
            plan.properties.provisioning_state,
            plan.properties.reserved,
            plan.properties.maximum_elastic_worker_count,
        )

    def test_a_plan_with_apps_stays(self, clients: Clients, group: str, app: Any) -> None:
        """It can be deleted when its last app is gone, which would have taken it along unless told otherwise."""
        delete = clients.web.app_service_plans.delete
        status, code, message = web_error(lambda: delete(group, "plan"))

        assert (409, "Conflict") == (status, code)
        assert "scores" in message

        clients.web.web_apps.delete(group, "scores", delete_empty_server_farm=False)
        assert ["plan"] == [plan.name for plan in clients.web.app_service_plans.list_by_resource_group(group)]
        delete(group, "plan")

        assert [] == list(clients.web.app_service_plans.list_by_resource_group(group))

    def test_an_unknown_size_is_refused(self, clients: Clients, group: str) -> None:
        """In App Service's own error shape."""
        begin = clients.web.app_service_plans.begin_create_or_update

        assert 400 == web_error(lambda: begin(group, "odd", {**PLAN, "sku": {"name": "XX9"}}))[0]

    @pytest.mark.parametrize(
        ("size", "tier"),
        [
            *(("B1", "Basic"), ("EP2", "ElasticPremium"), ("P1v2", "PremiumV2"), ("P0v3", "Premium0V3")),
            *(("p1v3", "PremiumV3"), ("P1mv3", "PremiumMV3"), ("P0v4", "PremiumV4"), ("P1mv4", "PremiumMV4")),
            *(("I1v2", "IsolatedV2"), ("I1mv2", "IsolatedMV2"), ("I1mv4", "IsolatedV4")),
        ],
    )
    def test_a_size_has_its_own_tier(self, clients: Clients, group: str, size: str, tier: str) -> None:
        """It need not be said; another one is refused."""
        begin = clients.web.app_service_plans.begin_create_or_update
        made = begin(group, "sized", {**PLAN, "sku": {"name": size}}).result()
        refused = web_error(lambda: begin(group, "odd", {**PLAN, "sku": {"name": size, "tier": "Standard"}}))

        assert (tier, 400) == (made.sku.tier, refused[0])


class TestSites:
    def test_one_put_makes_the_whole_app(self, cloud: Cloud, app: Any, identity: Any) -> None:
        """The platform is told image, settings, identities and who pulls."""
        (told,) = cloud.apps.applied

        assert ("scores", IMAGE, {"A": "1", "B": "2"}, "Running") == (
            told.name,
            told.linux_fx_version,
            told.app_settings,
            told.state,
        )
        assert [identity.client_id] == list(told.identities)
        assert identity.client_id == told.acr_identity_client_id

    def test_image_and_settings_are_one_write(self, cloud: Cloud, clients: Clients, group: str, app: Any) -> None:
        """Those that a patch of the configuration has are all that there are; without any, they stay."""
        write = clients.web.web_apps.update_configuration
        version = {"linuxFxVersion": "DOCKER|other", "appSettings": [{"name": "C", "value": "3"}]}
        for config in (version, {"alwaysOn": True}):
            write(group, app.name, {"properties": config})
        told = cloud.apps.applied[1:]

        assert [("DOCKER|other", {"C": "3"})] == [(one.linux_fx_version, one.app_settings) for one in told]

    def test_an_answer_holds_no_settings(self, clients: Clients, group: str, app: Any) -> None:
        """`appSettings` is null in the site and in config/web; the list shows them."""
        site = clients.web.web_apps.get(group, "scores")
        config = clients.web.web_apps.get_configuration(group, "scores")
        settings = clients.web.web_apps.list_application_settings(group, "scores")

        assert site.properties.site_config.app_settings is None
        assert config.properties.app_settings is None
        assert {"A": "1", "B": "2"} == settings.properties
        assert IMAGE == config.properties.linux_fx_version
        assert ("West Europe", "Running") == (site.location, site.properties.state)
        assert site.properties.default_host_name.startswith("localhost:")

    def test_identities_show_their_ids(self, clients: Clients, group: str, app: Any, identity: Any) -> None:
        """Principal and client id of each."""
        found = clients.web.web_apps.get(group, "scores").identity

        assert "UserAssigned" == found.type
        assert identity.client_id == found.user_assigned_identities[identity.id].client_id

    def test_who_resolves_references_to_key_vaults(
        self, cloud: Cloud, clients: Clients, group: str, app: Any, identity: Any
    ) -> None:
        """The system-assigned identity, unless the site names another that it has."""
        patch: Any = {"properties": {"keyVaultReferenceIdentity": identity.id.upper()}}
        clients.web.web_apps.update(group, "scores", patch)

        before, after = (told.key_vault_identity for told in cloud.apps.applied)
        assert "SystemAssigned" == app.key_vault_reference_identity
        assert ("", identity.client_id) == (before, after)

    def test_the_same_put_changes_nothing(
        self, cloud: Cloud, clients: Clients, group: str, app: Any, identity: Any
    ) -> None:
        """A second, equal PUT does not restart the app."""
        clients.web.web_apps.begin_create_or_update(group, "scores", site_body(identity, A="1", B="2")).result()

        assert (1, []) == (len(cloud.apps.applied), cloud.apps.restarted)

    def test_a_put_without_config_keeps_it(self, cloud: Cloud, clients: Clients, group: str, app: Any) -> None:
        """Image and settings stay when the body says nothing about them; tags go."""
        body = {"location": "westeurope", "properties": {"serverFarmId": "plan", "reserved": True}}
        clients.web.web_apps.begin_create_or_update(group, "scores", body).result()

        assert {"A": "1", "B": "2"} == clients.web.web_apps.list_application_settings(group, "scores").properties
        assert not clients.web.web_apps.get(group, "scores").tags
        assert 1 == len(cloud.apps.applied)

    def test_a_patch_of_the_image_restarts_with_it(self, cloud: Cloud, clients: Clients, group: str, app: Any) -> None:
        """PATCH config/web merges: the rest stays."""
        other = IMAGE.replace("a" * 64, "b" * 64)
        patched = clients.web.web_apps.update_configuration(group, "scores", {"properties": {"linuxFxVersion": other}})

        assert other == cloud.apps.applied[-1].linux_fx_version
        assert patched.properties.acr_use_managed_identity_creds
        assert {"A": "1", "B": "2"} == cloud.apps.applied[-1].app_settings

    def test_settings_are_replaced_and_restart(self, cloud: Cloud, clients: Clients, group: str, app: Any) -> None:
        """PUT appsettings replaces all; an equal PUT restarts the app all the same."""
        update = clients.web.web_apps.update_application_settings
        update(group, "scores", {"properties": {"C": "3"}})
        update(group, "scores", {"properties": {"C": "3"}})

        assert {"C": "3"} == cloud.apps.applied[-1].app_settings
        assert (2, 1) == (len(cloud.apps.applied), len(cloud.apps.restarted))

    def test_stop_and_start(self, cloud: Cloud, clients: Clients, group: str, app: Any) -> None:
        """The platform is told the state."""
        clients.web.web_apps.stop(group, "scores")
        stopped = clients.web.web_apps.get(group, "scores").properties.state
        clients.web.web_apps.start(group, "scores")

        assert "Stopped" == stopped
        assert ["Running", "Stopped", "Running"] == [one.state for one in cloud.apps.applied]

    def test_a_taken_name_is_a_conflict(self, cloud: Cloud, clients: Clients, group: str, identity: Any) -> None:
        """54001, in App Service's shape."""
        cloud.sandbox.arm.sites.take_name("famous")
        begin = clients.web.web_apps.begin_create_or_update
        with pytest.raises(HttpResponseError) as caught:
            begin(group, "famous", site_body(identity))
        entity = body_of(caught.value)["Details"][2]["ErrorEntity"]

        assert (409, "54001") == (caught.value.status_code, entity["ExtendedCode"])
        assert "Website with given name famous already exists." == entity["Message"]

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            *(
                ("free", ""),
                ("scores", "AlreadyExists"),
                ("SCORES", "AlreadyExists"),
                ("scores-staging", "AlreadyExists"),
            ),
            *(("famous", "AlreadyExists"), ("under_score", "Invalid")),
        ],
    )
    @pytest.mark.usefixtures("app")
    def test_names_are_checked(self, cloud: Cloud, clients: Clients, name: str, expected: str) -> None:
        """Free, an app's, a slot's host, somebody else's, and not a name; in the words that people know."""
        slot: Any = {"location": "westeurope", "properties": {"serverFarmId": "plan"}}
        clients.web.web_apps.begin_create_or_update_slot("web", "scores", "staging", slot).result()
        cloud.sandbox.arm.sites.take_name("famous")

        answer = clients.web.check_name_availability({"name": name, "type": "Microsoft.Web/sites"})

        assert (not expected, expected) == (answer.name_available, answer.reason)
        if expected == "AlreadyExists":
            assert f"Hostname '{name}' already exists. Please select a different name." == answer.message

    def test_a_missing_plan_or_identity_is_refused(self, clients: Clients, group: str, identity: Any) -> None:
        """Nothing is made of it."""
        begin = clients.web.web_apps.begin_create_or_update
        body = site_body(identity)
        lost = {**body, "properties": {**body["properties"], "serverFarmId": "nowhere"}}
        alone = {**body, "identity": {"type": "UserAssigned", "userAssignedIdentities": {f"{identity.id}x": {}}}}
        with pytest.raises(HttpResponseError) as caught:
            begin(group, "alone", alone)

        assert (404, "NotFound") == web_error(lambda: begin(group, "lost", lost))[:2]
        assert (400, "FailedIdentityOperation") == (caught.value.status_code, code_of(caught.value))
        assert [] == list(clients.web.web_apps.list_by_resource_group(group))

    def test_deleting_stops_the_app(self, cloud: Cloud, clients: Clients, group: str, app: Any) -> None:
        """The platform is told, and the plan goes with its last app."""
        clients.web.web_apps.delete(group, "SCORES")

        assert [app.id] == cloud.apps.removed
        assert [] == list(clients.web.app_service_plans.list_by_resource_group(group))

    def test_an_identity_takes_a_right_to_assign_it(
        self, cloud: Cloud, clients: Clients, group: str, identity: Any
    ) -> None:
        """Who may write sites but not assign the identity is refused."""
        contributor = cloud.somebody("de139f84-1756-47ae-9be6-808fbbe84772")
        path = f"{cloud.subscription}/resourceGroups/{group}/providers/Microsoft.Web/sites/borrowed"
        answer = cloud.call("PUT", path, site_body(identity), token=cloud.token(contributor))

        assert (403, "LinkedAuthorizationFailed") == (answer.status_code, answer.json()["error"]["code"])


class TestHost:
    def test_until_it_runs_the_host_is_unavailable(self, clients: Clients, group: str, app: Any) -> None:
        """Keys, functions and triggers answer 400 in App Service's shape; the log is empty."""
        apps = clients.web.web_apps
        expected = (400, "BadRequest", "Encountered an error (ServiceUnavailable) from host runtime.")

        assert expected == web_error(lambda: apps.list_host_keys(group, "scores"))
        assert expected == web_error(lambda: list(apps.list_functions(group, "scores")))
        assert expected == web_error(lambda: apps.sync_function_triggers(group, "scores"))
        assert (204, b"") == apps.get_web_site_container_logs(group, "scores", cls=status_and_body)

    def test_a_running_host_answers(self, cloud: Cloud, clients: Clients, group: str, app: Any) -> None:
        """Keys, functions, triggers, log."""
        cloud.apps.current = AppState.RUNNING
        apps = clients.web.web_apps
        apps.sync_function_triggers(group, "scores")
        (function,) = apps.list_functions(group, "scores")
        log = b"".join(apps.get_web_site_container_logs(group, "scores"))

        assert "master" == apps.list_host_keys(group, "scores").master_key
        assert "two" == apps.list_function_keys(group, "scores", "score")["default"]
        assert "scores/score" == function.name
        assert function.properties.invoke_url_template.endswith("/api/score")
        assert b"Starting container\n" == log

    def test_a_host_answers_through_resource_manager(
        self, cloud: Cloud, clients: Clients, group: str, app: Any
    ) -> None:
        """Its own `/admin`, without a key; the service's words while no container answers."""
        path = f"{app.id}/hostruntime/admin/host/status"
        before = cloud.call("GET", path)
        cloud.apps.current = AppState.RUNNING

        assert (400, "BadRequest") == (before.status_code, before.json()["Code"])
        assert {"asked": "GET /admin/host/status"} == cloud.call("GET", path).json()
        assert {"asked": "POST /admin/host/restart"} == cloud.call("POST", path.replace("status", "restart")).json()

    def test_a_site_may_be_closed(self, cloud: Cloud, clients: Clients, group: str, app: Any) -> None:
        """The platform is told."""
        clients.web.web_apps.update(group, "scores", {"properties": {"publicNetworkAccess": "Disabled"}})

        assert [True, False] == [one.public for one in cloud.apps.applied]

    def test_the_host_may_be_isolated(self, cloud: Cloud, clients: Clients, group: str, app: Any) -> None:
        """The site says so, and the platform tells the container."""
        clients.web.web_apps.update(group, "scores", {"properties": {"functionsRuntimeAdminIsolationEnabled": True}})

        told = [container_environment(one, "x").get("FUNCTIONS_ADMIN_ISOLATION_ENABLED") for one in cloud.apps.applied]
        assert [None, "1"] == told
        assert cloud.call("GET", app.id).json()["properties"]["functionsRuntimeAdminIsolationEnabled"]

    def test_a_restart_reaches_the_platform(self, cloud: Cloud, clients: Clients, group: str, app: Any) -> None:
        """A synchronous one waits until the app is no longer starting."""
        cloud.apps.current = AppState.FAILED
        clients.web.web_apps.restart(group, "scores", soft_restart=True, synchronous=True)

        assert [app.id] == cloud.apps.restarted


class TestSmallThings:
    def test_container_logging(self, cloud: Cloud, clients: Clients, group: str, app: Any) -> None:
        """Off until somebody turns it on, as az does, and told to the platform."""
        apps = clients.web.web_apps
        before = apps.get_diagnostic_logs_configuration(group, "scores").properties.http_logs.file_system.enabled
        body = {"properties": {"httpLogs": {"fileSystem": {"enabled": True, "retentionInMb": 100}}}}
        after = apps.update_diagnostic_logs_config(group, "scores", body).properties.http_logs.file_system

        assert (False, True, 100) == (before, after.enabled, after.retention_in_mb)
        assert apps.get_configuration(group, "scores").http_logging_enabled
        assert [False, True] == [one.container_log for one in cloud.apps.applied]

    def test_sticky_names(self, clients: Clients, group: str, app: Any) -> None:
        """Null on a fresh app, then what was put."""
        apps = clients.web.web_apps
        before = apps.list_slot_configuration_names(group, "scores").properties.app_setting_names
        apps.update_slot_configuration_names(group, "scores", {"properties": {"appSettingNames": ["A"]}})

        assert before is None
        assert ["A"] == apps.list_slot_configuration_names(group, "scores").properties.app_setting_names

    def test_sticky_names_that_are_not_put_again_are_gone(self, clients: Clients, group: str, app: Any) -> None:
        """A PUT replaces all three lists."""
        apps = clients.web.web_apps
        apps.update_slot_configuration_names(group, "scores", {"properties": {"connectionStringNames": ["DB"]}})
        apps.update_slot_configuration_names(group, "scores", {"properties": {"appSettingNames": ["A"]}})
        held = apps.list_slot_configuration_names(group, "scores").properties

        assert (["A"], None) == (held.app_setting_names, held.connection_string_names)

    @pytest.mark.parametrize("name", ["Logging:Level", "MODEL-THRESHOLD", "a b"])
    def test_names_of_settings_have_few_signs(self, clients: Clients, group: str, app: Any, name: str) -> None:
        """Letters, digits, dots and underscores."""
        with pytest.raises(HttpResponseError, match="App setting names can only contain letters"):
            clients.web.web_apps.update_application_settings(group, "scores", {"properties": {name: "x"}})

    def test_publishing_can_be_turned_off(self, clients: Clients, group: str, app: Any) -> None:
        """Basic credentials, one door at a time."""
        apps = clients.web.web_apps
        apps.update_scm_allowed(group, "scores", {"properties": {"allow": False}})

        assert not apps.get_scm_allowed(group, "scores").properties.allow
        assert apps.get_ftp_allowed(group, "scores").properties.allow


class TestProof:
    def test_some_hosts_want_a_machine_key(self, cloud: Cloud, clients: Clients, app: Any) -> None:
        """Where the sandbox is told so, keys are listed only of an app that has one in its settings."""
        cloud.apps.current = AppState.RUNNING
        apps, sites = clients.web.web_apps, cloud.sandbox.arm.sites
        sites.proof_needs_machine_key = True
        refused = web_error(lambda: apps.list_host_keys("web", "scores"))
        apps.update_application_settings("web", "scores", {"properties": {"MACHINEKEY_DecryptionKey": "A" * 64}})
        listed = apps.list_host_keys("web", "scores")
        sites.proof_needs_machine_key = False

        assert (400, "BadRequest", "Encountered an error (InternalServerError) from host runtime.") == refused
        assert "master" == listed.master_key
