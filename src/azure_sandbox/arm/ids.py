"""Resource ids, compared without regard to case."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ResourceId:
    """The parts of `/subscriptions/S/resourceGroups/G/providers/NS/type/name[/type/name...]`.

    Attributes:
        subscription: A GUID.
        group: Empty for what lies at the subscription.
        namespace: `Microsoft.Web`; empty for a group or a subscription.
        types: `("sites", "config")`.
        names: `("myapp", "web")`.
    """

    subscription: str
    group: str = ""
    namespace: str = ""
    types: tuple[str, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The last name, or the group's."""
        return self.names[-1] if self.names else self.group

    @property
    def resource_type(self) -> str:
        """`Microsoft.Web/sites`."""
        return "/".join((self.namespace, *self.types))

    def __str__(self) -> str:
        """The id as text."""
        group = f"/resourceGroups/{self.group}" if self.group else ""
        pairs = "".join(f"/{kind}/{name}" for kind, name in zip(self.types, self.names, strict=True))
        provider = f"/providers/{self.namespace}{pairs}" if self.namespace else ""
        return f"/subscriptions/{self.subscription}{group}{provider}"


def parse_id(text: str) -> ResourceId | None:
    """The parts of an id; None when it is not one. For ids below another resource the last provider counts."""
    parts = text.strip("/").split("/")
    if len(parts) < 2 or parts[0].lower() != "subscriptions" or not all(parts):
        return None
    group = parts[3] if len(parts) >= 4 and parts[2].lower() == "resourcegroups" else ""
    lowered = [part.lower() for part in parts]
    if "providers" not in lowered:
        return ResourceId(parts[1], group) if len(parts) == (4 if group else 2) else None
    start = len(parts) - lowered[::-1].index("providers")
    rest = parts[start + 1 :]
    if start >= len(parts) or not rest or len(rest) % 2:
        return None
    return ResourceId(parts[1], group, parts[start], tuple(rest[::2]), tuple(rest[1::2]))


def covers(scope: str, resource: str) -> bool:
    """Whether a resource (or scope) lies at or below a scope."""
    above, below = scope.strip("/").lower(), resource.strip("/").lower()
    return not above or below == above or below.startswith(f"{above}/")
