"""What GitHub's runner does with a job's outputs: one that holds a masked text never reaches another job.

After actions/runner: which values are masked (Worker.cs, `InitializeSecretMasker`; ActionCommandManager.cs,
`AddMaskCommandExtension`), in which forms (HostContext.cs, ValueEncoders.cs), how they are found (ValueSecret.cs,
ordinally), and what becomes of an output that holds one (JobExtension.cs, "Skip output"). Written from what these do;
none of their text is here.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_SHORTEST_PART = 6
"""Characters of a part that PowerShell may show by itself."""
_SHORTEST_QUOTED = 8


def _base64(value: str, left_out: int = 0) -> str:
    content = value.encode()
    return base64.b64encode(content[left_out:] if len(content) > left_out else content).decode()


def _in_json(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)[1:-1]


def _in_xml(value: str) -> str:
    signs = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}
    return "".join(signs.get(sign, sign) for sign in value)


def _without_quotes(value: str) -> str:
    quoted = len(value) > _SHORTEST_QUOTED and value[0] == value[-1] == '"'
    return value[1:-1] if quoted else ""


def _before_ampersand(value: str) -> str:
    end = value.index("&+") + 2 if "&+" in value else value.rfind("&") + 1
    return value[:end] if end >= _SHORTEST_PART else ""


def _after_ampersand(value: str) -> str:
    if "&" not in value:
        return ""
    start = value.index("&+") + 3 if "&+" in value else value.rindex("&") + 1
    return value[start:] if len(value) - start >= _SHORTEST_PART else ""


FORMS: tuple[Callable[[str], str], ...] = (
    str,
    _base64,
    lambda value: _base64(value, 1),
    lambda value: _base64(value, 2),
    lambda value: value.replace('"', '\\"'),
    lambda value: value.replace("'", "''"),
    _in_json,
    lambda value: quote(value, safe=""),
    _in_xml,
    _without_quotes,
    _before_ampersand,
    _after_ampersand,
)
"""A value in each form that is masked; an empty text is none."""


@dataclass(frozen=True, slots=True)
class RunnerMasker:
    """The masked values of a job.

    Attributes:
        secrets: Of the repository, the organization and the environment.
    """

    secrets: Iterable[str]
    _masked: set[str] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        for value in self.secrets:
            self.add(value.strip())

    def add(self, value: str) -> None:
        """Mask a value as a whole, and each line of it, however short."""
        for text in (value, *(line.strip() for line in re.split(r"[\r\n]", value))):
            if text:
                self._masked.update(form for form in (encode(text) for encode in FORMS) if form)

    def masks(self, text: str) -> bool:
        """Whether the text would be shown with stars."""
        return any(masked in text for masked in self._masked)

    def job_outputs(self, outputs: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
        """What other jobs get, and the warnings about what they do not get. Empty outputs go without a word."""
        kept = {name: value for name, value in outputs.items() if value and not self.masks(value)}
        dropped = [name for name, value in outputs.items() if value and name not in kept]
        return kept, [f"Skip output '{name}' since it may contain secret." for name in dropped]
