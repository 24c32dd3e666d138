"""A CI host for tests: it remembers what it was told."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from functions_model.ci.github import facts_of
from functions_model.core.masking import without

if TYPE_CHECKING:
    from functions_model.ci.host import Facts


class RecordingCi:
    """Implements `CiHost`.

    Args:
        facts: What it says of the run; None: what GitHub says of one without any variable.
        has_identity: Whether it says that it can give identity tokens.
    """

    def __init__(self, facts: Facts | None = None, *, has_identity: bool = False) -> None:
        self.facts = replace(facts or facts_of({}), has_identity=has_identity)
        self.masked: list[str] = []
        self.lines: list[str] = []
        self.annotations: list[str] = []
        self.outputs: dict[str, str] = {}
        self.pages: list[str] = []

    def scrub(self, text: str) -> str:
        return without(text, self.masked)

    def holds_masked(self, text: str) -> bool:
        return without(text, self.masked) != text

    def mask(self, value: str) -> None:
        self.masked.append(value)

    def info(self, text: str) -> None:
        self.lines.append(text)

    def group(self, title: str) -> AbstractContextManager[None]:
        self.lines.append(title)
        return nullcontext()

    def unfold(self) -> None:
        self.lines.append("unfold")

    def annotate(self, level: Any, message: str, location: Any = None, *, minor: bool = False) -> None:
        self.annotations.append(message)

    def tell_annotations(self) -> None:
        pass

    def output(self, name: str, value: str) -> bool:
        self.outputs[name] = value
        return True

    def summary(self, markdown: str) -> None:
        self.pages.append(markdown)

    def identity_token(self, audience: str) -> str:
        message = f"no test gave an identity token for {audience}"
        raise AssertionError(message)
