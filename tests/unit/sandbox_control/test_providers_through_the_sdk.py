"""Resources through the Azure SDK's own clients: codes, waiting, shapes."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.mgmt.resource.resources import ResourceManagementClient

from azure_sandbox.arm.authorization.definitions import ACR_PULL, CONTRIBUTOR, READER
from azure_sandbox.arm.operations import Durations
from azure_sandbox.faults import Fault
from support.sdk_errors import code_of, error_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from unit.sandbox_control.conftest import Clients, Cloud

ACCOUNT = {"sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "location": "westeurope", "properties": {}}


class TestGroups:
    def test_a_group_lives_from_put_to_delete(self, clients: Clients) -> None:
        """201 and 200 on PUT, 204 and 404 on HEAD, a waited-for DELETE."""
        groups = clients.resource.resource_groups
        made = groups.create_or_update("life", {"location": "West Europe", "tags": {"a": "b"}})
        groups.create_or_update("LIFE", {"location": "westeurope"})

        assert ("westeurope", {"a": "b"}) == (made.location, made.tags)
        assert {} == groups.get("life").tags
        assert groups.check_existence("Life")

        groups.begin_delete("life").result()

        assert not groups.check_existence("life")

    def test_a_group_stays_where_it_is(self, clients: Clients) -> None:
        """Another location is refused."""
        groups = clients.resource.resource_groups
        groups.create_or_update("fixed", {"location": "westeurope"})

        assert (409, "InvalidResourceGroupLocation") == error_of(
            lambda: groups.create_or_update("fixed", {"location": "eastus"})
        )

    def test_a_group_takes_its_resources_along(self, cloud: Cloud, clients: Clients) -> None:
        """Deleting a group removes its accounts, identities and apps, and the roles on them."""
        group = cloud.new_group("doomed")
        clients.storage.storage_accounts.begin_create("doomed", "doomedacc", ACCOUNT).result()
        identity = clients.msi.user_assigned_identities.create_or_update("doomed", "gone", {"location": "westeurope"})
        cloud.sandbox.roles.grant(identity.principal_id, READER, f"{group}/x")
        clients.resource.resource_groups.begin_delete("doomed").result()

        assert "doomedacc" not in cloud.storage.accounts
        assert cloud.sandbox.directory.registered(identity.principal_id) is None
        assert frozenset() == cloud.sandbox.roles.roles(identity.principal_id, f"{group}/x")

    def test_a_slow_delete_is_waited_for(self, make_cloud: Callable[..., Cloud]) -> None:
        """The poll answers 202 until the group is gone."""
        cloud = make_cloud(durations=Durations(group_delete=0.3))
        groups = cloud.client(ResourceManagementClient).resource_groups
        groups.create_or_update("slow", {"location": "westeurope"})
        poller = groups.begin_delete("slow")

        assert "Deleting" == groups.get("slow").properties.provisioning_state

        poller.result()

        assert not groups.check_existence("slow")

    def test_resources_are_listed_by_type(self, clients: Clients) -> None:
        """The filter that finds a registry by its name."""
        found = clients.resource.resources.list(filter="resourceType eq 'Microsoft.ContainerRegistry/registries'")

        assert ["sandboxregistry"] == [one.name for one in found]


class TestProviderRegistration:
    def test_an_unregistered_provider_writes_nothing(self, cloud: Cloud, clients: Clients) -> None:
        """409 until the provider is registered."""
        cloud.new_group("reg")
        cloud.sandbox.arm.providers.unregister("Microsoft.ManagedIdentity")
        create = clients.msi.user_assigned_identities.create_or_update
        answer = cloud.call(
            "PUT",
            f"{cloud.subscription}/resourceGroups/reg/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one",
            {"location": "westeurope"},
        )

        assert (409, "MissingSubscriptionRegistration") == (answer.status_code, answer.json()["error"]["code"])
        assert "NotRegistered" == clients.resource.providers.get("Microsoft.ManagedIdentity").registration_state

        state = clients.resource.providers.register("microsoft.managedidentity").registration_state

        assert "Registered" == state
        assert create("reg", "one", {"location": "westeurope"}).client_id

    @pytest.mark.parametrize("namespace", ["Microsoft.Storage", "Microsoft.Web", "Microsoft.ServiceBus"])
    def test_an_unregistered_provider_knows_no_subscription(self, cloud: Cloud, namespace: str) -> None:
        """Whoever asks it whether a name is free is told so."""
        cloud.sandbox.arm.providers.unregister(namespace)
        path = f"{cloud.subscription}/providers/{namespace}/checkNameAvailability"
        answer = cloud.call("POST", path, {"name": "name0"})
        cloud.sandbox.arm.providers.register(namespace)

        assert (404, "SubscriptionNotFound") == (answer.status_code, answer.json()["error"]["code"])


class TestStorage:
    def test_a_new_account_is_202_without_a_body(self, cloud: Cloud) -> None:
        """An empty text body, a Location to follow verbatim, then the account; later PUTs are 200."""
        path = f"{cloud.new_group('st')}/providers/Microsoft.Storage/storageAccounts/newacc"
        first = cloud.call("PUT", path, ACCOUNT)
        headers = {"Authorization": f"Bearer {cloud.token()}"}
        polled = cloud.session.get(first.headers["Location"], headers=headers, timeout=10)
        cut = cloud.session.get(first.headers["Location"].rpartition("&h=")[0], headers=headers, timeout=10)

        assert (202, b"") == (first.status_code, first.content)
        assert first.headers["Content-Type"].startswith("text/plain")
        assert "/providers/Microsoft.Storage/locations/westeurope/asyncoperations/" in first.headers["Location"]
        assert (200, "Succeeded") == (polled.status_code, polled.json()["properties"]["provisioningState"])
        assert 404 == cut.status_code
        assert 200 == cloud.call("PUT", path, ACCOUNT).status_code

    def test_waiting_takes_as_long_as_the_account(self, make_cloud: Callable[..., Cloud]) -> None:
        """Polls answer 202 with Retry-After until the account is there; a second PUT meanwhile is a conflict."""
        cloud = make_cloud(durations=Durations(storage=0.3))
        path = f"{cloud.new_group('st')}/providers/Microsoft.Storage/storageAccounts/slowacc"
        first = cloud.call("PUT", path, ACCOUNT)
        second = cloud.call("PUT", path, ACCOUNT)
        headers = {"Authorization": f"Bearer {cloud.token()}"}
        polled = cloud.session.get(first.headers["Location"], headers=headers, timeout=10)

        assert "1" == first.headers["Retry-After"]
        assert (409, "StorageAccountOperationInProgress") == (second.status_code, second.json()["error"]["code"])
        assert (202, first.headers["Location"]) == (polled.status_code, polled.headers["Location"])

    def test_the_sdk_waits_and_reads(self, cloud: Cloud, clients: Clients) -> None:
        """Create, keys, containers, endpoints: as a deployment uses them."""
        cloud.new_group("sdk")
        accounts = clients.storage.storage_accounts
        made = accounts.begin_create("sdk", "sdkacc", ACCOUNT).result()
        keys = accounts.list_keys("sdk", "sdkacc").keys_property
        containers = clients.storage.blob_containers

        assert "https://localhost:1/blob/sdkacc/" == made.primary_endpoints.blob
        assert ["key1", "key2"] == [key.key_name for key in keys]
        assert "input" == containers.create("sdk", "sdkacc", "input", {}).name
        assert "input" == containers.create("sdk", "sdkacc", "input", {}).name
        assert {"input"} == cloud.storage.accounts["sdkacc"]

        containers.delete("sdk", "sdkacc", "input")
        containers.delete("sdk", "sdkacc", "input")
        assert set() == cloud.storage.accounts["sdkacc"]
        assert [] == list(containers.list("sdk", "sdkacc"))

    @pytest.mark.parametrize(
        ("name", "expected"),
        [("free0", None), ("mineacc", "AlreadyExists"), ("theirs", "AlreadyExists"), ("No", "AccountNameInvalid")],
    )
    def test_names_are_checked(self, cloud: Cloud, clients: Clients, name: str, expected: str | None) -> None:
        """Free, ours, somebody else's, and not a name."""
        cloud.new_group("names")
        clients.storage.storage_accounts.begin_create("names", "mineacc", ACCOUNT).result()
        cloud.sandbox.arm.accounts.take_name("theirs")
        wanted = {"name": name, "type": "Microsoft.Storage/storageAccounts"}
        answer = clients.storage.storage_accounts.check_name_availability(wanted)

        assert (expected is None, expected) == (answer.name_available, answer.reason)

    def test_taken_names_are_refused(self, cloud: Cloud, clients: Clients) -> None:
        """Another group's account, and somebody else's."""
        cloud.new_group("one")
        cloud.new_group("two")
        begin = clients.storage.storage_accounts.begin_create
        begin("one", "sharedname", ACCOUNT).result()
        cloud.sandbox.arm.accounts.take_name("foreign")

        assert (409, "StorageAccountInAnotherResourceGroup") == error_of(lambda: begin("two", "sharedname", ACCOUNT))
        assert (409, "StorageAccountAlreadyTaken") == error_of(lambda: begin("two", "foreign", ACCOUNT))
        assert (400, "AccountNameInvalid") == error_of(lambda: begin("two", "With-Dash", ACCOUNT))


