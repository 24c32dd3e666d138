"""What app and slot keep through a swap on the sandbox: who pulls, their shares, and what an owner has given them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from azure_sandbox.arm.web.swapping import STAY
from functions_model.core.failures import PlanRefused
from functions_model.core.spec import Access, ImageTarget
from functions_model.hosting.app_service.content_share import CONTENT_SHARE
from functions_model.hosting.app_service.registry_login import PASSWORD
from functions_model.hosting.app_service.swap import swap_back
from functions_model.provision import Action, RunContext, find_registry
from support.live_sites import site_id, site_of
from support.sandbox_login import Azure, logged_in
from support.slots import (
    APP,
    MOVE,
    SLOT,
    STAGING,
    SWAPPED,
    actions,
    change_of,
    deploy,
    image,
    make_as_new,
    set_by_hand,
    settings,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.exhaustive


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with logged_in(tmp_path_factory.mktemp("swaps")) as one:
        yield one


@pytest.fixture
def azure(shared: Azure) -> Iterator[Azure]:
    """The shared sandbox, as new."""
    yield shared
    make_as_new(shared)


@pytest.fixture
def keyed(azure: Azure) -> Azure:
    """With a registry whose admin user is on."""
    registry = azure.registry.id.rpartition("/")[2]
    update: Any = {"properties": {"adminUserEnabled": True}}
    azure.clients.registries.registries.begin_update("sandbox-shared", registry, update).result()
    found = find_registry(azure.clients, ImageTarget(azure.sandbox.endpoints.registry, "package"))
    return Azure(azure.sandbox, azure.clients, found, azure.closing)


def pull(azure: Azure, slot: str = "") -> tuple[bool, bool]:
    """Whether an identity is to pull, and whether there is a password to pull with."""
    apps = azure.clients.web.web_apps
    config = apps.get_configuration_slot("iris-rg", "iris", slot) if slot else apps.get_configuration("iris-rg", "iris")
    return bool(config.acr_use_managed_identity_creds), bool(settings(azure, slot).get(PASSWORD))


def sites(azure: Azure) -> list[Any]:
    """The ids of the app and of its slot."""
    return [site_id(azure.sandbox, "iris-rg", "iris", slot) for slot in ("", "staging")]


class TestWhoPulls:
    @pytest.mark.parametrize(
        ("before", "after"),
        [(Access.KEYS, Access.IDENTITY), (Access.IDENTITY, Access.KEYS)],
        ids=["to identity", "to keys"],
    )
    @pytest.mark.parametrize("moves", [False, True], ids=["stays", "moves"])
    def test_can_pull_on_both_sides_of_a_swap(self, keyed: Azure, before: Access, after: Access, moves: bool) -> None:
        """Whether a swap moves who pulls or not, app and slot say the same by then; the next run has no more to do."""
        stays = (name for name in STAY if not moves or not name.startswith("acr"))
        keyed.sandbox.arm.sites.stays = frozenset(stays)
        deploy(keyed, **SWAPPED, access=before)

        plan = deploy(keyed, digit="b", **SWAPPED, access=after)

        by_identity = after is Access.IDENTITY
        assert "image pull" in [field.name for field in change_of(plan, MOVE).fields]
        assert (by_identity, not by_identity) == pull(keyed)
        assert by_identity == pull(keyed, "staging")[0]
        assert pull(keyed, "staging") in {(True, False), (True, True), (False, True)}
        assert not keyed.plan(digit="b", **SWAPPED, access=after).has_changes

    def test_resolves_references_on_both_sides_too(self, keyed: Azure) -> None:
        """App and slot that had keys name the identity that they get, whatever a swap moves."""
        deploy(keyed, **SWAPPED, access=Access.KEYS)
        deploy(keyed, digit="b", **SWAPPED, access=Access.KEYS)

        deploy(keyed, digit="c", **SWAPPED)

        told = [keyed.sandbox.arm.sites.of(one).applied for one in sites(keyed)]
        assert [True, True] == [bool(one and one.key_vault_identity) for one in told]
        # Which of its identities is the default one in code stays as it was: nobody has asked for it.
        assert [False, False] == ["AZURE_CLIENT_ID" in settings(keyed, slot) for slot in ("", "staging")]

    def test_of_another_registry_is_refused(self, keyed: Azure) -> None:
        """Its image could not be pulled by whoever pulls ours; a run without a slot changes both at once."""
        deploy(keyed, **SWAPPED, access=Access.KEYS)
        theirs: Any = {"properties": {"linuxFxVersion": "DOCKER|theirs.azurecr.io/package:1"}}
        keyed.clients.web.web_apps.update_configuration("iris-rg", "iris", theirs)

        with pytest.raises(PlanRefused, match=r"runs an image of `theirs.azurecr.io`.*Deploy once without `slot-name`"):
            keyed.plan(digit="b", **SWAPPED)

        assert keyed.plan(digit="b").has_changes
        assert keyed.plan(digit="b", **STAGING).has_changes


class TestByKeys:
    def test_goes_through_a_slot_and_comes_to_rest(self, azure: Azure, keyed: Azure) -> None:
        """Keys and passwords of the app are those of the slot, and running again writes nothing."""
        options = {"access": Access.KEYS, **SWAPPED}
        deploy(keyed, **options)
        plan = deploy(keyed, digit="b", **options)
        azure.sandbox.journal.clear()
        again = deploy(keyed, digit="b", **options)

        assert {APP: Action.KEEP, SLOT: Action.CREATE, MOVE: Action.UPDATE} == actions(plan)
        assert ("b", "a") == (image(azure), image(azure, "staging"))
        assert settings(azure)["AzureWebJobsStorage"] == settings(azure, "staging")["AzureWebJobsStorage"]
        assert not again.has_changes
        assert [] == azure.writes()

    def test_app_and_slot_have_a_content_share_each(self, azure: Azure, keyed: Azure) -> None:
        """Which go with the image in a swap, and are kept from then on; one that was cloned is made the slot's own."""
        options = {"access": Access.KEYS, **SWAPPED}
        deploy(keyed, **options)
        for digit in "bc":
            deploy(keyed, digit=digit, **options)
        before = settings(azure)[CONTENT_SHARE], settings(azure, "staging")[CONTENT_SHARE]
        never_shared = dict(azure.sandbox.arm.sites.shared_shares)
        apps = azure.clients.web.web_apps
        cloned: Any = {"properties": {**settings(azure, "staging"), CONTENT_SHARE: before[0]}}
        apps.update_application_settings_slot("iris-rg", "iris", "staging", cloned)
        deploy(keyed, digit="d", access=Access.KEYS, **STAGING)
        names: Any = apps.list_slot_configuration_names("iris-rg", "iris").app_setting_names

        assert 2 == len(set(before))
        assert {} == never_shared
        assert before[0] == settings(azure)[CONTENT_SHARE] != settings(azure, "staging")[CONTENT_SHARE]
        assert CONTENT_SHARE not in names


