"""The inputs that say what the app lives on; part of the catalogue."""

from __future__ import annotations

from functions_model.inputs.specs import (
    CREATED,
    NAMING,
    OF_ANY_SUBSCRIPTION,
    WITH_AZURE,
    a_choice,
    a_name,
    a_number,
    lines,
)

ENTRIES = (
    a_name("plan-name", "The hosting plan." + CREATED, derived="`<app-name>-plan`", modes=NAMING),
    a_name(
        "plan-sku",
        "The hosting plan's size: `EP1`, `P1v3`, `B1` ... An existing plan of another size is changed to it.",
        derived="the size that the plan has, `EP1` for a new one",
        modes=WITH_AZURE,
        metavar="SIZE",
    ),
    a_number(
        "plan-min-instances",
        "How many instances the hosting plan always has.",
        derived="what the plan has, `1` for a new one",
        modes=WITH_AZURE,
    ),
    a_number(
        "plan-max-instances",
        "How many instances an Elastic Premium plan (`EP1` to `EP3`) may scale out to.",
        derived="what the plan has, the minimum for a new one",
        modes=WITH_AZURE,
    ),
    a_name(
        "slot-name",
        "A deployment slot for the new version, such as `staging`, with its own URL. Created if it does not exist."
        " Without it, the new version goes to the app itself. With it, `mode: destroy` removes only the slot.",
        modes=NAMING,
    ),
    a_choice(
        "swap",
        "`true` swaps the slot with the app once the new version is verified in it, verifies the app, and swaps back"
        " if that fails. Needs `slot-name`.",
        derived="`false`",
        choices=("true", "false"),
        modes=NAMING,
    ),
    a_name(
        "storage-account",
        "The storage account of the Functions host." + CREATED,
        derived="the app's name and a hash",
        modes=NAMING,
    ),
    a_name(
        "identity-name",
        "The user-assigned identity that the app runs as." + CREATED,
        derived="`<app-name>-identity`",
        modes=NAMING,
    ),
    a_name(
        "application-insights",
        "The Application Insights component that the app and its host write to; none without it." + OF_ANY_SUBSCRIPTION,
        modes=NAMING,
    ),
    a_name(
        "log-analytics-workspace",
        "The Log Analytics workspace for a new Application Insights component." + OF_ANY_SUBSCRIPTION,
        derived="`<app-name>-logs`",
        modes=NAMING,
    ),
    lines(
        "tags",
        "Tags of everything that the action creates, `name=value` lines: `cost-center=4711`. Resources that it created"
        " before get them, too; their other tags stay.",
        modes=WITH_AZURE,
    ),
)
