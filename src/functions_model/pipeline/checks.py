"""All that can be known to be wrong before anything is asked of the network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.bundle import check_entry_script
from functions_model.core.failures import BundleFailed, EnvironmentFailed
from functions_model.environment import choose_python, read_environment

if TYPE_CHECKING:
    from functions_model.core.spec import DeploymentSpec
    from functions_model.environment import EnvironmentRequest, PythonChoice
    from functions_model.pipeline.parts import Parts


@dataclass(frozen=True, slots=True)
class Checked:
    """What the checks read on the way.

    Attributes:
        request: The environment file, read.
        python: The version that the inputs and the file ask for; a base image of the user's own may still decide
            where they leave it open.
    """

    request: EnvironmentRequest
    python: PythonChoice


def check(spec: DeploymentSpec, parts: Parts) -> Checked:
    """Read the entry script and the environment file, and tell the faults of both at once.

    Raises:
        BundleFailed: The entry script is at fault, and perhaps the environment file too.
        EnvironmentFailed: The environment file alone is at fault.
    """
    environment = _environment(spec, parts)
    version = environment.python.version if isinstance(environment, Checked) else None
    problems = check_entry_script(spec.code, python_version=version)
    action = "put the function app together"
    if isinstance(environment, EnvironmentFailed):
        if not problems:
            raise environment
        raise BundleFailed(action, (*problems, *environment.problems))
    if problems:
        raise BundleFailed(action, problems)
    return environment


def _environment(spec: DeploymentSpec, parts: Parts) -> Checked | EnvironmentFailed:
    """The environment file, or what is wrong with it."""
    try:
        request = read_environment(spec.environment_file, root=spec.workspace)
        for url in request.indexes.secrets:
            parts.ci.mask(url.reveal())
        return Checked(request, choose_python(spec.python_version, request))
    except EnvironmentFailed as failure:
        return failure
