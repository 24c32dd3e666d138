"""What a soak came to: kept as JSON after each deployment, and told as a table."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one trial.

    Attributes:
        seed: Of the trial.
        done: What was done to it, in words.
        code: The exit code of the run with bad luck; a signal's number below zero.
        said: Its first error.
        seconds: How long that run took.
        mib: The most memory that it had.
        rerun: Whether another run was needed.
        wrong: What must not be so.
    """

    seed: int
    done: str
    code: int
    said: str
    seconds: float
    mib: float
    rerun: bool
    wrong: tuple[str, ...] = ()


@dataclass(slots=True)
class SoakResults:
    """All outcomes of a session.

    Attributes:
        file: Where they are written, as JSON, after each.
        outcomes: Those until now.
    """

    file: Path
    outcomes: list[Outcome] = field(default_factory=list)

    def add(self, outcome: Outcome) -> None:
        """Keep one."""
        self.outcomes.append(outcome)
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.file.write_text(json.dumps([asdict(one) for one in self.outcomes], indent=1))

    def table(self) -> str:
        """The figures, a row for each."""
        made = self.outcomes
        codes = Counter(one.code for one in made)
        rows = {
            "deployments": len(made),
            "converged at first": sum(not one.rerun and not one.wrong for one in made),
            "converged by one run more": sum(one.rerun and not one.wrong for one in made),
            "anything wrong": sum(bool(one.wrong) for one in made),
            "exit codes": ", ".join(f"{code}: {times} times" for code, times in sorted(codes.items())),
            "longest run": f"{max(one.seconds for one in made):.0f} s",
            "peak memory of a run": f"{max(one.mib for one in made):.0f} MiB",
        }
        return "\n".join(f"| {name} | {value} |" for name, value in rows.items())
