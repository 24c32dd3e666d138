"""Which versions of each provider's interface a cloud knows, and which members came after a version.

US Government and China get a version months after the public cloud. Terraform's provider for Azure asks all three for
one version of a type, and its users tell when one is not there yet: hashicorp/terraform-provider-azurerm#32301 (China)
and #32402 (US Government) were closed when storage's 2025-08-01 had come. So what it pins is what all three are known
to have, and the two others know nothing newer here. An older version is never refused: Azure keeps them for years.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.errors import ArmError, invalid

if TYPE_CHECKING:
    from azure_sandbox.arm.messages import ArmRequest, ArmResponse
    from azure_sandbox.arm.routing import ArmRoute

PUBLIC = "AzureCloud"
CLOUDS = (PUBLIC, "AzureUSGovernment", "AzureChinaCloud")
_FORM = re.compile(r"\d{4}-\d{2}-\d{2}(-\w+)?")
_RESOURCES = "microsoft.resources"
_NEWEST = {
    "microsoft.authorization": ("2022-05-01-preview", "2022-05-01-preview"),
    "microsoft.containerregistry": ("2026-09-01-preview", "2025-11-01"),
    "microsoft.insights": ("2020-02-02", "2020-02-02"),
    "microsoft.machinelearningservices": ("2025-06-01", "2025-06-01"),
    "microsoft.managedidentity": ("2025-05-31-preview", "2024-11-30"),
    "microsoft.operationalinsights": ("2025-07-01", "2025-07-01"),
    _RESOURCES: ("2025-07-01", "2023-07-01"),
    "microsoft.servicebus": ("2026-01-01", "2024-01-01"),
    "microsoft.storage": ("2026-09-01", "2025-08-01"),
    "microsoft.web": ("2025-05-01", "2023-12-01"),
}
"""The newest version by namespace: in the public cloud, what Azure's SDKs for Python and az 2.91.0 ask for; in the
others, what hashicorp/terraform-provider-azurerm 5.2.0 imports (internal/services/*/client/client.go)."""

_LATER = {
    ("microsoft.containerregistry/registries", "2023-07-01"): {"roleAssignmentMode"},
    ("microsoft.servicebus/namespaces", "2024-01-01"): {"geoDataReplication", "ipAddressType", "platformCapabilities"},
    ("microsoft.servicebus/namespaces/queues", "2024-01-01"): {"userMetadata"},
    ("microsoft.storage/storageaccounts", "2025-08-01"): {"allowCrossTenantDelegationSas", "turboTier"},
    ("microsoft.web/serverfarms", "2023-12-01"): {
        *("asyncScalingEnabled", "installScripts", "isCustomMode", "planDefaultIdentity", "rdpEnabled"),
        *("registryAdapters", "storageMounts"),
    },
    ("microsoft.web/sites", "2023-12-01"): {
        *("clientAffinityPartitioningEnabled", "clientAffinityProxyEnabled", "ipMode", "outboundVnetRouting"),
        "sshEnabled",
    },
}
"""Members of `properties` that a type lacks up to a version: those of the models of Azure's SDK for Python that
terraform's models of that version do not have (vendor/github.com/hashicorp/go-azure-sdk/resource-manager)."""


@dataclass(frozen=True, slots=True)
class Versions:
    """What one cloud knows.

    Attributes:
        cloud: One of `CLOUDS`.
    """

    cloud: str = PUBLIC

    def check(self, request: ArmRequest, route: ArmRoute) -> None:
        """Refuse a version that is newer than any that is known, and members that came later than the version.

        The words are those of hashicorp/terraform-provider-azurerm#32402 below a group, of Azure/azure-cli#31037 below
        a subscription, and of Azure/azure-cli#25572 for Resource Manager's own.

        Raises:
            ArmError: NoRegisteredProviderFound, InvalidResourceType, InvalidApiVersionParameter, InvalidRequestContent.
        """
        asked, newest = request.api_version, self._newest(route.namespace)
        if newest and asked[:10] > newest[:10]:
            raise _unknown(request, route, newest)
        later = _later(route, asked)
        payload = request.payload if isinstance(request.payload, dict) else {}
        if sent := sorted(later & set(payload.get("properties") or {})):
            message = (
                f"The request content was invalid and could not be deserialized: 'Could not find member '{sent[0]}'"
            )
            raise invalid(f"{message} on object of type 'ResourceDefinition', which is of the version {asked}.'")

    def shown(self, request: ArmRequest, route: ArmRoute, answer: ArmResponse) -> ArmResponse:
        """The answer without the members that came later than the version that was asked for."""
        later = _later(route, request.api_version)
        if not later or not isinstance(answer.content, dict):
            return answer
        entries = answer.content.get("value")
        for one in entries if isinstance(entries, list) else [answer.content]:
            for name in later & set(one.get("properties") or {}):
                del one["properties"][name]
        return replace(answer, content=answer.content)

    def _newest(self, namespace: str) -> str:
        public, others = _NEWEST.get((namespace or _RESOURCES).lower(), ("", ""))
        return public if self.cloud == PUBLIC else others


def check_api_version(request: ArmRequest) -> ArmRequest:
    """Refuse a request without a well-formed `api-version`.

    Raises:
        ArmError: MissingApiVersionParameter or InvalidApiVersionParameter.
    """
    if not request.api_version:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        raise invalid(message, "MissingApiVersionParameter")
    if not _FORM.fullmatch(request.api_version):
        message = f"The api-version '{request.api_version}' is invalid: a date such as 2025-04-01 is needed."
        raise invalid(message, "InvalidApiVersionParameter")
    return request


def _later(route: ArmRoute, asked: str) -> set[str]:
    kind = _type(route).lower()
    return {name for (of, last), names in _LATER.items() if of == kind and asked[:10] <= last for name in names}


def _type(route: ArmRoute) -> str:
    """`Microsoft.Web/sites` of `.../providers/Microsoft.Web/sites/{name}`."""
    namespace, *rest = route.template.rpartition("/providers/")[2].split("/")
    return "/".join([namespace, *rest[::2]])


def _unknown(request: ArmRequest, route: ArmRoute, newest: str) -> ArmError:
    asked, kind = request.api_version, _type(route).partition("/")[2] or route.namespace
    if not route.namespace:
        return invalid(
            f"The api-version '{asked}' is invalid. The supported versions are '{newest}'.",
            "InvalidApiVersionParameter",
        )
    if "group" not in request.values:
        message = (
            f"The resource type '{kind}' could not be found in the namespace '{route.namespace}' for api version "
            f"'{asked}'. The supported api-versions are '{newest}'."
        )
        return ArmError(404, "InvalidResourceType", message)
    location: Any = (request.payload or {}).get("location") or "westeurope"
    message = (
        f"No registered resource provider found for location '{location}' and API version '{asked}' for type '{kind}'. "
        f"The supported api-versions are '{newest}'. The supported locations are '{location}'."
    )
    return invalid(message, "NoRegisteredProviderFound")
