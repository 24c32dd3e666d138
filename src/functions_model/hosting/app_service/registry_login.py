"""How the platform logs in to the registry with `access: keys`: as its admin user, by app settings."""

from __future__ import annotations

from functions_model.core.failures import Problem
from functions_model.provision.host import Wanted
from functions_model.provision.observed import Observed
from functions_model.provision.settings.connection_strings import REGISTRY, Keys, ObservedKeys

_URL, _USERNAME = "DOCKER_REGISTRY_SERVER_URL", "DOCKER_REGISTRY_SERVER_USERNAME"
PASSWORD = "DOCKER_REGISTRY_SERVER_PASSWORD"  # noqa: S105 - a setting's name
_IMAGE = "DOCKER_CUSTOM_IMAGE_NAME"
_EDIT_MODE = "FUNCTION_APP_EDIT_MODE"


def registry_settings(wanted: Wanted, observed: Observed) -> dict[str, str | None]:
    """What `az` sets for an app from an image; nothing with an identity. None is not known yet."""
    if not wanted.by_keys:
        return {}
    live, keys = observed.live_settings, observed.all_of(ObservedKeys).by_owner.get(REGISTRY)
    return {
        _URL: _same_host(live.get(_URL, ""), wanted.registry.login_server) or f"https://{wanted.registry.login_server}",
        _USERNAME: keys.name if keys else None,
        PASSWORD: _password(live.get(PASSWORD, ""), keys),
        # As with `az`, it tells the first image: what runs is in linuxFxVersion, and each write restarts the app.
        _IMAGE: live.get(_IMAGE) or wanted.image,
        # The portal then offers no editor for files that are in the image.
        _EDIT_MODE: live.get(_EDIT_MODE) or "readOnly",
    }


def _same_host(live: str, login_server: str) -> str:
    """The live URL when it means the registry: people write it with and without `https://`."""
    return live if live.lower().removeprefix("https://").rstrip("/") == login_server.lower() else ""


def _password(live: str, keys: Keys | None) -> str | None:
    """The live one while it is one of the registry's two."""
    if keys is None:
        return None
    values = [value.reveal() for value in keys.values]
    return live if live in values else values[0]


def obsolete_registry_login(wanted: Wanted) -> frozenset[str]:
    """With an identity, a registry's password and the image that it was for are left over."""
    return frozenset() if wanted.by_keys else frozenset({_URL, _USERNAME, PASSWORD, _IMAGE})


def registry_problems(wanted: Wanted) -> tuple[Problem, ...]:
    """A registry that the app could not log in to, be it by password or by identity."""
    name = wanted.registry.id.rpartition("/")[2]
    if not wanted.by_keys:
        return () if wanted.registry.arm_tokens else (_no_arm_tokens(name),)
    if wanted.registry.admin:
        return ()
    what = f"the admin user of the registry `{name}` is off, and with `access: keys` the app logs in as that user"
    remedy = (
        f"Switch it on: `az acr update --name {name} --admin-enabled true`. Or choose `access: identity`, which needs "
        "no password, but the right to assign roles."
    )
    return (Problem(what, remedy, "access"),)


def _no_arm_tokens(name: str) -> Problem:
    """The push would work, as our token is for registries; the app's pull ends with "token validation failed".

    MicrosoftDocs/azure-docs#128528, articles/app-service/configure-custom-container.md.
    """
    what = (
        f"a policy of the registry `{name}` refuses tokens for Resource Manager (`azureADAuthenticationAsArmPolicy`), "
        "and App Service pulls images with such a token"
    )
    remedy = (
        f"Allow them: `az acr config authentication-as-arm update -r {name} --status enabled`. Or choose "
        "`access: keys`, which needs the registry's admin user."
    )
    return Problem(what, remedy, "registry")
