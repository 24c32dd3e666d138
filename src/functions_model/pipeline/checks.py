"""All that can be known to be wrong before anything is asked of the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.bundle import check_entry_script, check_host_json, check_mlflow_model
from functions_model.core.failures import BundleFailed, EnvironmentFailed
from functions_model.core.registered import RegisteredAsset
from functions_model.core.spec import Model
from functions_model.engine import check_context
from functions_model.environment import choose_python, read_environment, read_mlflow_environment, with_mlflow

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.core.failures import Problem
    from functions_model.core.spec import DeploymentSpec
    from functions_model.environment import EnvironmentRequest, PythonChoice
    from functions_model.pipeline.parts import Parts


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks read on the way.

    Attributes:
        request: What the environment file, or the MLflow model, asks for.
        python: The version that the inputs and the request ask for; a base image of the user's own may still decide
            where they leave it open.
    """

    request: EnvironmentRequest
    python: PythonChoice


def check(spec: DeploymentSpec, parts: Parts) -> Checked | None:
    """Read the entry script, host.json and the environment, and tell the faults of all of them at once.

    Returns:
        None when the environment, or the MLflow model that brings it, must be fetched before it can be read.

    Raises:
        BundleFailed: The entry script, host.json or the MLflow model is at fault, and perhaps the environment too.
        EnvironmentFailed: The environment alone is at fault.
        InputsInvalid: The folder for a build context holds something else.
    """
    if spec.build.context is not None:
        check_context(spec.build.context)
    environment = _environment(spec, parts)
    version = environment.python.version if isinstance(environment, Checked) else None
    problems = (*_scoring_problems(spec, version), *check_host_json(spec))
    if isinstance(environment, EnvironmentFailed):
        if not problems:
            raise environment
        problems += environment.problems
        environment = None
    if problems:
        raise BundleFailed("put the function app together", problems)
    return environment


def _scoring_problems(spec: DeploymentSpec, version: str | None) -> tuple[Problem, ...]:
    """What is wrong with what scores: the entry script, or the MLflow model in its place."""
    if spec.code is not None:
        return check_entry_script(spec.code, python_version=version)
    [model] = spec.models
    return check_mlflow_model(model.path, root=_root_of(spec, model)) if isinstance(model, Model) else ()


def _environment(spec: DeploymentSpec, parts: Parts) -> Checked | EnvironmentFailed | None:
    """What is asked for, or what is wrong with it; None when it is not on this machine."""
    try:
        request = _request(spec)
        if request is None:
            return None
        for url in (*request.indexes.secrets, *(request.conda.secrets if request.conda else ())):
            parts.ci.mask(url.reveal())
        return Checked(request, choose_python(spec.python_version, request))
    except EnvironmentFailed as failure:
        return failure


def _request(spec: DeploymentSpec) -> EnvironmentRequest | None:
    """An environment of the user's own comes before that of an MLflow model."""
    given = spec.environment_file
    if isinstance(given, RegisteredAsset):
        return None
    if given is None and spec.code is None:
        [model] = spec.models
        if not isinstance(model, Model):
            return None
        return read_mlflow_environment(model.path, root=_root_of(spec, model), solver=spec.build.solver)
    request = read_environment(given, root=spec.workspace, solver=spec.build.solver)
    if spec.code is None:
        [model] = spec.models
        return with_mlflow(request, model.path) if isinstance(model, Model) else None
    return request


def _root_of(spec: DeploymentSpec, model: Model) -> Path:
    """The folder that nothing of a model may leave: a downloaded one is not in the workspace."""
    return model.path.parent if model.origin else spec.workspace
