"""Deployment slots and their swap, through the Azure SDK's own clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import HttpResponseError

from azure_sandbox.contract import AppState
from support.sdk_errors import code_of, web_error

if TYPE_CHECKING:
    from unit.sandbox_control.conftest import Clients, Cloud

OLD, NEW = (f"DOCKER|localhost:5000/package@sha256:{digit * 64}" for digit in "ab")


def body(image: str, **settings: str) -> dict[str, Any]:
    config = {
        "linuxFxVersion": image,
        "appSettings": [{"name": name, "value": value} for name, value in settings.items()],
    }
    return {
        "location": "westeurope",
        "kind": "functionapp,linux,container",
        "properties": {"reserved": True, "siteConfig": config},
    }


def make_app(cloud: Cloud, clients: Clients, sku: str = "EP1") -> None:
    cloud.new_group("web")
    plan = {"location": "westeurope", "sku": {"name": sku}, "properties": {"reserved": True}}
    clients.web.app_service_plans.begin_create_or_update("web", "plan", plan).result()
    site = body(OLD, A="old", STAYS="production", FUNCTIONS_EXTENSION_VERSION="~4")
    site["properties"]["serverFarmId"] = "plan"
    clients.web.web_apps.begin_create_or_update("web", "scores", site).result()


def make_slot(clients: Clients, name: str = "staging", image: str = NEW) -> Any:
    site = body(image, A="new", STAYS="slot", FUNCTIONS_EXTENSION_VERSION="~4")
    return clients.web.web_apps.begin_create_or_update_slot("web", "scores", name, site).result()


@pytest.fixture
def apps(cloud: Cloud, clients: Clients) -> Any:
    """An app with a slot and a setting that stays with its slot."""
    make_app(cloud, clients)
    make_slot(clients)
    names = {"properties": {"appSettingNames": ["STAYS"]}}
    clients.web.web_apps.update_slot_configuration_names("web", "scores", names)
    return clients.web.web_apps


class TestASlot:
    def test_is_a_site_of_its_own(self, cloud: Cloud, apps: Any) -> None:
        """Its own host name, image and settings; the app's plan; a name that names both."""
        slot, app = apps.get_slot("web", "scores", "STAGING"), apps.get("web", "scores")

        assert ("scores/staging", "Microsoft.Web/sites/slots") == (slot.name, slot.type)
        assert app.server_farm_id == slot.server_farm_id
        assert app.default_host_name != slot.default_host_name
        assert ["scores", "scores-staging"] == [told.name for told in cloud.apps.applied]
        assert NEW == apps.get_configuration_slot("web", "scores", "staging").linux_fx_version
        assert "slot" == apps.list_application_settings_slot("web", "scores", "staging").properties["STAYS"]
        assert ["scores/staging"] == [one.name for one in apps.list_slots("web", "scores")]
        assert ["scores"] == [one.name for one in apps.list_by_resource_group("web")]

    def test_is_written_and_asked_like_an_app(self, cloud: Cloud, apps: Any) -> None:
        """Configuration, settings, keys, functions, triggers, log, restart, publishing."""
        cloud.apps.current = AppState.RUNNING
        where = ("web", "scores", "staging")
        apps.update_configuration_slot(*where, {"properties": {"linuxFxVersion": OLD}})
        apps.update_application_settings_slot(*where, {"properties": {"B": "2"}})
        apps.restart_slot(*where)
        apps.sync_function_triggers_slot(*where)
        apps.update_scm_allowed_slot(*where, {"properties": {"allow": False}})

        assert (OLD, {"B": "2"}) == (cloud.apps.applied[-1].linux_fx_version, cloud.apps.applied[-1].app_settings)
        assert cloud.apps.restarted[-1].endswith("/sites/scores/slots/staging")
        assert "master" == apps.list_host_keys_slot(*where).master_key
        assert "two" == apps.list_function_keys_slot("web", "scores", "score", "staging")["default"]
        assert b"Starting container\n" == b"".join(apps.get_web_site_container_logs_slot(*where))
        assert not apps.get_scm_allowed_slot(*where).allow

    def test_needs_its_app(self, cloud: Cloud, clients: Clients) -> None:
        """Without one, the parent is missing."""
        cloud.new_group("web")
        with pytest.raises(HttpResponseError) as caught:
            make_slot(clients)

        assert (404, "ParentResourceNotFound") == (caught.value.status_code, code_of(caught.value))

    def test_goes_alone_or_with_its_app(self, cloud: Cloud, apps: Any) -> None:
        """The platform is told of both."""
        apps.delete_slot("web", "scores", "staging")

        assert [] == list(apps.list_slots("web", "scores"))
        assert cloud.apps.removed[-1].endswith("/slots/staging")


