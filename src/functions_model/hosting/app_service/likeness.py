"""What a slot takes over from its app beside settings: else a swap would take it from the app.

A swap moves connection strings, mounts and general configuration with the image. So a slot has what its app has of
them, each time that it is written, as it has the app's settings; what belongs to a slot stays there. What a swap leaves
where it is comes to a new slot once, as az clones it: it is then no more open than its app, and reaches as far.

https://learn.microsoft.com/azure/app-service/deploy-staging-slots#which-settings-are-swapped; Azure/azure-cli 2.91.0,
command_modules/appservice/custom.py:5160, `update_slot_configuration_from_source`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from functions_model.core.failures import Problem
from functions_model.hosting.app_service.nouns import NONE, Belongings, ObservedApp, ObservedSlot
from functions_model.hosting.app_service.site import SiteWriting
from functions_model.provision.changes import FieldChange
from functions_model.provision.host import Wanted
from functions_model.provision.observed import Observed

_MOVE = (
    "apiDefinition",
    "apiManagementConfig",
    "appCommandLine",
    "autoHealEnabled",
    "autoHealRules",
    "defaultDocuments",
    "documentRoot",
    "ftpsState",
    "functionsRuntimeScaleMonitoringEnabled",
    "handlerMappings",
    "healthCheckPath",
    "http20Enabled",
    "http20ProxyFlag",
    "limits",
    "loadBalancing",
    "localMySqlEnabled",
    "managedPipelineMode",
    "push",
    "remoteDebuggingEnabled",
    "remoteDebuggingVersion",
    "use32BitWorkerProcess",
    "virtualApplications",
    "webSocketsEnabled",
    "websiteTimeZone",
)
"""Of `config/web`: general configuration. The documentation's versions differ in whether it moves."""
_STAY = (
    "cors",
    "ipSecurityRestrictions",
    "ipSecurityRestrictionsDefaultAction",
    "minTlsCipherSuite",
    "minTlsVersion",
    "publicNetworkAccess",
    "scmIpSecurityRestrictions",
    "scmIpSecurityRestrictionsDefaultAction",
    "scmIpSecurityRestrictionsUseMain",
    "scmMinTlsVersion",
    "vnetRouteAllEnabled",
)
"""Of `config/web`: who may come in, and how; unless `_OVERRIDE` lets it move."""
_OVERRIDE = "WEBSITE_OVERRIDE_PRESERVE_DEFAULT_STICKY_SLOT_SETTINGS"
_SUBNET = "virtualNetworkSubnetId"
_NETWORK = (
    "dnsConfiguration",
    "outboundVnetRouting",
    _SUBNET,
    "vnetBackupRestoreEnabled",
    "vnetContentShareEnabled",
    "vnetImagePullEnabled",
    "vnetRouteAllEnabled",
)
"""Of the site itself. Our swap preserves it on both sides."""
_DOORS = (
    "clientAffinityEnabled",
    "clientCertEnabled",
    "clientCertExclusionPaths",
    "clientCertMode",
    "httpsOnly",
    "publicNetworkAccess",
)
_SECRETS_IN_FILES = "AzureWebJobsSecretStorageType"
_AS_THE_APP = "as the app has it"


@dataclass(frozen=True, slots=True)
class Likeness:
    """What must be written to a slot so that it has what its app has.

    Attributes:
        config: Fields of `config/web`.
        properties: Of the site itself.
        strings: All connection strings that the slot must have; None when it has them.
        mounts: All mounts that it must have; None when it has them.
    """

    config: Mapping[str, Any] = field(default_factory=dict)
    properties: Mapping[str, Any] = field(default_factory=dict)
    strings: Mapping[str, Mapping[str, Any]] | None = field(default=None, repr=False)
    mounts: Mapping[str, Mapping[str, Any]] | None = field(default=None, repr=False)


ALIKE = Likeness()


def likeness(observed: Observed) -> Likeness:
    """What its slot lacks of what the app has."""
    app, slot = observed.of(ObservedApp), observed.of(ObservedSlot) or ObservedSlot(None)
    if app is None:
        return ALIKE
    of_app = Belongings(
        _free(slot.of_app.strings, slot.sticky_others[0]),
        _free(slot.of_app.mounts, slot.sticky_others[1]),
    )
    return _for_new(app, of_app) if slot.app is None else _for_known(app, slot.app, of_app, slot.own)


def _for_new(app: ObservedApp, of_app: Belongings) -> Likeness:
    config = {name: app.config[name] for name in (*_MOVE, *_STAY) if app.config.get(name)}
    return Likeness(config, _told(app.properties, (*_NETWORK, *_DOORS)), of_app.strings, of_app.mounts)


