"""Questions with a guess for each: put to somebody, or answered by the guess."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from functions_model.core.failures import Problem, RuleBroken
from functions_model.inputs import Workspace, rules
from functions_model.inputs.registries import CLOUDS, named_registry

NONE = "-"
"""What is typed to leave out what was guessed."""
NO_MODEL = "[]"
"""What `model-path` is for a script without a model."""
_NAMES: Mapping[str, Callable[[str], object]] = {
    "app-name": rules.app_name,
    "resource-group": rules.resource_group,
    "location": rules.location,
    "registry": lambda text: named_registry(text, CLOUDS[0]),
}
_CHOICES = frozenset({"trigger", "ci"})
_PATHS = frozenset({"entry-script", "environment-file", "sample-request", "deployment-file"})


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to know.

    Attributes:
        name: The input, or the option, that it is.
        text: The question, without its mark.
        guess: What is taken unasked; empty where there is none.
        others: What it may be, too.
        needed: Whether it must have an answer.
        remedy: What to do where nothing can be guessed and nobody is asked; whole sentences.
    """

    name: str
    text: str
    guess: str = ""
    others: tuple[str, ...] = ()
    needed: bool = True
    remedy: str = ""


Ask: TypeAlias = Callable[[Question, str], str]
"""Puts a question to somebody, with what was wrong with the answer before; what was typed."""


@dataclass(slots=True)
class Interview:
    """Who answers.

    Attributes:
        given: Answers that were given beforehand, by name. They are not asked for.
        known: Better guesses, by name: those of an inputs file that is there.
        ask: None where nobody is there.
        workspace: What paths are relative to.
        problems: What is wrong, or could not be guessed.
    """

    given: Mapping[str, str]
    known: Mapping[str, str]
    ask: Ask | None
    workspace: Workspace
    problems: list[Problem] = field(default_factory=list)

    def answer(self, question: Question) -> str:
        """The answer to a question; empty for none, and where a problem was noted."""
        guess = self.known.get(question.name) or question.guess
        if question.name not in self.given and self.ask is not None:
            return self._asked(question, guess, self.ask)
        said = self.given.get(question.name, guess)
        if said == NONE and not question.needed:
            return ""
        if problem := self._fault(question, said):
            self.problems.append(problem)
            return said
        return self._plain(question, said)

    def _plain(self, question: Question, said: str) -> str:
        """A path as the inputs file has it: relative, wherever it was typed from."""
        is_path = question.name in _PATHS or (question.name == "model-path" and said != NO_MODEL and "\n" not in said)
        return self.workspace.absolute(said).relative_to(self.workspace.folder).as_posix() if said and is_path else said

    def _asked(self, question: Question, guess: str, ask: Ask) -> str:
        put, wrong = Question(question.name, question.text, guess, question.others, question.needed), ""
        while True:
            said = ask(put, wrong).strip() or guess
            if said == NONE and not question.needed:
                return ""
            problem = self._fault(question, said)
            if problem is None:
                return self._plain(question, said)
            wrong = str(problem)

    def _fault(self, question: Question, said: str) -> Problem | None:
        if not said:
            return _unanswered(question) if question.needed else None
        if question.name in _CHOICES and said not in question.others:
            return Problem(f"`{said}` is none of them", f"Use one of {', '.join(question.others)}.", question.name)
        try:
            if question.name in _PATHS:
                self.workspace.file(said)
            elif question.name in _NAMES:
                _NAMES[question.name](said)
            elif question.name == "model-path" and said != NO_MODEL and "\n" not in said:
                self.workspace.existing(said)
        except RuleBroken as broken:
            return Problem(broken.what, broken.remedy, question.name)
        return None


def _unanswered(question: Question) -> Problem:
    which = ", ".join(f"`{one}`" for one in question.others)
    what = f"it may be one of several: {which}" if which else "it cannot be guessed from the folder"
    return Problem(what, question.remedy or f"Give it as `--{question.name}`.", question.name)
