"""What Azure refuses, in words: both error shapes and every known cause."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from azure.core.exceptions import AzureError, ResourceNotFoundError, ServiceRequestError

from functions_model.azure.errors import error_code, explain
from functions_model.provision.kinds import generic
from support.fake_arm import Answer, clients_for
from support.golden import matches_golden
from support.sdk_errors import raised

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_model.azure.clients import AzureClients

GOLDEN = Path(__file__).parent / "golden"

SCOPE = "/subscriptions/s/resourceGroups/rg"
FORBIDDEN = (
    "The client 'c' with object id 'o-1' does not have authorization to perform action "
    "'Microsoft.Web/serverfarms/write' over scope '/subscriptions/s/resourceGroups/rg' or the scope is invalid. "
    "If access was recently granted, please refresh your credentials."
)
ROLES_FORBIDDEN = FORBIDDEN.replace("Microsoft.Web/serverfarms/write", "Microsoft.Authorization/roleAssignments/write")
ROLES_FORBIDDEN = ROLES_FORBIDDEN.replace(SCOPE, f"{SCOPE}/providers/Microsoft.Authorization/roleAssignments/1")

NO_GROUP = FORBIDDEN.replace(
    "Microsoft.Web/serverfarms/write", "Microsoft.Resources/subscriptions/resourcegroups/write"
)
NO_REGISTRATION = FORBIDDEN.replace("Microsoft.Web/serverfarms/write", "Microsoft.Web/register/action")
NO_READING = FORBIDDEN.replace("serverfarms/write", "sites/read")
LINKED = (
    "The client 'c' with object id 'o-1' has permission to perform action 'Microsoft.Web/sites/write' on scope "
    "'/subscriptions/s/resourceGroups/rg/providers/Microsoft.Web/sites/iris'; however, it does not have permission to "
    "perform action(s) '{action}' on the linked scope(s) '{scope}' (respectively) or the linked scope(s) are invalid."
)
LINKED_IDENTITY = LINKED.format(
    action="Microsoft.ManagedIdentity/userAssignedIdentities/assign/action",
    scope=f"{SCOPE}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/iris-identity",
)
LINKED_PLAN = LINKED.format(
    action="Microsoft.Web/serverfarms/join/action", scope=f"{SCOPE}/providers/Microsoft.Web/serverfarms/shared"
)
LOCKED = (
    "The scope '/subscriptions/s/resourceGroups/rg' cannot perform write operation because following scope(s) are "
    "locked: '/subscriptions/s/resourceGroups/rg'. Please remove the lock and try again."
)


def arm(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message}}


def web(code: str, message: str, extended: str = "") -> dict[str, Any]:
    entity = {"ErrorEntity": {"ExtendedCode": extended, "Code": code, "Message": message}}
    return {"Code": code, "Message": message, "Target": None, "Details": [{"Message": message}, entity]}


KEY = "q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kA=="
SHOWN = (
    f"DefaultEndpointsProtocol=https;AccountName=x;AccountKey={KEY};EndpointSuffix=core.windows.net",
    f"Endpoint=sb://x.servicebus.windows.net/;SharedAccessKeyName=Root;SharedAccessKey={KEY}",
    f"https://x.blob.core.windows.net/c?sv=2024&sig={KEY.replace('=', '%3D')}&se=1",
    f'{{"accountKey": "{KEY}"}}',
    f"SharedAccessSignature sr=x&sig={KEY}",
)
"""What Resource Manager repeats of what it was sent."""


def refusing(message: str) -> AzureClients:
    return clients_for(lambda _: Answer(400, arm("BadRequest", message)))


class TestSecretsInWhatAzureSays:
    @pytest.mark.parametrize("said", SHOWN)
    def test_are_not_shown(self, said: str) -> None:
        """Whoever knows the setting knows its value; all others must not."""
        long = "x" * 700 + " "
        for message in (f"The setting is not valid: '{said}'.", f"{long}{said}"):
            clients = refusing(message)
            with pytest.raises(AzureError) as failure:
                clients.resource.resource_groups.get("rg")

            told = str(explain(failure.value, "write the settings"))
            assert KEY[:12] not in told
            assert "***" in told


CASES: dict[str, tuple[int, dict[str, Any]]] = {
    "quota": (401, web("Unauthorized", "Operation cannot be completed without additional quota. Current Limit: 0")),
    "authorization": (403, arm("AuthorizationFailed", FORBIDDEN)),
    "role-assignment-forbidden": (403, arm("AuthorizationFailed", ROLES_FORBIDDEN)),
    "group-forbidden": (403, arm("AuthorizationFailed", NO_GROUP)),
    "registration-forbidden": (403, arm("AuthorizationFailed", NO_REGISTRATION)),
    "reading-forbidden": (403, arm("AuthorizationFailed", NO_READING)),
    "linked-authorization": (403, arm("LinkedAuthorizationFailed", LINKED_IDENTITY)),
    "location-forbidden": (403, arm("RequestDisallowedByAzure", "Resource 'p' was disallowed by Azure.")),
    "policy": (403, arm("RequestDisallowedByPolicy", "Resource 'p' was disallowed by policy 'No public sites'.")),
    "provider-not-registered": (
        409,
        arm("MissingSubscriptionRegistration", "The subscription is not registered to use namespace 'Microsoft.Web'."),
    ),
    "app-name-taken": (409, web("Conflict", "Website with given name iris already exists.", "54001")),
    "account-name-taken": (409, arm("StorageAccountAlreadyTaken", "The storage account named x is already taken.")),
    "account-elsewhere": (409, arm("StorageAccountInAnotherResourceGroup", "The account x is in another group.")),
    "account-name-invalid": (400, arm("AccountNameInvalid", "X-1 is not a valid storage account name.")),
    "container-being-deleted": (409, arm("ContainerBeingDeleted", "The specified container is being deleted.")),
    "namespace-name-taken": (400, arm("BadRequest", "The specified name is not available. CorrelationId: c")),
    "namespace-name-invalid": (400, arm("BadRequest", "The specified service namespace is invalid. CorrelationId: c")),
    "namespace-sku": (400, arm("BadRequest", "Premium messaging is not supported in the region westeurope.")),
    "queue-in-conflict": (409, arm("Conflict", "SubCode=40901. Another conflicting operation is in progress.")),
    "principal-not-found": (400, arm("PrincipalNotFound", "Principal x does not exist in the directory y.")),
    "role-assignment-exists": (409, arm("RoleAssignmentExists", "The role assignment already exists.")),
    "role-assignment-reused": (400, arm("RoleAssignmentUpdateNotPermitted", "Tenant ID ... cannot be updated.")),
    "group-on-other-system": (
        409,
        web("Conflict", "Requested feature is not available in resource group rg.", "59324"),
    ),
    "region-without-size": (
        409,
        web("Conflict", "Requested features are not supported in region. Please try another region."),
    ),
    "region-unknown": (
        400,
        arm("LocationNotAvailableForResourceType", "The provided location 'mars' is not available for 'x'."),
    ),
    "api-version": (
        400,
        arm(
            "NoRegisteredProviderFound",
            "No registered resource provider found for location 'chinanorth3' and API version '2026-09-01' for type "
            "'storageAccounts'. The supported api-versions are '2025-08-01'. The supported locations are 'chinaeast2'.",
        ),
    ),
    "no-capacity": (
        409,
        web(
            "Conflict",
            "No available instances to satisfy this request. App Service is attempting to increase it.",
        ),
    ),
    "group-being-deleted": (
        409,
        arm("ResourceGroupBeingDeleted", "The resource group 'rg' is in deprovisioning state."),
    ),
    "subscription-disabled": (
        409,
        arm("ReadOnlyDisabledSubscription", "The subscription 's' is disabled and therefore marked as read only."),
    ),
    "resource-group-missing": (404, arm("ResourceGroupNotFound", "Resource group 'rg' could not be found.")),
    "subscription-not-found": (404, arm("SubscriptionNotFound", "The subscription 's' could not be found.")),
    "subscription-of-another-tenant": (
        401,
        arm(
            "InvalidAuthenticationTokenTenant",
            "The access token is from the wrong issuer 'https://sts.windows.net/ours/'. It must match the tenant "
            "'https://sts.windows.net/theirs/' associated with this subscription.",
        ),
    ),
    "token-expired": (401, arm("ExpiredAuthenticationToken", "The access token expiry time is earlier than now.")),
    "token-refused": (401, arm("InvalidAuthenticationToken", "The access token is invalid.")),
    "scope-locked": (409, arm("ScopeLocked", LOCKED)),
    "operation-in-progress": (409, arm("StorageAccountOperationInProgress", "An operation is currently in progress.")),
    "throttled": (429, arm("TooManyRequests", "The request is being throttled.")),
}


class TestAnUnknownVersion:
    """Of an interface, in a cloud that gets it later."""

    @pytest.mark.parametrize("code", ["InvalidResourceType", "InvalidApiVersionParameter"])
    def test_is_told_as_one(self, code: str) -> None:
        """Resource Manager has three codes for it."""
        assert "api-version" == explain(raised(404, arm(code, "The api-version '2026-09-01' is invalid.")), "a").cause

    @pytest.mark.parametrize(("code", "expected"), [("InvalidResourceType", None), ("ResourceNotFound", "not there")])
    def test_does_not_mean_that_something_is_not_there(self, code: str, expected: str | None) -> None:
        """Its 404 is another one, for clients of either kind and for what is read by its id."""
        clients = clients_for(lambda _: Answer(404, arm(code, "It could not be found.")))
        asked = (
            lambda: clients.storage.storage_accounts.get_properties("rg", "iris"),
            lambda: clients.msi.user_assigned_identities.get("rg", "iris"),
            lambda: generic.read(clients, "/subscriptions/s/resourceGroups/rg/providers/M.X/y/z", "2020-02-02"),
        )

        assert [expected] * 3 == [missing(call) for call in asked]

    def test_is_read_from_a_streamed_answer(self) -> None:
        """As the first answer of each long operation is one."""
        assert 400 == explain(raised(404, arm("InvalidResourceType", "No such type.")), "a").status


def missing(call: Callable[[], Any]) -> str | None:
    """Whether somebody who looks for a resource is told that there is none."""
    try:
        return "not there" if call() is None else "there"
    except ResourceNotFoundError:
        return "not there"
    except AzureError:
        return None


class TestKnownCauses:
    @pytest.mark.parametrize("name", CASES)
    def test_are_recognised(self, name: str) -> None:
        """Each known error is recognised, through the SDK's own exception."""
        assert name == explain(raised(*CASES[name]), "create the plan `p`").cause

    def test_say_what_to_do(self) -> None:
        """The words of all known causes are kept under review."""
        texts = {name: str(explain(raised(*case), "create the plan `p`")) for name, case in CASES.items()}

        assert matches_golden(GOLDEN / "causes.json", json.dumps(texts, indent=2))

    @pytest.mark.parametrize(
        "text",
        [
            "The pricing tier 'ElasticPremium' is not allowed in this resource group. Use this link to learn more",
            "The pricing tier 'ElasticPremium' is not available for resource group 'rg'",
            "Linux dynamic workers are not available in resource group rg.",
        ],
    )
    def test_know_a_group_that_is_bound(self, text: str) -> None:
        """App Service has many words for a group that cannot hold the plan."""
        assert "group-on-other-system" == explain(raised(409, web("Conflict", text)), "create the plan `p`").cause

    def test_grant_contributor_on_a_linked_resource(self) -> None:
        """A plan in another group must let itself be joined."""
        error = explain(raised(403, arm("LinkedAuthorizationFailed", LINKED_PLAN)), "create the app `a`")

        assert error.remedy.endswith(f"--role Contributor --scope {SCOPE}/providers/Microsoft.Web/serverfarms/shared`.")

    def test_grant_a_role_on_what_is_there(self) -> None:
        """A role cannot be granted on a resource that is not there yet: the scope is the group."""
        text = FORBIDDEN.replace(f"'{SCOPE}'", f"'{SCOPE}/providers/Microsoft.Web/serverfarms/p'")

        assert explain(raised(403, arm("AuthorizationFailed", text)), "a").remedy.endswith(f"--scope {SCOPE}`.")

    @pytest.mark.parametrize("name", sorted(CASES))
    def test_say_which_pass_by_themselves(self, name: str) -> None:
        """Conflicts and throttling are worth another try; everything else is not."""
        passing = {
            "container-being-deleted",
            "operation-in-progress",
            "principal-not-found",
            "queue-in-conflict",
            "throttled",
        }

        assert (name in passing) == explain(raised(*CASES[name]), "a").passes


