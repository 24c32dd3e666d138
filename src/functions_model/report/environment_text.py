"""What the code needs as text, in the log and as a part of the page: Python, packages, and where they came from."""

from __future__ import annotations

from collections.abc import Sequence

from functions_model.core.references import short
from functions_model.core.spec import DeploymentSpec
from functions_model.environment import Lock
from functions_model.pipeline.events import EnvironmentResolved, Event
from functions_model.report.formatting import count, fenced, folded, last


def environment_section(spec: DeploymentSpec | None, events: Sequence[Event]) -> str:
    """The section; empty when nothing was resolved."""
    event = last(events, EnvironmentResolved)
    if event is None:
        return ""
    head = f"Python {event.python.version}, {packages_text(event.lock)}, lock `{short(event.lock.digest)}`"
    system = spec.build.apt_packages if spec else ()
    told = [f"System packages: {', '.join(system)}."] if system else []
    notes = "".join(f"\n- {note}" for note in [*told, *environment_notes(event)])
    conda = event.lock.conda.packages if event.lock.conda else ()
    listing = "\n".join(f"{package.name}=={package.version}" for package in event.lock.packages)
    if conda:
        listing = "\n".join([*(f"conda: {package.name}={package.version}" for package in conda), listing])
    return f"### Environment\n\n{head}{notes}\n\n{folded('Locked packages', fenced(listing))}"


def packages_text(lock: Lock) -> str:
    """`49 packages`, or `3 conda packages and 49 Python packages`."""
    if lock.conda is None:
        return count(len(lock.packages), "package")
    return f"{count(len(lock.conda.packages), 'conda package')} and {count(len(lock.packages), 'Python package')}"


def environment_notes(event: EnvironmentResolved) -> list[str]:
    """Sentences about the environment to know: why conda, what is compiled, what has ended, what was left aside."""
    notes = [note for note in (event.python.note, *event.request.warnings) if note]
    if event.lock.compiled:
        notes.insert(0, f"No wheel fits, so these are compiled: {', '.join(event.lock.compiled)}.")
    if event.request.conda:
        notes.insert(0, f"Conda packages are used, as {event.request.conda.why}.")
    return notes
