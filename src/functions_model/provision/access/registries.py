"""The registry that the image goes to: found, and told to fetch a base image itself, so that no byte crosses us."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError

from functions_model.azure.clients import AzureClients
from functions_model.azure.errors import explain
from functions_model.azure.misread import understanding, understood
from functions_model.azure.refusing import read_or_refused
from functions_model.core.cancel import CANCEL
from functions_model.core.failures import PlanRefused, Problem
from functions_model.core.names import group_id
from functions_model.core.references import ImageReference
from functions_model.core.spec import Access, ImageTarget, Mode
from functions_model.provision.elsewhere import (
    ROLES_ADMINISTRATOR,
    Elsewhere,
    grant_command,
    has_no_subscription,
    is_of_place,
    seen_subscriptions,
    unseen,
)
from functions_model.provision.kinds.image_import import parameters_for, place_in_azure
from functions_model.provision.nouns import RegistryResource
from functions_model.provision.places import group_in, subscription_in

_TYPE = "Microsoft.ContainerRegistry/registries"
_ABAC = "AbacRepositoryPermissions"
_MOST_AT_ONCE = 8


def find_registry(clients: AzureClients, image: ImageTarget, role: str = "Reader") -> RegistryResource:
    """The registry that the inputs name.

    With its resource group it is read by its id. Else the resources of that type that the login can see are listed, as
    az does (Azure/azure-cli 2.91.0, command_modules/acr/_utils.py:41): that list shows what one may read, and nothing
    else (projectkudu/AzureResourceExplorer#254). A list of the registries themselves may be refused to a login that
    holds no role on the subscription.

    Args:
        clients: Of the app's subscription.
        image: Names it by host, name or group, or by subscription and group.
        role: What a deployment needs on one of another subscription, beside the right to push.

    Raises:
        PlanRefused: There is none that the login can see, there are several, or it cannot be read.
    """
    action = f"find the registry `{image.registry or image.registry_name}`"
    with read_or_refused(action, "registry"):
        if image.registry_subscription:
            return _find_elsewhere(clients, image, action, role)
        return _find(clients, image, action)


def _find(clients: AzureClients, image: ImageTarget, action: str) -> RegistryResource:
    try:
        with understood():
            seen = [] if image.registry_group else _seen(clients)
    except AzureError as exc:
        raise PlanRefused(action, [_about_subscription(clients, exc)]) from exc
    try:
        places = _places(image, seen)
        found = [registry for place in places if (registry := _read(clients, *place, action)) is not None]
    except AzureError as exc:
        raise PlanRefused(action, [_about(exc, action)]) from exc
    meant = _meant(found, image)
    if len(meant) != 1:
        problem = _several(meant) if meant else _none(clients, image, [name for _, name in seen])
        raise PlanRefused(action, [problem])
    return meant[0]


def registries_of(clients: AzureClients, name: str, action: str) -> list[RegistryResource]:
    """Those of a subscription that the login sees.

    Args:
        clients: Of the subscription.
        name: Of the resource; empty for any.
        action: What is being done, for a refusal.

    Raises:
        PlanRefused: One may not be read.
        AzureError: They may not be listed.
    """
    places = _places(ImageTarget("", "", registry_name=name), _seen(clients))
    return [registry for place in places if (registry := _read(clients, *place, action)) is not None]


def registry_id(image: ImageTarget) -> str:
    """ARM id of a registry of another subscription."""
    place = group_id(image.registry_subscription, image.registry_group)
    return f"{place}/providers/{_TYPE}/{image.registry_name}"


def role_on_registry(mode: Mode, access: Access) -> str:
    """The role that lets a login do with a registry what a run does, beside pushing: read it, and let the app pull."""
    if mode is Mode.PLAN:
        return "Reader"
    return ROLES_ADMINISTRATOR if access is Access.IDENTITY else "Contributor"


def _about(exc: AzureError, action: str) -> Problem:
    error = explain(exc, action)
    return Problem(error.reason, error.remedy, error.subject or "registry")


def _find_elsewhere(clients: AzureClients, image: ImageTarget, action: str, role: str) -> RegistryResource:
    """The registry of another subscription. That the app's own is one that the login sees is asked at the same time.

    A list by name proves it by the way; an id does not, and what reads the app cannot tell "no subscription" from "no
    app".
    """
    there, named = clients.of(image.registry_subscription), Elsewhere("registry", registry_id(image), "registry", role)
    problems, found = [], None
    with ThreadPoolExecutor(max_workers=1) as threads:
        seeing = threads.submit(understanding(_seen), clients)
        try:
            found = understanding(_found)(there.registries.registries.get(image.registry_group, image.registry_name))
        except HttpResponseError as exc:
            problems.append(unseen(clients, named, exc) if is_of_place(exc) else _about(exc, action))
        except AzureError as exc:
            problems.append(_about(exc, action))
    try:
        seeing.result()
    except AzureError as exc:
        problems.append(_about_subscription(clients, exc))
    if found is None or problems:
        raise PlanRefused(action, problems)
    return found


def _about_subscription(clients: AzureClients, exc: AzureError) -> Problem:
    """A list over a subscription is refused to whoever holds no role at all in it."""
    error, here = explain(exc, "read the subscription"), f"/subscriptions/{clients.subscription_id}"
    if not error.forbids:
        return Problem(error.reason, error.remedy, error.subject)
    command = grant_command(clients, "Contributor", f"{here}/resourceGroups/GROUP")
    what = f"this login sees nothing of the subscription `{clients.subscription_id}`: it has no role there"
    return Problem(what, f"Check `subscription-id`, and ask an owner there to run `{command}`.", "subscription-id")


def _seen(clients: AzureClients) -> list[tuple[str, str]]:
    """Resource group and name of each registry that the login can see."""
    listed = clients.resource.resources.list(filter=f"resourceType eq '{_TYPE}'")
    return [(group_in(str(one.id)), str(one.name)) for one in listed]


def _places(image: ImageTarget, seen: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Where to look: a host of which no name is known may be that of any."""
    if image.registry_group:
        return [(image.registry_group, image.registry_name)]
    return [place for place in seen if image.registry_name in {"", place[1].lower()}]


def _read(clients: AzureClients, group: str, name: str, action: str) -> RegistryResource | None:
    """The registry; None when it is not there: a list may be behind.

    Raises:
        PlanRefused: The login may not read it.
    """
    try:
        return _found(clients.registries.registries.get(group, name))
    except ResourceNotFoundError as exc:
        if has_no_subscription(exc):
            raise
        return None
    except HttpResponseError as exc:
        if exc.status_code != 403:
            raise
        scope = f"/subscriptions/{clients.subscription_id}/resourceGroups/{group}/providers/{_TYPE}/{name}"
        what = f"this login may not read the registry `{name}` in the resource group `{group}`"
        raise PlanRefused(action, [Problem(what, ask_for_reader(clients, f'"{scope}"'), "registry")]) from exc


def _meant(found: list[RegistryResource], image: ImageTarget) -> list[RegistryResource]:
    """Those with the host that was given, if there is one; else those of the name, when no other label was given.

    A name need not be unique in a subscription when it was made with a domain name label.
    """
    exact = [registry for registry in found if registry.login_server.lower() == image.registry]
    label = image.registry.partition(".")[0]
    return exact or [registry for registry in found if image.registry_name and "-" not in label]


def _several(meant: list[RegistryResource]) -> Problem:
    places = [f"{group_in(one.id)}/{one.id.rpartition('/')[2]}" for one in meant]
    what = f"the subscription has several of that name: {', '.join(f'`{one.login_server}`' for one in meant)}"
    return Problem(what, f"Set `registry` to {' or '.join(f'`{place}`' for place in places)}.", "registry")


def _none(clients: AzureClients, image: ImageTarget, names: list[str]) -> Problem:
    if image.registry_group:
        what = f"there is no registry `{image.registry_name}` in the resource group `{image.registry_group}`"
        return Problem(what, "Check `registry`; `az acr list` shows those that you can see.", "registry")
    if elsewhere := _in_other_subscriptions(clients, image):
        ids = " or ".join(f"`{one.id}`" for one in elsewhere)
        return Problem("it is in another subscription", f"Set `registry` to its ARM id: {ids}.", "registry")
    known, where = ", ".join(f"`{name}`" for name in names) or "none", f"the subscription `{clients.subscription_id}`"
    what = f"{where} has no such registry that this login can see (it sees {known})"
    scope = f'"$(az acr show --name {image.registry_name or "REGISTRY"} --query id --output tsv)"'
    remedy = (
        "Check `registry` and `subscription-id`; one of another subscription is given by its ARM id. AcrPush alone"
        f" shows no registry. {ask_for_reader(clients, scope)}"
    )
    return Problem(what, remedy, "registry")


def _in_other_subscriptions(clients: AzureClients, image: ImageTarget) -> list[RegistryResource]:
    """Those that are meant, as far as the login sees them. Only a run that fails anyway looks for them."""

    def meant(subscription: str) -> list[RegistryResource]:
        try:
            with understood():
                return _meant(registries_of(clients.of(subscription), image.registry_name, "look further"), image)
        except (AzureError, PlanRefused):
            return []

    try:
        with understood():
            others = [one for one in seen_subscriptions(clients) if one.lower() != clients.subscription_id.lower()]
    except AzureError:
        return []
    with ThreadPoolExecutor(_MOST_AT_ONCE, "registries") as threads:
        return [one for found in threads.map(meant, others) for one in found]


def ask_for_reader(clients: AzureClients, scope: str) -> str:
    """Who must do what, so that the login may read a registry."""
    return f"Ask an owner to run `{grant_command(clients, 'Reader', scope)}`."


def _found(registry: Any) -> RegistryResource:
    mode = getattr(registry.role_assignment_mode, "value", registry.role_assignment_mode)
    size = registry.sku.name if registry.sku else ""
    policies = registry.as_dict().get("properties", {}).get("policies") or {}
    arm_policy = policies.get("azureADAuthenticationAsArmPolicy") or {}
    return RegistryResource(
        str(registry.id),
        str(registry.login_server),
        abac=str(mode).lower() == _ABAC.lower(),
        admin=bool(registry.admin_user_enabled),
        arm_tokens=str(arm_policy.get("status") or "enabled").lower() != "disabled",
        sku=str(getattr(size, "value", size) or ""),
    )


LONGEST = 600.0
"""Seconds. A base of a gigabyte takes well under a minute; streaming it through this machine takes less than this."""


def import_base(
    clients: AzureClients,
    registry: RegistryResource,
    source: ImageReference,
    target: str,
    *,
    report: Callable[[str], None] = lambda _: None,
    longest: float = LONGEST,
) -> bool:
    """Have a registry import an image from another one.

    Needs the right `Microsoft.ContainerRegistry/registries/importImage/action` on the registry (role Contributor, or
    Container Registry Data Importer and Data Reader), which AcrPush does not hold.

    Args:
        clients: Of any subscription, with the login's credential.
        registry: Where the image goes.
        source: The image, with its digest; its registry is a public one, or one that the login may read.
        target: `repository:tag`; a tag of that name is written over.
        report: Told why it was not possible.
        longest: Seconds to wait for the service.

    Returns:
        False when the right is missing, when Azure cannot read the source, or when the service refuses or takes too
        long: the image can be sent in another way.

    Raises:
        ValueError: The source has no digest: an error of the caller.
    """
    parameters = parameters_for(source, target)
    place = f"`{registry.login_server}/{target}`"
    try:
        with understood(), CANCEL.work(f"the import of {place}"):
            there = clients.of(subscription_in(registry.id))
            poller = there.registries.registries.begin_import_image(*place_in_azure(registry.id), parameters)
        poller.wait(longest)
        if not poller.done():
            report(f"{place} was not imported: the service took more than {longest:.0f} seconds.")
            return False
        understanding(poller.result)()
    except AzureError as exc:
        report(f"{place} was not imported: {explain(exc, f'import {place}').reason}.")
        return False
    return True
