"""Who is given a role, and by which command of `az`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

ANYBODY = "<object id of the login>"
PERSON, APPLICATION = "User", "ServicePrincipal"
"""What role assignments call a person, and an application or a managed identity: Azure refuses the wrong one."""
_OBJECT_ID = re.compile(r"object id '([^']+)'")
_PERSON = re.compile(r"\bclient '[^']*@[^']*'")
"""Resource Manager calls a person by the name of the login, and an application by its client id."""


def assignee(object_id: str, kind: str = APPLICATION) -> str:
    """The options that name the one who gets a role.

    Args:
        object_id: Empty when it is not known.
        kind: `User` or `ServicePrincipal`.
    """
    return f"--assignee-object-id {object_id or ANYBODY} --assignee-principal-type {kind}"


def grant(who: str, role: str, scope: str) -> str:
    """The command by which an owner gives a role.

    Args:
        who: As `assignee` writes it.
        role: Its name.
        scope: Where, an ARM id.
    """
    quoted = f'"{role}"' if " " in role else role
    return f"az role assignment create {who} --role {quoted} --scope {scope}"


def is_person(claims: Mapping[str, Any]) -> bool:
    """Whether a token is one of a person: only those name scopes.

    https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference: `scp`, `idtyp`.
    """
    return bool(claims.get("scp")) or claims.get("idtyp") == "user"


def login_in(message: str) -> dict[str, str]:
    """What a refusal of Resource Manager says of the login: `object_id`, which may be empty, and `principal_type`."""
    found = _OBJECT_ID.search(message)
    kind = PERSON if _PERSON.search(message) else APPLICATION
    return {"object_id": found[1] if found else "", "principal_type": kind}