STRINGS = {"DB": {"value": "Server=production", "type": "SQLAzure"}, "OWN": {"value": "o", "type": "Custom"}}
MOUNTS = {
    name: {"type": "AzureFiles", "accountName": "a", "shareName": name, "accessKey": "key", "mountPath": f"/{name}"}
    for name in ("models", "own")
}
SUBNET = "/subscriptions/s/resourceGroups/net/providers/Microsoft.Network/virtualNetworks/v/subnets/apps"
GENERAL = {"webSocketsEnabled": True, "healthCheckPath": "/api/identity", "ftpsState": "AllAllowed"}


def furnish(azure: Azure) -> None:
    """Give the app what its owner may have given it, by the SDK."""
    apps, where = azure.clients.web.web_apps, ("iris-rg", "iris")
    bodies: list[Any] = [{"properties": one} for one in (STRINGS, MOUNTS, GENERAL, {"virtualNetworkSubnetId": SUBNET})]
    strings, mounts, general, network = bodies
    apps.update_connection_strings(*where, strings)
    apps.update_azure_storage_accounts(*where, mounts)
    apps.update_configuration(*where, general)
    apps.update(*where, network)
    names: Any = apps.list_slot_configuration_names(*where).as_dict()
    names["properties"] |= {"connectionStringNames": ["OWN"], "azureStorageConfigNames": ["own"]}
    apps.update_slot_configuration_names(*where, names)


