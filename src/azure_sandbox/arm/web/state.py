"""Microsoft.Web/sites: function apps, and how a change of one reaches the platform that runs it."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.errors import ArmError, WebError
from azure_sandbox.arm.identity.responses import principal_of
from azure_sandbox.arm.ids import parse_id
from azure_sandbox.arm.web.belongings import mounts_in, strings_in, variables
from azure_sandbox.arm.web.content_shares import shared_by_many
from azure_sandbox.arm.web.plans import PLAN, SITE
from azure_sandbox.arm.web.site import Site
from azure_sandbox.arm.web.site_config import ADMIN_ISOLATION, closed, merged, settings_in
from azure_sandbox.arm.web.slot_rules import SLOT_TYPE, app_name, check_slots
from azure_sandbox.arm.web.swapping import STAY, Sticky
from azure_sandbox.contract import SiteDefinition

if TYPE_CHECKING:
    from azure_sandbox.arm.ids import ResourceId
    from azure_sandbox.arm.store import Resource, Store
    from azure_sandbox.arm.web.site import Held
    from azure_sandbox.contract import AppPlatform, Principal
    from azure_sandbox.directory import EntraDirectory

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9-]{0,58}[a-zA-Z0-9]")


class Sites:
    """All function apps.

    Args:
        store: Where resources are kept.
        platform: Runs the apps.
        directory: Knows the identities.

    Attributes:
        stays: What a swap leaves of the configuration where it is.
        shared_shares: Content shares that several apps have had at once, by `<account>/<share>`.
        proof_needs_machine_key: A host without a machine key in its settings gives Resource Manager no keys.
    """

    def __init__(self, store: Store, platform: AppPlatform, directory: EntraDirectory) -> None:
        self.stays = STAY
        self.shared_shares: dict[str, frozenset[str]] = {}
        self.proof_needs_machine_key = False
        self._store = store
        self._platform = platform
        self._directory = directory
        self._sites: dict[str, Site] = {}
        self._taken: set[str] = set()
        self._lock = threading.RLock()
        store.on_remove(SITE, self._gone)
        store.on_remove(SLOT_TYPE, self._gone)

    def take_name(self, name: str) -> None:
        """Let somebody else in the world own that app name."""
        self._taken.add(name.lower())

    def is_taken(self, host: str) -> bool:
        """Whether an app, or a slot as `<app>-<slot>`, of whomever answers under that name."""
        sites = [*self._store.list(resource_type=SITE), *self._store.list(resource_type=SLOT_TYPE)]
        return host.lower() in {app_name(one.id).lower() for one in sites} | self._taken

    @staticmethod
    def is_name(text: str) -> bool:
        """Whether an app may be called so."""
        return _NAME.fullmatch(text) is not None

    def of(self, resource_id: ResourceId) -> Site:
        """The site with that id.

        Raises:
            ArmError: ResourceNotFound.
        """
        self._store.get(resource_id)
        with self._lock:
            return self._sites[str(resource_id).lower()]

    def resource(self, resource_id: ResourceId) -> Resource:
        """What its own answer shows."""
        return self._store.get(resource_id)

    def open(self, resource_id: ResourceId, plan: Resource) -> Site:
        """The site with that id, made when it is not there.

        Raises:
            WebError: The name is not allowed, or taken; the plan carries no more slots; a long operation runs.
        """
        with self._lock:
            if known := self._sites.get(str(resource_id).lower()):
                self.check_free(resource_id)
                return known
            self._check_name(resource_id)
            check_slots(resource_id, self.slots_of(resource_id), plan)
            return Site(self._platform.reserve(app_name(resource_id)))

    def slots_of(self, resource_id: ResourceId) -> list[Resource]:
        """The slots of an app, production left out; the id may be that of a slot."""
        app = replace(resource_id, types=("sites",), names=resource_id.names[:1])
        return self._store.list(resource_type=SLOT_TYPE, within=str(app))

    def sticky_of(self, resource_id: ResourceId) -> Sticky:
        """What belongs to a slot of the app."""
        app = replace(resource_id, types=("sites",), names=resource_id.names[:1])
        return Sticky.of(self.of(app).sticky)

    # Long operations

    def check_free(self, resource_id: ResourceId) -> None:
        """Refuse a write while a long operation holds the site.

        Raises:
            WebError: Conflict.
        """
        if holder := self.of(resource_id).held_by:
            message = f"Cannot modify this site because another operation is in progress. Details: {holder}"
            raise WebError(409, "Conflict", message)

    def hold(self, holder: str, *resource_ids: ResourceId) -> None:
        """Let nobody else write to these sites."""
        for resource_id in resource_ids:
            self.of(resource_id).held_by = holder

    def let_go(self, *resource_ids: ResourceId) -> None:
        """Let everybody write to these sites again."""
        with self._lock:
            for resource_id in resource_ids:
                if site := self._sites.get(str(resource_id).lower()):
                    site.held_by = ""

    def keep(self, resource: Resource, site: Site) -> None:
        """Keep both halves of a site."""
        with self._lock:
            self._sites[str(resource.id).lower()] = site
            self._store.put(resource)

    def plan_of(self, given: object, site: ResourceId) -> Resource:
        """The plan that a site of the same subscription names, by id or, in its own group, by name.

        Raises:
            WebError: There is no such plan.
        """
        text = str(given or "")
        parsed = parse_id(text)
        if parsed is None and text:
            parsed = parse_id(f"/subscriptions/{site.subscription}/resourceGroups/{site.group}/providers/{PLAN}/{text}")
        found = self._store.find(parsed) if parsed and parsed.subscription.lower() == site.subscription else None
        if found is None or found.id.resource_type.lower() != PLAN.lower():
            name = parsed.name if parsed else text
            raise WebError(404, "NotFound", f"Cannot find AppServicePlan with name {name}.", extended_code="51004")
        return found

    # Identities

    def identify(self, site: Site, identity: dict[str, Any] | None, resource: Resource, *, replace: bool) -> None:
        """Give a site the identities that a body asks for; PUT replaces the set, PATCH adds and removes.

        Raises:
            ArmError: A user-assigned identity does not exist.
        """
        if identity is None:
            return
        kinds = str(identity.get("type") or "None").lower().replace(" ", "").split(",")
        wanted: dict[str, Any] = (identity.get("userAssignedIdentities") or {}) if "userassigned" in kinds else {}
        kept = {} if replace or "userassigned" not in kinds else dict(site.user_identities)
        for text, value in wanted.items():
            principal = self._find_identity(text, resource)
            # One id, one entry: an identity that was deleted and made again takes the place of the former.
            kept = {client: held for client, held in kept.items() if held[0].lower() != text.lower()}
            if value is not None:
                kept[principal.client_id] = (text, principal)
        site.user_identities = kept
        self._set_system_identity(site, resource, wanted="systemassigned" in kinds)

    def _find_identity(self, text: str, resource: Resource) -> Principal:
        principal = principal_of(self._store, self._directory, text)
        if principal is None:
            message = (
                f"Identity operation for resource '{resource.id}' failed with error 'Failed to perform resource "
                f"identity operation. Status: 'BadRequest'. Response: the resource {text} was not found.'"
            )
            raise ArmError(400, "FailedIdentityOperation", message)
        return principal

    def _set_system_identity(self, site: Site, resource: Resource, *, wanted: bool) -> None:
        if wanted and site.system_identity is None:
            site.system_identity = self._directory.add_managed_identity(
                "/slots/".join(resource.id.names), str(resource.id)
            )
        if not wanted and site.system_identity is not None:
            self._directory.remove(site.system_identity.object_id)
            site.system_identity = None

    # Configuration

    @staticmethod
    def configure(site: Site, given: dict[str, Any]) -> None:
        """Merge a `siteConfig`: its fields, and its settings in place of the known ones when it has any."""
        site.config = merged(site.config, given)
        settings, strings, mounts = settings_in(given), strings_in(given), mounts_in(given)
        if settings is not None:
            site.settings = settings
        if strings is not None:
            site.connection_strings = strings
        if mounts is not None:
            site.mounts = mounts

    def apply(self, resource_id: ResourceId, site: Site, *, always_restart: bool) -> None:
        """Tell the platform.

        Args:
            resource_id: The site's id.
            site: Its state.
            always_restart: Writes of settings and configuration restart an app even when they change nothing.
        """
        self.note_shares()
        definition = self.definition(resource_id, site.held)
        if definition != site.applied:
            site.applied = definition
            site.restarts += 1
            self._platform.apply(definition)
        elif always_restart:
            self.restart(resource_id, site)

    def note_shares(self) -> None:
        """See whether apps share their content now."""
        with self._lock:
            self.shared_shares |= shared_by_many({name: site.settings for name, site in self._sites.items()})

    def restart(self, resource_id: ResourceId, site: Site) -> None:
        """Start the app again."""
        site.restarts += 1
        self._platform.restart(str(self._store.get(resource_id).id))

    def settle(self, resource_id: ResourceId, now: Held, definition: SiteDefinition) -> None:
        """Keep what the platform runs at a site already."""
        site = self.of(resource_id)
        site.hold(now)
        site.applied = definition
        site.restarts += 1

    def definition(self, resource_id: ResourceId, now: Held) -> SiteDefinition:
        """What the platform is told of a site that holds that."""
        resource, site = self._store.get(resource_id), self.of(resource_id)
        identities = {client: principal for client, (_, principal) in site.user_identities.items()}
        if site.system_identity:
            identities[site.system_identity.client_id] = site.system_identity
        return SiteDefinition(
            resource_id=str(resource.id),
            name=app_name(resource.id),
            linux_fx_version=now.config["linuxFxVersion"] or "",
            app_settings=dict(now.settings),
            connection_strings=variables(now.connection_strings),
            identities=identities,
            acr_identity_client_id=_acr_identity(site, now.config),
            key_vault_identity=_key_vault_identity(site, resource),
            state=site.state,
            public=not closed(resource.properties, now.config),
            isolated=resource.properties.get(ADMIN_ISOLATION) is True,
            container_log=bool(now.config["httpLoggingEnabled"]),
            authentication=dict(site.authentication),
        )

    def _check_name(self, resource_id: ResourceId) -> None:
        name = resource_id.name
        if not self.is_name(name):
            raise WebError(400, "BadRequest", f"The app name '{name}' is not valid: 2 to 60 letters, digits and -.")
        if self.is_taken(app_name(resource_id)):
            message = f"Website with given name {name} already exists."
            raise WebError(409, "Conflict", message, extended_code="54001")

    def _gone(self, resource: Resource) -> None:
        with self._lock:
            site = self._sites.pop(str(resource.id).lower(), None)
        if site and site.system_identity:
            self._directory.remove(site.system_identity.object_id)
        self._platform.remove(str(resource.id))


def _acr_identity(site: Site, config: dict[str, Any]) -> str | None:
    """Whose roles pull the image: the named identity's, or else the site's own."""
    if not config["acrUseManagedIdentityCreds"]:
        return None
    named = config["acrUserManagedIdentityID"]
    return named or (site.system_identity.client_id if site.system_identity else "")


def _key_vault_identity(site: Site, resource: Resource) -> str:
    """Whose roles resolve references to Key Vault: those of the identity that the site names and has, or its own."""
    named = str(resource.properties.get("keyVaultReferenceIdentity") or "SystemAssigned").lower()
    if named == "systemassigned":
        return site.system_identity.client_id if site.system_identity else ""
    return next((client for client, (text, _) in site.user_identities.items() if text.lower() == named), "")