class TestLimits:
    @pytest.mark.parametrize(("sku", "tier", "slots"), [("B1", "Basic", 0), ("EP1", "ElasticPremium", 2)])
    def test_a_plan_carries_so_many(self, cloud: Cloud, clients: Clients, sku: str, tier: str, slots: int) -> None:
        """Basic none; Elastic Premium three with production. One that is there may be written again."""
        make_app(cloud, clients, sku)
        for number in range(slots):
            make_slot(clients, f"slot{number}")
        if slots:
            make_slot(clients, "slot0", OLD)
        expected = (
            f"Cannot complete the operation because the site will exceed the number of slots allowed for the '{tier}' "
            "SKU."
        )

        assert (409, "Conflict", expected) == web_error(lambda: make_slot(clients, "more"))


STRINGS = {
    "MOVES": {"value": "Server=a", "type": "Custom"},
    "STAYS": {"value": "Server=b", "type": "SQLAzure"},
}
MOUNTS = {
    name: {"type": "AzureFiles", "accountName": "a", "shareName": name, "accessKey": "key", "mountPath": f"/{name}"}
    for name in ("moves", "stays")
}
SUBNET = "/subscriptions/s/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/apps"


class TestWhatASwapMoves:
    def test_connection_strings_and_mounts_but_for_a_slots_own(self, cloud: Cloud, apps: Any) -> None:
        """The app had them, and loses those that are not bound to it: the slot has none."""
        apps.update_connection_strings("web", "scores", {"properties": STRINGS})
        apps.update_azure_storage_accounts("web", "scores", {"properties": MOUNTS})
        names = {"connectionStringNames": ["STAYS"], "azureStorageConfigNames": ["stays"], "appSettingNames": ["STAYS"]}
        apps.update_slot_configuration_names("web", "scores", {"properties": names})
        before = cloud.apps.applied[-1].connection_strings
        apps.begin_swap_slot("web", "scores", "staging", {"targetSlot": "production", "preserveVnet": True}).result()
        strings = apps.list_connection_strings("web", "scores").properties
        mounts = apps.list_azure_storage_accounts("web", "scores").properties
        moved = apps.list_connection_strings_slot("web", "scores", "staging").properties

        assert {"CUSTOMCONNSTR_MOVES": "Server=a", "SQLAZURECONNSTR_STAYS": "Server=b"} == before
        assert (["STAYS"], ["stays"]) == (list(strings), list(mounts))
        assert ("Server=a", "Custom") == (moved["MOVES"].value, moved["MOVES"].type)
        assert "key" == apps.list_azure_storage_accounts_slot("web", "scores", "staging").properties["moves"].access_key

    @pytest.mark.parametrize(("given", "moves"), [({"preserveVnet": True}, False), ({}, True)])
    def test_the_network_unless_it_is_to_be_preserved(self, apps: Any, given: dict[str, Any], moves: bool) -> None:
        """The documentation of 2025 lists it as swapped; az asks for it to be preserved."""
        apps.update("web", "scores", {"properties": {"virtualNetworkSubnetId": SUBNET}})
        apps.begin_swap_slot("web", "scores", "staging", {"targetSlot": "production", **given}).result()
        app, slot = apps.get("web", "scores"), apps.get_slot("web", "scores", "staging")

        assert (None, SUBNET) == (slot.virtual_network_subnet_id, app.virtual_network_subnet_id) or moves
        assert (SUBNET, None) == (slot.virtual_network_subnet_id, app.virtual_network_subnet_id) or not moves

    def test_general_configuration_and_with_a_setting_the_rest_of_it(self, apps: Any) -> None:
        """Restrictions, scale and TLS stay, unless every slot says otherwise; who pulls stays in any case."""
        changed = {"webSocketsEnabled": True, "minTlsVersion": "1.3", "acrUseManagedIdentityCreds": True}
        apps.update_configuration("web", "scores", {"properties": changed})
        apps.begin_swap_slot("web", "scores", "staging", {"targetSlot": "production"}).result()
        first = apps.get_configuration("web", "scores")
        override = {"properties": {"WEBSITE_OVERRIDE_PRESERVE_DEFAULT_STICKY_SLOT_SETTINGS": "0"}}
        apps.update_application_settings("web", "scores", override)
        apps.update_application_settings_slot("web", "scores", "staging", override)
        apps.begin_swap_slot("web", "scores", "staging", {"targetSlot": "production"}).result()
        second = apps.get_configuration("web", "scores")

        assert (False, "1.3", True) == (
            first.web_sockets_enabled,
            first.min_tls_version,
            first.acr_use_managed_identity_creds,
        )
        assert (True, "1.2", True) == (
            second.web_sockets_enabled,
            second.min_tls_version,
            second.acr_use_managed_identity_creds,
        )


