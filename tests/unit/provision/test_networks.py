"""Network rules, and whether they let an app in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from functions_model.core.failures import PlanRefused
from functions_model.provision import Wanted, observe
from functions_model.provision.access.networks import passage, shut_out, unsure
from functions_model.provision.network import OPEN, Network, Origin, perimeter
from support.fake_arm import Answer, FakeArm
from support.provisioning import applied, planned
from support.wanted import BLOB, QUEUE, wanted

SUBNET = "/subscriptions/s/resourcegroups/n/providers/microsoft.network/virtualnetworks/v/subnets/apps"
SHUT = Network(open_to_all=False)
PRIVATE = Network(public=False)
ANYWHERE = Origin(region="westeurope", addresses=("203.0.113.7",))
IN_SUBNET = replace(ANYWHERE, subnet=SUBNET)
BY_ADDRESS = replace(SHUT, addresses=("203.0.113.0/24",))


class TestAPassage:
    @pytest.mark.parametrize(
        ("network", "origin"),
        [
            (OPEN, ANYWHERE),
            (OPEN, IN_SUBNET),
            (replace(SHUT, subnets=frozenset({SUBNET})), IN_SUBNET),
            (BY_ADDRESS, ANYWHERE),
            (replace(BY_ADDRESS, own_region="northeurope"), ANYWHERE),
        ],
    )
    def test_is_open(self, network: Network, origin: Origin) -> None:
        """To all, to the app's subnet, or to its addresses where those count."""
        found = passage(network, origin)

        assert ("", "") == (found.shut, found.unsure)

    @pytest.mark.parametrize(
        ("network", "origin", "why"),
        [
            (SHUT, ANYWHERE, "from outside virtual networks"),
            (PRIVATE, ANYWHERE, "from outside virtual networks"),
            (replace(PRIVATE, has_endpoints=True), ANYWHERE, "from outside virtual networks"),
            (SHUT, IN_SUBNET, "from the subnet"),
            (replace(PRIVATE, subnets=frozenset({SUBNET})), IN_SUBNET, "from the subnet"),
            (replace(BY_ADDRESS, own_region="West Europe"), ANYWHERE, "from outside virtual networks"),
            (BY_ADDRESS, replace(ANYWHERE, addresses=("198.51.100.1",)), "none of the app's addresses"),
        ],
    )
    def test_is_shut(self, network: Network, origin: Origin, why: str) -> None:
        """Where no rule can mean the app. Addresses do not count in the account's own region."""
        assert why in passage(network, origin).shut

    @pytest.mark.parametrize(
        ("network", "origin"),
        [
            (replace(PRIVATE, has_endpoints=True), IN_SUBNET),
            (BY_ADDRESS, IN_SUBNET),
            (BY_ADDRESS, replace(ANYWHERE, addresses=None)),
            (BY_ADDRESS, replace(ANYWHERE, addresses=("203.0.113.7", "198.51.100.1"))),
            (replace(SHUT, has_others=True), ANYWHERE),
            (SHUT, Origin(behind="an environment")),
            (replace(SHUT, untold=perimeter("SecuredByPerimeter")), ANYWHERE),
            (replace(OPEN, untold="it may not"), ANYWHERE),
        ],
    )
    def test_may_be_neither(self, network: Network, origin: Origin) -> None:
        """What Resource Manager does not tell is named, and refused nowhere."""
        found = passage(network, origin)

        assert found.unsure
        assert found.shut == ""


def deny(arm: FakeArm, name: str) -> None:
    """Let nobody into a storage account."""
    account = next(value for key, value in arm.resources.items() if key.endswith(f"/{name}"))
    account["properties"]["networkAcls"] = {"defaultAction": "Deny"}


