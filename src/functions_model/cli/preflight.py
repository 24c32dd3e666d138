"""The door `preflight`: what would fail in Azure, without Azure and without a registry, printed as linters print it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from functions_model.bundle import dependency_layers, plan_layers
from functions_model.ci import detect, outside
from functions_model.cli.folder import inputs_of
from functions_model.cli.reaching import reaching
from functions_model.cli.work_folder import work_folder
from functions_model.core.build import Builder, Preflight
from functions_model.core.failures import Failure, InputsInvalid, Location, PreflightFailed, Problem, RuleBroken
from functions_model.core.spec import DeploymentSpec
from functions_model.environment import EnvironmentRequest, choose_python, install, resolve
from functions_model.inputs import Workspace, read_any, read_sample
from functions_model.pipeline.checks import check
from functions_model.pipeline.session import World
from functions_model.preflight.checks import of_everything, of_files
from functions_model.preflight.finding import Finding, Weight, ends
from functions_model.preflight.project import project_of
from functions_model.preflight.taking import take_inventory

_ELSEWHERE = {"mode": "package", "registry": "localhost:5000", "report-directory": ""}
"""Inputs that a run would need and that say nothing of the project."""


def preflight(arguments: Sequence[str]) -> int:
    """Look at a folder and print what would fail, a line for each.

    Returns:
        0 where nothing ends a run, 3 where something does, or the code of the failure that keeps from looking.
    """
    parser = argparse.ArgumentParser("functions-model preflight", allow_abbrev=False)
    held = "with score.py, conda.yml, model/, and inputs.yml for any other input"
    parser.add_argument("folder", type=Path, help=held, nargs="?", default=Path())
    parser.add_argument("--strict", action="store_true", help="end with an error for warnings, too")
    options = parser.parse_args(list(arguments))
    folder = options.folder.resolve()
    try:
        spec = _spec(folder)
        how = Preflight.STRICT if options.strict else spec.build.preflight
        found = (*_of_sample(folder), *_look(spec))
    except Failure as failure:
        _print(Finding(Weight.FAILURE, problem) for problem in failure.problems)
        if failure.detail:
            sys.stderr.write(f"{failure.detail}\n")
        return failure.exit_code
    _print(found)
    sys.stderr.write(_counted(found))
    return PreflightFailed.exit_code if any(ends(one, how) for one in found) else 0


def _spec(folder: Path) -> DeploymentSpec:
    """The inputs of a folder, as far as they say something of the image.

    Raises:
        InputsInvalid: They are wrong, or name what is in Azure.
    """
    spec = read_any({**inputs_of(folder), **_ELSEWHERE}, workspace=folder)
    if not isinstance(spec, DeploymentSpec):
        raise InputsInvalid("look at the folder", [Problem("it names an image", "Leave `image` out.")])
    return spec


def _of_sample(folder: Path) -> Iterator[Finding]:
    """What is wrong with the sample request, which a run that only makes an image does not look at."""
    text = inputs_of(folder).get("sample-request", "")
    try:
        if text:
            read_sample(text, Workspace(folder))
    except RuleBroken as broken:
        place = Location(folder / text)
        yield Finding(Weight.FAILURE, Problem(broken.what, broken.remedy, "sample-request", place))


def _look(spec: DeploymentSpec) -> tuple[Finding, ...]:
    ci = detect(outside(os.environ), sys.stderr)
    with reaching(ci), work_folder() as work:
        world = World(ci, work, lambda _: None)
        request = check(spec, world)
        if request is None:
            what = "a registered model or environment is in Azure, and this command does not ask Azure"
            raise InputsInvalid("look at the folder", [Problem(what, "Name files of this machine.")])
        return _findings(spec, request, work)


def _findings(spec: DeploymentSpec, request: EnvironmentRequest, work: Path) -> tuple[Finding, ...]:
    python = choose_python(spec.python_version, request).version
    project = project_of(spec, plan_layers(spec, conda=request.conda is not None), python, request.source)
    first = of_files(project)
    only_wheels = spec.build.builder is Builder.LAYERS
    lock = resolve(request, python, work=work / "resolve", only_wheels=only_wheels)
    installed = install(lock, python, work / "dependencies", work=work / "install")
    layers = dependency_layers(spec, installed.site_packages, installed.conda)
    inventory = take_inventory((layer.tree for layer in layers), lock, python)
    return (*first, *of_everything(project, inventory))


def _print(found: Iterable[Finding]) -> None:
    here = f"{Path.cwd()}{os.sep}"
    for finding in sorted(found, key=_place):
        sys.stdout.write(f"{finding.line.replace(here, '')}\n")


def _place(finding: Finding) -> tuple[bool, str, int]:
    """By file and line; what is about no file comes last."""
    location = finding.problem.location
    return (False, str(location.file), location.line or 0) if location else (True, "", 0)


def _counted(found: Sequence[Finding]) -> str:
    if not found:
        return "Nothing was found that would fail in Azure.\n"
    counts = {weight: sum(one.weight is weight for one in found) for weight in reversed(Weight)}
    words = [f"{count} {weight.name.lower()}{'s' if count > 1 else ''}" for weight, count in counts.items() if count]
    good = "" if counts[Weight.FAILURE] or counts[Weight.WARNING] else "No failures and no warnings; "
    return f"{good}{', '.join(words)}.\n"
