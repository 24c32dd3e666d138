"""What is told at the end of a run: what is wrong, the outputs, the page."""

# ruff: noqa: PLC0415 - what tells the end of a run is imported at the end: the upload should begin at once

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path

from functions_model.ci.host import CiHost, Level
from functions_model.core.failures import Failure, Problem
from functions_model.core.masking import forms
from functions_model.core.promotion import AnySpec
from functions_model.core.tracing import tracing
from functions_model.pipeline.events import Event
from functions_model.report.formatting import listed


@contextmanager
def annotated(ci: CiHost) -> Iterator[None]:
    """Write the annotations that the host has held when the block is left, whatever happened in it."""
    try:
        yield
    finally:
        ci.tell_annotations()


def debugged(ci: CiHost) -> AbstractContextManager[None]:
    """While it is open, each request and each call of a tool is told, if people have asked the host for all of it."""
    return tracing(ci.info) if ci.facts.debug else nullcontext()


def tell_failure(failure: Failure, ci: CiHost, workspace: Path) -> None:
    """Each problem as an annotation of its own."""
    if failure.detail:
        with ci.group("Details"):
            ci.info(failure.detail)
    for problem in failure.problems:
        ci.annotate(Level.ERROR, shown(problem, workspace), problem.location)


def shown(problem: Problem, workspace: Path) -> str:
    """A problem with its paths as the user wrote them, below the workspace."""
    return str(problem).replace(f"{workspace}{os.sep}", "")


def tell_end(
    spec: AnySpec | None,
    events: Sequence[Event],
    failure: Failure | None,
    ci: CiHost,
    seconds: float,
    *,
    typed: Sequence[str] | None = None,
) -> None:
    """The outputs, or for people what was done, and the summary page.

    Args:
        spec: None when the inputs were refused.
        events: What happened, in order.
        failure: What ended the run; None when all went well.
        ci: Takes it.
        seconds: Wall time of the whole run.
        typed: The arguments of the command, where a person can go on with another.
    """
    from functions_model.report.outputs import outputs
    from functions_model.report.page import summary

    if ci.facts.is_brief:
        from functions_model.cli.next_steps import tell_people

        tell_people(spec, events, failure, ci, seconds, typed=typed)
    tell_outputs(outputs(spec, events), ci, ids_of(spec))
    ci.summary(summary(spec, events, failure, seconds))


def tell_outputs(outputs: Mapping[str, str], ci: CiHost, ids: Mapping[str, str] | None = None) -> None:
    """Write the step outputs. The host leaves out those that a masked value is a part of.

    Args:
        outputs: By name.
        ci: Takes them.
        ids: What people mask, by the input that says it, though it is no secret: an output that holds one is told.
    """
    for name, value in outputs.items():
        if not ci.output(name, value):
            continue
        held = [given for given, one in (ids or {}).items() if holds_id(value, one)]
        if held and ci.facts.masked_outputs:
            named = listed([f"`{given}`" for given in held])
            ci.annotate(Level.WARNING, f"The output `{name}` contains the value of {named}. {ci.facts.masked_outputs}")


def holds_id(text: str, one: str) -> bool:
    """Whether an id, a GUID, stands in a text: in whatever case, or in a form in which hosts look for it, too."""
    return one.lower() in text.lower() or any(form in text for form in forms(one))


def ids_of(spec: AnySpec | None) -> dict[str, str]:
    """The ids that a run was given and that people keep as secrets, by input."""
    if spec is None:
        return {}
    names, login = spec.names, spec.login
    found = {
        "subscription-id": names.subscription if names else "",
        "tenant-id": login.tenant_id if login else "",
        "client-id": login.client_id if login else "",
    }
    return {name: value for name, value in found.items() if value}


def tell_bug(ci: CiHost) -> None:
    """The error that is being handled, with its traceback."""
    with ci.group("Traceback"):
        ci.info(traceback.format_exc())
    ci.annotate(
        Level.ERROR,
        "This is a bug in functions-model-action, not in your project. Please report it with the traceback above.",
    )
