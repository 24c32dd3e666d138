"""The version of each service's interface that is asked for: one for each client, all of them here.

By themselves Azure's SDKs ask for the newest. US Government and China get a version months later, and refuse it until
then: https://github.com/Azure/azure-cli/issues/31037, hashicorp/terraform-provider-azurerm#32402. What terraform's
provider for Azure asks for works in all clouds, as its users would not be silent. So each version is the one that it
pins for the type, with the place beside it: below `internal/services` of hashicorp/terraform-provider-azurerm 5.2.0
(August 2026). A request that needs a newer one for a feature says so where it is sent; none does.
"""

from __future__ import annotations

RESOURCES = "2023-07-01"
"""resource/client/client.go:18, 19: groups and resources."""
SUBSCRIPTIONS = "2022-12-01"
"""Which subscriptions a login sees. Azure/azure-cli 2.91.0, core/profiles/_shared.py; terraform asks for 2021-01-01."""
AUTHORIZATION = "2022-04-01"
"""authorization/client/client.go:17: role assignments."""
WEB = "2023-12-01"
"""appservice/client/client.go:12, 13: plans and apps."""
STORAGE = "2025-08-01"
"""storage/client/client.go:9."""
SERVICE_BUS = "2024-01-01"
"""servicebus/client/client.go:10, 12: namespaces and queues."""
IDENTITIES = "2024-11-30"
"""managedidentity/client/client.go:6."""
REGISTRIES = "2025-11-01"
"""containers/client/client.go:13. The first stable one that tells a registry's mode of role assignments."""
INSIGHTS = "2020-02-02"
"""applicationinsights/client/client.go:13: components."""
LOG_ANALYTICS = "2025-07-01"
"""loganalytics/client/client.go:21: workspaces."""
MACHINE_LEARNING = "2025-06-01"
"""machinelearning/client/client.go:9, 12: datastores and workspaces. Terraform knows no registered models."""
LOCKS = "2016-09-01"
"""Of locks. Azure/azure-cli 2.91.0, core/profiles/_shared.py:174."""
POLICIES = "2022-03-01"
"""Of what policies would refuse: Azure/azure-rest-api-specs, Microsoft.PolicyInsights/stable/2022-03-01."""
METADATA = "2022-09-01"
"""Of the description of a cloud. Azure/azure-cli 2.91.0, command_modules/cloud/custom.py."""