class TestIdentities:
    def test_an_identity_is_a_principal(self, cloud: Cloud, clients: Clients) -> None:
        """201 then 200 with the same ids; gone when deleted."""
        path = f"{cloud.new_group('ids')}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/scorer"
        codes = [cloud.call("PUT", path, {"location": "westeurope"}).status_code for _ in range(2)]
        identity = clients.msi.user_assigned_identities.get("ids", "scorer")

        assert [201, 200] == codes
        assert cloud.sandbox.endpoints.tenant_id == identity.tenant_id
        principal = cloud.sandbox.directory.principal_of_client(identity.client_id)
        assert principal is not None
        assert "scorer" == principal.display_name

        clients.msi.user_assigned_identities.delete("ids", "scorer")

        assert cloud.sandbox.directory.principal_of_client(identity.client_id) is None


class TestRoleAssignments:
    def grant(self, cloud: Cloud, principal: str, **more: str) -> dict[str, Any]:
        role = f"{cloud.subscription}/providers/Microsoft.Authorization/roleDefinitions/{ACR_PULL}"
        return {"properties": {"roleDefinitionId": role, "principalId": principal, **more}}

    def test_one_triple_has_one_assignment(self, cloud: Cloud, clients: Clients) -> None:
        """The same again is the same; under another name it is a conflict; for somebody else it is refused."""
        scope = cloud.new_group("roles")
        identities = clients.msi.user_assigned_identities
        one, two = (identities.create_or_update("roles", name, {"location": "westeurope"}) for name in ("aaa", "bbb"))
        create, name = clients.authorization.role_assignments.create, str(uuid.uuid4())
        first = create(scope, name, self.grant(cloud, one.principal_id, principalType="ServicePrincipal"))
        again = create(scope, name, self.grant(cloud, one.principal_id, principalType="ServicePrincipal"))

        assert (first.id, "ServicePrincipal") == (again.id, first.principal_type)
        assert (409, "RoleAssignmentExists") == error_of(
            lambda: create(scope, str(uuid.uuid4()), self.grant(cloud, one.principal_id))
        )
        assert (400, "RoleAssignmentUpdateNotPermitted") == error_of(
            lambda: create(scope, name, self.grant(cloud, two.principal_id))
        )

    def test_a_new_principal_is_found_later(self, make_cloud: Callable[..., Cloud]) -> None:
        """Right after it was made a principal is unknown, unless its type is given; its roles count later, too."""
        now = [1000.0]
        cloud = make_cloud(propagation_delay=30.0, clock=lambda: now[0])
        group = cloud.new_group("late")
        principal = cloud.sandbox.directory.add_managed_identity("late", "/x")
        path = f"{group}/providers/Microsoft.Authorization/roleAssignments/{uuid.uuid4()}"
        early = cloud.call("PUT", path, self.grant(cloud, principal.object_id))
        typed = cloud.call("PUT", path, self.grant(cloud, principal.object_id, principalType="ServicePrincipal"))
        before = cloud.sandbox.roles.roles(principal.object_id, f"{group}/registry")
        now[0] += 31
        after = cloud.sandbox.roles.roles(principal.object_id, f"{group}/registry")

        assert (400, "PrincipalNotFound") == (early.status_code, early.json()["error"]["code"])
        assert 201 == typed.status_code
        assert (frozenset(), frozenset({ACR_PULL})) == (before, after)

    def test_assignments_are_listed_around_a_scope(self, cloud: Cloud, clients: Clients) -> None:
        """Inherited ones are found; the filter narrows to one principal."""
        group = cloud.new_group("around")
        identity = clients.msi.user_assigned_identities.create_or_update("around", "who", {"location": "westeurope"})
        above = cloud.sandbox.roles.grant(identity.principal_id, READER, cloud.subscription)
        below = cloud.sandbox.roles.grant(identity.principal_id, ACR_PULL, f"{group}/providers/a/b/c")
        elsewhere = cloud.sandbox.roles.grant(identity.principal_id, ACR_PULL, f"{cloud.new_group('other')}/x")
        list_for_scope = clients.authorization.role_assignments.list_for_scope
        mine = [one.name for one in list_for_scope(group, filter=f"principalId eq '{identity.principal_id}'")]
        here = [one.name for one in list_for_scope(group, filter="atScope()")]

        assert [above.name, below.name] == mine
        assert above.name in here
        assert not {below.name, elsewhere.name} & set(here)

    def test_the_callers_own_permissions(self, cloud: Cloud) -> None:
        """One entry for each role that counts at the scope; without any, and without the group, a refusal."""
        group = cloud.new_group("permissions")
        below = "providers/Microsoft.Authorization/permissions"
        contributor = cloud.token(cloud.somebody(CONTRIBUTOR, group))
        answer = cloud.call("GET", f"{group}/{below}", token=contributor).json()["value"]
        stranger = cloud.call("GET", f"{group}/{below}", token=cloud.token(cloud.somebody()))
        nowhere = cloud.call("GET", f"{cloud.subscription}/resourceGroups/none/{below}")

        assert [["*"]] == [entry["actions"] for entry in answer]
        assert "Microsoft.Authorization/*/Write" in answer[0]["notActions"]
        assert (403, "AuthorizationFailed") == (stranger.status_code, stranger.json()["error"]["code"])
        assert (404, "ResourceGroupNotFound") == (nowhere.status_code, nowhere.json()["error"]["code"])

    def test_definitions_are_found_by_name(self, cloud: Cloud, clients: Clients) -> None:
        """The constant GUID behind `AcrPull`."""
        found = list(clients.authorization.role_definitions.list(cloud.subscription, filter="roleName eq 'AcrPull'"))

        assert [ACR_PULL] == [one.name for one in found]


