"""Who resolves an app's references to Key Vault: without such an identity its code sees their text."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.failures import PlanRefused
from functions_model.core.secrets import Secret
from functions_model.core.spec import Access
from functions_model.hosting.app_service.nouns import ObservedApp
from functions_model.hosting.app_service.undoing import undo
from support.fake_arm import FakeArm
from support.provisioning import applied, planned
from support.wanted import REGISTRY, TARGET

if TYPE_CHECKING:
    from functions_model.provision import ResourcePlan

REFERENCE = "@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/word)"
REFERRING = {"app_settings": {"WORD": Secret(REFERENCE)}}
OTHER = f"{TARGET.names.group}/another-identity"
BY_KEYS = {"access": Access.KEYS, "registry": replace(REGISTRY, admin=True)}
RESOLVER = "keyVaultReferenceIdentity"


def site(arm: FakeArm) -> dict[str, Any]:
    """The app as it is held."""
    return next(value for key, value in arm.resources.items() if key.endswith("/sites/iris"))


def resolver(arm: FakeArm) -> str | None:
    """The name of the identity that resolves its references."""
    named: str | None = site(arm)["properties"].get(RESOLVER)
    return named and named.rpartition("/")[2]


def deployed(arm: FakeArm, **changes: Any) -> ResourcePlan:
    """A deployment, done."""
    plan = planned(arm, **changes)
    applied(arm, plan)
    return plan


def adopted(**identity: Any) -> FakeArm:
    """An app that somebody made with keys, and with these identities."""
    arm = FakeArm()
    deployed(arm, **BY_KEYS)
    if identity:
        site(arm)["identity"] = identity
    arm.asked.clear()
    return arm


def writes_to_the_site(arm: FakeArm) -> list[str]:
    """The methods of the requests that wrote the app itself."""
    return [asked.method for asked in arm.asked if asked.path.endswith("/sites/iris") and asked.method != "GET"]


class TestByIdentity:
    def test_an_app_that_had_keys_gets_ours(self) -> None:
        """In the request that gives it the identity; the next run has nothing to write."""
        arm = adopted()
        deployed(arm)

        assert "iris-identity" == resolver(arm)
        assert ["PATCH"] == writes_to_the_site(arm)
        assert not planned(arm).has_changes

    @pytest.mark.parametrize("named", [None, "SystemAssigned", OTHER])
    def test_an_app_whose_resolver_is_gone_gets_ours(self, named: str | None) -> None:
        """It has our identity, and names none, its own that it has not, or another that it no longer has."""
        arm = FakeArm()
        deployed(arm)
        site(arm)["properties"][RESOLVER] = named
        plan = planned(arm)
        applied(arm, plan)

        assert "iris-identity" == resolver(arm)
        assert ["Key Vault references"] == [field.name for one in plan.now for field in one.fields]
        assert not planned(arm).has_changes

    @pytest.mark.parametrize(
        ("identity", "named"),
        [
            ({"type": "SystemAssigned"}, None),
            ({"type": "SystemAssigned"}, "SystemAssigned"),
            ({"type": "UserAssigned", "userAssignedIdentities": {OTHER: {}}}, OTHER.upper()),
        ],
        ids=["its own, by default", "its own, by name", "another"],
    )
    def test_one_that_works_is_kept(self, identity: Any, named: str | None) -> None:
        """Its roles on the vaults are its own."""
        arm = adopted(**identity)
        site(arm)["properties"][RESOLVER] = named
        deployed(arm)

        assert named == site(arm)["properties"].get(RESOLVER)

    @pytest.mark.parametrize(
        ("settings", "told"),
        [pytest.param({}, 0, id="no reference"), pytest.param(REFERRING, 1, id="a reference")],
    )
    def test_one_that_is_kept_is_told_where_there_are_references(self, settings: Any, told: int) -> None:
        """It, and not the identity of this deployment, needs the role."""
        arm = adopted(type="SystemAssigned")

        notes = [note for note in planned(arm, **settings).notes if "Key Vault" in note]

        sentence = (
            "The references to Key Vault in the settings of `iris` are resolved by its system-assigned identity, which "
            "stays so: that identity, not `iris-identity`, needs the role Key Vault Secrets User on the vault."
        )
        assert [sentence] * told == notes


class TestByKeys:
    def test_a_reference_that_nobody_resolves_is_refused(self) -> None:
        """Before the first write, with the ways out."""
        with pytest.raises(PlanRefused) as caught:
            planned(FakeArm(), **BY_KEYS, **REFERRING)

        [problem] = caught.value.problems
        assert "app-settings" == problem.subject
        assert "WORD" in problem.what
        assert "`access: identity`" in problem.remedy
        assert "az functionapp identity assign --name iris --resource-group iris-rg" in problem.remedy

    def test_so_is_one_of_a_new_slot(self) -> None:
        """A slot has an identity of its own, or none."""
        arm = adopted(type="SystemAssigned")

        with pytest.raises(PlanRefused, match=r"--resource-group iris-rg --slot staging"):
            planned(arm, **BY_KEYS, **REFERRING, slot_name="staging")

    def test_one_that_the_app_resolves_itself_is_taken(self) -> None:
        """Its system-assigned identity does it by default."""
        arm = adopted(type="SystemAssigned")
        deployed(arm, **BY_KEYS, **REFERRING)

        assert REFERENCE == arm.settings["WORD"]


class TestUndoing:
    @pytest.mark.parametrize("named", [None, OTHER])
    def test_puts_back_who_resolved(self, named: str | None) -> None:
        """None at all was the system-assigned identity, which the app has not."""
        arm = adopted()
        site(arm)["properties"][RESOLVER] = named
        plan = planned(arm, digit="b")
        outcome = applied(arm, plan)
        before = plan.observed.of(ObservedApp)
        assert before is not None
        assert outcome.app is not None
        assert "iris-identity" == resolver(arm)

        undo(arm.clients(), plan.wanted, before, outcome.app)

        assert (named or "SystemAssigned") == site(arm)["properties"][RESOLVER]

    def test_leaves_what_somebody_else_has_named_since(self) -> None:
        """Their identity stays."""
        arm = adopted()
        plan = planned(arm, digit="b")
        outcome = applied(arm, plan)
        before = plan.observed.of(ObservedApp)
        assert before is not None
        assert outcome.app is not None
        assert "iris-identity" == resolver(arm)
        site(arm)["properties"][RESOLVER] = OTHER

        undo(arm.clients(), plan.wanted, before, outcome.app)

        assert OTHER == site(arm)["properties"][RESOLVER]
