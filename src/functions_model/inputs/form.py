"""The texts of the inputs, and what was found wrong with them so far."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar, cast

from functions_model.ci.host import Facts
from functions_model.core.collect import Collect
from functions_model.core.failures import Location, Problem, RuleBroken
from functions_model.core.spec import InlineEnvironment, Mode
from functions_model.inputs.catalogue import BY_NAME
from functions_model.inputs.paths import Workspace
from functions_model.inputs.sources import did_you_mean
from functions_model.inputs.specs import TRIGGERS, WITH_AZURE, InputSpec

T = TypeVar("T")
LOGIN = ("tenant-id", "client-id")
REQUIRED = "it is required "
"""How the problem of an input that is not given begins."""


@dataclass(slots=True)
class Form:
    """What one run was given.

    Attributes:
        values: The texts by input name, those of a deployment file included.
        workspace: What paths are relative to.
        facts: What the CI host says of logins; None: nothing.
        trigger: Its name; empty while only an image knows it.
        origins: Where a text stands that a deployment file gave.
        environment: An environment that stands inside the deployment file.
        file_settings: The app settings of the deployment file: line, name and value.
        file_collect: What the deployment file has collected; None for nothing.
        file_pythonpath: PYTHONPATH of the deployment file, as it stands there; empty when it sets none.
        unread: Inputs that a deployment file may give, had it been readable: they are not told as missing.
        problems: Everything that is wrong.
        notes: What people should know.
        file: Where `inputs-file` gave some of the values; None where none did.
    """

    values: dict[str, str]
    workspace: Workspace
    facts: Facts | None = None
    mode: Mode = Mode.DEPLOY
    trigger: str = TRIGGERS[0]
    origins: dict[str, Location] = field(default_factory=dict)
    environment: InlineEnvironment | None = None
    file_settings: tuple[tuple[Location, str, str], ...] = ()
    file_collect: Collect | None = None
    file_pythonpath: str = ""
    unread: frozenset[str] = frozenset()
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    file: Path | None = None

    @property
    def promotes(self) -> bool:
        """Whether an image that is there is deployed, so that none is made."""
        return self.mode in WITH_AZURE and bool(self.text("image"))

    def uses(self, name: str) -> bool:
        """Whether the trigger uses that input; any may, while only an image knows which trigger it has."""
        triggers = BY_NAME[name].triggers
        return not (triggers and self.trigger) or self.trigger in triggers

    def refuse_unknown(self) -> None:
        """Note each name that is no input."""
        for name in self.values:
            if name not in BY_NAME:
                self.refuse(name, "there is no such input", did_you_mean(name))

    def refuse_unused(self) -> None:
        """Note each input that is given and that the trigger has no use for."""
        for name in self.values:
            spec = BY_NAME.get(name)
            if spec and self.mode in spec.modes and self.values[name] and not self.uses(name):
                what = f"it cannot be combined with `trigger: {self.trigger}`, which does not use it"
                self.refuse(name, what, f"Remove it, or use `trigger: {spec.triggers[0]}`.")

    def refuse(self, name: str, what: str, remedy: str) -> None:
        """Note what is wrong with an input, once."""
        problem = Problem(what, remedy, name, self.origins.get(name))
        if problem not in self.problems:
            self.problems.append(problem)

    def miss(self, name: str, remedy: str = "", *, where: str = "") -> None:
        """Note that an input is not given.

        Args:
            name: The input.
            remedy: What to do; empty asks for what the catalogue describes.
            where: When it is required: "with `trigger: blob`"; empty names the mode.
        """
        if name in self.unread:
            return
        where = where or f"in mode `{self.mode}`"
        self.refuse(name, f"{REQUIRED}{where}", remedy or f"Set it to {described(BY_NAME[name])}")

    def text(self, name: str) -> str:
        """What was given, or the default, or nothing."""
        return self.values.get(name, "") or BY_NAME[name].default or ""

    def take(self, name: str, rule: Callable[[str], T]) -> T:
        """The value of an input, or a problem noted.

        A refused or missing value comes back as None in spite of the type: `read_inputs` raises before anyone uses it,
        and a rule over several inputs asks for it.
        """
        spec = BY_NAME[name]
        text = self.text(name)
        if not text:
            if spec.required and name not in LOGIN:
                self.miss(name)
            return cast("T", None)
        return self.check(name, text, rule)

    def check(self, name: str, text: str, rule: Callable[[str], T]) -> T:
        """What a rule makes of a text that belongs to an input; None, in spite of the type, and a problem noted."""
        try:
            return rule(text)
        except RuleBroken as broken:
            self.refuse(name, broken.what, broken.remedy)
        except ValueError:
            values = " or ".join(f"`{choice}`" for choice in BY_NAME[name].choices)
            self.refuse(name, f"`{text}` is not one of its values", f"Use {values}.")
        return cast("T", None)


def described(spec: InputSpec) -> str:
    """The first sentence of an input's help, as it follows "Set it to"."""
    first = spec.help.partition(". ")[0].removesuffix(".")
    return f"{first[0].lower()}{first[1:]}."
