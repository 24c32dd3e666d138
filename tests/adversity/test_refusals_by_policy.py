"""What Azure Policy refuses: each row names policy and field, what it is, what it must be, and the input for it."""

from __future__ import annotations

from support.adversity import Row, each
from support.arm_answers import arm
from support.policy_answers import condition, denied, no_tag, violation
from support.refusals import Refusal, by_arm, by_policy, judge

_KIND = condition("type", "Equals", "Microsoft.Storage/storageAccounts", "Microsoft.Storage/storageAccounts")
_SITE = condition("type", "Equals", "Microsoft.Web/sites", "Microsoft.Web/sites")
_KEYS = "Microsoft.Storage/storageAccounts/allowSharedKeyAccess"

ROWS: list[Row[Refusal]] = [
    Row(
        "a policy asks for a tag that is not there",
        "policy, assignment, scope and field are told, and the line to add to `tags`",
        by_policy(
            denied(no_tag("cost-center")),
            "the policy `Require a tag on resources` (assigned as `need-cost-center` at /providers/Microsoft.",
            "`tags[cost-center]` must be set",
            "Add to `tags` the line `cost-center=VALUE`.",
            never=("Policy identifiers",),
        ),
    ),
    Row(
        "three policies ask for a tag each",
        "all are told at once, with one line for each",
        by_policy(
            denied(no_tag("owner"), no_tag("cost-center"), no_tag("env")),
            "Add to `tags` the lines `owner=VALUE` and `cost-center=VALUE` and `env=VALUE`.",
            "`need-owner`",
            "`need-env`",
        ),
    ),
    Row(
        "a policy asks for a tag with one certain value",
        "the line to add has the value",
        by_policy(
            denied(violation("Tag and value", "env", condition("tags['env']", "NotEquals", "prod", "test"))),
            "`tags['env']` is `test` and must be `prod`",
            "the line `env=prod`",
        ),
    ),
    Row(
        "a policy asks for a tag with one of three values",
        "all three are told",
        by_policy(
            denied(violation("Tag in set", "env", condition("tags.env", "NotIn", ["dev", "test", "prod"], "qa"))),
            "`tags.env` is `qa` and must be `dev` or `test` or `prod`",
            "the line `env=VALUE`",
        ),
    ),
    Row(
        "a policy allows two regions, and asks by `not in`",
        "region, those that it allows, and the input",
        by_policy(
            denied(
                violation(
                    "Allowed locations",
                    "eu-only",
                    condition("location", "NotIn", ["northeurope", "francecentral"], "westeurope"),
                    condition("location", "NotEquals", "global", "westeurope"),
                    condition("type", "NotEquals", "Microsoft.AzureActiveDirectory/b2cDirectories", "Microsoft.Web/x"),
                )
            ),
            "`location` is `westeurope` and must be `northeurope` or `francecentral`",
            "Set `location` to a region that it allows.",
            never=("global", "b2cDirectories"),
        ),
    ),
    Row(
        "a policy allows one region, and says so within a `not`",
        "what it allows is what the condition that failed asks for",
        by_policy(
            denied(
                violation(
                    "Only north", "north", condition("location", "In", ["northeurope"], "westeurope", holds=False)
                )
            ),
            "`location` is `westeurope` and must be `northeurope`",
        ),
    ),
    Row(
        "a policy forbids the keys of storage accounts, and `access` is `keys`",
        "field, our value, and the input that complies",
        by_policy(
            denied(violation("No shared keys", "no-keys", _KIND, condition(_KEYS, "Equals", "true", value=True))),
            "`properties.allowSharedKeyAccess` is `true` and must not be `true`",
            "Set `access` to `identity`",
            never=("`type`",),
        ),
    ),
    Row(
        "a policy asks for a property that no input sets",
        "to make the resource as the policy wants it, and to name it",
        by_policy(
            denied(
                violation(
                    "Infrastructure encryption",
                    "twice",
                    _KIND,
                    condition(
                        "Microsoft.Storage/storageAccounts/encryption.requireInfrastructureEncryption",
                        "NotEquals",
                        "true",
                    ),
                )
            ),
            "`properties.encryption.requireInfrastructureEncryption` is not set and must be `true`",
            "Create it yourself as the policy wants it, and name it with `storage-account`",
        ),
    ),
    Row(
        "a policy refuses public apps, which no input closes",
        "only an exemption helps, and that is said",
        by_policy(
            denied(
                violation(
                    "No public apps",
                    "private",
                    _SITE,
                    condition("Microsoft.Web/sites/publicNetworkAccess", "NotEquals", "Disabled"),
                )
            ),
            "`properties.publicNetworkAccess` is not set and must be `Disabled`",
            "Ask its owner for an exemption",
        ),
    ),
    Row(
        "a tag is missing, and the app is public: only one of the two has an input",
        "the line to add, and that the rest has no input",
        by_policy(
            denied(
                no_tag("owner"),
                violation(
                    "No public apps",
                    "private",
                    condition("Microsoft.Web/sites/publicNetworkAccess", "NotEquals", "Disabled", "Enabled"),
                ),
            ),
            "Add to `tags` the line `owner=VALUE`.",
            "For the rest there is no input: ask the policy's owner for an exemption.",
        ),
    ),
    Row(
        # hashicorp/terraform-provider-azurerm shows this answer of the built-in definition 404c3081.
        "a policy's condition holds for the type alone, and the one in its `not` does not",
        "what the `not` asks for is what it must be",
        by_policy(
            denied(
                violation(
                    "Secure transfer to storage accounts should be enabled",
                    "deny_http_storage",
                    _KIND,
                    condition(
                        "Microsoft.Storage/storageAccounts/supportsHttpsTrafficOnly",
                        "Equals",
                        "True",
                        value=False,
                        holds=False,
                    ),
                )
            ),
            "`properties.supportsHttpsTrafficOnly` is `false` and must be `True`",
            never=("`type`",),
        ),
    ),
    Row(
        "a policy wants accounts to be called in a certain way",
        "the pattern, and the input that names them",
        by_policy(
            denied(violation("Names", "st-names", _KIND, condition("name", "NotLike", "st*", "irishost"))),
            "`name` is `irishost` and must be like `st*`",
            "Set `storage-account` to a name that it allows.",
        ),
    ),
    Row(
        "a policy forbids a type of resource",
        "the type, and that an exemption is needed",
        by_policy(
            denied(
                violation(
                    "Not allowed types",
                    "no-bus",
                    condition("type", "In", ["Microsoft.ServiceBus/namespaces"], "Microsoft.ServiceBus/namespaces"),
                )
            ),
            "`type` is `Microsoft.ServiceBus/namespaces` and must not be `Microsoft.ServiceBus/namespaces`",
            "Ask its owner for an exemption",
        ),
    ),
    Row(
        "a policy allows certain sizes of plans",
        "the sizes, and the input",
        by_policy(
            denied(
                violation(
                    "Plan sizes", "sizes", condition("Microsoft.Web/serverfarms/sku.name", "NotIn", ["P1v3"], "EP1")
                )
            ),
            "`sku.name` is `EP1` and must be `P1v3`",
            "Set `plan-sku` to a size that it allows.",
        ),
    ),
    Row(
        "a policy gives its reason in words of its owner",
        "these words stay",
        by_policy(denied(no_tag("owner"), reasons="See https://wiki/tags, or ask cloud@contoso"), "cloud@contoso"),
    ),
    Row(
        "a policy's refusal is wrapped in that of a validation",
        "it is told as if it had come alone",
        by_arm(
            400,
            arm(
                "InvalidTemplateDeployment",
                "The template deployment failed because of policy violation.",
                details=[denied(no_tag("owner"))["error"], denied(no_tag("env"))["error"]],
            ),
            "`owner=VALUE` and `env=VALUE`",
        ),
    ),
    Row(
        "a policy looked at the app's settings, and its answer repeats them",
        "no value of theirs is told",
        by_policy(
            denied(
                violation(
                    "No secrets",
                    "plain",
                    condition(
                        "Microsoft.Web/sites/siteConfig.appSettings[*].value",
                        "Contains",
                        "hunter2",
                        [{"name": "PASSWORD", "value": "hunter2-in-clear"}],
                    ),
                )
            ),
            "`properties.siteConfig.appSettings[*].value`",
            never=("hunter2-in-clear",),
        ),
    ),
    Row(
        "a policy's answer has a list where its details should be, and text where its conditions should be",
        "the policy is named all the same",
        by_policy(
            {
                "error": {
                    "code": "RequestDisallowedByPolicy",
                    "message": "It was disallowed by policy. Policy identifiers: '[{\"policyDefinition\": 7}]'.",
                    "additionalInfo": [
                        {
                            "type": "PolicyViolation",
                            "info": {
                                "policyDefinitionName": "odd",
                                "evaluationDetails": {"evaluatedExpressions": ["x", {"path": 7, "operator": None}]},
                            },
                        },
                        {"type": "PolicyViolation", "info": "text"},
                        "text",
                    ],
                }
            },
            "the policy `odd`",
        ),
    ),
    Row(
        "Azure itself asks for a second factor",
        "it is not told as a region that is forbidden",
        by_arm(
            403,
            arm(
                "RequestDisallowedByAzure",
                "Resource 'iris' was disallowed by Azure: Users must authenticate using multi-factor authentication.",
            ),
            "Log in as an application or a managed identity",
            never=("location",),
        ),
        group="R17",
    ),
    Row(
        "Azure itself lets the subscription into certain regions only",
        "another `location`, and no policy's owner is to be asked",
        by_arm(
            403,
            arm("RequestDisallowedByAzure", "Resource 'iris' was disallowed by Azure: best available regions."),
            "Choose another `location`",
            never=("exemption",),
        ),
    ),
]


@each(ROWS)
def test_refusals_by_policy(row: Row[Refusal]) -> None:
    """All that is refused is told at once."""
    judge(row.case)
