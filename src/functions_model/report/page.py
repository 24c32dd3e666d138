"""The step summary: one Markdown page that says what happened, what it cost, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.digests import short
from functions_model.core.spec import Mode
from functions_model.pipeline.events import (
    AppVerified,
    EnvironmentResolved,
    ImageBuilt,
    ImagePushed,
    PlanMade,
    StageEnded,
)
from functions_model.provision import Action
from functions_model.report.calling import how_to_call
from functions_model.report.figures import count, duration, size
from functions_model.report.finding import last
from functions_model.report.plan_text import NO_CHANGES, SYMBOLS, field_text, plan_count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from functions_model.core.failures import Failure
    from functions_model.core.spec import DeploymentSpec
    from functions_model.pipeline.events import Event
    from functions_model.provision import Change


def summary(spec: DeploymentSpec | None, events: Sequence[Event], failure: Failure | None, seconds: float) -> str:
    """The page.

    Args:
        spec: None when the inputs were refused.
        events: What happened, in order.
        failure: What ended the run; None when all went well.
        seconds: Wall time of the whole run.
    """
    parts = [
        _headline(spec, failure, seconds),
        _failure(failure),
        _notes(spec),
        _call(spec, events),
        _image(events),
        _resources(spec, events),
        _environment(events),
        _timings(events),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _headline(spec: DeploymentSpec | None, failure: Failure | None, seconds: float) -> str:
    if spec is None:
        return "## functions-model-action: the inputs were refused"
    name = spec.target.app_name if spec.target else spec.image.repository
    done = {Mode.DEPLOY: "is live", Mode.PLAN: "is planned; nothing was written", Mode.PACKAGE: "is packaged"}
    state = "failed" if failure else done[spec.mode]
    return f"## `{name}` {state} ({duration(seconds)})"


def _failure(failure: Failure | None) -> str:
    if failure is None:
        return ""
    text = f"> [!CAUTION]\n> {_quoted(str(failure))}"
    if failure.detail:
        text += f"\n\n<details><summary>Details</summary>\n\n{_fenced(failure.detail)}\n\n</details>"
    return text


def _notes(spec: DeploymentSpec | None) -> str:
    return "\n".join(f"- {note}" for note in spec.notes) if spec else ""


def _call(spec: DeploymentSpec | None, events: Sequence[Event]) -> str:
    event = last(events, AppVerified)
    if spec is None or event is None or spec.target is None:
        return ""
    lines = ["### How to use it", "", "```bash", *how_to_call(spec, spec.target, event.verified), "```"]
    if event.verified.answer:
        lines += ["", "The sample request was answered:", "", _fenced(event.verified.answer[:2000])]
    return "\n".join(lines)


def _image(events: Sequence[Event]) -> str:
    built, pushed = last(events, ImageBuilt), last(events, ImagePushed)
    if built is None:
        return ""
    how = {blob.digest: blob.how for blob in pushed.pushed.blobs} if pushed else {}
    base = built.image.base
    below = ", ".join(sorted({how[layer.digest] for layer in base.manifest.layers if layer.digest in how}))
    rows = [f"| base `{base.reference}` | {size(_base_size(built))} | `{short(base.digest)}` | {below} |"]
    rows += [
        f"| {layer.name} | {size(layer.size)} | `{short(layer.digest)}` | {how.get(layer.digest, '')} |"
        for layer in built.image.layers
    ]
    lines = [
        "### Image",
        "",
        f"`{built.reference.pinned}`, tag `{built.reference.tag}`",
        "",
        "| layer | size | digest | sent |",
        "|---|---:|---|---|",
        *rows,
    ]
    return "\n".join([*lines, *_sent(pushed)])


def _base_size(built: ImageBuilt) -> int:
    return sum(layer.size for layer in built.image.base.manifest.layers)


def _sent(pushed: ImagePushed | None) -> list[str]:
    if pushed is None:
        return []
    if not pushed.pushed.manifest_written:
        return ["", "The registry had this image already: nothing was sent."]
    return ["", f"{size(pushed.pushed.bytes_sent)} sent in {count(pushed.pushed.requests, 'request')}."]


def _resources(spec: DeploymentSpec | None, events: Sequence[Event]) -> str:
    event = last(events, PlanMade)
    if event is None or spec is None:
        return ""
    if not event.plan.has_changes:
        return f"### Resources\n\n{NO_CHANGES}"
    rows = [_row(change) for change in event.plan.changes]
    table = ["| | kind | name | what |", "|---|---|---|---|", *rows]
    return "\n".join(["### Resources", "", *table, "", plan_count(event.plan)])


def _row(change: Change) -> str:
    fields = "" if change.action is Action.KEEP else "<br>".join(_cell(field_text(field)) for field in change.fields)
    reason = f"{_cell(change.reason)}<br>" if change.reason and fields else _cell(change.reason)
    name = f"[{change.name}]({change.link})" if change.link else change.name
    symbol = SYMBOLS[change.action].strip()
    return f"| {f'`{symbol}`' if symbol else ''} | {change.kind} | {name} | {reason}{fields} |"


def _environment(events: Sequence[Event]) -> str:
    event = last(events, EnvironmentResolved)
    if event is None:
        return ""
    packages = count(len(event.lock.packages), "package")
    head = f"Python {event.python.version}, {packages}, lock `{short(event.lock.digest)}`"
    notes = "".join(f"\n- {warning}" for warning in event.request.warnings)
    listing = "\n".join(f"{package.name}=={package.version}" for package in event.lock.packages)
    return (
        f"### Environment\n\n{head}{notes}\n\n"
        f"<details><summary>Locked packages</summary>\n\n{_fenced(listing)}\n\n</details>"
    )


def _timings(events: Sequence[Event]) -> str:
    stages = [event for event in events if isinstance(event, StageEnded)]
    if not stages:
        return ""
    rows = [
        f"| {stage.title}{'' if stage.succeeded else ' (failed)'} | {duration(stage.seconds)} |" for stage in stages
    ]
    return "\n".join(["### Timings", "", "| stage | time |", "|---|---:|", *rows])


def _fenced(text: str) -> str:
    """A code block that its own content cannot end."""
    fence = "```"
    while fence in text:
        fence += "`"
    return f"{fence}\n{text.rstrip()}\n{fence}"


def _quoted(text: str) -> str:
    return text.replace("\n", "\n> ")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
