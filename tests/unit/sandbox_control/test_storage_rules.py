"""What an account's settings in Resource Manager mean for whoever comes to its data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from azure_sandbox.storage_contract import AccountRules
    from unit.sandbox_control.conftest import Cloud

NET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/virtualNetworks/Net"


def rules(cloud: Cloud, name: str, properties: dict[str, Any]) -> AccountRules:
    """Make an account with these properties; what the check in front of its data then goes by."""
    group = cloud.new_group("rules")
    body = {"location": "westeurope", "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": properties}
    path = f"{group}/providers/Microsoft.Storage/storageAccounts/{name}"
    assert cloud.call("PUT", path, body).status_code in {200, 202}
    found = cloud.sandbox.arm.accounts.rules(name)
    assert found
    return found


class TestRules:
    def test_what_is_left_out_is_open(self, cloud: Cloud) -> None:
        """Keys open an account and its network is public, unless its settings say otherwise; blobs are not."""
        found = rules(cloud, "plainrules", {})

        assert (True, True, True, False) == (
            found.takes_keys,
            found.network.public,
            found.network.open_to_all,
            found.public_blobs,
        )

    def test_each_setting_counts(self, cloud: Cloud) -> None:
        """`allowSharedKeyAccess`, `publicNetworkAccess` and `networkAcls`, ids in any case of letters."""
        network = {
            "defaultAction": "Deny",
            "ipRules": [{"value": "198.51.100.0/24", "action": "Allow"}],
            "virtualNetworkRules": [{"id": f"{NET}/subnets/Apps"}],
        }
        properties = {"allowSharedKeyAccess": False, "publicNetworkAccess": "Disabled", "networkAcls": network}
        found = rules(cloud, "strictrules", properties)

        assert (False, False, False) == (found.takes_keys, found.network.public, found.network.open_to_all)
        assert (("198.51.100.0/24",), frozenset({f"{NET}/subnets/Apps".lower()})) == (
            found.network.addresses,
            found.network.subnets,
        )

    def test_a_private_endpoint_shows_in_the_account(self, cloud: Cloud) -> None:
        """As an approved connection; its virtual network is let in."""
        rules(cloud, "privaterules", {})
        cloud.sandbox.arm.accounts.connect("privaterules", NET)
        found = cloud.sandbox.arm.accounts.find("privaterules")
        assert found
        state = found.properties["privateEndpointConnections"][0]["properties"]["privateLinkServiceConnectionState"]

        assert "Approved" == state["status"]
        assert frozenset({NET.lower()}) == rules(cloud, "privaterules", {}).network.private_networks

    def test_an_app_has_the_subnet_that_it_has_joined(self, cloud: Cloud) -> None:
        """`virtualNetworkSubnetId` of the site; nothing for an app without one, or for nobody's id."""
        group = cloud.new_group("joined")
        plan, site = (
            f"{group}/providers/Microsoft.Web/serverfarms/p",
            f"{group}/providers/Microsoft.Web/sites/joined-app",
        )
        sku = {"location": "westeurope", "sku": {"name": "EP1"}, "properties": {"reserved": True}}
        assert 200 == cloud.call("PUT", plan, sku).status_code
        properties = {"serverFarmId": plan, "virtualNetworkSubnetId": f"{NET}/subnets/Apps"}
        body = {"location": "westeurope", "kind": "functionapp,linux,container", "properties": properties}
        assert 200 == cloud.call("PUT", site, body).status_code

        assert f"{NET}/subnets/Apps" == cloud.sandbox.arm.accounts.subnet_of(site)
        assert "" == cloud.sandbox.arm.accounts.subnet_of("/subscriptions/s")
