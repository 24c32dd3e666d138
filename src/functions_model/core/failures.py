"""Every way a run can fail, one class per family and one exit code per class.

A failure is one sentence of three parts: what could not be done, what was said, and what to do::

    Could not read the environment file: it is not a mapping. Start it with `dependencies:`.

`Failure` is raised anywhere and caught once, in `functions_model.cli`, which prints it and exits with its code.

    1   NotConfirmed       somebody at a terminal did not say yes; nothing was removed
    2   InputsInvalid      the inputs are wrong; nothing was touched
    3   BundleFailed       the files of the function app cannot be put together
    3   EnvironmentFailed  the dependencies cannot be resolved or installed
    3   PreflightFailed    the app would fail in Azure; no app, no setting and no image was written
    4   LoginFailed        Microsoft Entra ID refused, or no credential was found
    5   RegistryFailed     the container registry refused, or broke off
    6   PlanRefused        the live resources cannot carry this deployment; nothing was written
    7   ApplyIncomplete    a resource could not be written; what was done is listed
    8   NotLive            the app was deployed and does not answer as it must
    9   Overtaken          somebody else has deployed to the app meanwhile, and their version stays
    69  (in `cli` only)     the built-in sandbox cannot run here
    70  (any other error)  a bug of ours

What may be behind an error is a `Cause`: each room that meets errors has a table of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class Location:
    """A place in a file of the user.

    Attributes:
        file: The file, absolute or relative to the workspace.
        line: Counted from 1; None when the whole file is meant.
    """

    file: Path
    line: int | None = None

    def __str__(self) -> str:
        """`score.py:12`, or `score.py` without a line."""
        return f"{self.file}:{self.line}" if self.line else str(self.file)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with what the user gave.

    Attributes:
        what: What is wrong, a clause without a full stop: "the file `score.py` does not exist".
        remedy: What to do, one or more whole sentences; empty when `what` says it all, full stop included.
        subject: The input (or file) it is about: "entry-script".
        location: Where, when the fault is in a file.
    """

    what: str
    remedy: str
    subject: str = ""
    location: Location | None = None

    def __str__(self) -> str:
        """`entry-script: the file does not exist. Check the path.`. A line that the text names is not said twice."""
        where = f"{self.subject}: " if self.subject else ""
        at = self.location
        named = at is not None and at.line is not None and f"{at.file.name}:{at.line}" in self.what
        place = f" ({at})" if at and not named else ""
        return f"{where}{self.what}{place}. {self.remedy}" if self.remedy else f"{where}{self.what}{place}"


class RuleBroken(ValueError):
    """A text is not what it must be.

    Args:
        what: What is wrong, a clause without a full stop.
        remedy: What to do, one or more whole sentences.
    """

    def __init__(self, what: str, remedy: str) -> None:
        self.what = what
        self.remedy = remedy
        super().__init__(what)


class Failure(Exception):
    """The root of all failures that a user can do something about.

    Args:
        action: What was being done, as it follows "Could not": "read the environment file".
        reason: What went wrong, a clause without a full stop. Never holds a secret.
        remedy: What to do, one or more whole sentences.
        location: Where, when the fault is in a file of the user.
        detail: More lines for the log (a container log's tail, a resolver's own words). Never holds a secret.
    """

    exit_code: ClassVar[int] = 70

    def __init__(
        self, action: str, reason: str, remedy: str, *, location: Location | None = None, detail: str = ""
    ) -> None:
        self.action = action
        self.reason = reason.rstrip(".")
        self.remedy = remedy
        self.location = location
        self.detail = detail
        super().__init__(f"Could not {self.action}: {self.reason}. {self.remedy}")

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The single problems, each to be annotated on its own place; one for most failures."""
        return (Problem(str(self), "", location=self.location),)


class ProblemsFailure(Failure):
    """A failure that tells several problems at once.

    Args:
        action: As for `Failure`.
        problems: At least one.
        detail: As for `Failure`.
    """

    def __init__(self, action: str, problems: Iterable[Problem], *, detail: str = "") -> None:
        self._problems = tuple(problems)
        if not self._problems:
            raise ValueError("a ProblemsFailure needs at least one problem")
        first = self._problems[0]
        if len(self._problems) == 1:
            subject = f"{first.subject}: " if first.subject else ""
            super().__init__(action, subject + first.what, first.remedy, location=first.location, detail=detail)
            return
        reason, listing = f"there are {len(self._problems)} problems", "\n".join(f"  - {one}" for one in self._problems)
        super().__init__(action, reason, f"Fix each of them:\n{listing}", detail=detail)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem, in the order in which it was found."""
        return self._problems


class InputsInvalid(ProblemsFailure):
    """The inputs are missing, empty, unknown or contradict each other. Nothing was touched."""

    exit_code = 2


class BundleFailed(ProblemsFailure):
    """The files of the function app cannot be put together (entry script, model, host.json)."""

    exit_code = 3


class EnvironmentFailed(ProblemsFailure):
    """The dependencies cannot be read, resolved or installed."""

    exit_code = 3


class PreflightFailed(ProblemsFailure):
    """The app would fail in Azure. No app, no setting and no image was written."""

    exit_code = 3


class NotConfirmed(Failure):
    """Somebody at a terminal was asked, and did not say yes. Nothing was removed."""

    exit_code = 1


class LoginFailed(Failure):
    """Microsoft Entra ID refused, or the CI host gave no identity token."""

    exit_code = 4


class RegistryFailed(Failure):
    """The container registry refused a request, or broke off more often than retries mend."""

    exit_code = 5


class PlanRefused(ProblemsFailure):
    """The live resources cannot carry this deployment. Nothing was written."""

    exit_code = 6


class ApplyIncomplete(Failure):
    """A resource could not be written. `detail` lists what was written before."""

    exit_code = 7


class NotLive(Failure):
    """The app was deployed and does not answer as it must. `detail` is the tail of its log."""

    exit_code = 8


class Overtaken(Failure):
    """Somebody else has deployed to the app meanwhile: it is theirs, and nothing is rolled back.

    Args:
        app: For people: "the function app `iris`".
        image: What it runs; empty when it is gone, or runs none.
        told: What this run has done to it, whole sentences.
    """

    exit_code = 9

    def __init__(self, app: str, image: str, told: str = "Nothing was rolled back: their version stays.") -> None:
        self.app, self.image = app, image
        what = (
            f"somebody else has deployed to it in the meantime: it runs `{image}`"
            if image
            else "somebody has removed it in the meantime"
        )
        super().__init__(f"deploy to {app}", what, told)


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
