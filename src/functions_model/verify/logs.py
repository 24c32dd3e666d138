"""The app's log without secrets, and few enough lines of it to read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from functions_model.core.masking import cut, shapeless, without
from functions_model.provision.endpoint import ContainerLog, Endpoint, NoLog

_LINES = 80
_CHARACTERS = 12_000
_ANSWER = 4_000


def container_log(endpoint: Endpoint) -> ContainerLog:
    """The whole container log, or a line that says why it cannot be had."""
    try:
        return endpoint.log()
    except NoLog as exc:
        return ContainerLog(f"({exc})")


def tail(log: str) -> str:
    """The last lines, few enough to read."""
    lines = log.rstrip().splitlines()[-_LINES:]
    return "\n".join(lines)[-_CHARACTERS:]


def to_turn_on(log: ContainerLog) -> str:
    """What to do about a log that is off, a sentence after others; empty for one that is on."""
    how = f"The app's log is off and has no more to say; turn it on and run again: {log.turn_on}"
    return f" {how}" if log.turn_on else ""


def shortened(text: str) -> str:
    """An answer, cut to a readable length."""
    return text if len(text) <= _ANSWER else f"{cut(text, _ANSWER)} ({len(text)} characters)"


def scrubbed(text: str, secrets: Iterable[str]) -> str:
    """The text with every known secret, in whatever form, and all that is shaped like one, as `***`.

    A value of up to three characters (`1`, `on`) stays: blotting it out would leave nothing to read, and hide nothing.
    """
    return shapeless(without(text, (secret for secret in secrets if len(secret) > 3)))


def news(before: Sequence[str], now: Sequence[str]) -> list[str]:
    """The lines of a log that were not in it before, in order.

    The platform's lines and the container's are not written in turn, and old ones go: so new ones are anywhere.
    """
    seen = Counter(before)
    found = []
    for line in now:
        if seen[line] > 0:
            seen[line] -= 1
        else:
            found.append(line)
    return found
