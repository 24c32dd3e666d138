"""The door `doctor`: what is missing here and in Azure, section by section, as text that can be pasted anywhere."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from functions_model import environment
from functions_model.ci import detect
from functions_model.ci.host import CiHost
from functions_model.ci.network import Network, read_network
from functions_model.ci.terminal import Colour, painted, size_of
from functions_model.cli.ending import annotated, debugged, tell_bug, tell_failure
from functions_model.cli.folder import INPUTS
from functions_model.cli.masks import mask_inputs, mask_settings
from functions_model.cli.once import BUG
from functions_model.cli.reaching import reaching
from functions_model.cli.work_folder import work_folder
from functions_model.core.failures import Failure, InputsInvalid
from functions_model.doctor import Diagnosis, State, examine_azure, examine_folder, examine_machine
from functions_model.doctor.diagnosis import failure as told_as
from functions_model.doctor.folder import Folder
from functions_model.doctor.machine import Machine
from functions_model.inputs import from_arguments
from functions_model.inputs.own_options import DOCTOR
from functions_model.inputs.readable import read_as_far_as_possible
from functions_model.pipeline.session import World
from functions_model.provision.context import discard
from functions_model.report.pasting import apart, pasted

_COLOURS = {State.OK: (Colour.GOOD,), State.WARNING: (Colour.CHANGED,), State.PROBLEM: (Colour.HEADING, Colour.BAD)}
_WIDTH = len(State.NOT_ASKED)
_COMMANDS = re.compile(
    r"(?P<before>^|\. )?`(?P<first>{0})`(?:, then `(?P<then>{0})`)*".format(r"(?:az|uv) [^`]* -[^`]*")
)
_COMMAND = re.compile(r"`((?:az|uv) [^`]* -[^`]*)`")
"""A whole command to type: `az lock list`, without an option, only names one."""
_ID = re.compile(r"\b([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE)


def doctor(arguments: Sequence[str]) -> int:
    """Say what is missing for a deployment, and what fixes it. Nothing is written, here or in Azure.

    Returns:
        0 where there is no problem; else the code that a deployment would end with: the lowest, as it meets them in
        that order.
    """
    ci, own = detect(os.environ, sys.stdout, on_command_line=True), argparse.Namespace(short_ids=False)
    with annotated(ci):
        try:
            values = from_arguments(arguments, os.environ, command=DOCTOR, own=own)
            mask_inputs(values, ci)
            for secret in environment.secrets_in(os.environ):
                ci.mask(secret)
            with work_folder() as work, debugged(ci):
                return _examine(values, ci, Paper(ci, short=own.short_ids), work)
        except Failure as failure:
            tell_failure(failure, ci, Path.cwd())
            return failure.exit_code
        except Exception:  # noqa: BLE001 - whatever it is, the user must see a whole story and exit code 70
            tell_bug(ci)
            return BUG


@dataclass(slots=True)
class Paper:
    """What is written down for whoever asked.

    Attributes:
        ci: Takes it.
        short: Whether ids are cut to their first eight digits.
        found: All that was told so far.
    """

    ci: CiHost
    short: bool
    found: list[Diagnosis] = field(default_factory=list)

    def section(self, title: str, diagnoses: Iterable[Diagnosis]) -> None:
        """Tell a part of it."""
        told = list(diagnoses)
        self.found += told
        colours = self.ci.facts.has_colours
        heading = painted(title, Colour.HEADING) if colours else title
        columns = size_of(sys.stdout).columns if self.ci.facts.has_terminal else None
        lines = [line for one in told for line in lines_of(one, colours=colours, columns=columns)]
        self.say("\n".join(["", heading, *lines]))

    def say(self, text: str) -> None:
        """Tell a text."""
        text = text.replace(str(Path.home()), "~")
        self.ci.info(_ID.sub(r"\1-...", text) if self.short else text)

    def end(self) -> int:
        """Count, and give the exit code."""
        wrong = [one for one in self.found if one.state is State.PROBLEM]
        counts = {state: sum(one.state is state for one in self.found) for state in State}
        self.say("\n" + counted(counts))
        return min((one.code for one in wrong), default=0)


def counted(counts: Mapping[State, int]) -> str:
    """How many of each, in a sentence; what is fine is not counted."""
    named = ((State.PROBLEM, "problem", "problems"), (State.WARNING, "warning", "warnings"))
    words = [f"{counts[state]} {one if counts[state] == 1 else many}" for state, one, many in named if counts[state]]
    if counts[State.NOT_ASKED]:
        words.append(f"{counts[State.NOT_ASKED]} not asked")
    return f"{', '.join(words)}." if words else "Nothing is missing."


def _examine(values: Mapping[str, str], ci: CiHost, paper: Paper, work: Path) -> int:
    try:
        network = read_network(os.environ, ci.facts)
    except InputsInvalid as invalid:
        paper.section("This machine", told_as("network", invalid))
        return paper.end()
    with reaching(ci):
        _sections(_folder(values, ci), network, World(ci, work, discard), paper)
    return paper.end()


def _sections(folder: Folder, network: Network, world: World, paper: Paper) -> None:
    in_folder = list(examine_folder(folder, world))
    machine = Machine(os.environ, network, world.work, folder.spec, folder.request, folder.readable.base_image)
    with ThreadPoolExecutor(2, "section") as pool:
        here = pool.submit(lambda: list(examine_machine(machine)))
        there = pool.submit(lambda: list(examine_azure(folder.readable, world)))
        paper.section("This machine", here.result())
        paper.section("This folder", in_folder)
        paper.section("Azure", there.result())


def _folder(values: Mapping[str, str], ci: CiHost) -> Folder:
    """The inputs, those of the folder's own `inputs.yml` among them where no other file is named."""
    given = dict(values)
    if not given.get("inputs-file") and Path(INPUTS).is_file():
        given["inputs-file"] = INPUTS
    readable = read_as_far_as_possible(given, workspace=Path.cwd(), facts=ci.facts)
    if readable.placed:
        mask_settings(readable.placed, given, ci)
    file = given.get("inputs-file", "")
    return Folder(given, Path(file) if file else None, readable)


def lines_of(one: Diagnosis, *, colours: bool = False, columns: int | None = None) -> Iterator[str]:
    """A line for what was found, one for what to do, and each command on lines of its own.

    Args:
        one: What was found.
        colours: Whether the state is painted.
        columns: How wide a command's line may be; None: as wide as it gets.
    """
    state = f"{one.state:{_WIDTH}}"
    shown = painted(state, *_COLOURS.get(one.state, ())) if colours else state
    yield f"  {shown}  {one.topic}: {one.what}"
    indent = " " * (_WIDTH + 4)
    if one.remedy:
        yield f"{indent}{said_of(one.remedy)}"
    for command in _COMMAND.findall(one.remedy):
        yield from pasted(apart(command), columns, "    ")


def said_of(remedy: str) -> str:
    """What to do, with the commands that follow it called by their number."""
    return _COMMANDS.sub(_called, remedy)


def _called(found: re.Match[str]) -> str:
    number = len(_COMMAND.findall(found[0]))
    name = "this command" if number == 1 else f"these {number} commands"
    before = found["before"]
    return name if before is None else f"{before}{name.capitalize()}"
