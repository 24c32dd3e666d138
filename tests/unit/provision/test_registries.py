"""Finding the registry: by its name, its host, its group, and by what the login can see."""

from __future__ import annotations

from typing import Any

import pytest

from functions_model.core.failures import PlanRefused
from functions_model.core.spec import ImageTarget
from functions_model.provision import RegistryResource, find_registry
from support.fake_arm import SUBSCRIPTION, FakeArm, arm_error
from support.wanted import REGISTRY, wanted

LABELLED = "contosoml-abc123defg.azurecr.io"


def arm_with(*registries: tuple[str, str, str], mode: str = "LegacyRegistryPermissions") -> FakeArm:
    """Registries by resource group, name and login server."""
    arm = FakeArm()
    for group, name, server in registries or (("shared", "contoso", "contoso.azurecr.io"),):
        place = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{group}/providers/Microsoft.ContainerRegistry/registries"
        properties = {"loginServer": server, "roleAssignmentMode": mode}
        resource = {"id": f"{place}/{name}", "name": name, "properties": properties}
        arm.resources[f"{place}/{name}".lower()] = resource
    return arm


def found(arm: FakeArm, host: str, name: str = "", group: str = "") -> RegistryResource:
    return find_registry(arm.clients(), ImageTarget(host, "package", None, name, group))


def refused(arm: FakeArm, *given: str) -> str:
    with pytest.raises(PlanRefused) as caught:
        found(arm, *given)
    return str(caught.value)


class TestIsFound:
    @pytest.mark.parametrize("given", [("contoso.azurecr.io", "contoso"), ("localhost:5000",), ("", "contoso")])
    def test_by_its_name_or_its_host(self, given: Any) -> None:
        """A host that tells no name may be that of any."""
        arm = arm_with(("shared", "Contoso", "localhost:5000" if len(given) == 1 else "contoso.azurecr.io"))

        assert REGISTRY.id.lower() == found(arm, *given).id.lower()

    def test_by_its_group_without_any_list(self) -> None:
        """One request, and no other registry is looked at."""
        arm = arm_with()

        assert found(arm, "contoso.azurecr.io", "contoso", "shared") == REGISTRY
        assert ["contoso"] == [asked.path.rpartition("/")[2] for asked in arm.asked]

    def test_without_listing_the_registries_of_the_subscription(self) -> None:
        """That takes a role on it. The list of resources shows what the login may read."""
        arm = arm_with()
        found(arm, "contoso.azurecr.io", "contoso")

        assert ["resources", "contoso"] == [asked.path.rpartition("/")[2] for asked in arm.asked]

    @pytest.mark.parametrize("host", ["contosoml.azurecr.io", LABELLED])
    def test_with_a_domain_name_label(self, host: str) -> None:
        """The label's hash is part of the login server, not of the name: Azure/azure-cli#31605."""
        arm = arm_with(("shared", "contosoml", LABELLED))

        assert LABELLED == found(arm, host, "contosoml").login_server

    def test_among_several_of_its_name(self) -> None:
        """A name that has a label need not be unique; the host is."""
        arm = arm_with(("one", "contosoml", LABELLED), ("two", "contosoml", "contosoml-zyx987.azurecr.io"))

        assert "/resourceGroups/one/" in found(arm, LABELLED, "contosoml").id

    def test_with_repository_permissions(self) -> None:
        """A registry in ABAC mode gets the role that it honours."""
        registry = found(arm_with(mode="AbacRepositoryPermissions"), "contoso.azurecr.io", "contoso")

        assert registry.abac
        assert "Container Registry Repository Reader" == wanted(registry=registry).roles[0].name


class TestIsNotFound:
    def test_where_the_login_sees_others(self) -> None:
        """Their names are told, and the role that would show more."""
        told = refused(arm_with(), "fabrikam.azurecr.io", "fabrikam")

        assert "no such registry that this login can see (it sees `contoso`)" in told
        assert "AcrPush alone shows no registry." in told
        assert '--role Reader --scope "$(az acr show --name fabrikam --query id --output tsv)"`' in told

    def test_in_the_group_that_was_given(self) -> None:
        """Nowhere else is looked."""
        told = refused(arm_with(), "contoso.azurecr.io", "contoso", "other")

        assert "there is no registry `contoso` in the resource group `other`" in told

    def test_with_another_label(self) -> None:
        """A host of the same name is somebody else's."""
        arm = arm_with(("shared", "contosoml", LABELLED))

        assert "no such registry" in refused(arm, "contosoml-other1.azurecr.io", "contosoml")

    def test_when_it_has_gone_since_it_was_listed(self) -> None:
        """Lists are behind at times."""
        arm = arm_with()
        arm.fail("GET", "registries/contoso$", arm_error(404, "ResourceNotFound", "gone"))

        assert "no such registry" in refused(arm, "contoso.azurecr.io", "contoso")

    def test_when_there_are_several(self) -> None:
        """Each is told with what to write for it."""
        arm = arm_with(("one", "contosoml", LABELLED), ("two", "contosoml", "contosoml-zyx987.azurecr.io"))
        told = refused(arm, "contosoml.azurecr.io", "contosoml")

        assert f"the subscription has several of that name: `{LABELLED}`, `contosoml-zyx987.azurecr.io`" in told
        assert "Set `registry` to `one/contosoml` or `two/contosoml`." in told

    def test_when_it_may_not_be_read(self) -> None:
        """The command for an owner names the registry alone, not its group."""
        arm = arm_with()
        arm.fail("GET", "registries/contoso$", arm_error(403, "AuthorizationFailed", "no"))
        told = refused(arm, "contoso.azurecr.io", "contoso", "shared")

        assert f'--role Reader --scope "{REGISTRY.id}"`' in told
