"""What may be behind an error. Each room that meets errors has a table of these."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class NamedCause:
    """A cause that was recognised, in words.

    Attributes:
        name: The cause's.
        meaning: A clause without a full stop; empty where the words of the service say it best.
        remedy: Whole sentences.
        named: What the words named, such as `scope`.
    """

    name: str
    meaning: str
    remedy: str
    named: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cause:
    """One cause that is known: how it is recognised, and what to do. Every part that is given must match.

    Attributes:
        name: Short and stable, for tests and for rooms that treat it specially.
        text: A pattern that is found in what a service, a build or a log says; any text when empty.
        meaning: A clause; `{name}` is filled from the pattern's named groups, `{0}` from the first group that caught
            something. Empty keeps the words of the service.
        remedy: Whole sentences, filled in the same way.
        subject: The input that it is about; empty when it is about none.
        status: HTTP status, any when 0.
        code: A pattern that the whole error code matches, any when empty.
        extended: Microsoft.Web's extended code, any when empty.
        passes: Whether it ends by itself: the same request made a little later may succeed.
    """

    name: str
    text: str = ""
    meaning: str = ""
    remedy: str = ""
    subject: str = ""
    status: int = 0
    code: str = ""
    extended: str = ""
    passes: bool = False

    def named(self, found: re.Match[str], facts: Mapping[str, str] | None = None) -> NamedCause:
        """The cause in words.

        Args:
            found: What the pattern found.
            facts: More that meaning and remedy name, by name.
        """
        groups = {**(facts or {}), **{name: value or "?" for name, value in found.groupdict().items()}}
        caught = next((group for group in found.groups() if group), "")
        meaning, remedy = (text.format(caught, **groups) for text in (self.meaning, self.remedy))
        return NamedCause(self.name, meaning, remedy, groups)
