"""The files about a run: what later steps keep, show or compare, by names that never change."""

# ruff: noqa: PLC0415 - what tells of resources and packages is imported where there are any, at the end of a run

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from functions_model.core.promotion import AnySpec
from functions_model.core.report_names import BILL_OF_MATERIALS, IMAGE, LOCK, LOG, PLAN, PLAN_PAGE
from functions_model.core.spec import DeploymentSpec, Mode
from functions_model.pipeline.events import EnvironmentResolved, Event, PlanBegun, PlanMade, RemovalPlanned
from functions_model.report.formatting import last
from functions_model.report.outputs import outputs

_OTHER_SUBSCRIPTION = re.compile(r"(?i)\bsubscriptions?(?:/| `| )([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")
"""In an ARM id, in a sentence, and as an option of `az`."""
_LONGEST_PAGE = 60_000
"""Characters of `plan.md`. GitHub refuses a comment of more than 65,536 (its API answers 422: "body is too long", as
https://github.com/renovatebot/renovate/issues/2032 shows); this leaves room for what a workflow writes above."""
FOR_PEOPLE = frozenset({PLAN_PAGE, LOG})
"""A word of these may be starred out; the others are of no use when they are changed."""


def report_files(spec: AnySpec | None, events: Sequence[Event], log: str) -> dict[str, str]:
    """Their texts by name: those that there is something to say in.

    Args:
        spec: None when the inputs were refused.
        events: What happened, in order; a run that failed half-way has what was known by then.
        log: What the run has said.
    """
    found, resolved = outputs(spec, events), last(events, EnvironmentResolved)
    texts = {LOCK: found.get("lock", ""), LOG: log}
    if image := found.get("image"):
        texts[IMAGE] = f"{image}\n"
    if resolved and isinstance(spec, DeploymentSpec):
        texts[BILL_OF_MATERIALS] = _bill_of_materials(spec, resolved)
    return {name: text for name, text in (texts | _plan(spec, events)).items() if text}


def without_ids(text: str, ids: Mapping[str, str]) -> str:
    """The text with `<subscription-id>` for the id that this input gave, in whatever case, and so on.

    A file is shown to more people than a log is, and no CI host masks it. So other subscriptions have no id in it, too.
    """
    for name, one in ids.items():
        text = re.sub(re.escape(one), f"<{name}>", text, flags=re.IGNORECASE)
    for one in set(_OTHER_SUBSCRIPTION.findall(text)):
        text = text.replace(one, "<other-subscription-id>")
    return text


def _bill_of_materials(spec: DeploymentSpec, resolved: EnvironmentResolved) -> str:
    """The same as is attached to the image."""
    from functions_model.environment.bill_of_materials import bill_of_materials

    name, version = spec.image.repository, resolved.python.version
    return bill_of_materials(resolved.lock, name=name, python_version=version, epoch=spec.build.epoch).decode()


def _plan(spec: AnySpec | None, events: Sequence[Event]) -> dict[str, str]:
    """The plan twice. The page has no links: each holds the id of the subscription."""
    from functions_model.report.plan_document import RelativeIds, plan_json
    from functions_model.report.plan_page import plan_section
    from functions_model.report.plan_text import plan_of

    if (plan := plan_of(events)) is None:
        return {}
    applies = spec is not None and spec.mode in {Mode.DEPLOY, Mode.DESTROY}
    page = plan_section([_without_links(event) for event in events], applies=applies)
    relative = RelativeIds(plan.names.subscription).within(page)
    return {PLAN: f"{plan_json(plan)}\n", PLAN_PAGE: f"{_fitting(relative)}\n"}


def _fitting(page: str) -> str:
    """As many whole lines of a page as a comment takes, nothing left open, and a line that says where the rest is."""
    if len(page) <= _LONGEST_PAGE:
        return page
    shown = page[:_LONGEST_PAGE].rpartition("\n")[0]
    end = "\n\n</details>" * (shown.count("<details>") - shown.count("</details>"))
    return f"{shown}{end}\n\n_This is not all: `{PLAN}` has the rest._"


def _without_links(event: Event) -> Event:
    if isinstance(event, PlanMade | PlanBegun):
        changes = tuple(replace(change, link="") for change in event.plan.changes)
        return replace(event, plan=replace(event.plan, changes=changes))
    if isinstance(event, RemovalPlanned):
        changes = tuple(replace(change, link="") for change in event.plan.changes)
        return RemovalPlanned(replace(event.plan, changes=changes))
    return event
