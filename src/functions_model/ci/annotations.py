"""Annotations of a step that are told at its end, as a host keeps few of them: the most important first."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from functions_model.ci.host import Level
from functions_model.core.failures import Location

_CUT = "\n... The whole is in the log."


@dataclass(frozen=True, slots=True)
class Annotation:
    """A message that stands out.

    Attributes:
        level: How grave it is.
        message: For people.
        location: The user's own file and line.
        minor: Whether others of the level are more important.
    """

    level: Level
    message: str
    location: Location | None = None
    minor: bool = False


class HeldAnnotations:
    """Takes annotations from several threads, and gives them once.

    Args:
        most: How many of one level the host keeps.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: list[Annotation] = []
        self._lock = threading.Lock()

    def add(self, annotation: Annotation) -> None:
        """Keep it."""
        with self._lock:
            self._held.append(annotation)

    def take(self) -> list[Annotation]:
        """All that were kept, errors first; of each level as many as the host keeps, the last of them with the rest."""
        with self._lock:
            held, self._held = self._held, []
        return [one for level in Level for one in self._fitting(level, held)]

    def _fitting(self, level: Level, held: list[Annotation]) -> list[Annotation]:
        found = sorted((one for one in held if one.level is level), key=lambda one: one.minor)
        if len(found) <= self._most:
            return found
        alone, rest = found[: self._most - 1], found[self._most - 1 :]
        told = "\n".join(one.message for one in rest)
        return [*alone, Annotation(level, f"{len(rest)} more:\n{told}")]


def cut(message: str, longest: int) -> str:
    """The message, or as much of it as fits, with a line that says so.

    Args:
        message: For people.
        longest: UTF-16 code units, as .NET counts them.
    """
    units = message.encode("utf-16-le", "surrogatepass")
    if len(units) <= 2 * longest:
        return message
    return units[: 2 * (longest - len(_CUT))].decode("utf-16-le", "ignore").rstrip() + _CUT
