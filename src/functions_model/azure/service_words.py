"""What a service of Azure said, and whether a cause is behind it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions_model.core.causes import Cause, NamedCause

NO_FACTS = {"policies": "a policy of the subscription or of its management group", "wait": "some minutes"}
"""What remedies say where the service does not tell."""


@dataclass(frozen=True, slots=True)
class ServiceWords:
    """What the service said, in one form for both error shapes.

    Attributes:
        status: The HTTP status; 0 when no answer came.
        code: `AuthorizationFailed` and the like.
        message: One line.
        extended: Microsoft.Web's own number, such as `54001`; empty elsewhere.
        facts: More that remedies name: `policies`, `wait`.
    """

    status: int
    code: str
    message: str
    extended: str = ""
    facts: Mapping[str, str] = field(default_factory=NO_FACTS.copy)


def recognised(cause: Cause, said: ServiceWords) -> NamedCause | None:
    """The cause in words when it is the one, else None. Where it has no meaning of its own, that is empty."""
    if cause.status and cause.status != said.status:
        return None
    if cause.code and not re.fullmatch(cause.code, said.code, re.IGNORECASE):
        return None
    if cause.extended and cause.extended != said.extended:
        return None
    found = re.search(cause.text, said.message, re.IGNORECASE | re.DOTALL)
    return cause.named(found, said.facts) if found else None
