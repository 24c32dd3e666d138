"""References to Key Vault in app settings, and the identity that resolves them.

Where none does, or it lacks the role, the code sees the text of the reference:
https://learn.microsoft.com/azure/app-service/app-service-key-vault-references.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from functions_model.core.failures import Problem
from functions_model.core.secrets import Secret
from functions_model.hosting.app_service.nouns import ObservedApp, ObservedSlot
from functions_model.hosting.app_service.slot_settings import for_slot
from functions_model.provision.host import Wanted
from functions_model.provision.kinds import identity
from functions_model.provision.nouns import same_id
from functions_model.provision.observed import Observed

_REFERENCE = "@microsoft.keyvault("
_ROLE = "the role Key Vault Secrets User on the vault"


def reference_problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """References of an app with keys, which has no identity that could resolve them."""
    app = observed.of(ObservedApp)
    names = _references(wanted.target.app_settings)
    if not wanted.by_keys or not names or (app is not None and app.resolves):
        return ()
    return (_problem(wanted, names, app, ""),)


def slots_reference_problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """The same of its slot, which comes to the app's references, too, and has an identity of its own or none."""
    slot = observed.of(ObservedSlot)
    app, live = observed.of(ObservedApp), slot.app if slot else None
    if not wanted.by_keys or app is None or (live is not None and live.resolves):
        return ()
    given = for_slot(wanted, observed)[0].target.app_settings if app.resolves else wanted.target.app_settings
    names = _references(given)
    return (_problem(wanted, names, live, wanted.names.candidate),) if names else ()


def _references(settings: Mapping[str, Secret]) -> tuple[str, ...]:
    return tuple(sorted(name for name, value in settings.items() if _refers(value.reveal())))


def _refers(value: str) -> bool:
    return value.strip().lower().startswith(_REFERENCE)


def _problem(wanted: Wanted, names: tuple[str, ...], live: ObservedApp | None, slot: str) -> Problem:
    site = wanted.names.at(slot).flags
    who = f"the slot `{slot}`" if slot else f"`{wanted.names.app}`"
    listed = ", ".join(f"`{name}`" for name in names)
    what = (
        f"the app settings {listed} refer to Key Vault, and with `access: keys` {who} has no identity that could "
        "resolve them: the code would see the references' text"
    )
    first = "Or give it one" if live else "Or deploy once without them, and then give it one"
    if slot and not live:
        first = f"Or make the slot by hand (az functionapp deployment slot create {site}), and give it one"
    remedy = (
        "Choose `access: identity`, or give the secrets themselves. "
        f"{first}, with {_ROLE}: az functionapp identity assign {site}"
    )
    return Problem(what, remedy, "app-settings")


def reference_notes(wanted: Wanted, observed: Observed) -> Iterator[str]:
    """An identity that is not ours and resolves references stays: it has its roles on the vaults."""
    there = observed.of(ObservedSlot)
    beside = there.app if there else None
    sites = (
        ("", None if wanted.names.candidate and not wanted.target.hosting.swap else observed.of(ObservedApp)),
        (wanted.names.candidate, beside),
    )
    ours = wanted.id_of(identity.TYPE, wanted.resources.identity)
    for slot, app in sites:
        if wanted.by_keys or app is None or not app.resolves or same_id(app.resolver, ours):
            continue
        if not _references(wanted.target.app_settings) and not any(map(_refers, app.settings.values())):
            continue
        own = app.resolver.lower() == "systemassigned"
        by = "its system-assigned identity" if own else f"its identity `{app.resolver.rpartition('/')[2]}`"
        site = f"the slot `{slot}` of `{wanted.names.app}`" if slot else f"`{wanted.names.app}`"
        yield (
            f"The references to Key Vault in the settings of {site} are resolved by {by}, which stays so: that "
            f"identity, not `{wanted.resources.identity}`, needs {_ROLE}."
        )