VIOLATION = {
    "type": "PolicyViolation",
    "info": {
        "policyDefinitionDisplayName": "Accounts should allow no shared keys",
        "policyAssignmentName": "no-keys",
        "policyAssignmentScope": "/subscriptions/s",
        "evaluationDetails": {
            "evaluatedExpressions": [
                {"result": "True", "path": "type", "expressionValue": "Microsoft.Storage/storageAccounts"},
                {"result": "True", "path": "properties.allowSharedKeyAccess", "expressionValue": True},
                {"result": "True", "expression": "tags.owner"},
            ]
        },
    },
}
IDENTIFIERS = (
    'Resource \'p\' was disallowed by policy. Policy identifiers: \'[{"policyAssignment":{"name":"no-keys","id":'
    '"/subscriptions/s/providers/Microsoft.Authorization/policyAssignments/no-keys"},"policyDefinition":{"name":'
    '"No shared keys","id":"/providers/x"}}]\'.'
)


class TestAPolicy:
    def test_is_named_with_what_it_looks_at(self) -> None:
        """The answer says which policy it was, where it is assigned and which values it looks at."""
        document = arm("RequestDisallowedByPolicy", "Resource 'p' was disallowed by policy.")
        document["error"]["additionalInfo"] = [VIOLATION, {"type": "Other", "info": {}}]

        assert (
            "The refusal comes from the policy `Accounts should allow no shared keys` (assigned as `no-keys` at "
            "/subscriptions/s): it looks at `properties.allowSharedKeyAccess` (`true`) and `tags.owner`. Ask its owner "
            "for an exemption, or for values that it allows."
        ) == explain(raised(403, document), "create the plan `p`").remedy

    def test_is_read_from_the_message_of_an_older_answer(self) -> None:
        """The JSON in the message is told in words, and left out of the message."""
        error = explain(raised(403, arm("RequestDisallowedByPolicy", IDENTIFIERS)), "create the plan `p`")

        assert "Resource 'p' was disallowed by policy" == error.message
        assert "the policy `No shared keys` (assigned as `no-keys`)" in error.remedy

    @pytest.mark.parametrize("text", ["No. Policy identifiers: '[broken]'.", "No. Policy identifiers: '[1]'."])
    def test_without_a_name_is_told_all_the_same(self, text: str) -> None:
        """What cannot be read explains nothing, and hides nothing."""
        error = explain(raised(403, arm("RequestDisallowedByPolicy", text)), "create the plan `p`")

        assert "comes from a policy of the subscription" in error.remedy


