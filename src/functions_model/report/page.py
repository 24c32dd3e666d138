"""The step summary: one Markdown page that says what happened, what it cost, and what to do next."""

# ruff: noqa: PLC0415 - what tells of resources is imported where there are any: other runs need not wait for it

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from functions_model.ci.host import Level
from functions_model.ci.terminal import brief_digests
from functions_model.core.failures import Failure
from functions_model.core.masking import cut
from functions_model.core.promotion import AnySpec, PromotionSpec
from functions_model.core.spec import DeploymentSpec, Mode, RemovalSpec, Target
from functions_model.pipeline.events import AppVerified, Event, StageEnded
from functions_model.report.cause import cause_of
from functions_model.report.formatting import duration, every, proven
from functions_model.report.image_page import image_section
from functions_model.report.image_text import environment_section
from functions_model.report.markdown import cell, fenced, folded, prose, quoted
from functions_model.report.outcome import headline
from functions_model.report.proof import caveats, times_text, trigger_text

_ANSWER = 2000
"""Characters of an answer that are shown."""
_ALERTS = {Level.WARNING: "WARNING", Level.NOTICE: "NOTE"}
"""https://docs.github.com/get-started/writing-on-github/getting-started-with-writing-and-formatting-on-github/basic-writing-and-formatting-syntax#alerts."""


def summary(
    spec: AnySpec | None,
    events: Sequence[Event],
    failure: Failure | None,
    seconds: float,
    *,
    now: datetime | None = None,
) -> str:
    """The page.

    Args:
        spec: None when the inputs were refused.
        events: What happened, in order.
        failure: What ended the run; None when all went well.
        seconds: Wall time of the whole run.
        now: For the age of the base image; None means what the machine's clock says.
    """
    if isinstance(spec, RemovalSpec):
        return _joined(*_removal(spec, events, failure, seconds))
    verified, whole = proven(events), spec if isinstance(spec, DeploymentSpec) else None
    return _joined(
        f"## {prose(headline(spec, events, failure))}{f' ({duration(seconds)})' if spec else ''}",
        _failure(failure),
        _caveats(verified) if verified else "",
        prose(trigger_text(verified)) if verified else "",
        prose(times_text(verified)) if verified else "",
        "\n".join(f"- {prose(note)}" for note in spec.notes) if spec else "",
        _call(whole, whole.target, verified) if whole and whole.target and verified else "",
        image_section(events, now or datetime.now(UTC)),
        _resources(spec, events),
        environment_section(whole, events),
        _timings(events),
    )


def _joined(*parts: str) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"


def _removal(
    spec: RemovalSpec, events: Sequence[Event], failure: Failure | None, seconds: float
) -> tuple[str, str, str, str]:
    """The page of a removal: there is no image, and nothing to call."""
    from functions_model.report.plan_page import plan_section

    head = f"## {prose(headline(spec, events, failure))} ({duration(seconds)})"
    return head, _failure(failure), plan_section(events, applies=spec.mode is Mode.DESTROY), _timings(events)


def _resources(spec: DeploymentSpec | PromotionSpec | None, events: Sequence[Event]) -> str:
    if spec is None or spec.names is None:
        return ""
    from functions_model.report.plan_page import plan_section

    return plan_section(events, applies=spec.mode is Mode.DEPLOY)


def _failure(failure: Failure | None) -> str:
    if failure is None:
        return ""
    text = f"> [!CAUTION]\n> {quoted(prose(brief_digests(str(failure))))}"
    if cause := cause_of(failure):
        text += f"\n\n{fenced(cause)}"
    if failure.detail:
        text += f"\n\n{folded('Details', fenced(failure.detail))}"
    return text


def _caveats(event: AppVerified) -> str:
    told = [(level, prose(text)) for level, text in caveats(event)]
    if warned := "\n".join(f"- {prose(one.text)}" for one in event.verified.warnings):
        told.append((Level.WARNING, warned))
    return "\n\n".join(f"> [!{_ALERTS[level]}]\n> {quoted(text)}" for level, text in told)


def _call(spec: DeploymentSpec, target: Target, event: AppVerified) -> str:
    from functions_model.report.calling import how_to_call

    lines = ["### How to use it", "", "```bash", *how_to_call(spec, target, event.verified, event.candidate), "```"]
    if event.verified.answer:
        lines += ["", "The sample request was answered:", "", fenced(cut(event.verified.answer, _ANSWER))]
    return "\n".join(lines)


def _timings(events: Sequence[Event]) -> str:
    stages = every(events, StageEnded)
    if not stages:
        return ""
    rows = [
        f"| {cell(stage.title)}{'' if stage.succeeded else ' (failed)'} | {duration(stage.seconds)} |"
        for stage in stages
    ]
    return "\n".join(["### Timings", "", "| stage | time |", "|---|---:|", *rows])