class TestAPlan:
    @pytest.mark.parametrize(("name", "given"), [("irisstorage", "storage-account"), ("irisdata", "data-storage")])
    def test_is_refused_for_an_account_that_keeps_the_app_out(self, name: str, given: str) -> None:
        """The host's, or the trigger's; both ways out are told."""
        arm = FakeArm()
        applied(arm, planned(arm, trigger=BLOB))
        deny(arm, name)

        with pytest.raises(
            PlanRefused, match=f"{given}.*the network rules of the storage account `{name}` keep"
        ) as caught:
            planned(arm, trigger=BLOB)

        assert "--default-action Allow" in str(caught.value)

    def test_is_made_for_an_app_whose_subnet_is_let_in(self) -> None:
        """In whatever case of letters."""
        arm = FakeArm()
        applied(arm, planned(arm, trigger=BLOB))
        account = next(value for key, value in arm.resources.items() if key.endswith("/irisdata"))
        rules = [{"id": SUBNET.upper()}]
        account["properties"]["networkAcls"] = {"defaultAction": "Deny", "virtualNetworkRules": rules}
        site = next(value for key, value in arm.resources.items() if key.endswith("/sites/iris"))
        site["properties"]["virtualNetworkSubnetId"] = SUBNET

        assert not planned(arm, trigger=BLOB).has_changes

    @pytest.mark.parametrize("how", ["environment", "gateway", "perimeter"])
    def test_is_made_where_no_rule_shows_where_the_app_comes_from(self, how: str) -> None:
        """Or what decides about it."""
        arm = FakeArm()
        applied(arm, planned(arm, trigger=BLOB))
        deny(arm, "irisdata")
        if how == "gateway":
            site = next(value for key, value in arm.resources.items() if key.endswith("/sites/iris"))
            site["properties"]["siteConfig"]["vnetName"] = "office"
        if how == "perimeter":
            account = next(value for key, value in arm.resources.items() if key.endswith("/irisdata"))
            account["properties"]["publicNetworkAccess"] = "SecuredByPerimeter"
        want = wanted(trigger=BLOB, plan_sku="I1v2" if how == "environment" else "EP1")
        seen = observe(arm.clients(), want)

        assert shut_out(want, seen) == ()
        assert unsure(want, seen)[0].startswith("whether the network rules of the storage account `irisdata` let")

    def premium(self, answer: Answer) -> tuple[FakeArm, Wanted]:
        """A namespace that is there, and what it answers about its rules."""
        arm = FakeArm()
        applied(arm, planned(arm, trigger=QUEUE, service_bus_sku="Premium"))
        arm.fail("GET", "/networkRuleSets/default", answer, times=9)
        return arm, wanted(trigger=QUEUE, service_bus_sku="Premium")

    def test_is_refused_for_a_namespace_that_keeps_the_app_out(self) -> None:
        """Only Premium has rules. The port of a rule's address does not matter here."""
        rules = {"defaultAction": "Deny", "ipRules": [{"ipMask": "198.51.100.1"}]}
        arm, want = self.premium(Answer(200, {"properties": rules}))
        site = next(value for key, value in arm.resources.items() if key.endswith("/sites/iris"))
        site["properties"]["possibleOutboundIpAddresses"] = "203.0.113.7,203.0.113.8"

        [problem] = shut_out(want, observe(arm.clients(), want))

        assert "the network rules of the Service Bus namespace `iris-bus` keep the app out" in problem.what
        assert "--namespace-name iris-bus --resource-group iris-rg" in problem.remedy

    def test_is_made_where_no_rule_is_given(self) -> None:
        """Then everybody is let in, whatever the default is."""
        arm, want = self.premium(Answer(200, {"properties": {"defaultAction": "Deny"}}))
        seen = observe(arm.clients(), want)

        assert ((), ()) == (shut_out(want, seen), unsure(want, seen))

    def test_is_made_where_the_rules_cannot_be_read(self) -> None:
        """That is named later."""
        arm, want = self.premium(Answer(403, {"error": {"code": "AuthorizationFailed", "message": "You may not."}}))
        seen = observe(arm.clients(), want)

        [told] = unsure(want, seen)

        assert shut_out(want, seen) == ()
        assert told.startswith("whether the network rules of the Service Bus namespace `iris-bus` let the app in (")