class TestOtherErrors:
    @pytest.mark.parametrize(
        ("body", "code", "message"),
        [
            (arm("Odd", "Something odd.\n  Really."), "Odd", "Something odd. Really"),
            (web("Odd", "Something odd."), "Odd", "Something odd"),
            ({"code": "Odd", "message": "Something odd."}, "Odd", "Something odd"),
        ],
    )
    def test_keep_the_services_words(self, body: dict[str, Any], code: str, message: str) -> None:
        """Either shape gives code and message, on one line, without its full stop."""
        error = explain(raised(400, body), "create the plan `p`")

        assert (400, code, message, "") == (error.status, error.code, error.message, error.cause)

    @pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"", [1, 2]])
    def test_survive_a_body_that_is_no_error(self, body: Any) -> None:
        """An answer without an error document is still told, with its status."""
        error = explain(raised(418, body), "create the plan `p`")

        assert 418 == error.status
        assert error.message

    def test_give_the_request_id(self) -> None:
        """What support asks for is kept."""
        error = explain(raised(500, arm("E", "m"), {"x-ms-correlation-request-id": "id-1"}), "a")

        assert "id-1" == error.request_id

    def test_without_an_answer_name_the_connection(self) -> None:
        """No answer at all has the status 0 and points at the connection."""
        error = explain(ServiceRequestError("connection refused"), "create the plan `p`")

        assert (0, "connection refused") == (error.status, error.message)
        assert "Check the connection" in error.remedy

    def test_have_a_code_for_decisions(self) -> None:
        """Rooms that treat a code specially read it in either shape."""
        assert "Conflict" == error_code(raised(409, web("Conflict", "x")))
        assert "ScopeLocked" == error_code(raised(409, arm("ScopeLocked", "x")))
