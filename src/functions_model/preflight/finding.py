"""What a check has found, how grave it is, and what becomes of it."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from functions_model.ci.host import CiHost, Level
from functions_model.core.build import Preflight
from functions_model.core.failures import PreflightFailed, Problem

ACTION = "pass preflight"


class Weight(enum.IntEnum):
    """How grave a finding is."""

    NOTE = 1
    """It may be meant so: a line of the log, and never more."""
    DOUBT = 2
    """It may be there all the same: a line of the log; `strict` ends the run."""
    WARNING = 3
    """It fails for some inputs, or on some machines: an annotation; `strict` ends the run."""
    FAILURE = 4
    """The app cannot come alive, or cannot answer. It ends the run."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that would fail in Azure.

    Attributes:
        weight: How grave it is.
        problem: What it is, with a way out that works, and its line.
    """

    weight: Weight
    problem: Problem

    @property
    def line(self) -> str:
        """As a linter prints it: `score.py:3: warning: what. What to do.`."""
        place = f"{self.problem.location}: " if self.problem.location else ""
        remedy = f". {self.problem.remedy}" if self.problem.remedy else ""
        return f"{place}{self.weight.name.lower()}: {self.problem.what}{remedy}"


def ends(finding: Finding, how: Preflight) -> bool:
    """Whether a finding ends the run."""
    least = {Preflight.STANDARD: Weight.FAILURE, Preflight.STRICT: Weight.DOUBT}
    return how is not Preflight.NONE and finding.weight >= least[how]


def settle(findings: Iterable[Finding], how: Preflight, ci: CiHost) -> None:
    """Tell what was found, each on its own line of the user's file.

    Args:
        findings: In the order in which they are told.
        how: What the user wants of it.
        ci: Takes annotations and notes.

    Raises:
        PreflightFailed: With every finding that ends the run.
    """
    if how is Preflight.NONE:
        return
    found = tuple(findings)
    for finding in found:
        if ends(finding, how):
            continue
        if finding.weight <= Weight.DOUBT:
            ci.info(f"Note: {finding.problem}")
        else:
            ci.annotate(Level.WARNING, str(finding.problem), finding.problem.location)
    problems = [finding.problem for finding in found if ends(finding, how)]
    if problems:
        raise PreflightFailed(ACTION, problems)