class TestContentShares:
    def test_of_several_apps_are_noted(self, cloud: Cloud, apps: Any) -> None:
        """Azure takes them, and the two overwrite one another's content; a swap of two shares is none."""
        sites, string = cloud.sandbox.arm.sites, "AccountName=files;AccountKey=key"
        settings = {"WEBSITE_CONTENTSHARE": "one", "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING": string}
        apps.update_application_settings("web", "scores", {"properties": settings})
        other = {"properties": {**settings, "WEBSITE_CONTENTSHARE": "two"}}
        apps.update_application_settings_slot("web", "scores", "staging", other)
        apps.begin_swap_slot("web", "scores", "staging", {"targetSlot": "production"}).result()
        before = dict(sites.shared_shares)
        apps.update_application_settings("web", "scores", {"properties": settings})

        assert {} == before
        assert {"files/one": 2} == {share: len(owners) for share, owners in sites.shared_shares.items()}


class TestSwap:
    def test_exchanges_all_but_what_stays(self, cloud: Cloud, apps: Any) -> None:
        """Image and settings; sticky settings and the runtime's version stay. Both keep their host names."""
        before = apps.get("web", "scores").default_host_name
        apps.begin_swap_slot("web", "scores", "staging", {"targetSlot": "production", "preserveVnet": True}).result()
        settings = apps.list_application_settings("web", "scores").properties

        assert ("new", "production", "~4") == (
            settings["A"],
            settings["STAYS"],
            settings["FUNCTIONS_EXTENSION_VERSION"],
        )
        assert "slot" == apps.list_application_settings_slot("web", "scores", "staging").properties["STAYS"]
        assert NEW == apps.get_configuration("web", "scores").linux_fx_version
        assert OLD == apps.get_configuration_slot("web", "scores", "staging").linux_fx_version
        assert before == apps.get("web", "scores").default_host_name
        ((first, second),) = cloud.apps.swapped
        assert [("scores", NEW), ("scores-staging", OLD)] == [
            (one.name, one.linux_fx_version) for one in (first, second)
        ]

    def test_leaves_who_pulls_where_it_is(self, apps: Any) -> None:
        """It belongs to the identities, which are not swapped either."""
        by_identity = {"properties": {"acrUseManagedIdentityCreds": True, "acrUserManagedIdentityID": "someone"}}
        apps.update_configuration_slot("web", "scores", "staging", by_identity)
        apps.begin_swap_slot("web", "scores", "staging", {"targetSlot": "production"}).result()
        both = apps.get_configuration("web", "scores"), apps.get_configuration_slot("web", "scores", "staging")

        assert [False, True] == [config.acr_use_managed_identity_creds for config in both]
        assert [None, "someone"] == [config.acr_user_managed_identity_id for config in both]

    def test_leaves_the_container_log_as_it_is(self, cloud: Cloud, apps: Any) -> None:
        """Diagnostic settings are each slot's own."""
        apps.update_configuration_slot("web", "scores", "staging", {"properties": {"httpLoggingEnabled": True}})
        apps.begin_swap_slot("web", "scores", "staging", {"targetSlot": "production"}).result()

        ((first, second),) = cloud.apps.swapped
        assert [False, True] == [one.container_log for one in (first, second)]
        assert not apps.get_configuration("web", "scores").http_logging_enabled

    def test_twice_is_as_before(self, apps: Any) -> None:
        """From the app's own path, too."""
        apps.begin_swap_slot("web", "scores", "staging", {"targetSlot": "production"}).result()
        apps.begin_swap_slot_with_production("web", "scores", {"targetSlot": "staging"}).result()

        assert OLD == apps.get_configuration("web", "scores").linux_fx_version
        assert "old" == apps.list_application_settings("web", "scores").properties["A"]

    def test_is_polled_and_holds_both_sites_meanwhile(self, cloud: Cloud, apps: Any) -> None:
        """202 with a Location that says 202 until it is over; nobody else may write."""
        cloud.apps.may_swap.clear()
        path = f"{cloud.subscription}/resourceGroups/web/providers/Microsoft.Web/sites/scores/slots/staging"
        started = cloud.call("POST", f"{path}/slotsswap", {"targetSlot": "production"})
        refused = web_error(lambda: apps.update_configuration("web", "scores", {"properties": {"alwaysOn": True}}))
        location = started.headers["location"]
        token = {"Authorization": f"Bearer {cloud.token()}"}
        meanwhile = cloud.session.get(location, headers=token, timeout=30).status_code
        cloud.apps.may_swap.set()
        while (last := cloud.session.get(location, headers=token, timeout=30).status_code) == 202:
            pass

        assert (202, 202, 200) == (started.status_code, meanwhile, last)
        assert (409, "Conflict") == refused[:2]
        assert "another operation is in progress" in refused[2]

    def test_a_slot_that_does_not_come_to_life_is_not_swapped(self, cloud: Cloud, apps: Any) -> None:
        """417, in Azure's words, and everything stays."""
        cloud.apps.comes_to_life = False
        begin = apps.begin_swap_slot
        refused = web_error(lambda: begin("web", "scores", "staging", {"targetSlot": "production"}).result())
        words = "Cannot swap site slots for site 'scores' because the 'staging' slot did not respond to http ping."

        assert (417, "ExpectationFailed", words) == refused
        assert OLD == apps.get_configuration("web", "scores").linux_fx_version
        assert "Running" == apps.get("web", "scores").state

    def test_takes_a_right_of_its_own(self, cloud: Cloud, apps: Any) -> None:
        """A reader may look at a slot, and not swap it."""
        reader = cloud.token(cloud.somebody("acdd72a7-3385-48ef-bd42-f606fba81ae7"))
        path = f"{cloud.subscription}/resourceGroups/web/providers/Microsoft.Web/sites/scores/slots/staging"
        seen = cloud.call("GET", path, token=reader).status_code
        swapped = cloud.call("POST", f"{path}/slotsswap", {"targetSlot": "production"}, token=reader)

        assert (200, 403) == (seen, swapped.status_code)
        assert "Microsoft.Web/sites/slots/slotsswap/action" in swapped.json()["error"]["message"]

    def test_with_itself_or_nothing_is_refused(self, apps: Any) -> None:
        """A slot that is not there is not found."""
        begin = apps.begin_swap_slot
        with pytest.raises(HttpResponseError) as caught:
            begin("web", "scores", "staging", {"targetSlot": "elsewhere"})

        assert 400 == web_error(lambda: begin("web", "scores", "staging", {"targetSlot": "staging"}))[0]
        assert 404 == caught.value.status_code
