"""All that can be known to be wrong before anything is asked of the network."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from functions_model.bundle import check_entry_script, check_host_json, check_mlflow_model
from functions_model.bundle.layout import code_folder, script_within
from functions_model.bundle.user_files import code_files
from functions_model.core.build import Preflight
from functions_model.core.failures import BundleFailed, EnvironmentFailed, InputsInvalid, Problem
from functions_model.core.registered import RegisteredAsset
from functions_model.core.spec import DeploymentSpec, Model
from functions_model.engine import check_context
from functions_model.environment import (
    EnvironmentRequest,
    choose_python,
    read_environment,
    read_mlflow_environment,
    with_backend,
    with_mlflow,
)
from functions_model.pipeline.session import World
from functions_model.preflight.finding import ends
from functions_model.preflight.unfetched import unfetched


def check(spec: DeploymentSpec, world: World) -> EnvironmentRequest | None:
    """Read the entry script, host.json and the environment, and tell the faults of all of them at once.

    Returns:
        What the environment file, or the MLflow model, asks for. None when it, or the MLflow model that brings it, must
        be fetched before it can be read.

    Raises:
        BundleFailed: The entry script, host.json or the MLflow model is at fault, and perhaps the environment too.
        EnvironmentFailed: The environment alone is at fault.
        InputsInvalid: The folder for a build context holds something else; or files that the code reads were not
            fetched from Git LFS or DVC, and nothing else is at fault.
    """
    if spec.build.context is not None:
        check_context(spec.build.context)
    request, version, failure = None, None, None
    try:
        request = asked_for(spec)
        if request is not None:
            _mask(request, world)
            version = choose_python(spec.python_version, request).version
    except EnvironmentFailed as error:
        failure = error
    away = _unfetched(spec)
    problems = (*_scoring_problems(spec, version), *check_host_json(spec))
    if away and not (problems or failure):
        raise InputsInvalid("read the source directory", away)
    problems = (*away, *problems)
    if problems:
        raise BundleFailed("put the function app together", (*problems, *(failure.problems if failure else ())))
    if failure:
        raise failure
    return request


def _scoring_problems(spec: DeploymentSpec, version: str | None) -> tuple[Problem, ...]:
    """What is wrong with what scores: the entry script, or the MLflow model in its place."""
    if spec.code is not None:
        return check_entry_script(spec.code, python_version=version)
    [model] = spec.models
    return check_mlflow_model(model.path, root=spec.workspace) if isinstance(model, Model) else ()


def _unfetched(spec: DeploymentSpec) -> tuple[Problem, ...]:
    """What the code reads and nobody has fetched. What is wrong with the folder is told by whoever packs it."""
    if spec.code is None or spec.build.preflight is Preflight.NONE:
        return ()
    here = replace(spec, models=tuple(model for model in spec.models if isinstance(model, Model)))
    folder = code_folder(spec)
    try:
        code = code_files(here).tree
    except BundleFailed:
        return ()
    found = unfetched(code, folder, f"{folder}/{script_within(spec.code)}", spec.workspace)
    return tuple(finding.problem for finding in found if ends(finding, spec.build.preflight))


def asked_for(spec: DeploymentSpec) -> EnvironmentRequest | None:
    """What the environment asks for; None where it must be fetched. The user's own comes before an MLflow model's.

    Raises:
        EnvironmentFailed: It is at fault.
    """
    given = spec.environment_file
    if isinstance(given, RegisteredAsset):
        return None
    if given is None and spec.code is None:
        [model] = spec.models
        if not isinstance(model, Model):
            return None
        request = read_mlflow_environment(model.path, root=_root_of(spec, model), solver=spec.build.solver)
        return with_backend(request, spec.build.torch_backend)
    request = with_backend(
        read_environment(given, root=spec.workspace, solver=spec.build.solver), spec.build.torch_backend
    )
    if spec.code is None:
        [model] = spec.models
        return with_mlflow(request, model.path) if isinstance(model, Model) else None
    return request


def _mask(request: EnvironmentRequest, world: World) -> None:
    for url in (*request.indexes.secrets, *(request.conda.secrets if request.conda else ())):
        world.ci.mask(url.reveal())


def _root_of(spec: DeploymentSpec, model: Model) -> Path:
    """The folder that nothing of a model may leave: a downloaded one is not in the workspace."""
    return model.path.parent if model.origin else spec.workspace
