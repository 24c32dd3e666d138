"""Resources of another subscription of the tenant: why one cannot be used there, and what lets the login do so.

They are somebody else's: they must be there, nothing is made or changed of them, and nothing of them is removed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from azure.core.exceptions import HttpResponseError
from azure.core.rest import HttpRequest

from functions_model.azure import api_versions
from functions_model.azure.assignees import grant
from functions_model.azure.clients import AzureClients
from functions_model.azure.errors import error_code, explain
from functions_model.azure.misread import mapping_of
from functions_model.core.failures import Problem
from functions_model.provision.observed import Piece
from functions_model.provision.places import group_in, subscription_in

_NO_SUBSCRIPTION = {"subscriptionnotfound", "invalidsubscriptionid"}
_OTHER_TENANT = "invalidauthenticationtokentenant"
ROLES_ADMINISTRATOR = "Role Based Access Control Administrator"
"""The role that lets a login give others roles; it reads everything, too."""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A resource that an input names in another subscription.

    Attributes:
        kind: What people call it.
        id: The ARM id.
        subject: The input.
        role: The role that lets the login do with it all that a deployment does.
    """

    kind: str
    id: str
    subject: str
    role: str

    def __str__(self) -> str:
        """``the registry `hub` in the resource group `hub-rg` of the subscription `...` ``."""
        name, group, subscription = self.id.rpartition("/")[2], group_in(self.id), subscription_in(self.id)
        return f"{self.kind} `{name}` in the resource group `{group}` of the subscription `{subscription}`"


@dataclass(frozen=True, slots=True)
class Unseen(Piece):
    """What is elsewhere and cannot be read there.

    Attributes:
        problems: Why, by input.
    """

    problems: Mapping[str, Problem] = field(default_factory=dict)

    def of(self, subject: str) -> tuple[Problem, ...]:
        """Why what an input names cannot be read; nothing for what can."""
        return (self.problems[subject],) if subject in self.problems else ()

    def over(self, earlier: Unseen | None) -> Self:
        """Both."""
        return type(self)({**(earlier.problems if earlier else {}), **self.problems})


def has_no_subscription(exc: HttpResponseError) -> bool:
    """Whether it is no resource that is not there, but the subscription."""
    return error_code(exc).lower() in _NO_SUBSCRIPTION


def is_of_place(exc: HttpResponseError) -> bool:
    """Whether a refusal has to do with where the resource is, or with rights there."""
    return exc.status_code in {403, 404} or error_code(exc).lower() == _OTHER_TENANT


def unseen(clients: AzureClients, one: Elsewhere, exc: HttpResponseError) -> Problem:
    """Why it cannot be read.

    Args:
        clients: Of any subscription, with the login's credential.
        one: What was read.
        exc: What reading it raised; see `is_of_place`.
    """
    subscription = subscription_in(one.id)
    if has_no_subscription(exc):
        return Problem(f"there is no subscription `{subscription}`", f"Check `{one.subject}`.", one.subject)
    if error_code(exc).lower() == _OTHER_TENANT:
        what = explain(exc, f"read the {one}").reason.replace(
            "the subscription ", f"the subscription `{subscription}` "
        )
        return Problem(what, f"A login works in one tenant. Use a {one.kind} in that tenant.", one.subject)
    return missing(one) if exc.status_code == 404 else _refused(clients, one)


def read_elsewhere(
    clients: AzureClients, one: Elsewhere, read: Callable[[], dict[str, Any] | None]
) -> dict[str, Any] | Unseen:
    """The resource, or why it cannot be had.

    Raises:
        AzureError: It cannot be read, for a reason that has nothing to do with where it is.
    """
    try:
        document = read()
    except HttpResponseError as exc:
        if not is_of_place(exc):
            raise
        return Unseen({one.subject: unseen(clients, one, exc)})
    return document if document is not None else Unseen({one.subject: missing(one)})


def missing(one: Elsewhere) -> Problem:
    """It is not there: it, or its group."""
    resource_type = "/".join(one.id.split("/")[6:8])
    command = (
        f"az resource list --subscription {subscription_in(one.id)} --resource-type {resource_type} --output table"
    )
    what = f"there is no {one}"
    return Problem(
        what, f"The action creates nothing in another subscription. `{command}` shows what there is.", one.subject
    )


def _refused(clients: AzureClients, one: Elsewhere) -> Problem:
    """Resource Manager says the same of a subscription that one sees nothing of, and of one resource in it."""
    what = f"this login may not read the {one}, or it does not exist"
    if not _sees(clients, subscription_in(one.id)):
        what = f"this login sees nothing of the subscription `{subscription_in(one.id)}`: it has no role there"
    command = grant_command(clients, one.role, one.id)
    return Problem(what, f"Check `{one.subject}`, and ask an owner there to run `{command}`.", one.subject)


def _sees(clients: AzureClients, subscription: str) -> bool:
    """Whether the login holds any role in a subscription; so it is where that is not told."""
    try:
        return subscription.lower() in {one.lower() for one in seen_subscriptions(clients)}
    except HttpResponseError:
        return True


def seen_subscriptions(clients: AzureClients) -> Iterator[str]:
    """The ids of those in which the login holds a role."""
    return (str(one["subscriptionId"]) for one in subscriptions(clients))


def subscriptions(clients: AzureClients) -> Iterator[dict[str, Any]]:
    """Those in which the login holds a role, at whatever scope: `subscriptionId`, `displayName`, `state`.

    Raises:
        AzureError: They cannot be listed.
    """
    url, parameters = "/subscriptions", {"api-version": api_versions.SUBSCRIPTIONS}
    while url:
        document = mapping_of(clients.resource.send_request(HttpRequest("GET", url, params=parameters)))
        yield from document.get("value") or []
        url, parameters = str(document.get("nextLink") or ""), {}


def grant_command(clients: AzureClients, role: str, scope: str) -> str:
    """The command by which an owner gives the login a role; the scope may be of any subscription."""
    return grant(clients.assignee, role, scope)
