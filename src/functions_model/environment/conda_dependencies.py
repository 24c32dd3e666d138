"""One dependency of a conda file: the wheel that stands for it, or the conda package itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as ParsedRequirement

from functions_model.environment.conda_specs import CondaSpec, CondaSpecInvalid, parse_conda_spec, pep440
from functions_model.environment.conda_twins import LEFT_OUT, twin_of
from functions_model.environment.request import CondaDependency, Requirement
from functions_model.environment.requirement_lines import add_requirement

if TYPE_CHECKING:
    from functions_model.core.failures import Location
    from functions_model.environment.request import Draft


def add_wheel(text: str, where: Location, draft: Draft) -> None:
    """Add the wheel that stands for a conda dependency, or its problem."""
    try:
        spec = parse_conda_spec(text)
        if spec.name == "python":
            _read_python(spec, where, draft)
        elif spec.name in LEFT_OUT:
            if reason := LEFT_OUT[spec.name]:
                draft.warnings.append(f"The conda package `{spec.name}` is left out: {reason}.")
        else:
            _add_twin(spec, where, draft)
    except CondaSpecInvalid as error:
        draft.refuse(where, error.what, error.remedy)


def add_conda_package(text: str, where: Location, draft: Draft) -> None:
    """Add a conda dependency as it is, or its problem."""
    try:
        spec = parse_conda_spec(text)
        if "://" in spec.channel:
            what = f"the channel of `{spec.name}` is a URL"
            raise CondaSpecInvalid(what, "Name it in `channels:`.")  # noqa: TRY301 - told like all the others
        if spec.name == "python":
            _read_python(spec, where, draft)
    except CondaSpecInvalid as error:
        draft.refuse(where, error.what, error.remedy)
        return
    same = next((other for other in draft.conda_specs if other.name == spec.name), None)
    if same and same.text != text and spec.name != "python":
        what = f"`{spec.name}` is asked for twice (see {same.location})"
        draft.refuse(where, what, "Keep one of the two.")
    elif not same:
        draft.conda_specs.append(CondaDependency(text, spec.name, where))


def _read_python(spec: CondaSpec, where: Location, draft: Draft) -> None:
    if draft.python_text is not None:
        draft.refuse(where, f"`python` is asked for twice (see {draft.python_location})", "Keep one of the two.")
        return
    draft.python_text, draft.python_location = pep440(spec), where


def _add_twin(spec: CondaSpec, where: Location, draft: Draft) -> None:
    twin = twin_of(spec.name)
    if twin is None:
        draft.refuse(
            where,
            f"the conda package `{spec.name}` has no known equivalent among Python wheels",
            "If a wheel serves as well, ask for it below `- pip:`. If it is not needed to score, remove it."
            " `solver: conda` installs it from its channel.",
        )
        return
    text = f"{twin.name}{twin.versions(pep440(spec))}"
    try:
        ParsedRequirement(text)
    except InvalidRequirement as error:
        raise CondaSpecInvalid(f"the version of `{spec.name}` cannot be read", "Write it as `=1.2`.") from error
    add_requirement(Requirement(twin.name, text, (), where), where, draft)