def _for_known(app: ObservedApp, slot: ObservedApp, of_app: Belongings, own: Belongings) -> Likeness:
    """What it has beside that stays: a swap may bring it to the app, and takes nothing from it."""
    moving = (*_MOVE, *_STAY) if app.settings.get(_OVERRIDE, "").lower() in {"0", "false"} else _MOVE
    config = {name: app.config.get(name) for name in moving if _differ(app.config.get(name), slot.config.get(name))}
    lacks_network = app.properties.get(_SUBNET) and not slot.properties.get(_SUBNET)
    strings, mounts = {**own.strings, **of_app.strings}, {**own.mounts, **of_app.mounts}
    return Likeness(
        config,
        _told(app.properties, _NETWORK if lacks_network else ()),
        strings if strings != own.strings else None,
        mounts if mounts != own.mounts else None,
    )


def _told(properties: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: properties[name] for name in names if properties.get(name) is not None}


def _free(things: Mapping[str, Mapping[str, Any]], sticky: Collection[str]) -> dict[str, Mapping[str, Any]]:
    """Those that belong to no slot."""
    lower = {name.lower() for name in sticky}
    return {name: dict(one) for name, one in things.items() if name.lower() not in lower}


def _differ(one: Any, other: Any) -> bool:
    """Nothing, false and empty are the same: Azure tells the one or the other."""
    return one != other and bool(one or other)


def likeness_changes(like: Likeness, observed: Observed) -> tuple[FieldChange, ...]:
    """What comes to the slot, by name; values may be secrets."""
    slot = observed.of(ObservedSlot)
    own = slot.own if slot else NONE
    is_new = slot is None or slot.app is None
    config = ("configuration",) if is_new else tuple(like.config)
    told = [FieldChange(name, None, _AS_THE_APP) for name in config if like.config]
    if network := like.properties.get(_SUBNET):
        told.append(FieldChange("virtual network", None, str(network)))
    for what, now, before in (
        ("connection string", like.strings or {}, own.strings),
        ("mount", like.mounts or {}, own.mounts),
    ):
        new = (name for name, one in now.items() if one != before.get(name))
        told += [FieldChange(f"{what} `{name}`", "***" if name in before else None, _AS_THE_APP) for name in new]
    return tuple(told)


def likeness_problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """What a swap would take from the app, and its slot cannot be given."""
    app, slot = observed.of(ObservedApp), observed.of(ObservedSlot)
    if app is None or slot is None:
        return ()
    new = {name: one for name, one in (likeness(observed).mounts or {}).items() if one != slot.own.mounts.get(name)}
    problems = [_mount_problem(wanted, name) for name, one in new.items() if _has_no_key(one)]
    if wanted.target.hosting.swap and app.settings.get(_SECRETS_IN_FILES, "").lower() == "files":
        problems.append(_files_problem(wanted))
    return tuple(problems)


def _has_no_key(mount: Mapping[str, Any]) -> bool:
    """NFS shares have none."""
    return not mount.get("accessKey") and "nfs" not in f"{mount.get('type')} {mount.get('protocol')}".lower()


def _mount_problem(wanted: Wanted, name: str) -> Problem:
    what = (
        f"Azure does not show the key of the mount `{name}` of `{wanted.names.app}`, and its slot would lack the mount"
    )
    remedy = (
        "Mount it in the slot by hand, or bind it to the app: az webapp config storage-account update --custom-id "
        f"{name} {wanted.names.at().flags} --slot-setting true"
    )
    return Problem(what, remedy, "slot-name")


def _files_problem(wanted: Wanted) -> Problem:
    what = (
        f"`{wanted.names.app}` keeps its keys in files (`{_SECRETS_IN_FILES}`): a swap replaces them, and then every"
        " caller needs a new key"
    )
    return Problem(what, "Deploy without `slot-name` and `swap`, or remove that setting first.", "swap")


def config_of(like: Likeness) -> dict[str, Any]:
    """It as a part of the `siteConfig` of a slot that is made."""
    config: dict[str, Any] = dict(like.config)
    if like.strings:
        config["connectionStrings"] = [
            {"name": name, "connectionString": one.get("value"), "type": one.get("type")}
            for name, one in sorted(like.strings.items())
        ]
    return {**config, "azureStorageAccounts": dict(like.mounts)} if like.mounts else config


def make_alike(writing: SiteWriting, like: Likeness) -> None:
    """Write it to a slot that is there; each kind in a request of its own, before the image comes."""
    site, through = writing.site, writing.patience.through
    if like.properties:
        through(partial(site.update, {"properties": dict(like.properties)}))
    if like.strings is not None:
        through(partial(site.update_connection_strings, like.strings))
    if like.mounts is not None:
        through(partial(site.update_azure_storage_accounts, like.mounts))
    if like.config:
        through(partial(site.update_configuration, like.config))
