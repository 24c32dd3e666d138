"""The registry that an input names: a host, a registry's name, or a resource of Azure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from functions_model.inputs.clouds import KnownCloud, cloud_of_registry
from functions_model.inputs.placing import placed
from functions_model.inputs.rules import RuleBroken

_TYPE = "Microsoft.ContainerRegistry/registries"
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*(?::[0-9]{1,5})?")
_NAME = re.compile(r"[a-z0-9]{5,50}")
"""Microsoft.ContainerRegistry/registries: 5-50 letters and digits. Its host is always in lower case."""
_LABEL = re.compile(rf"({_NAME.pattern})(-[a-z0-9]+)?")
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
    if _is_host(host):
        label = _LABEL.fullmatch(host.partition(".")[0]) if cloud_of_registry(host) else None
        return NamedRegistry(host, label[1] if label else "")
    label = _LABEL.fullmatch(host)
    if label is None:
        raise RuleBroken(
            f"`{text}` is not an Azure Container Registry's name",
            "Such a name has 5 to 50 letters and digits. Use the whole host for another registry.",
        )
    return NamedRegistry(_host_of(host, cloud), label[1])


def _is_host(text: str) -> bool:
    return "." in text or ":" in text or text == "localhost"


def _host_of(label: str, cloud: KnownCloud) -> str:
    return label + cloud.registry_suffix if cloud.registry_suffix else ""


def _placed(text: str, cloud: KnownCloud) -> NamedRegistry:
    """A resource group may have dots in its name, but is none of a registry's hosts."""
    bare = (text.partition("://")[2] or text).partition("/")[0]
    if "://" in text or ":" in bare or (bare and cloud_of_registry(bare.lower())):
        raise RuleBroken(
            f"`{text}` is not a host's name alone",
            f"Use `{bare.lower()}`; the image's name has an input of its own, `image-name`.",
        )
    found = placed(text, _TYPE, _name)
    return NamedRegistry(_host_of(found.name, cloud), found.name, found.group, found.subscription)


def _name(text: str) -> str:
    if not _NAME.fullmatch(text.lower()):
        what = f"`{text}` is not an Azure Container Registry's name"
        raise RuleBroken(what, "Such a name has 5 to 50 letters and digits.")
    return text.lower()
