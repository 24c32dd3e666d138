"""What was looked at: what the sandbox believes, and what came."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RECORDINGS = HERE / "recordings"
"""What was seen on the real thing; `make docs` reads it."""
ELSEWHERE = HERE.parents[1] / "build" / "real"
"""What was seen on the sandbox, or on an image of somebody else's: it proves nothing but that the checks run."""


@dataclass(frozen=True, slots=True)
class Observation:
    """One look.

    Attributes:
        check: `test_host.py::TestBodies::test_chunked`.
        what: In a few words.
        believed: What the sandbox does.
        seen: What came.
    """

    check: str
    what: str
    believed: Any
    seen: Any

    @property
    def agrees(self) -> bool:
        """Whether they are the same."""
        return bool(self.believed == self.seen)

    @property
    def line(self) -> str:
        """For a person."""
        told = "as believed" if self.agrees else f"DIFFERS from {_short(self.believed)}"
        return f"{self.what}: {_short(self.seen)} ({told})"


@dataclass(slots=True)
class Recording:
    """Everything that a run has looked at.

    Attributes:
        target: `azure`, `host` (Microsoft's base image), `sandbox`, or `other`.
        versions: What was judged: the host's version, the image's digest ...
        observations: In order.
        seconds: How long things took: nothing is believed of them.
    """

    target: str
    versions: dict[str, str] = field(default_factory=dict)
    observations: list[Observation] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    def write(self) -> Path:
        """Keep it; among the recordings only when it was seen on the real thing."""
        folder = RECORDINGS if self.target in {"azure", "host"} else ELSEWHERE
        folder.mkdir(parents=True, exist_ok=True)
        now = datetime.now(UTC)
        path = folder / f"{self.target}-{now:%Y-%m-%d-%H%M%S}.json"
        told = {
            "target": self.target,
            "date": f"{now:%Y-%m-%d}",
            "versions": self.versions,
            "seconds": self.seconds,
            "observations": [{**asdict(one), "agrees": one.agrees} for one in self.observations],
        }
        path.write_text(json.dumps(told, indent=2, default=str) + "\n", encoding="utf-8")
        return path

    def page(self) -> str:
        """Markdown, for the summary of a workflow's run."""
        versions = ", ".join(f"{name} {value}" for name, value in self.versions.items())
        rows = [
            f"| {one.what} | `{_short(one.believed)}` | `{_short(one.seen)}` | {'' if one.agrees else '**differs**'} |"
            for one in self.observations
        ]
        head = ["", "| looked at | the sandbox believes | came | |", "|---|---|---|---|"]
        took = [f"- {what}: {seconds} s" for what, seconds in self.seconds.items()]
        return "\n".join([f"## Looked at: {self.target} ({versions})", *head, *rows, "", *took])


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= 160 else f"{text[:157]}..."
