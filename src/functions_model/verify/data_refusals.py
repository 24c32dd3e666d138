"""What a storage account or a namespace says to a login that may not use its data, and the way out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.azure.errors import data_words
from functions_model.verify.probe import ProbeFailed

if TYPE_CHECKING:
    from azure.core.exceptions import AzureError

_SHUT = ("AuthorizationFailure", "PublicAccessNotPermitted", "has been prevented to connect")
"""What storage and Service Bus say to those who come from a network that is not let in: Azure/azure-docs,
storage-troubleshoot-403-errors.md; service-bus-messaging-exceptions.md."""
_DENIED = ("AuthorizationPermissionMismatch", "UnauthorizedAccess", "Unauthorized access", "unauthorized-access")

_ANYBODY = "<object id of the login>"


@dataclass(frozen=True, slots=True)
class Owner:
    """What holds the data.

    Attributes:
        name: For people: "storage account `iris`".
        id: Its ARM id.
        roles: What a login needs to send a probe, by their names.
        login: The object id of the login; empty when its token tells none.
    """

    name: str
    id: str
    roles: tuple[str, ...]
    login: str

    def refused(self, action: str, exc: AzureError) -> ProbeFailed:
        """The failure that a refusal is.

        Args:
            action: What was refused, as it follows "may not": "write `input/x.json`".
            exc: What was answered.
        """
        said = data_words(exc)
        if any(word in said for word in _SHUT):
            remedy = f"Let this runner into the network of the {self.name}, or run the job inside it."
            return ProbeFailed(f"the {self.name} lets nobody in from where this run is ({said})", remedy)
        if any(word in said for word in _DENIED) or getattr(exc, "status_code", None) == 403:
            return ProbeFailed(f"this login may not {action} ({said})", self._grant())
        remedy = f"Run again. If it happens again, check that this machine may reach the {self.name}."
        return ProbeFailed(f"the {self.name} does not answer as it must: could not {action} ({said})", remedy)

    def _grant(self) -> str:
        who = f"--assignee-object-id {self.login or _ANYBODY} --assignee-principal-type ServicePrincipal"
        commands = [f'`az role assignment create {who} --role "{role}" --scope {self.id}`' for role in self.roles]
        names = " and ".join(f"`{role}`" for role in self.roles)
        return (
            f"`verify-trigger: send` needs {names} on the {self.name}. Ask an owner to run {', then '.join(commands)}, "
            "and wait some minutes. Or leave `verify-trigger` out."
        )
