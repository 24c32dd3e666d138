"""What names of Application Insights and Log Analytics must look like."""

from __future__ import annotations

from functions_model.inputs.rules import matching


def application_insights(text: str) -> str:
    """Microsoft.Insights/components: up to 260 characters; a few kinds of them are enough."""
    return matching(
        text, r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,253}[A-Za-z0-9_-])?", "an Application Insights component's name",
        "Use up to 255 letters, digits, `_`, `-` and `.`, starting with a letter or a digit.",
    )  # fmt: skip


def log_analytics_workspace(text: str) -> str:
    """Microsoft.OperationalInsights/workspaces: 4-63 letters, digits and hyphens, no hyphen at the ends."""
    return matching(
        text, r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]", "a Log Analytics workspace's name",
        "Use 4 to 63 letters, digits and hyphens, with no hyphen at either end.",
    )  # fmt: skip
