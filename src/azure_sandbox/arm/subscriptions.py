"""The subscriptions that Resource Manager knows: each has resource groups and provider registrations of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from azure_sandbox.arm.errors import ArmError
from azure_sandbox.arm.resources.state import Groups, Providers
from azure_sandbox.arm.web.room import Room

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Subscription:
    """One subscription.

    Attributes:
        id: A GUID in lower case.
        tenant: The tenant whose identities it trusts.
        display_name: For people.
        groups: Its resource groups.
        providers: Which resource providers it has registered.
        room: Which plans can be made in it.
    """

    id: str
    tenant: str
    display_name: str
    groups: Groups
    providers: Providers
    room: Room = field(default_factory=Room)


class Subscriptions:
    """All subscriptions that there are, also those of other tenants, which no token of this one opens.

    Args:
        tenant: The tenant of the sandbox.
        registration: Seconds that it takes to register a provider.
    """

    def __init__(self, tenant: str, registration: float = 0.0) -> None:
        self._tenant = tenant
        self._registration = registration
        self._known: dict[str, Subscription] = {}
        self._disabled: set[str] = set()

    def add(self, subscription_id: str, display_name: str, tenant: str | None = None) -> Subscription:
        """A new one, without resource groups; nobody holds a role in it yet."""
        key = subscription_id.lower()
        made = Subscription(key, tenant or self._tenant, display_name, Groups(key), Providers(self._registration))
        self._known[key] = made
        return made

    def disable(self, subscription_id: str, *, disabled: bool = True) -> None:
        """Let nobody write in it, as after its credit is used up; or enable it again."""
        (self._disabled.add if disabled else self._disabled.discard)(subscription_id.lower())

    def check_state(self, subscription_id: str, method: str) -> None:
        """Refuse writes in a subscription that is disabled.

        Raises:
            ArmError: ReadOnlyDisabledSubscription.
        """
        if method in {"PUT", "PATCH", "DELETE"} and subscription_id.lower() in self._disabled:
            message = (
                f"The subscription '{subscription_id}' is disabled and therefore marked as read only. You cannot "
                "perform any write actions on this subscription until it is re-enabled."
            )
            raise ArmError(409, "ReadOnlyDisabledSubscription", message)

    def __iter__(self) -> Iterator[Subscription]:
        """Those of the sandbox's tenant, in the order in which they were made."""
        return iter([one for one in self._known.values() if one.tenant == self._tenant])

    def get(self, subscription_id: str) -> Subscription:
        """The subscription with that id.

        Raises:
            ArmError: SubscriptionNotFound, or InvalidAuthenticationTokenTenant for one of another tenant.
        """
        found = self._known.get(subscription_id.lower())
        if found is None:
            raise ArmError(404, "SubscriptionNotFound", f"The subscription '{subscription_id}' could not be found.")
        if found.tenant != self._tenant:
            message = (
                f"The access token is from the wrong issuer 'https://sts.windows.net/{self._tenant}/'. It must match "
                f"the tenant 'https://sts.windows.net/{found.tenant}/' associated with this subscription. Please use "
                f"the authority (URL) 'https://login.windows.net/{found.tenant}' to get the token. Note, if the "
                "subscription is transferred to another tenant there is no impact to the services, but information "
                "about new tenant could take time to propagate (up to an hour). If you just transferred your "
                "subscription and see this error message, please try back later."
            )
            raise ArmError(401, "InvalidAuthenticationTokenTenant", message)
        return found
