"""Clouds and registries: what an input names, who logs in there, and what is known of them beforehand. No network."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from functions_model.core.failures import RuleBroken
from functions_model.core.names import group_id
from functions_model.core.secrets import Login, LoginKind, Secret
from functions_model.inputs import rules
from functions_model.inputs.form import LOGIN, Form
from functions_model.inputs.placing import placed


@dataclass(frozen=True, slots=True)
class KnownCloud:
    """A cloud as far as it can be known beforehand.

    Attributes:
        name: `AzureCloud`, or the URL of an Azure Resource Manager.
        audience: The audience that Entra recommends for federated credentials there:
            https://learn.microsoft.com/entra/workload-id/workload-identity-federation-create-trust
        registry_suffix: How the host of an Azure Container Registry ends; empty when only the cloud itself can say it.
    """

    name: str
    audience: str
    registry_suffix: str


CLOUDS = (
    KnownCloud("AzureCloud", "api://AzureADTokenExchange", ".azurecr.io"),
    KnownCloud("AzureUSGovernment", "api://AzureADTokenExchangeUSGov", ".azurecr.us"),
    KnownCloud("AzureChinaCloud", "api://AzureADTokenExchangeChina", ".azurecr.cn"),
)


def known_cloud(text: str) -> KnownCloud:
    """A cloud by its name, in any case, or by its Resource Manager's https URL.

    Raises:
        RuleBroken: Neither.
    """
    for cloud in CLOUDS:
        if cloud.name.lower() == text.lower():
            return cloud
    if text.lower().startswith("https://") and _is_plain_url(text):
        return KnownCloud(text.rstrip("/"), CLOUDS[0].audience, "")
    names = ", ".join(f"`{cloud.name}`" for cloud in CLOUDS)
    what = f"`{text}` is neither a cloud's name nor the https URL of an Azure Resource Manager"
    raise RuleBroken(what, f"Use {names}, or a URL such as `https://management.local:8443`.")


def _is_plain_url(text: str) -> bool:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    return bool(parts.hostname) and port != 0 and not (parts.username or parts.query or parts.fragment)


def cloud_of_registry(host: str) -> KnownCloud | None:
    """The known cloud whose Azure Container Registry the host is; None when it is another registry."""
    return next((cloud for cloud in CLOUDS if host.partition(":")[0].endswith(cloud.registry_suffix)), None)


_TYPE = "Microsoft.ContainerRegistry/registries"
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*(?::[0-9]{1,5})?")
_NAME = "[a-z0-9]{5,50}"
"""Microsoft.ContainerRegistry/registries: 5-50 letters and digits. Its host is always in lower case."""
_MEANING, _FORM = "an Azure Container Registry's name", "Such a name has 5 to 50 letters and digits."
_LABEL = re.compile(rf"({_NAME})(-[a-z0-9]+)?")
"""The first part of its host. One that was made with a domain name label has a hash after its name, behind a hyphen,
which no name holds: Azure/azure-cli 2.91.0, command_modules/acr/_validators.py:109."""


@dataclass(frozen=True, slots=True)
class NamedRegistry:
    """What an input says of a registry.

    Attributes:
        host: In lower case; for a name alone, the host that it has without a domain name label. Empty when only Azure
            can tell it.
        name: Of the resource; empty for a host that is none of Azure's known clouds.
        group: The resource group, when it is given.
        subscription: A GUID, when it is given.
    """

    host: str
    name: str = ""
    group: str = ""
    subscription: str = ""

    @property
    def id(self) -> str:
        """The ARM id, where the subscription is given."""
        return f"{group_id(self.subscription, self.group)}/providers/{_TYPE}/{self.name}"


def named_registry(text: str, cloud: KnownCloud) -> NamedRegistry:
    """`contoso`, `contoso-a1b2`, a whole host, `<resource-group>/contoso`, or an ARM id.

    Raises:
        RuleBroken: It is none of these: a URL, an image's name.
    """
    host = text.lower()
    if "/" in host:
        return _placed(text, cloud)
    if not _HOST.fullmatch(host):
        raise RuleBroken(f"`{text}` is not a registry's host", "Use `contoso`, `contoso.azurecr.io` or `host:port`.")
    if "." in host or ":" in host or host == "localhost":
        label = _LABEL.fullmatch(host.partition(".")[0]) if cloud_of_registry(host) else None
        return NamedRegistry(host, label[1] if label else "")
    label = _LABEL.fullmatch(host)
    if label is None:
        raise RuleBroken(f"`{text}` is not {_MEANING}", f"{_FORM} Use the whole host for another registry.")
    return NamedRegistry(_host_of(host, cloud), label[1])


def _host_of(label: str, cloud: KnownCloud) -> str:
    return label + cloud.registry_suffix if cloud.registry_suffix else ""


def _placed(text: str, cloud: KnownCloud) -> NamedRegistry:
    """A resource group may have dots in its name, but is none of a registry's hosts."""
    bare = (text.partition("://")[2] or text).partition("/")[0]
    if "://" in text or ":" in bare or (bare and cloud_of_registry(bare.lower())):
        remedy = f"Use `{bare.lower()}`; the image's name has its own input, `image-name`."
        raise RuleBroken(f"`{text}` is not a host's name alone", remedy)
    found = placed(text, _TYPE, lambda name: rules.matching(f"(?i:{_NAME})", _MEANING, _FORM, name).lower())
    return NamedRegistry(_host_of(found.name, cloud), found.name, found.group, found.subscription)


