"""Inputs of which some are missing or wrong: as much as can be read of them, for whoever goes on all the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from functions_model.ci.host import Facts
from functions_model.core.failures import InputsInvalid, Problem
from functions_model.core.promotion import PromotionSpec
from functions_model.core.secrets import Login
from functions_model.core.spec import DeploymentSpec, Mode
from functions_model.inputs.catalogue import CATALOGUE
from functions_model.inputs.form import LOGIN, REQUIRED, Form
from functions_model.inputs.reading import form_of, read_any
from functions_model.inputs.registries import CLOUDS, known_cloud, missing_of_login, take_login
from functions_model.inputs.specs import TRIGGERS

_ANY_ID = "00000000-0000-0000-0000-000000000000"
_SUBSCRIPTION = "subscription-id"
_ANY_IMAGE = f"localhost/any@sha256:{'0' * 64}"


@dataclass(frozen=True, slots=True)
class Readable:
    """What inputs say.

    Attributes:
        problems: What is wrong with them.
        missing: What a deployment needs and nobody has given, but for login and subscription.
        spec: What is deployed; None where model, script or environment cannot be read.
        placed: The same, or where it goes alone; None where that is not known either.
        login: Who logs in; None where that is wrong.
        missing_of_login: The parts of the login that are not given.
        subscription: Its id; empty where it is not given.
        base_image: Empty where it is not given.
    """

    problems: tuple[Problem, ...]
    missing: tuple[Problem, ...]
    spec: DeploymentSpec | PromotionSpec | None
    placed: DeploymentSpec | None
    login: Login | None
    missing_of_login: tuple[str, ...]
    subscription: str
    base_image: str


def read_as_far_as_possible(values: Mapping[str, str], *, workspace: Path, facts: Facts) -> Readable:
    """What inputs say, each problem told and none raised. Looks at the file system; touches nothing.

    Args:
        values: By input name; an empty text counts as not given.
        workspace: The folder that paths are relative to.
        facts: What the CI host says.
    """
    values = {**values, "mode": Mode.DEPLOY.value}
    form = form_of(values, workspace, facts)
    lacks, login = missing_of_login(form), _login(form)
    stand_ins = {name: _ANY_ID for name in (*LOGIN, _SUBSCRIPTION) if not form.values.get(name)}
    spec, problems = _read({**values, **stand_ins}, workspace, facts)
    placed = _placed(spec) or _placed(_read(_where(form, stand_ins), workspace, facts)[0])
    wrong = tuple(one for one in problems if not one.what.startswith(REQUIRED))
    missing = tuple(one for one in problems if one not in wrong)
    return Readable(wrong, missing, spec, placed, login, lacks, form.text(_SUBSCRIPTION), form.text("base-image"))


def _read(
    values: Mapping[str, str], workspace: Path, facts: Facts
) -> tuple[DeploymentSpec | PromotionSpec | None, tuple[Problem, ...]]:
    try:
        spec = read_any(values, workspace=workspace, facts=facts)
    except InputsInvalid as invalid:
        return None, invalid.problems
    return (spec if isinstance(spec, DeploymentSpec | PromotionSpec) else None), ()


def _placed(spec: DeploymentSpec | PromotionSpec | None) -> DeploymentSpec | None:
    """With an image that is there, what its label decides is not known: the trigger counts as HTTP."""
    if not isinstance(spec, PromotionSpec):
        return spec
    try:
        return spec.completed({"trigger": TRIGGERS[0]})
    except InputsInvalid:
        return None


def _where(form: Form, stand_ins: Mapping[str, str]) -> dict[str, str]:
    """The inputs that say where a deployment goes, as beside an image that is there."""
    decided = {spec.name for spec in CATALOGUE if spec.of_image} | {"deployment-file", "inputs-file"}
    given = {name: text for name, text in form.values.items() if text and name not in decided}
    return {**given, **stand_ins, "image": _ANY_IMAGE}


def _login(form: Form) -> Login | None:
    """The login; None where something is wrong with it."""
    before = len(form.problems)
    login = take_login(form, form.take("cloud", known_cloud) or CLOUDS[0])
    return login if len(form.problems) == before else None