def furniture(azure: Azure, slot: str = "") -> dict[str, Any]:
    """What it has of that."""
    site = site_of(azure.sandbox, "iris-rg", "iris", slot)
    network = azure.sandbox.arm.sites.resource(site_id(azure.sandbox, "iris-rg", "iris", slot)).properties
    return {
        "strings": {name: one["value"] for name, one in site.connection_strings.items()},
        "mounts": {name: one["accessKey"] for name, one in site.mounts.items()},
        "general": {name: site.config[name] for name in GENERAL},
        "network": network.get("virtualNetworkSubnetId"),
    }


class TestWhatAnAppHasBesideItsSettings:
    @pytest.mark.parametrize("general_moves", [True, False], ids=["moves", "stays"])
    def test_is_kept_by_every_swap(self, azure: Azure, general_moves: bool) -> None:
        """Connection strings, mounts, general configuration and network: by the first, the second, and one back."""
        azure.sandbox.arm.sites.stays = STAY if general_moves else STAY | GENERAL.keys()
        deploy(azure, **SWAPPED)
        furnish(azure)
        before = furniture(azure)
        seen = []
        for digit in "bc":
            plan = deploy(azure, digit=digit, **SWAPPED)
            seen.append(furniture(azure))
        assert plan.move is not None
        swap_back(plan, plan.move, azure.clients, RunContext(report=print))

        assert [before, before, before] == [*seen, furniture(azure)]

    def test_comes_to_a_new_slot_but_for_the_apps_own(self, azure: Azure) -> None:
        """As az clones it; the plan names what comes, and shows no value."""
        deploy(azure, **SWAPPED)
        furnish(azure)
        plan = azure.plan(digit="b", **STAGING)
        azure.apply(plan)
        now, told = furniture(azure, "staging"), repr(plan.changes)

        assert {"DB": "Server=production"} == now["strings"]
        assert {"models": "key"} == now["mounts"]
        assert (GENERAL, SUBNET) == (now["general"], now["network"])
        assert "connection string `DB`" in told
        assert "mount `models`" in told
        assert "Server=" not in told
        assert not azure.plan(digit="b", **STAGING).has_changes

    def test_follows_to_a_slot_that_is_there(self, azure: Azure) -> None:
        """Else a later swap would bring back what the app had once; what is the slot's own stays there."""
        deploy(azure, **STAGING)
        furnish(azure)
        apps = azure.clients.web.web_apps
        own: Any = {"properties": {"OWN": {"value": "slot", "type": "Custom"}}}
        apps.update_connection_strings_slot("iris-rg", "iris", "staging", own)
        deploy(azure, digit="b", **STAGING)

        assert {"DB": "Server=production", "OWN": "slot"} == furniture(azure, "staging")["strings"]
        assert GENERAL == furniture(azure, "staging")["general"]

    def test_that_cannot_be_copied_is_refused_beforehand(self, azure: Azure) -> None:
        """With the list: a mount whose key Azure does not show, and keys that lie in the app's own files."""
        deploy(azure, **SWAPPED)
        mount: Any = {"properties": {"models": {**MOUNTS["models"], "accessKey": None}}}
        azure.clients.web.web_apps.update_azure_storage_accounts("iris-rg", "iris", mount)
        set_by_hand(azure, AzureWebJobsSecretStorageType="files")
        azure.sandbox.journal.clear()

        with pytest.raises(PlanRefused, match=r"(?s)the key of the mount `models`.*`AzureWebJobsSecretStorageType`"):
            azure.plan(digit="b", **SWAPPED)

        assert [] == azure.writes()
