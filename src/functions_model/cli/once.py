"""One run, from the doors to an exit code: the only place where a failure is caught."""

# ruff: noqa: PLC0415 - what tells the end of a run is imported at the end: the upload should begin at once

from __future__ import annotations

import argparse
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from functions_model import environment, pipeline
from functions_model.ci import detect
from functions_model.ci.host import CiHost, Level
from functions_model.cli.ending import annotated, debugged, ids_of, tell_bug, tell_end, tell_failure
from functions_model.cli.masks import mask_inputs, mask_settings
from functions_model.cli.question import asked
from functions_model.cli.reaching import reaching
from functions_model.cli.report_directory import ReportDirectory
from functions_model.cli.signals import telling_the_end, told_by
from functions_model.cli.work_folder import work_folder
from functions_model.core.failures import Failure, InputsInvalid
from functions_model.core.promotion import AnySpec, PromotionSpec
from functions_model.core.spec import RemovalSpec
from functions_model.inputs import (
    REPORT,
    compilers,
    from_arguments,
    from_environment,
    listening_seconds,
    misspelt,
    read_any,
    report_folder,
)
from functions_model.pipeline.events import AppVerified, Event, ImageFound, RunStopped
from functions_model.pipeline.session import World, without_question
from functions_model.report.formatting import last, listed
from functions_model.report.narration import narrate
from functions_model.report.progress import Watched, watch

if TYPE_CHECKING:
    from functions_model.verify import Verified


BUG = 70
"""EX_SOFTWARE of sysexits.h: an error that is no `Failure` is our own."""