class TestRegistries:
    def test_the_ready_made_registry(self, cloud: Cloud, clients: Clients) -> None:
        """It is there from the start, without admin user, and shows its login server."""
        registry = clients.registries.registries.get("sandbox-shared", "sandboxregistry")

        assert cloud.sandbox.endpoints.registry == registry.login_server
        assert "LegacyRegistryPermissions" == registry.role_assignment_mode
        assert (400, "UnAuthorizedForCredentialOperations") == error_of(
            lambda: clients.registries.registries.list_credentials("sandbox-shared", "sandboxregistry")
        )

    def test_a_registry_of_ones_own(self, cloud: Cloud, clients: Clients) -> None:
        """201, a login server that answers, credentials when the admin user is on."""
        cloud.new_group("acr")
        body = {"location": "westeurope", "sku": {"name": "Basic"}, "properties": {"adminUserEnabled": True}}
        made = clients.registries.registries.begin_create("acr", "ownregistry", body).result()
        credentials = clients.registries.registries.list_credentials("acr", "ownregistry")
        answer = cloud.session.get(f"https://{made.login_server}/v2/", timeout=10)

        assert "ownregistry" == credentials.username
        assert 200 == answer.status_code


class TestErrors:
    def test_a_missing_resource_is_a_not_found(self, cloud: Cloud, clients: Clients) -> None:
        """The SDK raises its own class, with ARM's code."""
        cloud.new_group("empty")
        with pytest.raises(ResourceNotFoundError) as caught:
            clients.web.web_apps.get("empty", "nothing")

        assert "ResourceNotFound" == code_of(caught.value)

    def test_conflicts_have_their_class(self, cloud: Cloud, clients: Clients) -> None:
        """409 is ResourceExistsError."""
        cloud.new_group("conflict")
        cloud.sandbox.arm.accounts.take_name("conflicted")
        with pytest.raises(ResourceExistsError):
            clients.storage.storage_accounts.begin_create("conflict", "conflicted", ACCOUNT)


class TestLostAnswers:
    def test_a_create_went_through_all_the_same(self, make_cloud: Callable[..., Cloud]) -> None:
        """The retry meets the account: in progress at first, then as it is, though nobody polled."""
        cloud = make_cloud(durations=Durations(storage=0.3))
        path = f"{cloud.new_group('lost')}/providers/Microsoft.Storage/storageAccounts/lostacc"
        cloud.sandbox.faults.add(Fault("PUT", "/storageAccounts/", 503, executed=True))
        codes = [cloud.call("PUT", path, ACCOUNT).status_code for _ in range(2)]
        time.sleep(0.35)
        found = cloud.call("GET", path).json()

        assert [503, 409] == codes
        assert "Succeeded" == found["properties"]["provisioningState"]
        assert 200 == cloud.call("PUT", path, ACCOUNT).status_code
