"""Which handler answers which method and path, and which permission that takes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from azure_sandbox.arm.messages import ArmRequest, ArmResponse

    Handler = Callable[[ArmRequest], ArmResponse]

SUBSCRIPTION = "/subscriptions/{subscription}"
GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"
_VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
LOGIN_ONLY = "-"
"""The action of what everybody may do who has a token."""
ANONYMOUS = ""
"""The action of what needs no token."""


@dataclass(frozen=True, slots=True)
class ArmRoute:
    """One operation.

    Attributes:
        method: Upper case.
        template: A path whose `{names}` take one segment, and whose `{scope}` takes any number.
        handler: Answers it.
        action: The permission it takes, as role definitions name it; worked out from the template when left out.
        lists: It lists what lies in the whole subscription, each entry with an id of its own.
    """

    method: str
    template: str
    handler: Handler
    action: str | None = None
    lists: bool = False

    @property
    def permission(self) -> str:
        """The permission it takes."""
        return action_of(self.method, self.template) if self.action is None else self.action

    @property
    def namespace(self) -> str:
        """The resource provider, or nothing."""
        _, found, rest = self.template.rpartition("/providers/")
        return rest.partition("/")[0] if found else ""

    def match(self, path: str) -> dict[str, str] | None:
        """The template's values when the path fits."""
        found = _pattern(self.template).fullmatch(path)
        return found.groupdict() if found else None


@cache
def _pattern(template: str) -> re.Pattern[str]:
    pattern = ""
    for index, part in enumerate(re.split(r"\{(\w+)\}", template)):
        taken = f"(?P<{part}>.*?)" if part == "scope" else f"(?P<{part}>[^/]+)"
        pattern += taken if index % 2 else re.escape(part)
    return re.compile(f"{pattern}/?", re.IGNORECASE)


def action_of(method: str, template: str) -> str:
    """`Microsoft.Web/sites/config/list/action` for POST on `.../sites/{name}/config/appsettings/list`."""
    namespace, *rest = template.rpartition("/providers/")[2].split("/")
    if method == "POST":
        *rest, verb = rest
        return "/".join([namespace, *rest[::2], verb, "action"])
    return "/".join([namespace, *rest[::2], _VERBS[method]])


class Router:
    """All routes; the first that fits answers."""

    def __init__(self, routes: Iterable[ArmRoute]) -> None:
        self._routes = tuple(routes)

    def find(self, method: str, path: str) -> tuple[ArmRoute, dict[str, str]] | None:
        """The route and its values."""
        for route in self._routes:
            if route.method == method and (values := route.match(path)) is not None:
                return route, values
        return None

    def methods(self, path: str) -> tuple[str, ...]:
        """The methods that the path knows."""
        return tuple(sorted({route.method for route in self._routes if route.match(path) is not None}))
