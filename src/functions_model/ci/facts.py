"""What a CI host says of a run, and what people who use that host are advised to do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

LONGEST_JOB = 6 * 60 * 60
"""Seconds; a job on a hosted runner is ended after six hours."""


@dataclass(frozen=True, slots=True)
class Advice:
    """Whole sentences for messages, in the words of the host.

    Attributes:
        identity: How a job gets an identity token.
        subject: What to know of the subject that such a token names.
        one_at_a_time: How to let one deployment at a time go to an app.
    """

    identity: str
    subject: str
    one_at_a_time: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What a host says of a run. A text is empty where the host does not say.

    Attributes:
        workspace: The folder with the repository.
        advice: For people who use the host.
        host_workspace: The same folder as steps outside of our container name it; None where there is no such name.
        source: The address of the repository.
        revision: The commit.
        run_url: The page of the run.
        inputs: The step's own, by their names; empty texts for those that are not given.
        variable: The variable that an input comes in, for messages; `{}` stands for the input's name in upper case.
        summary: The file that the run's page is appended to; None where there is no page.
        has_identity: Whether an identity token can be asked for.
        has_terminal: Whether the log is a terminal that a person looks at, where lines may be drawn again.
        debug: Whether people have asked the host for all there is to know.
    """

    workspace: Path
    advice: Advice
    host_workspace: str | None = None
    source: str = ""
    revision: str = ""
    run_url: str = ""
    inputs: Mapping[str, str] = field(default_factory=dict, repr=False)
    variable: str = "{}"
    summary: Path | None = None
    has_identity: bool = False
    has_terminal: bool = False
    debug: bool = False
