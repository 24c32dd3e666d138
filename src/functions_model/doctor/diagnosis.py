"""One thing that was looked at, and what was found; and looking at several things side by side."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TypeAlias

from functions_model.core.failures import Failure, Problem

SECONDS = 10.0
"""How long one thing may take: whoever asks a doctor does not wait."""


class State(enum.StrEnum):
    """What was found."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing that was looked at.

    Attributes:
        topic: What it is, a word or two: "registry".
        state: What was found.
        what: The same in words, a clause without a full stop.
        remedy: What to do, whole sentences, with commands between backticks; empty where nothing need be done.
        code: Of a problem, the exit code that a deployment would end with; 0 of all else.
    """

    topic: str
    state: State
    what: str
    remedy: str = ""
    code: int = 0


def fine(topic: str, what: str) -> Diagnosis:
    """All is well."""
    return Diagnosis(topic, State.OK, what)


def unasked(topic: str, why: str, remedy: str = "") -> Diagnosis:
    """It is not known, and why."""
    return Diagnosis(topic, State.NOT_ASKED, why, remedy)


def problem(topic: str, found: Problem, code: int) -> Diagnosis:
    """What would end a deployment, with the input that it is about and its place."""
    said = str(Problem(found.what, "", found.subject, found.location)).strip()
    return Diagnosis(topic, State.PROBLEM, said, found.remedy, code)


def problems(topic: str, found: Iterable[Problem], code: int) -> list[Diagnosis]:
    """Each of them."""
    return [problem(topic, one, code) for one in found]


def failure(topic: str, error: Failure) -> list[Diagnosis]:
    """What an error of a run says, problem by problem."""
    if all(one.remedy for one in error.problems):
        return problems(topic, error.problems, error.exit_code)
    return [Diagnosis(topic, State.PROBLEM, error.reason, error.remedy, error.exit_code)]


Look: TypeAlias = Callable[[], Iterable[Diagnosis]]


def beside(looks: Sequence[tuple[str, Look]], seconds: float = SECONDS) -> Iterator[Diagnosis]:
    """What several looks give, in their order. One that has not ended in time is not waited for.

    Args:
        looks: Each with its topic.
        seconds: For all of them.
    """
    pool = ThreadPoolExecutor(max(1, len(looks)), "doctor")
    asked = [(topic, pool.submit(_all_of, look)) for topic, look in looks]
    wait([one for _, one in asked], seconds)
    pool.shutdown(wait=False, cancel_futures=True)
    for topic, one in asked:
        if one.done() and not one.cancelled():
            yield from one.result()
        else:
            yield unasked(topic, f"there was no answer within {seconds:.0f} s", "Check the network, and ask again.")


def _all_of(look: Look) -> list[Diagnosis]:
    return list(look())
