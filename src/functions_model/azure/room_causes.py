"""Names that are taken, quotas that are used up, regions and groups that lack something: how each is recognised."""

from __future__ import annotations

from functions_model.core.failures import Cause

_OTHER_NAME = "to another name: it must be unique in all of Azure."
_OTHER_GROUP = (
    "The group is bound to workers without Linux in this location, even after its plans are gone. "
    "Use a new `resource-group`, or another `location`."
)
_LIMITS = "https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits"
_OTHER_SIZE = (
    "Choose another `location` or `plan-sku`. `az appservice list-locations --sku EP1 --linux-workers-enabled` lists "
    "the locations of a size."
)
_MORE_ACCOUNTS = (
    "Set `storage-account` to an existing one (`<resource-group>/<name>`), choose another `location`, or ask for "
    "more quota in the portal (Subscription, Usage + quotas, Storage)."
)
_MORE_ROOM = (
    "Choose another `location` or `plan-sku`, or ask for more quota in the portal (Subscription, Usage + quotas, App "
    "Service)."
)

NO_ROOM: tuple[Cause, ...] = (
    Cause(
        # Of Entra, not of a subscription: no region and no size has more of it.
        "directory-quota",
        remedy="The tenant, or this login, has as many objects in Microsoft Entra ID as it may. Set `identity-name` to "
        "an existing identity, or `access` to `keys`; or ask the tenant's administrator to remove some.",
        text=r"directory object quota|Directory_QuotaExceeded",
    ),
    Cause(
        "account-quota",
        remedy=_MORE_ACCOUNTS,
        text=r"already contains \d+ storage accounts|maximum (number of|allowed) storage accounts",
    ),
    Cause(
        "account-quota",
        remedy=_MORE_ACCOUNTS,
        code=r"(Max)?StorageAccounts?(Count|Limit)\w*Exceeded",
    ),
    Cause(
        "role-quota",
        remedy="The subscription has as many role assignments as it may. Ask an owner to remove those of identities "
        "that are gone, or set `access` to `keys`, which needs no roles.",
        code="RoleAssignmentLimitExceeded",
    ),
    Cause(
        "count-quota",
        remedy=f"The group, or the subscription, has as many of these as it may ({_LIMITS}). Use an existing one, "
        "another `resource-group`, or another subscription.",
        code=r"ResourceGroupQuotaExceeded|ResourceQuotaExceeded|ResourceCountExceeded\w*|ResourceGroupLimitExceeded"
        r"|SubscriptionQuotaExceeded",
    ),
    Cause(
        "quota",
        remedy=_MORE_ROOM,
        text=r"additional quota|quota limit|quota of \d+|exceed\w* .*quota",
    ),
    Cause(
        "quota",
        remedy=_MORE_ROOM,
        code="QuotaExceeded|SubscriptionIsOverQuotaForSku|OperationNotAllowedOnQuota",
    ),
    Cause("app-name-taken", remedy=f"Set `app-name` {_OTHER_NAME}", extended="54001"),
    Cause(
        "app-name-taken",
        remedy=f"Set `app-name` {_OTHER_NAME}",
        status=409,
        text=r"website with given name .* already exists|host ?name '[^']*' (already exists|is not available)",
    ),
    Cause(
        "account-name-taken",
        remedy=f"Set `storage-account`, or `data-storage-account` for that of a blob trigger, {_OTHER_NAME}",
        code="StorageAccountAlreadyTaken",
    ),
    Cause(
        "workspace-name-kept",
        remedy="A workspace of that name was deleted less than 14 days ago, and Azure keeps its name. Set "
        "`log-analytics-workspace` to another name, or recover it (az monitor log-analytics workspace recover).",
        text=r"workspace.{0,200}(soft.?deleted|deleted (workspace|within the last 14 days)|can be recovered)",
    ),
    Cause(
        "account-elsewhere",
        remedy="The account exists in another resource group. Set `storage-account`, or `data-storage-account` for "
        "that of a blob trigger, to another name.",
        code="StorageAccountInAnotherResourceGroup",
    ),
    Cause(
        "account-name-invalid",
        remedy="Set `storage-account`, or `data-storage-account` for that of a blob trigger, to 3-24 lower-case "
        "letters and digits.",
        code="AccountNameInvalid",
    ),
    Cause(
        "namespace-name-taken",
        remedy=f"Set `service-bus-namespace` {_OTHER_NAME}",
        text=r"specified name is not available|namespace name .*(already|previously) (used|in use|taken)|NameInUse",
    ),
    Cause(
        "namespace-name-invalid",
        remedy="Set `service-bus-namespace` to 6-50 letters, digits and hyphens that start with a letter and end with "
        "a letter or a digit, and neither in `-sb` nor in `-mgmt`.",
        text=r"specified service namespace is invalid|not a valid .*namespace name",
    ),
    Cause(
        "namespace-sku",
        remedy="Choose another `service-bus-sku` or `location`, or set `service-bus-namespace` to an existing "
        "namespace.",
        text=r"^(?=.*\b(messaging|namespaces?|service ?bus)\b)(?=.*\b(sku|tier|premium)\b)"
        r".*\b(not|only) (supported|available|allowed)\b",
    ),
    Cause("group-on-other-system", remedy=_OTHER_GROUP, code="LinuxDynamicWorkersNotAllowedInResourceGroup"),
    Cause("group-on-other-system", remedy=_OTHER_GROUP, extended="59324"),
    Cause(
        "group-on-other-system",
        remedy=_OTHER_GROUP,
        text=r"linux (dynamic )?workers are not available in resource group"
        r"|requested feature is not available in resource group"
        r"|pricing tier '[^']*' is not (allowed in|available for) (this )?resource group",
    ),
    Cause(
        "group-on-other-system",
        remedy="This group cannot have this plan together with its existing ones. Use a new `resource-group`.",
        code="BadRequest|400",
        text=r"index \(zero based\) must be greater",
    ),
    Cause(
        "region-without-size",
        remedy=_OTHER_SIZE,
        code="SkuNotAvailable|SkuNotSupported|NotAvailableForSubscription",
    ),
    Cause(
        "region-without-size",
        remedy=_OTHER_SIZE,
        text=r"requested features? (is|are) not supported in (this |the )?region"
        r"|(sku|pricing tier|size) .{0,40}not (available|supported) in (this |the )?(region|location)",
    ),
    Cause(
        "region-unknown",
        remedy="Choose another `location`.",
        code="LocationNotAvailableForResourceType|LocationNotAvailableForResourceGroup",
    ),
    Cause(
        "no-capacity",
        remedy="The location has no capacity at the moment. Run again later, or choose another `location` or "
        "`plan-sku`, or a new `resource-group`.",
        text=r"no available instances to satisfy this request",
    ),
    Cause(
        "tags",
        remedy="Correct the input `tags`: Azure takes no such name or value, or not as many.",
        subject="tags",
        code=r"\w*Tag(Name|Value|Count|s)\w*|\w*TooManyTags\w*",
    ),
)
"""In order: the first that matches is told."""
