"""Resources that another run, or one that was stopped, is still making."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from functions_model.provision.kinds import service_bus_namespace, storage_account
from functions_model.provision.kinds.generic import once_made
from functions_model.provision.kinds.service_bus_namespace import ObservedNamespace
from functions_model.provision.kinds.storage_account import ObservedAccounts, ObservedStorage
from functions_model.provision.observed import Observed
from support.fake_arm import FakeArm
from support.wanted import wanted

if TYPE_CHECKING:
    from functions_model.azure.clients import AzureClients

MAKING = {"Creating", "ResolvingDNS", "Created", "Activating"}


@dataclass
class Looks:
    """What a service shows, one look after the other, the last for ever."""

    states: list[str | None]
    slept: list[float] = field(default_factory=list)

    def read(self) -> str | None:
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]

    def made(self, clients: AzureClients) -> str | None:
        return once_made(self.read, lambda state: state not in MAKING, "the plan `p`", clients, self.slept.append)


class TestOnceMade:
    @pytest.fixture
    def clients(self) -> AzureClients:
        return FakeArm().clients()

    @pytest.mark.parametrize("state", ["Succeeded", "Active", "Disabled", "Updating", "", None])
    def test_what_is_not_being_made_is_not_waited_for(self, clients: AzureClients, state: str | None) -> None:
        """Whatever else it is: that is judged, and told, elsewhere."""
        looks = Looks([state])

        assert (state, []) == (looks.made(clients), looks.slept)

    def test_it_is_looked_at_until_it_is_made(self, clients: AzureClients) -> None:
        """And what the last look showed is what counts."""
        looks = Looks(["Creating", "ResolvingDNS", "Created", "Activating", "Succeeded"])

        assert ("Succeeded", [2.0] * 4) == (looks.made(clients), looks.slept)

    def test_it_may_go_away_meanwhile(self, clients: AzureClients) -> None:
        """As when somebody deletes it: it is then made anew."""
        assert Looks(["Creating", None]).made(clients) is None

    def test_it_is_not_waited_for_for_ever(self, clients: AzureClients) -> None:
        """After five minutes it is what it is."""
        looks = Looks(["Creating"])

        assert "Creating" == looks.made(clients)
        assert 300 == sum(looks.slept)


@pytest.mark.parametrize("state", ["Activating", "Created", "Creating"])
def test_a_new_namespace_is_waited_for(state: str) -> None:
    """The states that Service Bus shows until queues can be made in it."""
    assert not service_bus_namespace._is_made(ObservedNamespace("/id", "host", "Standard", state))


@pytest.mark.parametrize("state", ["Active", "Disabled", "Succeeded", "Updating", ""])
def test_any_other_namespace_is_not(state: str) -> None:
    """It is used, or refused with its state."""
    assert service_bus_namespace._is_made(ObservedNamespace("/id", "host", "Standard", state))


def test_an_account_that_is_never_made_is_refused() -> None:
    """With its state, and not as one that has no queues."""
    account = ObservedStorage("/id", "", "", "", state="Creating")

    [problem] = storage_account.problems(
        wanted(), Observed().having(ObservedAccounts({wanted().target.resources.storage_account: account}))
    )

    assert "the storage account `irisstorage` is not ready, its state is Creating" == problem.what
    assert "Wait until it is, or set `storage-account` to another name." == problem.remedy
