"""What somebody at a terminal is told at the end: what became of it, what was done, and a command to go on with."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from functions_model.ci.host import CiHost
from functions_model.ci.terminal import Colour, painted, size_of
from functions_model.cli.shell import command
from functions_model.core.failures import Failure
from functions_model.core.promotion import AnySpec
from functions_model.core.spec import DeploymentSpec, HttpTrigger, Mode
from functions_model.inputs.command_line import options_of
from functions_model.inputs.own_options import ASKING
from functions_model.pipeline.events import Event, PlanMade, RemovalPlanned
from functions_model.report.formatting import last, proven
from functions_model.report.outcome import done_lines, headline


def tell_people(
    spec: AnySpec | None,
    events: Sequence[Event],
    failure: Failure | None,
    ci: CiHost,
    seconds: float,
    *,
    typed: Sequence[str] | None = None,
) -> None:
    """Write it to the log.

    Args:
        spec: None when the inputs were refused.
        events: What happened, in order.
        failure: What ended the run; None when all went well.
        ci: Whose log.
        seconds: Wall time of the whole run.
        typed: The arguments of the command; None where nobody has typed one that could be gone on with.
    """
    if spec is None:
        return
    verified = proven(events)
    where = f": {verified.verified.app_url}" if verified and not failure else ""
    colours = (Colour.HEADING, Colour.BAD if failure else Colour.GOOD) if ci.facts.has_colours else ()
    told = [painted(headline(spec, events, failure), *colours) + where, *done_lines(spec, events, seconds, failure)]
    steps = [] if failure or typed is None else next_steps(spec, events, typed, size_of(sys.stdout).columns)
    ci.info("\n".join(["", *told, *steps]))


def next_steps(spec: AnySpec, events: Sequence[Event], typed: Sequence[str], columns: int) -> list[str]:
    """Lines with a command that goes on from here, and what it does; none where there is nothing to go on with.

    Args:
        spec: What was run.
        events: What happened, in order.
        typed: The arguments of the command.
        columns: How wide a line may be.
    """
    planned = last(events, RemovalPlanned) or last(events, PlanMade)
    changes = planned is not None and planned.plan.has_changes
    if spec.mode is Mode.PLAN and changes:
        return ["", "Next, deploy it:", *command("deploy", *typed, columns=columns)]
    if spec.mode is Mode.PLAN_DESTROY and changes:
        return ["", "Next, remove it:", *command("destroy", *typed, columns=columns)]
    verified = proven(events)
    if not isinstance(spec, DeploymentSpec) or spec.target is None or verified is None:
        return []
    if isinstance(spec.trigger, HttpTrigger):
        file = () if spec.sample_request else ("request.json",)
        given = options_of(typed, ASKING["call"])
        return ["", "Call it:", *command("call", *file, *given, columns=columns)]
    from functions_model.report.calling import how_to_call  # noqa: PLC0415 - as few runs need it

    return ["", "Use it:", *how_to_call(spec, spec.target, verified.verified, verified.candidate, columns=columns)]
