"""What every request to Azure Resource Manager goes through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.authorization.definitions import (
    ACR_PUSH,
    CONTRIBUTOR,
    OWNER,
    READER,
    USER_ACCESS_ADMINISTRATOR,
)

if TYPE_CHECKING:
    from unit.sandbox_control.conftest import Cloud

ROLE = "providers/Microsoft.Authorization/roleAssignments/11111111-1111-1111-1111-111111111111"


def error(cloud: Cloud, method: str, path: str, **options: Any) -> tuple[int, str]:
    answer = cloud.call(method, path, **options)
    return answer.status_code, answer.json()["error"]["code"]


class TestApiVersion:
    def test_it_is_required(self, cloud: Cloud) -> None:
        """Without `api-version` nothing is answered."""
        assert (400, "MissingApiVersionParameter") == error(cloud, "GET", cloud.subscription, version="")

    def test_it_is_a_date(self, cloud: Cloud) -> None:
        """A version of another form is refused."""
        assert (400, "InvalidApiVersionParameter") == error(cloud, "GET", cloud.subscription, version="latest")


class TestDiscovery:
    def test_the_endpoints_need_no_token(self, cloud: Cloud) -> None:
        """A client finds the authority and the audience before it signs in."""
        origin = cloud.sandbox.endpoints.resource_manager
        answer = cloud.session.get(f"{origin}/metadata/endpoints?api-version=2022-09-01", timeout=10).json()

        assert origin == answer["authentication"]["loginEndpoint"]
        assert f"{origin}/" == answer["resourceManager"]

    def test_the_suffix_is_that_of_every_login_server(self, cloud: Cloud) -> None:
        """A client that sends tokens to hosts of the cloud's suffix alone finds the sandbox's registries among them."""
        ends = cloud.sandbox.endpoints
        answer = cloud.session.get(f"{ends.resource_manager}/metadata/endpoints?api-version=2022-09-01", timeout=10)

        assert ends.registry.partition(":")[0] == answer.json()["suffixes"]["acrLoginServer"]


class TestAuthorization:
    def test_a_stranger_may_do_nothing(self, cloud: Cloud) -> None:
        """The refusal names the client, the action and the scope."""
        stranger = cloud.somebody()
        path = f"{cloud.subscription}/resourcegroups/some"
        answer = cloud.call("PUT", path, {"location": "westeurope"}, token=cloud.token(stranger))
        message = answer.json()["error"]["message"]

        assert (403, "AuthorizationFailed") == (answer.status_code, answer.json()["error"]["code"])
        assert f"The client '{stranger}' with object id '" in message
        assert "to perform action 'Microsoft.Resources/subscriptions/resourceGroups/write'" in message
        assert f"over scope '{path}' or the scope is invalid." in message

    def test_a_stranger_sees_no_subscription(self, cloud: Cloud) -> None:
        """The list of subscriptions holds those where one has a role."""
        theirs = cloud.call("GET", "/subscriptions", token=cloud.token(cloud.somebody())).json()
        ours = cloud.call("GET", "/subscriptions").json()

        assert ([], 1) == (theirs["value"], len(ours["value"]))

    def test_a_reader_reads(self, cloud: Cloud) -> None:
        """Reader may look and may not write, nor ask for keys."""
        group = cloud.new_group("readers")
        token = cloud.token(cloud.somebody(READER, group))
        account = f"{group}/providers/Microsoft.Storage/storageAccounts/readacc"

        assert 200 == cloud.call("GET", group, token=token).status_code
        assert 403 == cloud.call("PUT", account, {}, token=token).status_code
        assert 403 == cloud.call("POST", f"{account}/listKeys", token=token).status_code

    def test_a_contributor_gives_no_roles(self, cloud: Cloud) -> None:
        """Contributor writes everything but role assignments."""
        group = cloud.new_group("contributors")
        token = cloud.token(cloud.somebody(CONTRIBUTOR, group))
        plan = {"location": "westeurope", "sku": {"name": "EP1"}, "properties": {"reserved": True}}
        farm = f"{group}/providers/Microsoft.Web/serverfarms/plan"

        assert 200 == cloud.call("PUT", farm, plan, token=token).status_code
        assert (403, "AuthorizationFailed") == error(cloud, "PUT", f"{group}/{ROLE}", body={}, token=token)

    def test_an_access_administrator_gives_roles_only(self, cloud: Cloud) -> None:
        """User Access Administrator writes role assignments and nothing else."""
        group = cloud.new_group("administrators")
        client = cloud.somebody(USER_ACCESS_ADMINISTRATOR, group)
        principal = cloud.sandbox.directory.principal_of_client(client)
        assert principal is not None
        grant = {"roleDefinitionId": f"/x/{READER}", "principalId": principal.object_id}
        identity = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/one"
        token = cloud.token(client)

        assert 201 == cloud.call("PUT", f"{group}/{ROLE}", {"properties": grant}, token=token).status_code
        assert 403 == cloud.call("PUT", identity, {"location": "westeurope"}, token=token).status_code

    def test_roles_end_with_their_scope(self, cloud: Cloud) -> None:
        """An owner of one group owns no group whose name begins the same."""
        mine, other = cloud.new_group("mine"), cloud.new_group("mine2")
        token = cloud.token(cloud.somebody(OWNER, mine))

        assert 200 == cloud.call("GET", mine, token=token).status_code
        assert 403 == cloud.call("GET", other, token=token).status_code


class TestLists:
    """What a list over the subscription shows."""

    def names(self, cloud: Cloud, path: str, client: str) -> list[str]:
        answer = cloud.call("GET", f"{cloud.subscription}/{path}", token=cloud.token(client))
        assert 200 == answer.status_code, answer.text
        return [one["name"] for one in answer.json()["value"]]

    def identity(self, cloud: Cloud, group: str, name: str) -> str:
        path = f"{group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}"
        assert 201 == cloud.call("PUT", path, {"location": "westeurope"}).status_code
        return path

    def test_it_shows_what_the_login_may_read(self, cloud: Cloud) -> None:
        """A role at one resource group shows that group and what lies in it, and no error for the rest."""
        mine, other = cloud.new_group("list-mine"), cloud.new_group("list-other")
        self.identity(cloud, mine, "seen")
        self.identity(cloud, other, "hidden")
        client = cloud.somebody(READER, mine)

        assert ["list-mine"] == self.names(cloud, "resourcegroups", client)
        assert ["seen"] == self.names(cloud, "resources", client)
        assert [] == self.names(cloud, "providers/Microsoft.ContainerRegistry/registries", client)

    def test_a_role_at_one_resource_shows_that_resource(self, cloud: Cloud) -> None:
        """A registry is found by a login that holds a role at that registry alone."""
        registry = (
            f"{cloud.subscription}/resourceGroups/sandbox-shared/providers/Microsoft.ContainerRegistry/registries"
        )
        client = cloud.somebody(READER, f"{registry}/sandboxregistry")

        assert ["sandboxregistry"] == self.names(cloud, "providers/Microsoft.ContainerRegistry/registries", client)

    def test_a_role_that_may_not_read_shows_nothing(self, cloud: Cloud) -> None:
        """AcrPush reads images, not the registry: the list is empty, not refused."""
        registry = (
            f"{cloud.subscription}/resourceGroups/sandbox-shared/providers/Microsoft.ContainerRegistry/registries"
        )
        client = cloud.somebody(ACR_PUSH, f"{registry}/sandboxregistry")

        assert [] == self.names(cloud, "providers/Microsoft.ContainerRegistry/registries", client)

    def test_whoever_has_no_role_at_all_is_refused(self, cloud: Cloud) -> None:
        """Nothing of the subscription is shown to a stranger, not even that it is empty."""
        token = cloud.token(cloud.somebody())

        assert (403, "AuthorizationFailed") == error(cloud, "GET", f"{cloud.subscription}/resources", token=token)


class TestPaths:
    def test_letters_of_any_case_mean_the_same(self, cloud: Cloud) -> None:
        """Ids are compared without regard to case, and keep their spelling."""
        group = cloud.new_group("Mixed")
        made = cloud.call(
            "PUT",
            f"{group}/providers/microsoft.managedidentity/USERASSIGNEDIDENTITIES/MyId",
            {"location": "westeurope"},
        )
        path = f"{cloud.subscription.upper()}/RESOURCEGROUPS/MIXED/PROVIDERS/Microsoft.ManagedIdentity"
        found = cloud.call("GET", f"{path}/userassignedidentities/MYID")

        assert (201, 200) == (made.status_code, found.status_code)
        assert "MyId" == found.json()["name"]
        assert made.json()["properties"] == found.json()["properties"]

    def test_another_subscription_is_not_found(self, cloud: Cloud) -> None:
        """There is no subscription with that id."""
        other = "/subscriptions/00000000-0000-0000-0000-000000000009/resourcegroups"

        assert (404, "SubscriptionNotFound") == error(cloud, "GET", other)

    def test_a_child_of_a_missing_group(self, cloud: Cloud) -> None:
        """The group's absence is told, not the child's."""
        path = f"{cloud.subscription}/resourceGroups/nowhere/providers/Microsoft.Web/sites/app"

        assert (404, "ResourceGroupNotFound") == error(cloud, "GET", path)

    def test_what_the_sandbox_lacks_is_said(self, cloud: Cloud) -> None:
        """An operation that is not there is never mistaken for a missing resource."""
        path = f"{cloud.new_group('some')}/providers/Microsoft.Compute/virtualMachines/vm"

        assert (501, "NotCoveredBySandbox") == error(cloud, "GET", path)

    def test_a_broken_body_is_refused(self, cloud: Cloud) -> None:
        """JSON that does not parse is a 400."""
        url = f"{cloud.sandbox.endpoints.resource_manager}{cloud.subscription}/resourcegroups/x?api-version=2025-04-01"
        headers = {"Authorization": f"Bearer {cloud.token()}"}
        answer = cloud.session.put(url, data="{", headers=headers, timeout=10)

        assert (400, "InvalidRequestContent") == (answer.status_code, answer.json()["error"]["code"])

    def test_request_ids_come_back(self, cloud: Cloud) -> None:
        """Every answer has an id; a client's own id is repeated."""
        url = f"{cloud.sandbox.endpoints.resource_manager}{cloud.subscription}?api-version=2022-12-01"
        headers = {"Authorization": f"Bearer {cloud.token()}", "x-ms-client-request-id": "mine"}
        answer = cloud.session.get(url, headers=headers, timeout=10)

        assert "mine" == answer.headers["x-ms-client-request-id"]
        assert answer.headers["x-ms-request-id"]
