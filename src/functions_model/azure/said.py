"""How an error of Azure is recognised: what the service said, and a cause that it may be."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_FACTS = {"policies": "a policy of the subscription or of its management group", "wait": "some minutes"}
"""What remedies say where the service does not tell."""


@dataclass(frozen=True, slots=True)
class Said:
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


@dataclass(frozen=True, slots=True)
class Words:
    """What is told of a recognised error.

    Attributes:
        message: A clause without a full stop.
        remedy: Whole sentences.
        named: What the message names, such as `scope`.
    """

    message: str
    remedy: str
    named: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Cause:
    """One recognised cause. Every part that is given must match.

    Attributes:
        name: Short and stable, for tests and for rooms that treat it specially.
        remedy: Whole sentences; `{name}` is filled from the named groups of `text`, and from the facts.
        status: HTTP status, any when 0.
        code: A pattern that the whole code matches, any when empty.
        text: A pattern that is found in the message, any when empty.
        extended: Microsoft.Web's extended code, any when empty.
        meaning: What is told in place of the service's words; empty keeps them.
        passes: It ends by itself: the same request made a little later may succeed.
    """

    name: str
    remedy: str
    status: int = 0
    code: str = ""
    text: str = ""
    extended: str = ""
    meaning: str = ""
    passes: bool = False

    def words(self, said: Said) -> Words | None:
        """What is told when this is the cause, else None."""
        if self.status and self.status != said.status:
            return None
        if self.code and not re.fullmatch(self.code, said.code, re.IGNORECASE):
            return None
        if self.extended and self.extended != said.extended:
            return None
        found = re.search(self.text, said.message, re.IGNORECASE | re.DOTALL)
        if found is None:
            return None
        groups = {**said.facts, **{key: value or "?" for key, value in found.groupdict().items()}}
        message = self.meaning.format_map(groups) or said.message
        return Words(message, self.remedy.format_map(groups), groups)
