"""The file shares that apps on elastic plans have their content in: one for each app and each slot.

"You must set a unique share name for the main function app and the app for each deployment slot":
https://learn.microsoft.com/azure/azure-functions/functions-app-settings#website_contentshare. Azure takes two apps
with one share, and each then overwrites what the other has there.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHARE, _STRING = "WEBSITE_CONTENTSHARE", "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING"


def shared_by_many(settings: Mapping[str, Mapping[str, str]]) -> dict[str, frozenset[str]]:
    """Shares that more than one app has: `<account>/<share>` -> the apps.

    Args:
        settings: Of each app, by a name of the app.
    """
    owners: dict[str, set[str]] = defaultdict(set)
    for app, values in settings.items():
        parts = dict(part.partition("=")[::2] for part in values.get(_STRING, "").split(";"))
        if share := values.get(_SHARE):
            owners[f"{parts.get('AccountName', '')}/{share}".lower()].add(app)
    return {share: frozenset(apps) for share, apps in owners.items() if len(apps) > 1}