_MANAGED = "managed-identity"


def login_kind(form: Form) -> LoginKind:
    """What proves who we are, by an order and never by trying: what is given, the job's, the file's, the person's."""
    facts = form.facts
    if form.text("client-secret") or facts is None:
        return LoginKind.JOB
    if form.text("login") == _MANAGED:
        return LoginKind.MANAGED
    if facts.has_identity and form.text("client-id"):
        return LoginKind.JOB
    if facts.token_file:
        return LoginKind.TOKEN_FILE
    return LoginKind.AZ if facts.on_command_line else LoginKind.JOB


def missing_of_login(form: Form) -> tuple[str, ...]:
    """The parts of the login that are needed and not given."""
    kind, kept = login_kind(form), form.facts.token_file if form.facts else None
    if kind in {LoginKind.AZ, LoginKind.MANAGED}:
        return ()
    known = {"client-id": kept.client_id, "tenant-id": kept.tenant_id} if kind is LoginKind.TOKEN_FILE and kept else {}
    return tuple(name for name in LOGIN if not (form.text(name) or known.get(name)))


def take_login(form: Form, cloud: KnownCloud) -> Login:
    """The login, with everything that is wrong with it noted; what is missing is noted by the caller."""
    secret = form.take("client-secret", lambda text: Secret(rules.secret_text(text)))
    audience = form.take("audience", rules.audience)
    for name in ("audience", "login"):
        if form.text("client-secret") and form.text(name):
            form.refuse(
                name, "it cannot be combined with `client-secret`, which does not use it", "Give one of the two."
            )
    form.take("login", Managed)
    kind, kept = login_kind(form), form.facts.token_file if form.facts else None
    file = kept if kind is LoginKind.TOKEN_FILE else None
    if kind is LoginKind.AZ and form.text("client-id"):
        form.notes.append(
            "`client-id` is not used: there is no secret and no identity token for it, so the session of `az login`"
            " is used."
        )
    return Login(
        form.take("tenant-id", rules.tenant_id) or (file.tenant_id if file else ""),
        form.take("client-id", rules.client_id) or (file.client_id if file else ""),
        secret,
        audience or cloud.audience,
        cloud.name,
        kind,
        file.path if file else "",
    )


class Managed(enum.StrEnum):
    """What the input `login` can say."""

    MANAGED_IDENTITY = _MANAGED


def images_to_keep(text: str) -> int:
    """At least 1: the one that is deployed."""
    if not re.fullmatch(r"[1-9][0-9]{0,3}", text):
        raise RuleBroken(f"`{text}` is not a number of images", "Use a whole number, 1 to 9999.")
    return int(text)
