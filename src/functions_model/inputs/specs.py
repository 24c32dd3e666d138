"""What an input and an output are: the shapes that the catalogue is written in."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from functools import partial

from functions_model.core.spec import Mode

MAKING = (Mode.DEPLOY, Mode.PLAN, Mode.PACKAGE)
"""The modes that make an image, or look at one."""
REMOVING = (Mode.DESTROY, Mode.PLAN_DESTROY)
EVERY_MODE = MAKING + REMOVING
IMAGE_NAME = "package"
WITH_AZURE = (Mode.DEPLOY, Mode.PLAN)
"""The modes that make Azure resources, or look at what they would make."""
NAMING = WITH_AZURE + REMOVING
"""The modes that must know what the resources are called."""
HTTP, BLOB, QUEUE = "http", "blob", "service-bus-queue"
TRIGGERS = (HTTP, BLOB, QUEUE)
LOOK_OR_SEND = ("look", "send")
SERVICE_BUS_SKUS = ("Basic", "Standard", "Premium")


CREATED = " Created if it does not exist. For one in another resource group: `<resource-group>/<name>`, or its ARM id."
"""What is said of each resource that an input names, wherever it is."""
OF_ANY_SUBSCRIPTION = f"{CREATED[:-1]}, which may be of another subscription."
"""The same of those that may be in any subscription of the tenant."""


class InputKind(enum.StrEnum):
    """What the text of an input means; the word that the tables show."""

    TEXT = "text"
    NAME = "name"
    PATH = "path"
    GUID = "GUID"
    NUMBER = "whole number"
    CHOICE = "choice"
    LINES = "lines"
    """One entry on each line; for settings also a YAML or JSON mapping."""


class Group(enum.StrEnum):
    """The parts in which the catalogue, `--help` and the README show the inputs; each is its heading."""

    GIVEN = "What you must give"
    MODEL = "The model"
    IMAGE = "The image"
    TRIGGER = "The trigger"
    APP = "The app and what it runs on"
    LOGIN = "The login"
    RUN = "The run"


@dataclass(frozen=True, slots=True)
class InputSpec:
    """One input.

    Attributes:
        name: As `action.yml` and the command line spell it: `app-name`.
        help: One line for people.
        kind: What its text means.
        default: The value when none is given; None when there is none, or when it is derived.
        required: Whether the modes in `modes` cannot do without it.
        secret: Whether the value is, or holds, a secret: it is refused on the command line.
        modes: The modes that read it; the others ignore it.
        choices: The values of a `CHOICE`.
        derived: How the value is made when none is given; empty when it is not. A `default` reaches us from GitHub as
            if it were given, so what may not be given beside other inputs is derived instead.
        triggers: The triggers that read it; given beside another one, it is refused. Empty for all.
        required_when: When it is required, for an input that only some runs need: "with `trigger: blob`".
        of_image: Whether an image that is there decides it, so that it is refused beside `image`. It has no `default`.
        metavar: What stands for its value in `--help`; empty takes the word of its kind.
        group: Where it is shown; the catalogue fills it in.
    """

    name: str
    help: str
    kind: InputKind
    default: str | None = None
    required: bool = False
    secret: bool = False
    modes: tuple[Mode, ...] = MAKING
    choices: tuple[str, ...] = ()
    derived: str = ""
    triggers: tuple[str, ...] = ()
    required_when: str = ""
    of_image: bool = False
    metavar: str = ""
    group: Group | None = None


a_text = partial(InputSpec, kind=InputKind.TEXT)
a_name = partial(InputSpec, kind=InputKind.NAME)
a_path = partial(InputSpec, kind=InputKind.PATH)
a_guid = partial(InputSpec, kind=InputKind.GUID)
a_number = partial(InputSpec, kind=InputKind.NUMBER)
a_choice = partial(InputSpec, kind=InputKind.CHOICE)
lines = partial(InputSpec, kind=InputKind.LINES)


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """One step output: its name and one line for people."""

    name: str
    help: str
