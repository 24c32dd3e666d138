"""What a registry's refusal means, and what to do about it."""

from __future__ import annotations

import re

import requests

from functions_model.core.answers import AnswerUnreadable, Said, whole
from functions_model.core.failures import RegistryFailed
from functions_model.core.masking import in_one_line
from functions_model.core.unanswered import Unanswered, unanswered
from functions_model.registry.access import Access

_AZURE = re.compile(r"^([a-z0-9]+)(?:-[a-z0-9]+)?\.azurecr\.(io|us|cn)$")
_LONGEST = 300
_BY_STATUS = {
    413: "The registry, or a proxy before it, limits the size of a layer: raise that limit.",
    429: "The registry limits how often it can be asked: wait some minutes, or log in if you did not.",
}
_READERS = ("AcrPull", "Container Registry Repository Reader")
_WRITERS = ("AcrPush", "Container Registry Repository Writer")
"""Roles in a registry of the older kind, and in one with rights by repository (ABAC), where the others do not count.
https://learn.microsoft.com/azure/container-registry/container-registry-rbac-abac-repository-permissions."""
NO_REGISTRY = "Check that the host is a container registry, and that nothing answers in its place."
_MOST_ERROR = 1 << 20
"""Bytes of an answer that says no."""
_TROUBLE = "The registry is in trouble: run again later."
_STRANGE = "Check that the host is a container registry and that it accepts OCI images."


class RegistryRefused(RegistryFailed):
    """The registry, or its token service, answered, and the answer is no.

    Args:
        status: HTTP's.
        code: The registry's own word, such as `MANIFEST_BLOB_UNKNOWN`; may be empty.
    """

    def __init__(self, action: str, reason: str, remedy: str, *, status: int, code: str) -> None:
        super().__init__(action, reason, remedy)
        self.status = status
        self.code = code

    @property
    def forbidden(self) -> bool:
        """Whether this login may not do it there: 404 is how registries hide a repository, or refuse to make one."""
        return self.status in {401, 403, 404, 405}


def refusal(
    response: requests.Response, host: str, action: str, access: Access | None, *, abac: bool | None = None
) -> RegistryRefused:
    """The failure for an answer that is none of those that were hoped for; `abac` as in `EntraExchange`."""
    status = response.status_code
    said = _read(response)
    if said and said.by_gateway and status not in _BY_STATUS:
        return RegistryRefused(action, said.reason, said.remedy, status=status, code="")
    code, message = code_and_message(response)
    reason = ": ".join(part for part in (f"`{host}` answered {status}", code, message) if part)
    return RegistryRefused(
        action, reason, _remedy(status, code, message, host, access, abac=abac), status=status, code=code
    )


def code_and_message(response: requests.Response) -> tuple[str, str]:
    """The registry's own code and message, without anything secret; empty for what it does not say.

    https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
    """
    said = _read(response)
    try:
        document = said.mapping() if said else {}
    except AnswerUnreadable:
        return "", ""
    errors = document.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else document
    code = first.get("code") or first.get("error") or ""
    message = first.get("message") or first.get("error_description") or ""
    return _safe(str(code)), _safe(str(message))


def _read(response: requests.Response) -> Said | None:
    """An answer in hand; None for one that breaks off, or has no end."""
    try:
        whole(response, _MOST_ERROR)
        return Said.of(response)
    except requests.RequestException:
        return None


def _safe(text: str) -> str:
    return in_one_line(text, _LONGEST)


def _remedy(status: int, code: str, message: str, host: str, access: Access | None, *, abac: bool | None) -> str:
    if "client with IP" in message:
        command = az_acr(host, "network-rule add --ip-address ADDRESS")
        return f"Let this machine's address through the registry's firewall: `{command}`."
    if code == "UNSUPPORTED" or "disallowed" in message:
        return "The repository or the tag may be locked: unlock it, or push under another tag."
    if status in {401, 403}:
        return _grant(host, access, abac=abac)
    if status == 404 and access:
        return f"Check the name and the tag of `{host}/{access.repository}`."
    return _BY_STATUS.get(status, _TROUBLE if status >= 500 else _STRANGE)


def _grant(host: str, access: Access | None, *, abac: bool | None) -> str:
    push = bool(access and access.push)
    if not _AZURE.match(host):
        right = "write to" if push else "read"
        where = f"`{access.repository}`" if access else "it"
        return f"Check that the login may {right} {where}. The action uses no login for registries outside Azure."
    legacy, by_repository = _WRITERS if push else _READERS
    role = by_repository if abac else legacy
    scope = f'"$({az_acr(host, "show --query id --output tsv")})"'
    command = f'az role assignment create --role "{role}" --assignee CLIENT_ID --scope {scope}'
    other = f"In a registry with rights by repository (ABAC) it is {by_repository}. " if abac is None else ""
    grant = f"Grant the identity the role {role} on the registry: `{command}`."
    return f"{grant} {other}A new role takes some minutes to count."


def az_acr(host: str, command: str) -> str:
    """`az acr <command>` with the registry's name before the command's options."""
    verb, _, options = command.partition(" --")
    match = _AZURE.match(host)
    name = match[1] if match else host
    return f"az acr {verb} --name {name} --{options}"


def breakdown(error: Exception, host: str, action: str) -> tuple[RegistryFailed, bool]:
    """The failure for a request without an answer, and whether another attempt may mend it."""
    if failure := _unusable(error, host, action):
        return failure, False
    found = unanswered(error, host) or Unanswered(f"the connection to `{host}` broke", "Run again.")
    return RegistryFailed(action, found.what, found.remedy), found.passes


def _unusable(error: Exception, host: str, action: str) -> RegistryFailed | None:
    """The failure for an answer that came, and of which nothing can be made; None for one that did not come."""
    if isinstance(error, AnswerUnreadable):
        return RegistryFailed(action, error.reason, error.remedy)
    if isinstance(error, requests.exceptions.ContentDecodingError):
        return RegistryFailed(action, f"what `{host}` sent is packed, and cannot be unpacked", NO_REGISTRY)
    if isinstance(error, requests.TooManyRedirects):
        return RegistryFailed(action, f"`{host}` leads from one address to the next, without an end", NO_REGISTRY)
    if isinstance(error, ValueError):  # among them what `requests` says of addresses and headers
        return RegistryFailed(action, f"`{host}` names an address that cannot be one", NO_REGISTRY)
    return None
