"""What a site is beside its own answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from azure_sandbox.arm.web.site_config import DEFAULTS

if TYPE_CHECKING:
    from azure_sandbox.contract import Principal, SiteDefinition


@dataclass(frozen=True, slots=True)
class Held:
    """What a swap moves, in whole or in part.

    Attributes:
        config: `config/web`.
        settings: App settings.
        connection_strings: Each with its `value` and `type`.
        mounts: `azureStorageAccounts`, each with its `accessKey`.
    """

    config: dict[str, Any]
    settings: dict[str, str]
    connection_strings: dict[str, dict[str, Any]]
    mounts: dict[str, dict[str, Any]]


@dataclass(slots=True)
class Site:
    """What a site's own answer does not show.

    Attributes:
        host_name: Where the app answers: `localhost:PORT`.
        config: `config/web`.
        settings: App settings.
        connection_strings: Each with its `value` and `type`.
        mounts: `azureStorageAccounts`, each with its `accessKey`.
        sticky: `slotConfigNames`.
        authentication: `authsettingsV2`.
        publishing: Whether basic credentials work, by `ftp` and `scm`.
        user_identities: Resource ids as they were given, by client id.
        system_identity: The site's own principal.
        state: `Running` or `Stopped`.
        held_by: The long operation that no write may disturb; empty when there is none.
        restarts: How often a write or a request restarted the app.
        applied: What the platform was told last.
    """

    host_name: str
    config: dict[str, Any] = field(default_factory=lambda: dict(DEFAULTS))
    settings: dict[str, str] = field(default_factory=dict)
    connection_strings: dict[str, dict[str, Any]] = field(default_factory=dict)
    mounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    sticky: dict[str, Any] = field(
        default_factory=lambda: {
            "connectionStringNames": None,
            "appSettingNames": None,
            "azureStorageConfigNames": None,
        }
    )
    authentication: dict[str, Any] = field(default_factory=dict)
    publishing: dict[str, bool] = field(default_factory=lambda: {"ftp": True, "scm": True})
    user_identities: dict[str, tuple[str, Principal]] = field(default_factory=dict)
    system_identity: Principal | None = None
    state: str = "Running"
    held_by: str = ""
    restarts: int = 0
    applied: SiteDefinition | None = None

    @property
    def held(self) -> Held:
        """What a swap moves of it."""
        return Held(self.config, self.settings, self.connection_strings, self.mounts)

    def hold(self, held: Held) -> None:
        """Take what a swap has brought."""
        self.config, self.settings = held.config, held.settings
        self.connection_strings, self.mounts = held.connection_strings, held.mounts
