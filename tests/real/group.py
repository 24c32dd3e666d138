"""The resource group of a run: made by it, for it alone, and removed whatever happens."""

from __future__ import annotations

import os
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

import requests
from azure.core.exceptions import AzureError

from arm import ArmRefused

if TYPE_CHECKING:
    from collections.abc import Callable

    from arm import Arm

VERSION = "2021-04-01"
TAG = "functions-model-real"
_HOURS = 3
_REMOVAL_SECONDS = 1800


class Group:
    """A resource group with a name that nobody has. A context manager: at the end it is gone.

    Args:
        arm: Where.
        location: A region.
        say: Told what happens.
        run: Letters and digits, twelve at most; eight random ones when left out.

    Attributes:
        run: Part of each name.
        name: The group's.
    """

    def __init__(self, arm: Arm, location: str, say: Callable[[str], None], run: str = "") -> None:
        self.run = run or secrets.token_hex(4)
        self.name = f"{TAG}-{self.run}"
        self._arm, self._location, self._say = arm, location, say

    def __enter__(self) -> Self:
        expires = datetime.now(UTC) + timedelta(hours=_HOURS)
        tags = {TAG: "yes", "expires": expires.strftime("%Y-%m-%dT%H:%MZ"), "made-by": _maker()}
        self._say(f"The resource group of this run is {self.name}. By hand it goes with: {by_hand(self.name)}")
        try:
            self._arm.do("PUT", f"/resourcegroups/{self.name}", VERSION, {"location": self._location, "tags": tags})
        except BaseException:
            # It may have been made all the same.
            remove(self._arm, self.name, self._say)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        remove(self._arm, self.name, self._say)


def remove(arm: Arm, name: str, say: Callable[[str], None]) -> bool:
    """Remove a resource group and wait until it is gone; whether it is.

    The removal is asked for first, in one request: Azure goes on with it if this process is killed meanwhile.
    """
    path = f"/resourcegroups/{name}"
    try:
        answer = arm.ask("DELETE", path, VERSION)
        if answer.status_code == 404:
            return True
        if not answer.ok:
            say(f"Could not remove {name}: {answer.status_code} {answer.text[:300]} By hand: {by_hand(name)}")
            return False
        say(f"Removing {name}. Azure goes on with it even if this is stopped. It takes some minutes.")
        gone = arm.until_gone(path, VERSION, _REMOVAL_SECONDS)
    except (requests.RequestException, AzureError, ArmRefused) as error:
        say(f"Could not see whether {name} is removed: {error}. By hand: {by_hand(name)}")
        return False
    except KeyboardInterrupt:
        say(f"Not waiting any more. Look whether it is gone: az group exists --name {name}. If not: {by_hand(name)}")
        raise
    say(f"Removed {name}." if gone else f"{name} is still there. By hand: {by_hand(name)}")
    return gone


def leftovers(arm: Arm) -> list[str]:
    """A line for each resource group that an earlier run has left, with the command that removes it."""
    query = f"/resourcegroups?$filter=tagName eq '{TAG}' and tagValue eq 'yes'"
    found = arm.do("GET", query, VERSION)["value"]
    return [
        f"{one['name']} (made by {one['tags'].get('made-by', 'somebody')}, expires {one['tags'].get('expires', '?')}): "
        f"{by_hand(one['name'])}"
        for one in found
        if one.get("tags", {}).get(TAG)
    ]


def by_hand(name: str) -> str:
    """The command that removes it."""
    return f"az group delete --yes --name {name}"


def _maker() -> str:
    """Who runs this: the page of a workflow's run, or a login name."""
    server, repository, run = (os.environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    return f"{server}/{repository}/actions/runs/{run}" if run else os.environ.get("USER", "somebody")
