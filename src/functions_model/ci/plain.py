"""A plain console: a laptop, or a CI host that we know nothing about."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from functions_model.ci.github import facts_of
from functions_model.ci.host import Facts, Level
from functions_model.ci.identity import JobIdentity
from functions_model.ci.scrub import ScrubbedLog
from functions_model.ci.terminal import Colour, brief_digests, folded, inert, painted, size_of
from functions_model.core.failures import Location, LoginFailed

SUMMARY_FILE = "FUNCTIONS_MODEL_SUMMARY_FILE"
"""The variable that names a file for a plain console's summary page."""
OUTPUT_FILE = "FUNCTIONS_MODEL_OUTPUT_FILE"
"""The variable that names a file for a plain console's outputs, for CI hosts that read dotenv files."""
_NO_QUOTES = re.compile(r"[A-Za-z0-9_./:@,+=%?-]{0,1024}")
"""Values that a shell and every reader of dotenv files take alike, without quotes. GitLab takes 5 kB in all
(https://docs.gitlab.com/ci/yaml/artifacts_reports/#artifactsreportsdotenv)."""
_BRACKETS = re.compile(r"\(([^()]+)\)")


_COLOURS = {Level.ERROR: (Colour.HEADING, Colour.BAD), Level.WARNING: (Colour.CHANGED,), Level.NOTICE: ()}


class PlainHost(ScrubbedLog):
    """Prints to a stream. Outputs are printed too, and a summary goes to a file when one is named.

    On a terminal long lines are folded. Where the log is brief, a part of the story is a heading above its first line.

    Args:
        stream: Where the log goes.
        facts: Of the run. They name no file for a summary where the log says it all; None: nothing is known.
        identity: Where identity tokens come from; None where there are none.
        clock: Seconds, for durations.
    """

    def __init__(
        self,
        stream: TextIO,
        facts: Facts | None = None,
        *,
        identity: JobIdentity | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(stream)
        self.facts = facts or facts_of({})
        self._identity = identity
        self._clock = clock
        self._heading = ""

    def mask(self, value: str) -> None:
        """Never print this value."""
        self._remember(value)

    def info(self, text: str) -> None:
        """Print it."""
        with self._lock:
            heading, self._heading = self._heading, ""
        if heading:
            self._show(f"\n{self._painted(self.scrub(heading), Colour.HEADING)}")
        self._show(self.scrub(text))

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Print the title, and at the end how long it took."""
        if self.facts.is_brief:
            self._heading = title
            try:
                yield
            finally:
                self._heading = ""
            return
        started = self._clock()
        self.info(f"== {title}")
        try:
            yield
        finally:
            self.info(f"   {title}: {self._clock() - started:.1f} s")

    def unfold(self) -> None:
        """Nothing: a console has no folds."""

    def annotate(self, level: Level, message: str, location: Location | None = None, *, minor: bool = False) -> None:
        """Print it behind its level and place; a place that the message names itself is not said twice."""
        del minor  # all are shown
        place = f"{location}: " if location and not _names(message, location) else ""
        self.info(f"{self._painted(f'{level}:', *_COLOURS[level])} {place}{message}")

    def _inert(self, text: str) -> str:
        return inert(text, colours=self.facts.has_colours)

    def _painted(self, text: str, *colours: Colour) -> str:
        return painted(text, *colours) if self.facts.has_colours else text

    def _show(self, text: str) -> None:
        brief = brief_digests(text) if self.facts.is_brief else text
        self._write(folded(brief, size_of(self._stream).columns) if self.facts.has_terminal else brief)

    def tell_annotations(self) -> None:
        """Nothing: a console holds none."""

    def _write_output(self, name: str, value: str) -> None:
        """Print it as `name=value`, but not for people at a terminal; of a value of several lines, how many there are.

        The file of outputs gets those that need no quotes, as `DEPLOY_APP_URL=https://...`.
        """
        if not self.facts.is_brief:
            lines = value.splitlines()
            self.info(f"{name}={value if len(lines) < 2 else f'({len(lines)} lines)'}")
        if self.facts.outputs and _NO_QUOTES.fullmatch(value):
            self._write_file(self.facts.outputs, OUTPUT_FILE, f"DEPLOY_{name.upper().replace('-', '_')}={value}\n")

    def summary(self, markdown: str) -> None:
        """Append it to the summary file, when there is one."""
        if self.facts.summary:
            self._write_file(self.facts.summary, SUMMARY_FILE, self.scrub(markdown) + "\n")

    def identity_token(self, audience: str) -> str:
        """A token of the job, where the environment names an endpoint for it.

        Raises:
            LoginFailed: There is none to give: most consoles have no identity of their own.
        """
        if self._identity is None:
            what = "this machine is not a CI job that can prove who it is"
            remedy = (
                "Give a client secret (`client-secret`), or run in GitHub Actions with `permissions: id-token: write`."
            )
            raise LoginFailed(f"get an identity token for `{audience}`", what, remedy)
        return self._identity.token(audience, self.mask)


def _names(message: str, location: Location) -> bool:
    """Whether the message has the place in brackets, as problems have: `(score.py:12)`."""
    whole = str(location)
    return any(whole == told or whole.endswith(f"/{told}") for told in _BRACKETS.findall(message))