@dataclass(slots=True)
class History:
    """What happened in a run, in order."""

    narrator: Callable[[Event], None]
    events: list[Event] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def tell(self, event: Event) -> None:
        """Keep the event and write its line."""
        with self._lock:
            self.events.append(event)
        self.narrator(event)

    def so_far(self) -> tuple[Event, ...]:
        """What has happened until now."""
        with self._lock:
            return tuple(self.events)


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person has typed.

    Attributes:
        arguments: Behind the command.
        yes: Remove without a question.
    """

    arguments: tuple[str, ...]
    yes: bool = False


@dataclass(frozen=True, slots=True)
class Ending:
    """How a run ended.

    Attributes:
        code: The exit code.
        spec: None when the inputs were refused.
        events: What happened.
        seconds: Wall time of the whole run.
        failure: What ended it; None when all went well, or by a bug of ours.
    """

    code: int
    spec: AnySpec | None
    events: tuple[Event, ...]
    seconds: float
    failure: Failure | None = None

    @property
    def verified(self) -> Verified:
        """The proof of a deployment that succeeded."""
        return next(event.verified for event in self.events if isinstance(event, AppVerified))


def run_once(
    values: Mapping[str, str],
    environ: Mapping[str, str],
    ci: CiHost,
    workspace: Path,
    typed: Typed | None = None,
    *,
    beside: Callable[[CiHost], AbstractContextManager[object]] = nullcontext,
) -> Ending:
    """Run the pipeline once, watched, and tell its end to the CI host: outputs, summary, annotations.

    Args:
        values: Raw inputs by name.
        environ: The process environment.
        ci: The machine we run on behalf of.
        workspace: Relative paths among the inputs are resolved against it.
        typed: What a person has typed; None where nobody has.
        beside: Held open meanwhile, by somebody else who writes to the log, with the host to do it by.
    """
    folder = report_folder(values, workspace=workspace, facts=ci.facts)
    report = ReportDirectory(folder, workspace) if folder else None
    with watch(report.noting(ci) if report else ci, sys.stdout) as watched:
        run = _Run(watched, workspace, History(narrate(watched.ci)), typed, report)
        with told_by(run), beside(watched.ci):
            return run.through(values, environ)


@dataclass(slots=True)
class _Run:
    """One run, which tells its own end, or is stopped by a signal."""

    watched: Watched
    workspace: Path
    history: History
    typed: Typed | None = None
    report: ReportDirectory | None = None
    spec: AnySpec | None = None
    started: float = field(default_factory=time.monotonic)
    told: bool = False

    def through(self, values: Mapping[str, str], environ: Mapping[str, str]) -> Ending:
        ci, failure = self.watched.ci, None
        try:
            mask_inputs(values, ci)
            if ci.facts.connection and (key := ci.facts.connection.client_secret):
                ci.mask(key.reveal())
            for secret in environment.secrets_in(environ):
                ci.mask(secret)
            self.spec = read_any(values, workspace=self.workspace, facts=ci.facts)
            mask_settings(self.spec, values, ci)
            with reaching(ci):
                self._run(self.spec, environ)
        except Failure as error:
            failure = error
            if any(problem.subject == REPORT for problem in error.problems):
                self.report = None
        except Exception:  # noqa: BLE001 - whatever it is, the user must see a whole story and exit code 70
            with telling_the_end(), annotated(ci):
                tell_bug(ci)
                ending = self._ending(BUG)
                self._write_report(ending.spec, ending.events)
                return ending
        with telling_the_end(), annotated(ci):
            if failure:
                tell_failure(failure, ci, self.workspace)
            ending = self._ending(failure.exit_code if failure else 0, failure)
            typed = self.typed.arguments if self.typed else None
            tell_end(ending.spec, ending.events, failure, ci, ending.seconds, typed=typed)
            self._write_report(ending.spec, ending.events)
        return ending

    def _run(self, spec: AnySpec, environ: Mapping[str, str]) -> None:
        ci, seconds, tell = self.watched.ci, listening_seconds(environ), self.history.tell
        confirm = without_question if self.typed and self.typed.yes else asked(ci, self.watched.clear)
        with work_folder() as work, debugged(ci):
            world = World(ci, work, tell, self.watched.report, seconds, compilers(environ), confirm=confirm)
            if isinstance(spec, RemovalSpec):
                from functions_model.pipeline.destroy import destroy

                destroy(spec, world)
            elif isinstance(spec, PromotionSpec):
                from functions_model.pipeline.promotion import promote

                promote(spec, world)
            else:
                pipeline.run(spec, world)

    def _write_report(self, spec: AnySpec | None, events: Sequence[Event]) -> None:
        """The last of all: its log has the rest."""
        if self.report:
            self.report.write(spec, events, ids_of(spec), self.watched.ci)

    def _ending(self, code: int, failure: Failure | None = None) -> Ending:
        self.told = True
        events = self.history.so_far()
        return Ending(code, self._whole(events), events, time.monotonic() - self.started, failure)

    def _whole(self, events: Sequence[Event]) -> AnySpec | None:
        """The spec, with what an image that was found decides."""
        found = last(events, ImageFound)
        return found.spec if found else self.spec

    def stopping(self, awaited: tuple[str, ...]) -> None:
        waits = f" Waiting some seconds for the answer about {listed(awaited)}." if awaited else ""
        self.watched.ci.info(f"Stopping: nothing new is started.{waits}")
        from functions_model.report import outputs, page, stopped  # noqa: F401 - a second signal leaves no time for it

    def stopped(self, begun: tuple[str, ...]) -> None:
        """Say what is there and what runs: whoever stops a run half-way has to know."""
        if self.told:
            return
        from functions_model.report.stopped import stopped

        ci, events = self.watched.ci, (*self.history.so_far(), RunStopped(begun))
        spec = self._whole(events)
        failure = stopped(spec, events)
        # Each by itself: a terminal that is gone takes no line, and the files of a CI host are there all the same.
        with suppress(OSError, ValueError):
            self.watched.end()
            ci.unfold()
            ci.annotate(Level.ERROR, str(failure))
            ci.tell_annotations()
        with suppress(OSError, ValueError), annotated(ci):
            tell_end(spec, events, failure, ci, time.monotonic() - self.started)
            self._write_report(spec, events)


def from_action() -> int:
    """The container action: inputs from the CI host, paths below its workspace."""
    ci = detect(os.environ, sys.stdout)
    for note in misspelt(ci.facts):
        ci.info(f"Note: {note}")
    return _read_and_run(ci, ci.facts.workspace, lambda: from_environment(os.environ, ci.facts))


def from_step() -> int:
    """A step without a container: inputs from `FUNCTIONS_MODEL_*` variables alone, paths below the job's workspace."""
    ci = detect(os.environ, sys.stdout)
    return _read_and_run(ci, ci.facts.workspace, lambda: from_environment(os.environ))


def from_command_line(command: str, arguments: Sequence[str]) -> int:
    """The command line: inputs from flags and `FUNCTIONS_MODEL_*` variables, paths below the current folder."""
    own = argparse.Namespace(verbose="--verbose" in arguments, yes=False)
    ci = detect(os.environ, sys.stdout, on_command_line=True, verbose=own.verbose)
    values = _read(ci, lambda: from_arguments(arguments, os.environ, command=command, own=own))
    if isinstance(values, int):
        return values
    return run_once(values, os.environ, ci, Path.cwd(), Typed(tuple(arguments), yes=own.yes)).code


def _read_and_run(ci: CiHost, workspace: Path, read: Callable[[], dict[str, str]]) -> int:
    values = _read(ci, read)
    return values if isinstance(values, int) else run_once(values, os.environ, ci, workspace).code


def _read(ci: CiHost, read: Callable[[], dict[str, str]]) -> dict[str, str] | int:
    """The inputs, or the exit code when they are refused."""
    try:
        return read()
    except InputsInvalid as failure:
        with annotated(ci):
            for problem in failure.problems:
                ci.annotate(Level.ERROR, str(problem), problem.location)
        return failure.exit_code
